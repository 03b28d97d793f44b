"""From an exception to the order: what the buttons mend, for whom, and that everything that waits goes on."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import RetailSaleCase, customer, line, order, tax

OPERATOR = "retail_integration_base.group_retail_operator"
ACCOUNTANT = "retail_integration_base.group_retail_accountant"


@tagged("post_install", "-at_install")
class TestFixes(RetailSaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = cls.make_user("operator", OPERATOR)
        cls.accountant = cls.make_user("accountant", ACCOUNTANT)

    def exceptions(self, kind):
        return self.env["retail.exception"].search([("kind", "=", kind), ("backend_id", "=", self.backend.id)])

    def fix(self, exception, code, user=None, **values):
        """Press a button of the exception, fill the wizard as its form does, and apply it."""
        exception = exception.with_user(user or self.operator)
        opened = exception.action_fix(code)
        form = Form(self.env[opened["res_model"]].with_user(exception.env.user).with_context(**opened["context"]))
        for name, value in values.items():
            setattr(form, name, value)
        form.save().action_apply()
        self.drain()

    # ---------------------------------------------------------------- link product

    def test_linking_a_product_lets_all_orders_with_the_cause_go_on(self):
        messages = self.bring(*(order(str(number), lines=[line(sku="MUG-L")]) for number in (1, 2, 3)))
        self.assertEqual(set(messages.mapped("state")), {"held"})
        exceptions = self.exceptions("product_unknown")
        self.assertEqual((len(exceptions), len(exceptions.cause_id)), (3, 1))
        self.assertEqual(exceptions[0].amount_at_risk, 10.0)
        self.fix(exceptions[0], "link_product", product_id=self.mug)
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.orders("1", "2", "3").order_line.product_id, self.mug)
        self.assertEqual(set(exceptions.mapped("state")), {"resolved"})

    def test_linking_a_product_for_one_order_leaves_the_others_waiting(self):
        variants = [line(sku="MUG-L", variant_external_id="V%d" % number) for number in (1, 2)]
        messages = self.bring(*(order(str(index), lines=[item]) for index, item in enumerate(variants)))
        self.fix(
            self.exceptions("product_unknown").filtered(lambda item: item.subject_key == "order:0"),
            "link_product",
            product_id=self.plate,
            apply_to_all=False,
        )
        self.assertEqual(messages.mapped("state"), ["done", "held"])

    def test_a_linked_variant_is_remembered(self):
        self.bring(order("1", lines=[line(sku="MUG-L", variant_external_id="V1")]))
        self.fix(self.exceptions("product_unknown"), "link_product", product_id=self.plate)
        self.assertEqual(self.bring(order("2", lines=[line(sku="MUG-L", variant_external_id="V1")])).state, "done")

    def test_a_second_variant_of_a_linked_product_becomes_another_name_of_it(self):
        self.import_order(order("1", lines=[line(variant_external_id="V1")]))
        self.bring(order("2", lines=[line(sku="SALE-MUG", variant_external_id="V2")]))
        self.fix(self.exceptions("product_unknown"), "link_product", product_id=self.mug)
        self.assertEqual(self.orders("2").order_line.product_id, self.mug)
        binding = self.env["retail.binding.product"].search([("product_id", "=", self.mug.id)])
        self.assertEqual(binding.external_id, "V1")
        self.assertEqual(self.env["retail.product.alias"].search([]).mapped("key"), ["variant:V2"])

    def test_a_product_can_be_made_of_what_the_channel_said(self):
        self.operator.group_ids |= self.env.ref("product.group_product_manager")
        self.bring(order("1", lines=[line(sku="NEW", barcode="4006381333931", title="Teapot")]))
        self.fix(self.exceptions("product_unknown"), "link_product", mode="create")
        product = self.orders("1").order_line.product_id
        self.assertEqual((product.name, product.default_code, product.barcode), ("Teapot", "NEW", "4006381333931"))
        self.assertEqual((product.list_price, product.is_storable), (10.0, True))

    def test_who_may_make_no_products_in_odoo_makes_none_here(self):
        self.bring(order("1", lines=[line(sku="NEW")]))
        with self.assertRaises(AccessError):
            self.fix(self.exceptions("product_unknown"), "link_product", mode="create")

    def test_one_of_several_products_with_a_sku_can_be_chosen(self):
        twin = self.make_product("MUG")
        self.bring(order("1"))
        self.fix(self.exceptions("product_ambiguous"), "link_product", product_id=twin)
        self.assertEqual(self.orders("1").order_line.product_id, twin)

    # ---------------------------------------------------------------- map tax

    def test_mapping_the_proposed_tax_lets_all_orders_with_it_go_on(self):
        documents = [
            order("1", lines=[line(taxes=[tax("0.19", "1.60", "MwSt")])]),
            order("2", lines=[line(taxes=[tax("0.19", "1.60", "VAT")])]),
        ]
        messages = self.bring(*documents)
        exceptions = self.exceptions("tax_unmapped")
        self.assertEqual(len(exceptions.cause_id), 1)
        wizard = Form(
            self.env["retail.fix.tax"].with_user(self.operator).with_context(default_exception_id=exceptions[0].id)
        )
        self.assertEqual(wizard.tax_ids[:], self.tax_included)
        self.fix(exceptions[0], "map_tax")
        self.assertEqual(set(messages.mapped("state")), {"done"})
        mapping = self.env["retail.tax.map"].search([("backend_id", "=", self.backend.id)])
        self.assertEqual((mapping.country_id, mapping.rate_percent, mapping.title), (self.germany, 19.0, False))

    def test_a_tax_nobody_proposed_has_to_be_chosen(self):
        self.bring(order("1", lines=[line(taxes=[tax("0.21", "1.74")])]))
        with self.assertRaises(UserError):
            self.fix(self.exceptions("tax_unmapped"), "map_tax")

    # ---------------------------------------------------------------- choose customer

    def test_choosing_a_customer_is_remembered(self):
        one, two = self.env["res.partner"].create([{"name": name, "email": "jane@example.com"} for name in "AB"])
        messages = self.bring(order("1"), order("2"), order("3", customer=None, email="jane@example.com"))
        self.assertEqual(set(messages.mapped("state")), {"held"})
        self.fix(self.exceptions("customer_ambiguous")[0], "choose_customer", partner_id=two)
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.orders("1", "2", "3").partner_id, two)
        self.bring(order("4"), order("5", customer=None, email="Jane@Example.com"))
        self.assertEqual(self.orders("4", "5").partner_id, two)
        self.assertFalse(one.sale_order_ids)

    def test_a_new_contact_can_be_made_for_an_ambiguous_customer(self):
        self.operator.group_ids |= self.env.ref("base.group_partner_manager")
        known = self.env["res.partner"].create([{"name": name, "email": "jane@example.com"} for name in "AB"])
        self.bring(order("1"))
        self.fix(self.exceptions("customer_ambiguous"), "choose_customer", mode="create")
        self.assertNotIn(self.orders("1").partner_id, known)
        self.assertEqual(self.orders("1").partner_id.name, "Jane Doe")

    # ---------------------------------------------------------------- accept difference

    def test_an_accountant_accepts_a_difference_for_one_order_with_a_reason(self):
        messages = self.bring(order("1", total="11.00"), order("2", total="11.00"))
        exception = self.exceptions("amount_mismatch").filtered(lambda item: item.subject_key == "order:1")
        self.fix(exception, "accept_difference", user=self.accountant, reason="Deposit of 1.00")
        self.assertEqual(messages.mapped("state"), ["done", "held"])
        sale = self.orders("1")
        [rounding] = sale.order_line.filtered("is_retail_rounding")
        self.assertEqual((sale.amount_total, rounding.price_unit), (11.0, 1.0))
        self.assertEqual(rounding.name, "Accepted difference: Deposit of 1.00")
        accepted = self.env["retail.accepted.difference"].search([])
        self.assertEqual((accepted.amount, accepted.user_id), (1.0, self.accountant))

    def test_only_the_difference_that_was_accepted_is_booked(self):
        self.bring(order("1", total="11.00"))
        self.fix(self.exceptions("amount_mismatch"), "accept_difference", user=self.accountant, reason="Deposit")
        message = self.bring(order("1", version=2, total="13.00"))
        self.assertEqual(message.state, "held")
        self.assertEqual(self.orders("1").amount_total, 11.0)

    def test_an_accountant_accepts_that_taxes_differ(self):
        self.env["retail.tax.map"].search([("backend_id", "=", self.backend.id)]).unlink()
        self.map_taxes()
        self.tax_included.amount = 7
        message = self.bring(order("1", total="119.00", lines=[line(price="119.00", taxes=[tax("0.19", "19.00")])]))
        self.assertEqual(message.state, "held")
        self.fix(self.exceptions("amount_mismatch"), "accept_difference", user=self.accountant, reason="Ruling")
        self.assertEqual(message.state, "done")
        self.assertEqual((self.orders("1").amount_total, self.orders("1").amount_tax), (119.0, 7.79))
        self.assertFalse(self.orders("1").order_line.filtered("is_retail_rounding"))
        self.assertEqual(self.env["retail.accepted.difference"].search([]).tax_amount, 11.21)

    def test_an_operator_accepts_no_difference(self):
        self.bring(order("1", total="11.00"))
        with self.assertRaises(AccessError):
            self.fix(self.exceptions("amount_mismatch"), "accept_difference", reason="Because")

    # ---------------------------------------------------------------- keep order

    def test_an_order_changed_after_delivery_can_be_kept_as_it_is(self):
        self.bring(order("1"))
        sale = self.orders("1")
        self.deliver(sale)
        message = self.bring(order("1", version=2, total="20.00", lines=[line(quantity=2)], note="Ring"))
        self.assertEqual(message.state, "held")
        self.fix(self.exceptions("order_changed_after_delivery"), "keep_order", reason="Second mug sent by hand")
        self.assertEqual(message.state, "done")
        self.assertEqual((sale.amount_total, sale.retail_note), (10.0, "Ring"))
        self.assertIn("Second mug sent by hand", "".join(sale.message_ids.mapped("body")))

    def test_only_the_order_the_exception_is_about_is_kept_whatever_its_facts_name(self):
        self.bring(order("1"), order("2"))
        sale, other = self.orders("1"), self.orders("2")
        self.deliver(sale)
        self.bring(order("1", version=2, total="20.00", lines=[line(quantity=2)]))
        exception = self.exceptions("order_changed_after_delivery")
        exception.facts = {**exception.facts, "order_id": other.id}
        self.fix(exception, "keep_order", reason="Second mug sent by hand")
        self.assertEqual((sale.retail_keep_lines, other.retail_keep_lines), (True, False))

    def test_an_exception_about_something_else_keeps_no_order(self):
        self.bring(order("1"), order("2", lines=[line(sku="NOT-KNOWN")]))
        exception = self.exceptions("product_unknown")
        exception.facts = {**exception.facts, "order_id": self.orders("1").id}
        with self.assertRaises(UserError):
            self.fix(exception, "keep_order", reason="Because")
        self.assertFalse(self.orders("1").retail_keep_lines)

    # ---------------------------------------------------------------- currency, by configuration

    def test_a_pricelist_added_to_the_backend_lets_the_order_go_on(self):
        message = self.bring(order("1", currency="USD", customer=customer("C9", email="us@example.com")))
        self.assertEqual(message.state, "held")
        self.backend.pricelist_ids = self.env["product.pricelist"].create(
            {"name": "Dollars", "currency_id": self.env.ref("base.USD").id}
        )
        self.exceptions("currency_unmapped").with_user(self.operator).action_replay()
        self.drain()
        self.assertEqual(message.state, "done")

    def test_every_kind_says_what_to_do(self):
        texts = self.env["retail.exception"]._get_help_texts()
        kinds = dict(self.env["retail.exception"]._fields["kind"]._description_selection(self.env))
        self.assertFalse(set(kinds) - set(texts))
