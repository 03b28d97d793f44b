"""Who may make a token, and that it is never seen again."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import MetricsCase

GROUP = "retail_integration_base.group_retail_"


@tagged("post_install", "-at_install")
class TestTokenRoles(MetricsCase):
    def test_only_a_manager_makes_reads_and_revokes_tokens(self):
        manager = self.make_user("manager", GROUP + "manager")
        tokens = self.env["retail.metrics.token"]
        tokens.with_user(manager)._issue("Prometheus")
        token = tokens.search([])
        for role in ("auditor", "operator", "accountant"):
            user = self.make_user(role, GROUP + role)
            with self.assertRaises(AccessError):
                tokens.with_user(user)._issue("x")
            with self.assertRaises(AccessError):
                token.with_user(user).read(["name"])
            with self.assertRaises(AccessError):
                token.with_user(user).action_revoke()
            with self.assertRaises(AccessError):
                self.env["retail.metrics.token.new"].with_user(user).create({"name": "x"})
        token.with_user(manager).action_revoke()
        self.assertTrue(token.revoked_at)

    def test_a_token_is_shown_once_and_only_its_hash_is_kept(self):
        manager = self.make_user("manager", GROUP + "manager")
        action = self.env["retail.metrics.token.new"].with_user(manager).create({"name": "Prometheus"}).action_make()
        token = action["context"]["default_token"]
        self.assertGreater(len(token), 40)
        record = self.env["retail.metrics.token"].search([])
        self.assertNotIn(token, str(record.with_user(manager).read()))
        self.env.cr.execute("SELECT * FROM retail_metrics_token")
        self.assertNotIn(token, str(self.env.cr.dictfetchall()))
        self.env.cr.execute("SELECT * FROM retail_metrics_token_new")
        self.assertNotIn(token, str(self.env.cr.dictfetchall()))
        self.assertTrue(self.env["retail.metrics.token"]._check(self.env.cr, token))

    def test_a_manager_without_access_to_a_company_with_a_backend_makes_no_token(self):
        other = self.env["res.company"].create({"name": "Other Shop"})
        self.make_backend("Other", company=other)
        manager = self.make_user("manager", GROUP + "manager")
        with self.assertRaisesRegex(UserError, "Other Shop"):
            self.env["retail.metrics.token"].with_user(manager)._issue("x")
        both = self.make_user("both", GROUP + "manager", companies=self.env.company | other)
        self.assertTrue(self.env["retail.metrics.token"].with_user(both)._issue("x"))

    def test_nobody_writes_or_deletes_tokens_series_or_positions(self):
        manager = self.make_user("manager", GROUP + "manager")
        self.env["retail.metrics.token"]._issue("Prometheus")
        token = self.env["retail.metrics.token"].search([]).with_user(manager)
        for call in (lambda: token.write({"name": "x"}), token.unlink, lambda: token.create({"name": "x"})):
            with self.assertRaises(AccessError):
                call()
        with self.assertRaises(UserError):
            token.sudo().unlink()
        for model in ("retail.metrics.series", "retail.metrics.source"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(manager).search([])

    def test_a_neutralized_copy_is_not_opened_with_the_originals_token(self):
        from odoo.tools import file_open

        token = self.env["retail.metrics.token"]._issue("Prometheus")
        self.env.flush_all()
        with file_open("retail_integration_observability/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.assertIsNone(self.env["retail.metrics.token"]._check(self.env.cr, token))
