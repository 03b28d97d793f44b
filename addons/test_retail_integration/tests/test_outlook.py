"""A flow says what holds it up, how much waits, and when it will be clear."""

import contextlib
from datetime import timedelta

from odoo import fields

from odoo.addons.retail_integration_base.engine import circuit_sql
from odoo.addons.retail_integration_base.engine.budget import RateLimit
from odoo.addons.retail_integration_base.engine.errors import BudgetSpent

from .outbox_common import OutboxCase


class TestOutlook(OutboxCase):
    def setUp(self):
        super().setUp()
        self.in_flow = self.channel.flow_ids.filtered(lambda flow: flow.entity == "note" and flow.direction == "in")

    def fill(self, count, prefix="n"):
        for number in range(count):
            self.bring("%s%d" % (prefix, number), backend=self.channel)
        self.env.invalidate_all()

    def test_nothing_waits(self):
        self.assertEqual(self.in_flow.outlook, "Clear.")

    def test_paused_it_says_since_when_and_how_much_waits(self):
        self.in_flow.action_pause()
        self.fill(3)
        self.assertRegex(self.in_flow.outlook, r"^Paused since \d\d:\d\d:\d\d\. 3 wait\.$")
        since = self.in_flow.paused_at
        self.in_flow.action_live()
        self.assertTrue(since)
        self.assertFalse(self.in_flow.paused_at)

    def test_at_its_pace_it_says_when_it_will_be_clear(self):
        self.fill(10)
        self.drain()
        self.fill(30, "more")
        self.assertEqual((self.in_flow.waiting_count, self.in_flow.finished_per_minute), (30, 10))
        minutes = (self.in_flow.clear_at - fields.Datetime.now()) / timedelta(minutes=1)
        self.assertAlmostEqual(minutes, 3, delta=0.1)
        self.assertRegex(self.in_flow.outlook, r"^30 wait\. Clear at about \d\d:\d\d\.$")

    def test_without_any_pace_it_promises_nothing(self):
        self.fill(3)
        self.assertEqual(self.in_flow.outlook, "3 wait. None was finished in the last five minutes.")
        self.assertFalse(self.in_flow.clear_at)

    def test_while_the_channel_does_not_answer_it_says_when_it_is_tried_again(self):
        self.vendor.add_fault(fault="status")
        self.fill(1)
        for _call in range(circuit_sql.FAILURES_TO_OPEN):
            self.drain()
            self.env.cr.execute("UPDATE retail_inbox_work SET not_before = now() AT TIME ZONE 'UTC' - interval '1 s'")
        self.env.invalidate_all()
        self.assertRegex(self.in_flow.outlook, r"^No answer since .*; tried again at .*\. 1 wait\.$")

    def test_disarmed_it_says_so(self):
        self.fill(2)
        self.channel.action_disarm()
        self.env.invalidate_all()
        self.assertEqual(self.in_flow.outlook, "Disarmed. 2 wait.")

    def test_it_says_until_when_it_waits_for_calls(self):
        limit = RateLimit(1, 0.01)
        self.patch(type(self.env["retail.connector.test_notes"]), "_rate_limit", limit)
        budget = self.channel._calling_for(self.in_flow)._get_budget()
        budget.take()
        with contextlib.suppress(BudgetSpent):
            budget.take()
        self.env.invalidate_all()
        self.assertGreater(self.in_flow.budget_wait_until, fields.Datetime.now())
