"""Recover since T: what a channel has is listed page by page, compared, and taken where it is missing here."""

import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.retail_integration_base.engine import lock_sql
from odoo.addons.retail_integration_base.engine.lanes import RECOVERY_LOCK_SPACE
from odoo.addons.retail_integration_base.engine.messages import MessageKey
from odoo.addons.retail_integration_base.models import retail_long_run, retail_recovery

from .outbox_common import OutboxCase

GROUP = "retail_integration_base.group_retail_"


@tagged("post_install", "-at_install")
class TestRecovery(OutboxCase):
    def setUp(self):
        super().setUp()
        self.operator = self.make_user("operator", GROUP + "operator")
        self.in_flow = self.channel.flow_ids.filtered(lambda flow: flow.entity == "note" and flow.direction == "in")
        self.in_flow.watermark = fields.Datetime.now() - timedelta(minutes=1)
        self.hour_ago = time.time() - 3600

    def write_notes(self, count):
        """Notes written at the vendor, an hour ago and every second from then on."""
        for number in range(count):
            self.vendor.write_note("n%d" % number, "hello", self.hour_ago + number)

    def make_recovery(self, flow=None, since=None, user=None):
        user = user or self.operator
        action = (flow or self.in_flow).with_user(user).action_recover()
        wizard = self.env[action["res_model"]].with_user(user).browse(action["res_id"])
        with Form(wizard) as form:
            form.since = since or fields.Datetime.now() - timedelta(hours=2)
        return self.env["retail.recovery"].browse(wizard.action_list()["res_id"])

    def list(self, **kwargs):
        recovery = self.make_recovery(**kwargs)
        self.assertEqual(recovery._job_work(), "listed")
        self.env.invalidate_all()
        return recovery

    def take(self, recovery):
        recovery.with_user(self.operator).action_take()
        self.assertEqual(recovery._job_work(), "done")
        self.env.invalidate_all()

    def statuses(self, recovery):
        return {line.subject_key.partition(":")[2]: line.status for line in recovery.line_ids}

    def test_what_the_channel_has_is_compared_with_what_is_here(self):
        self.write_notes(6)
        self.bring("n0", "hello", 1, backend=self.channel)
        self.bring("n1", "hello", 1, backend=self.channel)
        ignored = self.bring("n2", "needs human", 1, backend=self.channel)
        self.drain()
        ignored.exception_id._close_by_hand("ignored", "A test of the shop")
        self.vendor.write_note("n1", "newer", self.hour_ago + 60)
        self.bring("n3", "needs human", 1, backend=self.channel)
        self.drain()
        self.in_flow.state = "off"
        self.bring("n4", "hello", 1, backend=self.channel)
        self.drain()
        self.in_flow.state = "live"
        recovery = self.list()
        self.assertEqual(
            self.statuses(recovery),
            {"n0": "applied", "n1": "older", "n2": "ignored", "n3": "waiting", "n4": "missing", "n5": "missing"},
        )
        self.assertEqual(
            (recovery.total, recovery.applied_count, recovery.waiting_count, recovery.missing_count), (6, 1, 1, 2)
        )
        self.assertEqual((recovery.older_count, recovery.ignored_count, recovery.lacking_count), (1, 1, 3))

    def test_an_event_is_here_if_it_was_received_whatever_came_of_others_of_its_subject(self):
        self.bring("n1", "hello", 1, backend=self.channel, message_id="first")
        self.drain()
        self.bring("n1", "needs human", 2, backend=self.channel, message_id="second")
        self.drain()
        keys = [
            MessageKey("event", "note", "note:n1", dedupe_key, is_state=False)
            for dedupe_key in ("first", "second", "third")
        ]
        self.assertEqual(
            self.in_flow._find_statuses(keys), {"first": "applied", "second": "waiting", "third": "missing"}
        )

    def test_a_list_takes_nothing(self):
        self.write_notes(3)
        recovery = self.list()
        self.assertEqual((recovery.state, recovery.missing_count), ("listed", 3))
        self.assertFalse(self.env["retail.inbox"].search([]))

    def test_what_is_missing_is_taken_once_behind_live_work(self):
        self.write_notes(5)
        self.bring("n0", "hello", 1, backend=self.channel)
        self.drain()
        recovery = self.list()
        self.take(recovery)
        self.assertEqual((recovery.taken_count, recovery.lacking_count), (4, 0))
        self.env.cr.execute("SELECT DISTINCT priority FROM retail_inbox_work")
        self.assertEqual(self.env.cr.fetchall(), [(40,)])
        self.drain()
        self.assertEqual(sorted(self.notes().mapped("name")), ["n0", "n1", "n2", "n3", "n4"])
        self.assertEqual(set(self.notes().mapped("effects")), {1})
        again = self.list()
        self.assertEqual((again.applied_count, again.lacking_count), (5, 0))

    def test_what_came_by_itself_since_the_list_is_not_taken_again(self):
        self.write_notes(2)
        recovery = self.list()
        self.bring("n0", "hello", 1, backend=self.channel)
        self.drain()
        self.take(recovery)
        self.assertEqual(self.statuses(recovery), {"n0": "applied", "n1": "taken"})

    def test_what_was_ignored_while_the_flow_was_off_is_taken_up_again(self):
        self.write_notes(1)
        self.in_flow.state = "off"
        recovery = self.list()
        with self.assertRaises(UserError):
            recovery.with_user(self.operator).action_take()
        self.in_flow.state = "live"
        self.take(recovery)
        self.in_flow.state = "off"
        self.drain()
        message = self.env["retail.inbox"].search([])
        self.assertEqual((message.state, message.error_class), ("ignored", "flow_off"))
        self.in_flow.state = "live"
        self.take(self.list())
        self.drain()
        self.assertEqual(self.env["retail.inbox"].search([]), message, "the same message, not a second one")
        self.assertEqual((message.state, self.notes().name), ("done", "n0"))

    def test_the_flows_own_watermark_is_never_touched(self):
        self.write_notes(3)
        watermark, polled_at = self.in_flow.watermark, self.in_flow.polled_at
        self.take(self.list())
        self.assertEqual((self.in_flow.watermark, self.in_flow.polled_at), (watermark, polled_at))

    def test_a_vendor_that_fails_in_the_middle_costs_one_page(self):
        self.write_notes(5)
        recovery = self.make_recovery()
        original, calls = self.vendor.list_written, []

        def fail_at_the_second(since, page):
            calls.append(page)
            return (503, {"error": "later"}) if len(calls) == 2 else original(since, page)

        self.vendor.list_written = fail_at_the_second
        self.assertIn("later", recovery._job_work())
        self.env.invalidate_all()
        self.assertEqual((recovery.state, recovery.total), ("running", 2))
        self.assertTrue(recovery.wait_until > fields.Datetime.now() - timedelta(seconds=1))
        self.assertTrue(recovery.error)
        self.assertTrue(recovery.watermark)
        self.env["retail.recovery"].search([])._go_on(time.monotonic() + 5)  # not yet
        self.assertEqual(recovery._job_work(), "listed")
        self.env.invalidate_all()
        self.assertEqual((recovery.total, recovery.missing_count, recovery.error), (5, 5, False))

    def test_a_job_that_died_is_taken_up_where_it_was(self):
        self.write_notes(5)
        recovery = self.make_recovery()
        recovery.sudo()._set_running()
        steps = recovery.sudo()._steps()
        for _step in range(3):
            next(steps)
        self.assertEqual(recovery.total, 4)
        steps.close()  # the worker dies here
        self.env["queue.job"].search([("identity_key", "=", recovery._job_key())]).unlink()
        self.env["retail.long.run"]._cron_watchdog()
        self.env.invalidate_all()
        self.assertEqual((recovery.state, recovery.total, len(recovery.line_ids)), ("listed", 5, 5))

    def test_a_long_list_is_continued_by_another_job(self):
        self.write_notes(5)
        recovery = self.make_recovery()
        with patch.object(retail_long_run, "JOB_SECONDS", -1):
            self.assertEqual(recovery._job_work(), "to be continued")
            self.assertEqual(recovery.total, 2)
        self.assertEqual(recovery._job_work(), "listed")
        self.assertEqual(recovery.total, 5)

    def test_a_job_that_gets_no_further_does_not_end_there(self):
        """More notes of one second than a job has time for: it would begin with them again, for ever."""
        for number in range(5):
            self.vendor.write_note("n%d" % number, "hello", self.hour_ago)
        recovery = self.make_recovery(since=fields.Datetime.now() - timedelta(hours=2))
        with patch.object(retail_long_run, "JOB_SECONDS", -1):
            for _job in range(3):
                if recovery._job_work() == "listed":
                    break
        self.assertEqual((recovery.state, recovery.total), ("listed", 5))

    def test_what_is_taken_goes_on_after_a_crash_and_nothing_is_taken_twice(self):
        self.write_notes(5)
        self.startPatcher(patch.object(retail_recovery, "TAKE_SIZE", 2))
        recovery = self.list()
        recovery.with_user(self.operator).action_take()
        steps = recovery.sudo()._steps()
        next(steps)
        next(steps)
        self.assertEqual(recovery.taken_count, 2)
        steps.close()
        self.assertEqual(recovery._job_work(), "done")
        self.env.invalidate_all()
        self.assertEqual((recovery.taken_count, len(self.env["retail.inbox"].search([]))), (5, 5))

    def test_two_workers_never_list_at_once(self):
        recovery = self.make_recovery()
        with self.registry.cursor() as other:
            self.assertTrue(lock_sql.try_lock_run(other, recovery.id, RECOVERY_LOCK_SPACE))
            self.assertEqual(recovery._job_work(), "somebody else is at it")
            lock_sql.unlock_run(other, recovery.id, RECOVERY_LOCK_SPACE)
        self.assertEqual(recovery._job_work(), "listed")

    def test_a_recovery_can_be_stopped(self):
        self.write_notes(3)
        recovery = self.make_recovery()
        recovery.with_user(self.operator).action_cancel()
        self.assertEqual(recovery._job_work(), "cancelled")
        self.assertFalse(recovery.line_ids)
        recovery.with_user(self.operator).action_list_again()
        self.assertEqual(recovery._job_work(), "listed")

    def test_a_backend_is_recovered_in_all_its_flows_that_can_be_asked(self):
        action = self.channel.with_user(self.operator).action_recover()
        wizard = self.env[action["res_model"]].with_user(self.operator).browse(action["res_id"])
        self.assertEqual(wizard.flow_ids, self.channel.flow_ids.filtered("can_recover"))
        self.assertIn(self.in_flow, wizard.flow_ids)
        self.assertNotIn(self.note_flow, wizard.flow_ids)
        with self.assertRaises(UserError):
            self.backend.with_user(self.operator).action_recover()

    def test_the_future_cannot_be_recovered(self):
        with self.assertRaises(UserError):
            self.make_recovery(since=fields.Datetime.now() + timedelta(hours=1))

    def test_the_auditor_recovers_nothing_and_nobody_sees_another_companys(self):
        with self.assertRaises(UserError):
            self.make_recovery(user=self.make_user("auditor", GROUP + "auditor"))
        self.write_notes(1)
        recovery = self.list()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user("stranger", GROUP + "manager", companies=company)
        for record in (recovery, recovery.line_ids):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["display_name"])
        with self.assertRaises(AccessError):
            recovery.with_user(stranger).action_take()
        with self.assertRaises(AccessError):
            recovery.with_user(self.operator).write({"state": "done"})

    def test_lines_are_forgotten_and_the_recovery_stays(self):
        self.write_notes(1)
        recovery = self.list()
        recovery.sudo().finished_at = fields.Datetime.now() - timedelta(days=31)
        self.env["retail.recovery"]._gc_lines()
        self.assertTrue(recovery.exists())
        self.assertFalse(recovery.line_ids)
