"""Who may see and change what; and that one company never sees the other's."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import RetailSaleCase, line, order, payment

GROUP = "retail_integration_base.group_retail_%s"
MODELS = (
    "retail.binding.order",
    "retail.binding.partner",
    "retail.binding.product",
    "retail.binding.refund",
    "retail.binding.return",
    "retail.order.payment",
    "retail.tax.map",
    "retail.carrier.map",
    "retail.payment.map",
    "retail.product.alias",
    "retail.accepted.difference",
    "retail.reservation",
    "retail.location.map",
    "retail.stock.buffer",
    "retail.stock.level",
    "retail.binding.fulfilment",
)


@tagged("post_install", "-at_install")
class TestRoles(RetailSaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: cls.make_user("sale-%s" % role, GROUP % role)
            for role in ("auditor", "operator", "accountant", "manager")
        }

    def may(self, role, model, operation):
        return self.env[model].with_user(self.users[role]).has_access(operation)

    def test_an_auditor_reads_all_and_changes_nothing(self):
        for model in MODELS:
            self.assertTrue(self.may("auditor", model, "read"), model)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(self.may("auditor", model, operation), (model, operation))

    def test_an_operator_mends_links_and_taxes_but_configures_nothing(self):
        for model in ("retail.binding.product", "retail.binding.partner", "retail.tax.map", "retail.product.alias"):
            self.assertTrue(self.may("operator", model, "create"), model)
            self.assertFalse(self.may("operator", model, "unlink"), model)
        for model in ("retail.carrier.map", "retail.payment.map", "retail.binding.order", "retail.backend"):
            self.assertFalse(self.may("operator", model, "write"), model)

    def test_only_an_accountant_accepts_differences_and_nobody_rewrites_them(self):
        self.assertFalse(self.may("operator", "retail.accepted.difference", "create"))
        self.assertTrue(self.may("accountant", "retail.accepted.difference", "create"))
        for role in self.users:
            self.assertFalse(self.may(role, "retail.accepted.difference", "write"), role)

    def test_a_manager_configures(self):
        for model in ("retail.tax.map", "retail.carrier.map", "retail.payment.map", "retail.backend"):
            self.assertTrue(self.may("manager", model, "unlink"), model)
        self.backend.with_user(self.users["manager"]).write({"rounding_tolerance": 0.02, "order_confirm": False})

    def test_only_an_operator_cancels_a_fulfilment_in_the_channel(self):
        sale = self.import_order()
        self.env["retail.flow"].create(
            {
                "backend_id": self.backend.id,
                "entity": "fulfilment",
                "direction": "out",
                "latency": "standard",
                "state": "live",
            }
        )
        fulfilment = self.env["retail.binding.fulfilment"].create(
            {
                "backend_id": self.backend.id,
                "external_id": "F1",
                "order_id": sale.id,
                "origin": "odoo",
                "status": "success",
                "line_ids": self.env["retail.binding.fulfilment"]._get_line_commands(sale, {"L1": 1.0}),
            }
        )
        self.assertEqual(fulfilment.line_ids.quantity, 1.0)
        with self.assertRaises(UserError):
            fulfilment.with_user(self.users["auditor"]).action_cancel_in_channel()
        fulfilment.with_user(self.users["operator"]).action_cancel_in_channel()
        self.assertEqual(self.env["retail.outbox"].search([("backend_id", "=", self.backend.id)]).operation, "cancel")

    def test_nobody_edits_payments_of_a_channel(self):
        for role in self.users:
            self.assertFalse(self.may(role, "retail.order.payment", "write"), role)

    def test_a_salesperson_without_a_role_here_opens_a_channels_order(self):
        sale = self.import_order(order(payments=[payment()]))
        seller = self.make_user("seller", "sales_team.group_sale_salesman_all_leads")
        view = self.env["sale.order"].with_user(seller).get_view(view_type="form")
        self.assertIn("retail_payment_ids", view["arch"])
        self.assertNotIn("action_view_retail_timeline", view["arch"])
        [data] = sale.with_user(seller).web_read(
            {
                "retail_backend_id": {"fields": {"display_name": {}}},
                "retail_paid_amount": {},
                "retail_payment_ids": {"fields": {"gateway": {}, "amount": {}}},
            }
        )
        self.assertEqual(data["retail_backend_id"]["display_name"], self.backend.name)
        self.assertEqual(data["retail_payment_ids"][0]["amount"], 10.0)

    def test_one_company_never_sees_the_others(self):
        self.map_taxes()
        self.import_order(order(lines=[line(variant_external_id="V1")], payments=[payment()]))
        self.env["retail.product.alias"].create(
            {"backend_id": self.backend.id, "key": "sku:X", "product_id": self.mug.id}
        )
        other_company = self.make_company("Red Plate Ltd")
        stranger = self.env["res.users"].create(
            {
                "name": "Stranger",
                "login": "stranger",
                "company_id": other_company.id,
                "company_ids": [(6, 0, other_company.ids)],
                "group_ids": [(6, 0, [self.env.ref("base.group_user").id, self.env.ref(GROUP % "manager").id])],
            }
        )
        for model in MODELS:
            records = self.env[model].search([("backend_id", "=", self.backend.id)])
            seen = self.env[model].with_user(stranger).with_context(allowed_company_ids=other_company.ids)
            self.assertFalse(seen.search([]), model)
            if records:
                with self.assertRaises(AccessError):
                    records[0].with_user(stranger).with_context(allowed_company_ids=other_company.ids).read(
                        ["backend_id"]
                    )

    def test_the_service_user_is_no_administrator(self):
        service = self.env.ref("retail_integration_base.user_service")
        for group in ("base.group_system", "sales_team.group_sale_manager", "stock.group_stock_manager"):
            self.assertFalse(service.has_group(group), group)

    def test_every_menu_and_view_opens_for_every_role(self):
        actions = self.env["ir.actions.act_window"].search([("res_model", "in", MODELS)])
        self.assertGreaterEqual(len(actions), len(MODELS))
        for user in self.users.values():
            for action in actions:
                model = self.env[action.res_model].with_user(user)
                model.get_views([(False, "list"), (False, "search")])
            self.env["retail.backend"].with_user(user).get_views([(False, "form")])
            self.env["retail.exception"].with_user(user).get_views([(False, "form")])
