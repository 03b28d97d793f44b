"""When a channel is asked what changed, and by whom."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_integration_base.engine import lock_sql

from .common import RetailCase


@tagged("post_install", "-at_install")
class TestPoll(RetailCase):
    def setUp(self):
        super().setUp()
        self.env["retail.flow"].search([("id", "!=", self.flow.id)]).poll_interval_minutes = 0
        self.flow.write({"poll_interval_minutes": 15, "polled_at": False})

    def jobs(self):
        return self.env["queue.job"].search([("identity_key", "=", self.flow._poll_key())])

    def run_cron(self):
        self.env["retail.flow"]._cron_poll()

    def test_a_flow_that_is_due_is_ordered_once(self):
        self.run_cron()
        self.run_cron()
        self.assertEqual(len(self.jobs()), 1)
        self.assertEqual(self.jobs().channel, "root.retail.standard")

    def test_a_flow_that_was_just_polled_or_is_not_running_is_left_alone(self):
        self.flow.polled_at = fields.Datetime.now()
        self.run_cron()
        self.flow.write({"polled_at": False, "state": "paused"})
        self.run_cron()
        self.flow.state = "live"
        self.backend.action_disarm()
        self.run_cron()
        self.assertFalse(self.jobs())

    def test_where_nobody_takes_the_job_the_cron_polls_itself(self):
        self.run_cron()
        self.assertFalse(self.flow.polled_at)
        self.env.cr.execute(
            "UPDATE queue_job SET date_created = date_created - interval '2 minutes' WHERE id = %s", (self.jobs().id,)
        )
        self.env.invalidate_all()
        self.run_cron()
        self.assertTrue(self.flow.polled_at)

    def test_two_polls_of_one_flow_never_run_at_once(self):
        with self.registry.cursor() as other:
            self.assertTrue(lock_sql.try_lock_poll(other, self.flow.id))
            self.assertEqual(self.flow._job_poll(), "another poll of this flow is under way")
            lock_sql.unlock_poll(other, self.flow.id)
        self.assertEqual(self.flow._job_poll(), "0 messages")

    def test_whatever_stops_a_poll_is_on_the_flow_and_in_the_log(self):
        # The built-in connector lists nothing; an unknown one cannot be asked at all.
        self.env.cr.execute("UPDATE retail_backend SET connector = 'gone' WHERE id = %s", (self.backend.id,))
        self.env.invalidate_all()
        self.assertEqual(self.flow._job_poll(), "failed: KeyError")
        self.assertIn("gone", self.flow.poll_error)
        self.assertLess(fields.Datetime.now() - self.flow.polled_at, timedelta(minutes=1))
        self.assertEqual(self.env["retail.sync.log"].search([("flow_id", "=", self.flow.id)]).outcome, "retry")
