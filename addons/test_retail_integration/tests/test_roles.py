"""What each role can and cannot do, and that nobody sees another company's work."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import RetailCase

GROUP = "retail_integration_base.group_retail_"


@tagged("post_install", "-at_install")
class TestRoles(RetailCase):
    def setUp(self):
        super().setUp()
        self.message = self.bring("n1", "needs human")
        self.drain()
        self.exception = self.env["retail.exception"].search([])
        self.users = {
            role: self.make_user(role, GROUP + role) for role in ("auditor", "operator", "accountant", "manager")
        }

    def test_every_role_reads_the_work(self):
        for role, user in self.users.items():
            for record in (self.backend, self.flow, self.message, self.exception, self.message.log_ids):
                self.assertTrue(record.with_user(user).read(["display_name"]), (role, record._name))

    def test_a_user_without_role_sees_nothing(self):
        stranger = self.make_user("stranger", "base.group_user")
        for record in (self.backend, self.flow, self.message, self.exception, self.message.log_ids):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["display_name"])

    def test_the_auditor_changes_nothing(self):
        auditor = self.users["auditor"]
        for record, values in (
            (self.backend, {"name": "x"}),
            (self.flow, {"state": "off"}),
            (self.exception, {"user_id": auditor.id}),
            (self.message, {"reason": "x"}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(auditor).write(values)
        for action in ("action_replay", "action_take"):
            with self.assertRaises(UserError):
                getattr(self.exception.with_user(auditor), action)()
        with self.assertRaises(UserError):
            self.message.with_user(auditor).action_replay()
        with self.assertRaises(AccessError):
            self.env["retail.exception.close"].with_user(auditor).create({"state": "ignored", "reason": "x"})

    def test_the_operator_works_on_exceptions_and_configures_nothing(self):
        operator = self.users["operator"]
        self.exception.with_user(operator).action_take()
        self.assertEqual(self.exception.user_id, operator)
        self.exception.with_user(operator).action_replay()
        self.assertEqual(self.message.state, "pending")
        for record, values in ((self.backend, {"name": "x"}), (self.flow, {"state": "off"})):
            with self.assertRaises(AccessError):
                record.with_user(operator).write(values)

    def test_nobody_closes_an_exception_or_changes_its_facts_without_a_reason(self):
        for role in ("operator", "accountant", "manager"):
            for values in ({"state": "resolved"}, {"facts": {"order_id": 1}}, {"amount_at_risk": 0}):
                with self.assertRaises(UserError):
                    self.exception.with_user(self.users[role]).write(values)

    def test_the_auditor_asks_no_channel(self):
        with self.assertRaises(UserError):
            self.flow.with_user(self.users["auditor"]).action_poll()

    def test_what_a_connection_check_shows_is_sanitized(self):
        self.backend.with_user(self.users["manager"]).write({"check_result": "<b>x</b><img src=x onerror=alert(1)>"})
        self.assertNotIn("onerror", self.backend.check_result)

    def test_only_the_manager_configures(self):
        for role in ("operator", "accountant"):
            with self.assertRaises(AccessError):
                self.backend.with_user(self.users[role]).action_disarm()
        self.flow.with_user(self.users["manager"]).action_pause()
        self.backend.with_user(self.users["manager"]).action_disarm()
        self.assertFalse(self.backend.is_armed)

    def test_raw_content_is_for_managers_only(self):
        self.assertIn("needs human", self.message.with_user(self.users["manager"]).body_raw)
        for role in ("auditor", "operator", "accountant"):
            with self.assertRaises(AccessError):
                self.message.with_user(self.users[role]).read(["body_raw"])
            with self.assertRaises(AccessError):
                self.message.with_user(self.users[role]).read(["headers"])

    def test_nobody_writes_messages_or_log_lines(self):
        for user in self.users.values():
            with self.assertRaises(AccessError):
                self.message.with_user(user).write({"state": "done"})
            with self.assertRaises(AccessError):
                self.env["retail.inbox"].with_user(user).create({"backend_id": self.backend.id})
            with self.assertRaises(AccessError):
                self.env["retail.sync.log"].with_user(user).create({"backend_id": self.backend.id, "outcome": "done"})

    def test_nobody_sees_another_companys_work(self):
        company = self.env["res.company"].create({"name": "Other"})
        for role in ("auditor", "manager"):
            user = self.make_user("other_" + role, GROUP + role, companies=company)
            for model in ("retail.backend", "retail.flow", "retail.inbox", "retail.exception", "retail.sync.log",
                          "retail.exception.cause", "retail.gateway.refusal"):  # fmt: skip
                found = self.env[model].with_user(user).search([])
                self.assertFalse(
                    found.filtered(lambda record: record.sudo()._fields.get("company_id")
                                   and record.sudo().company_id != company), model
                )  # fmt: skip
            with self.assertRaises(AccessError):
                self.message.with_user(user).read(["subject_key"])

    def test_the_service_user_cannot_log_in(self):
        service = self.env.ref("retail_integration_base.user_service")
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", (service.id,))
        self.assertFalse(self.env.cr.fetchone()[0])

    def test_the_service_user_may_work_in_every_company_with_a_backend(self):
        company = self.env["res.company"].create({"name": "Third"})
        self.make_backend("Third", company=company)
        self.assertIn(company, self.env.ref("retail_integration_base.user_service").company_ids)
