"""Property: whatever the schedule of delivery, repetition, disorder, death and retry, all subjects end the same."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.retail_integration_base.engine import claim_sql
from odoo.addons.retail_integration_base.engine.lanes import lane_of

from .common import RetailCase

SUBJECTS, VERSIONS = 3, 4

_EVENTS = st.one_of(
    st.tuples(st.just("deliver"), st.integers(0, SUBJECTS - 1), st.integers(1, VERSIONS)),
    st.tuples(st.just("die"), st.integers(0, SUBJECTS - 1), st.just(0)),
    st.tuples(st.just("drain"), st.just(0), st.just(0)),
    st.tuples(st.just("replay"), st.integers(0, SUBJECTS - 1), st.just(0)),
)


class TestConvergence(RetailCase):
    _numbers = itertools.count()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_EVENTS, max_size=25), st.permutations([(s, v) for s in range(SUBJECTS) for v in (1, VERSIONS)]))
    def test_any_schedule_ends_with_the_newest_version_applied_in_order(self, events, rest):
        world = next(self._numbers)
        subjects = ["w%d-s%d" % (world, number) for number in range(SUBJECTS)]
        # Whatever was not delivered on the way is delivered in the end, so that all schedules have one outcome.
        for kind, subject, version in [*events, *(("deliver", *pair) for pair in rest)]:
            self.happen(kind, subjects[subject], version)
        self.drain_to_the_end()
        messages = self.env["retail.inbox"].search([("subject_key", "in", ["note:" + name for name in subjects])])
        self.assertLessEqual(set(messages.mapped("state")), {"done", "superseded"})
        self.assertFalse(self.env["retail.inbox.work"].search([("inbox_id", "in", messages.ids)]))
        notes = self.env["test.retail.note"].search([("name", "in", subjects)], order="name")
        self.assertEqual(notes.mapped("name"), subjects)
        for note in notes:
            versions = [int(version) for version in note.history.split(",")]
            self.assertEqual(note.text, "text %d" % VERSIONS)
            self.assertEqual((versions, note.effects), (sorted(set(versions)), len(versions)))
            self.assertEqual(versions[-1], VERSIONS)

    def happen(self, kind, name, version):
        if kind == "deliver":
            message_id = "%s:%d" % (name, version)  # delivered again it is the same event
            self.bring(name, "text %d" % version, version, message_id=message_id)
        elif kind == "die":
            # A worker counts its attempt, and is never seen again.
            lane = lane_of(self.backend.id, "note:" + name)
            claim_sql.claim(self.env.cr, [lane], self.backend.ids, 50)
        elif kind == "replay":
            self.env["retail.inbox"].search([("subject_key", "=", "note:" + name)])._requeue()
        else:
            self.drain()

    def drain_to_the_end(self):
        """Drain; where workers died too often, a person replays."""
        for _round in range(5):
            self.drain()
            exceptions = self.env["retail.exception"].search(
                [("backend_id", "=", self.backend.id), ("state", "=", "open")]
            )
            if not exceptions:
                return
            self.assertEqual(set(exceptions.mapped("kind")), {"worker_killed"})
            exceptions.action_replay()
