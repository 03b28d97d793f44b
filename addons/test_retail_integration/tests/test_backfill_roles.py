"""Who sees a backfill, and who decides about it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import RetailCase

GROUP = "retail_integration_base.group_retail_"


@tagged("post_install", "-at_install")
class TestBackfillRoles(RetailCase):
    def setUp(self):
        super().setUp()
        self.since = fields.Datetime.now() - timedelta(days=30)
        self.backfill = self.env["retail.backfill"].create(
            {"flow_id": self.flow.id, "since": self.since, "user_id": self.env.uid, "state": "counted", "total": 3}
        )

    def as_role(self, role, companies=None):
        return self.backfill.with_user(self.make_user(role, GROUP + role, companies))

    def test_the_auditor_reads_it_and_decides_nothing(self):
        backfill = self.as_role("auditor")
        self.assertEqual(backfill.total, 3)
        for action in ("action_take", "action_cancel", "action_pause", "action_resume", "action_set_all"):
            with self.assertRaises(UserError):
                getattr(backfill, action)()
        with self.assertRaises(AccessError):
            backfill.write({"total": 4})
        with self.assertRaises(UserError):
            self.flow.with_user(backfill.env.user).action_backfill()

    def test_the_operator_decides_and_writes_nothing_else(self):
        backfill = self.as_role("operator")
        backfill.action_set_all()
        self.assertEqual(self.backfill.scope, "all")
        backfill.action_take()
        self.assertEqual((self.backfill.state, self.backfill.phase), ("queued", "fetch"))
        backfill.action_pause()
        backfill.action_resume()
        backfill.action_cancel()
        self.assertEqual(self.backfill.state, "cancelled")
        for values in ({"total": 4}, {"state": "done"}):
            with self.assertRaises(AccessError):
                backfill.write(values)

    def test_nobody_sees_another_companys(self):
        other = self.env["res.company"].create({"name": "Other"})
        backfill = self.as_role("operator", other)
        with self.assertRaises(AccessError):
            backfill.read(["total"])
        with self.assertRaises(AccessError):
            backfill.action_take()
        self.assertFalse(backfill.search([]))

    def test_somebody_without_role_sees_nothing(self):
        stranger = self.make_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.backfill.with_user(stranger).read(["total"])

    def test_a_channel_without_history_is_not_asked_for_it(self):
        self.assertFalse(self.flow.can_backfill)
        with self.assertRaises(UserError):
            self.env["retail.backfill"]._begin(self.flow, self.since)
        with self.assertRaises(UserError):
            self.backend.action_backfill()

    def test_only_one_at_a_time_is_under_way(self):
        other = self.backfill.copy({"state": "paused"})
        with self.assertRaises(UserError):
            self.backfill.action_take()
        other.action_cancel()
        self.backfill.action_take()
        self.assertEqual(self.backfill.state, "queued")

    def test_its_buttons_and_progress_are_on_the_backends_form(self):
        arch = self.env["retail.backend"].get_view(view_type="form")["arch"]
        for name in ("action_pause", "action_resume", "action_cancel", "progress"):
            self.assertIn('name="%s"' % name, arch)
        self.assertIn(self.backfill, self.backend.backfill_ids)
