"""While a flow is behind, what can wait is not asked for; what the channel sends is always stored."""

from datetime import timedelta

from odoo import fields
from odoo.tools import mute_logger

from .outbox_common import OutboxCase


class TestAdmission(OutboxCase):
    def setUp(self):
        super().setUp()
        self.in_flow = self.channel.flow_ids.filtered(lambda flow: flow.entity == "note" and flow.direction == "in")
        self.in_flow.write({"backlog_limit": 2, "watermark": fields.Datetime.now() - timedelta(days=1)})

    def fill(self, count):
        for number in range(count):
            self.bring("n%d" % number, backend=self.channel)

    def test_a_poll_waits_while_more_than_the_limit_is_unfinished(self):
        self.vendor.write_note("v1", "of the vendor")
        self.fill(3)
        self.assertIn("held back", self.in_flow._job_poll())
        self.assertEqual(self.vendor.calls, {})
        self.assertTrue(self.in_flow.held_back)
        self.drain()
        self.assertFalse(self.in_flow.held_back)
        self.in_flow._job_poll()
        self.drain()
        self.assertIn("of the vendor", self.notes().mapped("text"))

    def test_the_limit_itself_is_not_too_much(self):
        self.fill(2)
        self.assertFalse(self.in_flow._is_held_back())

    def test_without_a_limit_nothing_waits(self):
        self.in_flow.backlog_limit = 0
        self.fill(3)
        self.assertFalse(self.in_flow._is_held_back())

    def test_the_cron_orders_no_poll_meanwhile(self):
        self.in_flow.write({"poll_interval_minutes": 1, "polled_at": False})
        self.fill(3)
        jobs = [("identity_key", "=", self.in_flow._poll_key())]
        self.env["retail.flow"]._cron_poll()
        self.assertFalse(self.env["queue.job"].search(jobs))
        self.drain()
        self.env["retail.flow"]._cron_poll()
        self.assertTrue(self.env["queue.job"].search(jobs))

    def test_what_the_channel_sends_is_stored_all_the_same(self):
        self.fill(10)
        self.assertEqual(self.env["retail.inbox"].search_count([("backend_id", "=", self.channel.id)]), 10)
        self.drain()
        self.assertEqual(len(self.notes()), 10)

    @mute_logger("odoo.addons.retail_integration_base.models.retail_long_run")
    def test_a_bulk_run_pauses_and_goes_on_by_itself(self):
        self.fill(3)
        self.drain()
        done = self.env["retail.inbox"].search([("backend_id", "=", self.channel.id)])
        run = self.env["retail.bulk.run"]._begin(
            {"name": "Again", "operation": "replay_messages", "company_id": self.env.company.id},
            "inbox_id",
            [(message.id, 0.0) for message in done],
        )
        self.bring("more1", backend=self.channel)
        self.bring("more2", backend=self.channel)
        self.bring("more3", backend=self.channel)
        run._job_work()
        self.assertEqual(set(run.item_ids.mapped("state")), {"pending"})
        self.drain()
        self.env.flush_all()
        self.env.invalidate_all()
        run._job_work()
        self.assertEqual((run.state, set(run.item_ids.mapped("state"))), ("done", {"done"}))
