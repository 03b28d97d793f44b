"""What the drain promises: once, in order, one failure stops nobody else, every failure is a record."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.retail_integration_base.engine import claim_sql, lock_sql
from odoo.addons.retail_integration_base.engine.lanes import lane_of
from odoo.addons.retail_integration_base.engine.messages import MessageKey
from odoo.addons.retail_integration_base.models.retail_drain_turn import Place

from .common import RetailCase


@tagged("post_install", "-at_install")
class TestDrain(RetailCase):
    def test_a_message_becomes_a_record_and_ends_as_done(self):
        message = self.bring("n1")
        self.assertEqual(self.drain(), 1)
        note = self.notes()
        self.assertEqual((note.name, note.effects), ("n1", 1))
        self.assertEqual((message.state, message.res_model, message.res_id), ("done", note._name, note.id))
        self.assertFalse(self._work(message), "a finished message leaves the hot table")

    def test_the_same_message_twice_takes_effect_once(self):
        first = self.bring("n1", message_id="m1")
        second = self.bring("n1", message_id="m1")
        self.assertEqual(first, second)
        self.drain()
        self.assertEqual(self.notes().effects, 1)

    def test_a_newer_version_stands_for_the_older_ones_that_wait(self):
        old, older = self.bring("n1", "two", 2), self.bring("n1", "one", 1)
        new = self.bring("n1", "three", 3)
        self.drain()
        self.assertEqual((self.notes().text, self.notes().effects), ("three", 1))
        self.assertEqual([m.state for m in (old, older, new)], ["superseded", "superseded", "done"])

    def test_an_older_version_than_the_bound_one_is_superseded_and_not_applied(self):
        self.bring("n1", "new", 5)
        self.drain()
        late = self.bring("n1", "stale", 4)
        self.drain()
        self.assertEqual(self.notes().text, "new")
        self.assertEqual(late.state, "superseded")

    def test_a_newer_message_that_comes_after_the_claim_is_not_lost(self):
        old = self.bring("n1", "old", 1)
        rows = claim_sql.claim(self.env.cr, [lane_of(self.backend.id, "note:n1")], self.backend.ids, 50)
        new = self.bring("n1", "new", 2)
        self.env["retail.inbox.processor"]._process(rows)
        self.drain()
        self.assertEqual(self.notes().text, "new")
        self.assertEqual((old.state, new.state), ("superseded", "done"))

    def test_a_late_message_does_not_overtake_a_newer_one_that_is_held(self):
        held = self.bring("n1", "needs human", 5)
        self.drain()
        late = self.bring("n1", "late", 4)
        self.drain()
        self.assertFalse(self.notes())
        self.assertEqual((late.state, held.state, held.exception_id.state), ("superseded", "held", "open"))

    def test_a_flow_that_is_off_leaves_a_held_message_and_its_exception_alone(self):
        held = self.bring("n1", "needs human", 1)
        self.drain()
        self.flow.state = "off"
        newer = self.bring("n1", "fine", 2)
        self.drain()
        self.assertEqual((newer.state, held.state, held.exception_id.state), ("ignored", "held", "open"))

    def test_a_text_the_database_cannot_hold_is_a_record_and_stops_nobody(self):
        key = MessageKey("note.v1", "note", "note:n1", "m1", version=1)
        body = b'{"schema": "note.v1", "external_id": "n1", "version": 1, "text": "x", "ba\\u0000d\\ud800": 1}'
        bad = self.env["retail.inbox"]._receive_manual(self.backend, key, body)
        good = self.bring("n2")
        self.drain()
        self.assertEqual((bad.state, bad.exception_id.kind, good.state), ("held", "vendor_changed", "done"))

    def test_what_fails_before_the_import_is_a_record_of_that_message_alone(self):
        bad = self.bring("n1", "bug before the import")
        others = [self.bring("n%d" % number) for number in range(2, 30)]
        with self.assertLogs("odoo.addons.retail_integration_base.models", "ERROR"):
            self.drain()
        self.assertEqual((bad.state, bad.exception_id.kind), ("held", "unexpected_error"))
        self.assertEqual({message.state for message in others}, {"done"})

    def test_a_key_that_exists_twice_is_tried_once_more_then_halved_and_then_alone(self):
        seen = len(self.env["test.retail.note"].search([]))
        bad = self.bring("n1", "key twice")
        others = [self.bring("n%d" % number) for number in range(2, 12)]
        with mute_logger("odoo.sql_db"), self.assertLogs("odoo.addons.retail_integration_base.models", "ERROR"):
            self.drain()
            self.env.cr.execute(
                "UPDATE retail_inbox_work SET not_before = received_at FROM retail_inbox m WHERE m.id = inbox_id"
            )
            self.drain()
        self.assertEqual({message.state for message in others}, {"done"})
        self.assertEqual(len(self.notes()) - seen, 10)
        # What was created since the batch began is not seen in it, so that the message has a turn alone.
        self.assertEqual(bad.log_ids.sorted("id").mapped("error_class"), ["retry_later", "UniqueViolation"])
        self.assertEqual((bad.state, bad.exception_id.kind), ("held", "unexpected_error"))

    def test_a_backend_disarmed_after_the_claim_keeps_its_messages(self):
        message = self.bring("n1")
        rows = claim_sql.claim(self.env.cr, [lane_of(self.backend.id, "note:n1")], self.backend.ids, 50)
        self.backend.action_disarm()
        self.env["retail.inbox.processor"]._process(rows)
        self.assertEqual(message.state, "pending")
        self.backend.action_arm()
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertNotIn("lost", message.log_ids.mapped("outcome"))

    def test_one_bad_message_does_not_stop_the_batch(self):
        for number in range(20):
            self.bring("n%02d" % number, "user error" if number == 7 else "fine")
        self.drain()
        self.assertEqual(len(self.notes()), 19)
        self.assertEqual(self.env["retail.exception"].search([]).mapped("subject_key"), ["note:n07"])

    def test_a_transient_failure_is_retried_later_with_its_reason(self):
        message = self.bring("n1", "retry later")
        self.drain()
        self.assertEqual((message.state, message.error_class), ("retry", "retry_later"))
        self.assertIn("has to wait", message.reason)
        self.assertGreater(message.next_attempt_at, fields.Datetime.now() - timedelta(seconds=1))
        self.assertEqual(set(message.log_ids.mapped("outcome")), {"retry"})
        self.assertEqual(len(message.log_ids), message.attempts)
        self.assertFalse(self.env["retail.exception"].search([]))

    def test_a_retry_that_succeeds_is_done(self):
        message = self.bring("n1", "retry later")
        self.drain()
        self.bring("n1", "fine", 2)
        self.drain()
        self.assertEqual(self.notes().text, "fine")
        self.assertEqual(message.state, "superseded", "the newer message stands for the one that waited")

    def test_retries_that_never_succeed_become_work_for_a_person(self):
        message = self.bring("n1", "retry later")
        self.env.cr.execute("UPDATE retail_inbox_work SET attempts = 15 WHERE inbox_id = %s", (message.id,))
        self.drain()
        self.assertEqual((message.state, message.exception_id.kind), ("held", "retries_exhausted"))

    def test_an_unexpected_error_is_a_record_with_its_traceback(self):
        message = self.bring("n1", "bug")
        with self.assertLogs("odoo.addons.retail_integration_base.models.retail_processor", "ERROR"):
            self.drain()
        self.assertEqual((message.state, message.exception_id.kind), ("held", "unexpected_error"))
        self.assertIn("ZeroDivisionError", message.exception_id.evidence)

    def test_a_document_that_does_not_fit_its_schema_names_the_difference(self):
        message = self.bring("n1", text=5)
        self.drain()
        self.assertEqual(message.exception_id.kind, "vendor_changed")
        self.assertIn("text: must be of string type", message.exception_id.evidence)

    def test_a_message_that_killed_its_worker_three_times_is_kept_apart(self):
        poison, innocent = self.bring("n1"), self.bring("n2")
        lane = lane_of(self.backend.id, "note:n1")
        for _i in range(3):
            # A worker that dies leaves a committed claim and nothing else.
            claimed = claim_sql.claim(self.env.cr, [lane], self.backend.ids, 50)
            self.assertIn(poison.id, [row["inbox_id"] for row in claimed])
        self.drain()
        self.assertEqual((poison.state, poison.exception_id.kind), ("held", "worker_killed"))
        self.assertEqual(innocent.state, "done")
        self.assertIn("lost", poison.log_ids.mapped("outcome"), "the attempt nobody finished is in the log")

    def test_a_message_whose_worker_died_is_claimed_alone(self):
        subjects = [key for key in ("n%d" % i for i in range(200)) if lane_of(self.backend.id, "note:" + key) == 0][:3]
        messages = [self.bring(key) for key in subjects]
        self.assertEqual(len(claim_sql.claim(self.env.cr, [0], self.backend.ids, 50)), 3)
        again = claim_sql.claim(self.env.cr, [0], self.backend.ids, 50)
        self.assertEqual([row["inbox_id"] for row in again], [messages[0].id])
        self.assertTrue(again[0]["lost_at"])

    def test_a_flow_that_is_off_ignores_with_the_reason(self):
        self.flow.state = "off"
        message = self.bring("n1")
        self.drain()
        self.assertEqual((message.state, message.reason), ("ignored", "The flow is off."))
        self.assertFalse(self.notes())

    def test_a_paused_flow_keeps_its_messages_until_it_is_live_again(self):
        self.flow.state = "paused"
        message = self.bring("n1")
        self.drain()
        self.assertEqual(message.state, "pending")
        self.flow.action_live()
        self.drain()
        self.assertEqual(message.state, "done")

    def test_a_shadow_flow_says_what_it_would_do_and_does_nothing(self):
        self.flow.state = "shadow"
        message = self.bring("n1")
        self.drain()
        self.assertFalse(self.notes())
        self.assertEqual((message.state, message.reason), ("ignored", "Shadow run: it would be created."))

    def test_a_message_of_an_unknown_entity_is_ignored_with_the_reason(self):
        self.flow.sudo().unlink()
        message = self.bring("n1")
        self.drain()
        self.assertEqual((message.state, message.reason), ("ignored", "The backend has no flow for this."))

    def test_a_disarmed_backend_works_nothing_off(self):
        message = self.bring("n1")
        self.backend.action_disarm()
        self.assertEqual(self.drain(), 0)
        self.assertEqual(message.state, "pending")

    def test_a_replay_works_a_finished_message_through_again(self):
        message = self.bring("n1", "first", 1)
        self.drain()
        self.env["retail.binding.note"].search([]).unlink()
        self.notes().unlink()
        message.action_replay()
        self.assertEqual(message.state, "pending")
        self.drain()
        self.assertEqual((message.state, self.notes().text), ("done", "first"))

    def test_a_lane_that_somebody_else_drains_is_left_alone(self):
        message = self.bring("n1")
        lane = lane_of(self.backend.id, "note:n1")
        with self.registry.cursor() as other:
            self.assertTrue(lock_sql.try_lock_lanes(other, [lane]))
            self.assertEqual(self.env["retail.drain"]._drain_lanes(Place([lane])), 0)
            lock_sql.unlock_lanes(other, [lane])
        self.assertEqual(self.env["retail.drain"]._drain_lanes(Place([lane])), 1)
        self.assertEqual(message.state, "done")

    def test_every_message_ends_in_a_named_state(self):
        texts = ["fine", "needs human", "retry later", "user error"]
        messages = self.env["retail.inbox"].union(*(self.bring("n%d" % i, text) for i, text in enumerate(texts)))
        self.drain()
        self.assertEqual(messages.mapped("state"), ["done", "held", "retry", "held"])
        for message in messages:
            work = self._work(message)
            self.assertEqual(bool(work), message.state in ("held", "retry"))
            self.assertTrue(message.log_ids, "each attempt left a line")

    def test_the_watchdog_does_what_no_job_did(self):
        message = self.bring("n1")
        self.env.cr.execute(
            "UPDATE retail_inbox_work SET not_before = now() AT TIME ZONE 'UTC' - interval '2 minutes' "
            "WHERE inbox_id = %s",
            (message.id,),
        )
        with self.enter_registry_test_mode():
            self.env["retail.drain"]._cron_watchdog()
        self.env.invalidate_all()
        self.assertEqual(message.state, "done")

    def test_the_sync_log_is_never_changed_or_deleted(self):
        self.bring("n1")
        self.drain()
        line = self.env["retail.sync.log"].search([], limit=1)
        with self.assertRaisesRegex(Exception, "never changed"):
            line.sudo().write({"message": "x"})
        with self.assertRaisesRegex(Exception, "never deleted"):
            line.sudo().unlink()

    def _work(self, message):
        self.env.cr.execute("SELECT id FROM retail_inbox_work WHERE inbox_id = %s", (message.id,))
        return self.env.cr.fetchall()
