"""After every batch a worker looks where the most urgent work is; nothing waits for ever."""

from unittest.mock import patch

from odoo.addons.retail_integration_base.engine import lock_sql
from odoo.addons.retail_integration_base.engine.lanes import IN_GROUPS, group_of, lane_of, lanes_of
from odoo.addons.retail_integration_base.engine.messages import PRIORITY
from odoo.addons.retail_integration_base.models import retail_drain_turn

from .common import RetailCase


class TestDrainTurn(RetailCase):
    def setUp(self):
        super().setUp()
        self.urgent = self.make_backend("Urgent")
        self.urgent.flow_ids.latency = "realtime"
        self.slow = self.make_backend("Slow")
        self.slow.flow_ids.latency = "batch"

    def bring_in(self, backend, group, count, among=None):
        """Bring ``count`` notes whose lanes belong to ``group`` (``among``: to another group than it)."""
        found, number = self.env["retail.inbox"], 0
        while len(found) < count:
            number += 1
            name = "%s%d" % (backend.name, number)
            lane = lane_of(backend.id, "note:%s" % name)
            if (group_of(lane) == group) != bool(among):
                found |= self.bring(name, backend=backend)
        return found

    def order_of_ends(self, messages):
        lines = self.env["retail.sync.log"].search([("inbox_id", "in", messages.ids)], order="id")
        return lines.inbox_id

    def turn(self, group, **options):
        drain = self.env["retail.drain"]
        done, _place, _seconds = drain._drain_found(drain._find, group, options["is_roaming"])
        self.env.invalidate_all()
        return done

    def test_the_most_urgent_lane_comes_first(self):
        slow = self.bring_in(self.slow, 0, 4)
        urgent = self.bring_in(self.urgent, 0, 1)
        self.assertEqual(self.turn(0, is_roaming=False), 1, "it waits for nothing less urgent in its batch")
        self.assertEqual((urgent.state, set(slow.mapped("state"))), ("done", {"pending"}))

    def bring_to_each_lane(self, group):
        """Bring one note to every lane of ``group``; return them by lane."""
        found, number = {}, 0
        while len(found) < len(lanes_of(group)):
            number += 1
            lane = lane_of(self.slow.id, "note:all%d" % number)
            if group_of(lane) == group and lane not in found:
                found[lane] = self.bring("all%d" % number, backend=self.slow)
        return found

    def test_a_trickle_over_all_lanes_of_a_group_is_one_batch(self):
        messages = self.bring_to_each_lane(2)
        self.assertEqual(self.turn(2, is_roaming=False), len(messages))
        self.assertEqual({message.state for message in messages.values()}, {"done"})

    def test_lanes_that_somebody_else_is_at_are_left_out_of_the_batch(self):
        messages = self.bring_to_each_lane(2)
        taken = min(messages)
        with self.registry.cursor() as other:
            self.assertEqual(lock_sql.try_lock_lanes(other, [taken]), [taken])
            self.assertEqual(self.turn(2, is_roaming=False), len(messages) - 1)
            lock_sql.unlock_lanes(other, [taken])
        self.assertEqual([lane for lane, message in messages.items() if message.state == "pending"], [taken])
        self.assertEqual(self.turn(2, is_roaming=False), 1)

    def test_what_a_worker_has_gone_past_is_found_by_the_next_look(self):
        early, late = self.bring_in(self.slow, 1, 2)
        self.env.cr.execute("SELECT priority, id FROM retail_inbox_work ORDER BY id DESC LIMIT 1")
        place = retail_drain_turn.Place(lanes_of(1), *self.env.cr.fetchone())
        self.assertEqual(self.env["retail.drain"]._drain_lanes(place), 1)
        self.env.invalidate_all()
        self.assertEqual((early.state, late.state), ("pending", "done"))
        self.assertEqual(self.env["retail.drain"]._drain_group(1, 60), 1)
        self.env.invalidate_all()
        self.assertEqual(early.state, "done")

    def test_a_worker_leaves_its_batch_work_for_what_is_urgent_elsewhere(self):
        slow = self.bring_in(self.slow, 0, 3)
        urgent = self.bring_in(self.urgent, 0, 1, among=True)
        self.turn(0, is_roaming=True)
        self.assertEqual((urgent.state, set(slow.mapped("state"))), ("done", {"pending"}))

    def test_it_leaves_others_what_is_no_more_urgent_than_its_own(self):
        own = self.bring_in(self.slow, 0, 1)
        other = self.bring_in(self.slow, 0, 1, among=True)
        self.turn(0, is_roaming=True)
        self.assertEqual((own.state, other.state), ("done", "pending"))

    def test_without_work_of_its_own_it_looks_after_nobody_elses(self):
        other = self.bring_in(self.urgent, 0, 1, among=True)
        self.assertEqual(self.turn(0, is_roaming=True), 0)
        self.assertEqual(other.state, "pending")

    def test_between_two_looks_a_worker_leaves_its_place_for_what_is_more_urgent(self):
        slow = self.bring_in(self.slow, 0, 2)
        place = retail_drain_turn.Place(lanes_of(0), PRIORITY["batch"])
        for among in (False, True):
            urgent = self.bring_in(self.urgent, 0, 1, among=among)
            self.assertEqual(self.env["retail.drain"]._go_on(0, place, is_roaming=True), 1)
            self.env.invalidate_all()
            self.assertEqual((urgent.state, set(slow.mapped("state"))), ("done", {"pending"}))
        self.assertEqual(self.env["retail.drain"]._go_on(0, place, is_roaming=True), 2)

    def test_a_worker_that_stays_takes_what_comes_wherever_it_is(self):
        drain = self.env["retail.drain"]
        for among in (False, True):
            message = self.bring_in(self.slow, 0, 1, among=among)
            done, _place, _seconds = drain._drain_found(drain._find_anywhere, 0)
            self.env.invalidate_all()
            self.assertEqual((done, message.state), (1, "done"))

    def age(self, messages, minutes):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE retail_inbox_work SET waiting_since = waiting_since - %s * interval '1 minute' "
            "WHERE inbox_id = ANY(%s)",
            (minutes, messages.ids),
        )

    def test_what_has_waited_for_long_gets_a_turn_although_there_is_more_urgent_work(self):
        slow = self.bring_in(self.slow, 0, 1)
        urgent = self.bring_in(self.urgent, 0, 1)
        self.age(slow, 6)
        with patch.object(retail_drain_turn.random, "randrange", return_value=retail_drain_turn.AGED_TURN - 1):
            self.env["retail.drain"]._drain_group(0, 60)
        self.assertEqual(self.order_of_ends(slow | urgent).ids, (slow + urgent).ids)

    def test_what_has_not_waited_for_long_gets_none(self):
        slow = self.bring_in(self.slow, 0, 1)
        urgent = self.bring_in(self.urgent, 0, 1)
        self.age(slow, 4)
        with patch.object(retail_drain_turn.random, "randrange", return_value=retail_drain_turn.AGED_TURN - 1):
            self.env["retail.drain"]._drain_group(0, 60)
        self.assertEqual(self.order_of_ends(slow | urgent).ids, (urgent + slow).ids)

    def test_everything_is_done_in_the_end_whatever_the_turns(self):
        messages = self.env["retail.inbox"]
        for group in range(IN_GROUPS):
            messages |= self.bring_in(self.slow, group, 2) | self.bring_in(self.urgent, group, 2)
        self.drain()
        self.assertEqual(set(messages.mapped("state")), {"done"})
