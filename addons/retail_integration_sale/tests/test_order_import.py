"""A new order: what of it arrives in Odoo."""

from odoo.fields import Datetime
from odoo.tests import tagged

from .common import (
    RetailSaleCase,
    customer,
    discount,
    line,
    money,
    order,
    payment,
    shipping,
)


@tagged("post_install", "-at_install")
class TestOrderImport(RetailSaleCase):
    def lines_of(self, sale, line_type):
        return sale.order_line.filtered(lambda booked: booked.retail_line_type == line_type)

    # ---------------------------------------------------------------- the order

    def test_a_simple_order_becomes_a_confirmed_and_reserved_sales_order(self):
        sale = self.import_order(order())
        self.assertEqual(sale.state, "sale")
        self.assertEqual(sale.amount_total, 10.0)
        self.assertEqual(sale.order_line.product_id, self.mug)
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.assertEqual(sale.company_id, self.company)
        self.assertEqual((sale.client_order_ref, sale.origin, sale.retail_external_name), ("#1001",) * 3)
        self.assertEqual(sale.retail_backend_id, self.backend)

    def test_the_time_of_an_order_is_the_channels_not_the_imports_also_after_confirmation(self):
        sale = self.import_order(order(placed_at="2026-03-04T05:06:07.891Z"))
        self.assertEqual(sale.state, "sale")
        self.assertEqual(sale.date_order, Datetime.to_datetime("2026-03-04 05:06:07"))
        self.assertEqual(sale.retail_placed_at, Datetime.to_datetime("2026-03-04 05:06:07"))

    def test_an_order_confirmed_by_hand_keeps_the_channels_time_and_others_get_the_moment(self):
        self.backend.order_confirm = False
        sale = self.import_order(order(placed_at="2026-03-04T05:06:07Z"))
        self.assertEqual(sale.state, "draft")
        other = self.env["sale.order"].create({"partner_id": sale.partner_id.id, "date_order": "2026-01-01 00:00:00"})
        (sale | other).action_confirm()
        self.assertEqual(sale.date_order, Datetime.to_datetime("2026-03-04 05:06:07"))
        self.assertGreater(other.date_order, Datetime.to_datetime("2026-01-02 00:00:00"))

    def test_warehouse_team_salesperson_and_terms_are_the_backends(self):
        warehouse = self.env["stock.warehouse"].create({"name": "Second", "code": "WH2", "company_id": self.company.id})
        team = self.env["crm.team"].create({"name": "Web", "company_id": self.company.id})
        terms = self.env["account.payment.term"].create({"name": "Paid at once"})
        seller = self.make_user("seller", "sales_team.group_sale_salesman")
        self.backend.write(
            {
                "warehouse_id": warehouse.id,
                "team_id": team.id,
                "payment_term_id": terms.id,
                "salesperson_id": seller.id,
            }
        )
        sale = self.import_order()
        self.assertEqual(sale.warehouse_id, warehouse)
        self.assertEqual(sale.picking_ids.picking_type_id.warehouse_id, warehouse)
        self.assertEqual((sale.team_id, sale.payment_term_id, sale.user_id), (team, terms, seller))

    def test_the_service_user_never_becomes_the_salesperson(self):
        self.assertFalse(self.import_order().user_id)

    def test_an_order_is_named_by_odoos_sequence_or_by_its_channel(self):
        self.assertNotIn("1001", self.import_order(order("1001")).name)
        self.backend.write({"order_naming": "channel", "order_prefix": "BLUE-"})
        self.assertEqual(self.import_order(order("1002")).name, "BLUE-#1002")

    def test_statuses_note_attributes_and_source_are_kept(self):
        sale = self.import_order(
            order(
                financial_status="paid",
                fulfilment_status="unfulfilled",
                note="Ring twice",
                attributes=[{"name": "Gift wrap", "value": "yes"}],
                source={
                    "channel": "web",
                    "name": "Online store",
                    "utm_source": "spring-mailing",
                    "utm_medium": "email",
                    "utm_campaign": "Spring",
                },
            )
        )
        self.assertEqual((sale.retail_financial_status, sale.retail_fulfilment_status), ("paid", "unfulfilled"))
        self.assertEqual((sale.retail_note, sale.retail_attributes), ("Ring twice", "Gift wrap: yes"))
        self.assertEqual(sale.retail_source_name, "Online store")
        self.assertEqual(sale.source_id.name, "spring-mailing")
        self.assertEqual(sale.medium_id.name.casefold(), "email")
        self.assertEqual(sale.campaign_id.name, "Spring")

    def test_tags_are_found_or_made_once(self):
        known = self.env["crm.tag"].create({"name": "VIP"})
        first, second = (
            result.record
            for result in self.import_documents(
                order("1", tags=["VIP", " new "]), order("2", tags=["new"], lines=[line()])
            )
        )
        self.assertEqual(sorted(first.tag_ids.mapped("name")), ["VIP", "new"])
        self.assertIn(known, first.tag_ids)
        self.assertEqual(second.tag_ids, first.tag_ids - known)

    def test_shop_currency_is_booked_and_presentment_is_kept(self):
        sale = self.import_order(order(presentment_currency="USD", totals={"presentment_total": money("11.20", "USD")}))
        self.assertEqual(sale.currency_id.name, "EUR")
        self.assertEqual(sale.amount_total, 10.0)
        self.assertEqual((sale.retail_presentment_currency_id.name, sale.retail_presentment_total), ("USD", 11.2))
        self.assertEqual(sale.retail_total, 10.0)

    def test_an_order_in_another_currency_takes_the_backends_pricelist(self):
        usd = self.env.ref("base.USD")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Dollars", "currency_id": usd.id, "company_id": self.company.id}
        )
        self.backend.pricelist_ids = pricelist
        sale = self.import_order(order(currency="USD"))
        self.assertEqual((sale.pricelist_id, sale.currency_id), (pricelist, usd))
        self.assertEqual((sale.order_line.price_unit, sale.amount_total), (10.0, 10.0))

    def test_a_currency_without_pricelist_is_an_exception(self):
        error = self.fail_order(order(currency="USD"), "currency_unmapped")
        self.assertEqual(error.facts["currency"], "USD")
        self.assertIn("pricelist in USD", str(error))
        error = self.fail_order(order(currency="XAF"), "currency_unmapped")
        self.assertIn("not active", str(error))

    def test_test_orders_are_ignored_with_the_reason_unless_wanted(self):
        [result] = self.import_documents(order(is_test=True))
        self.assertEqual(result.outcome, "ignored")
        self.assertIn("test order", result.note)
        self.backend.order_import_tests = True
        self.assertEqual(self.import_order(order(is_test=True)).state, "sale")

    def test_an_import_never_sends_an_email(self):
        before = self.env["mail.mail"].search_count([])
        messages = self.env["mail.message"].search_count([("message_type", "in", ("email", "email_outgoing"))])
        self.import_order(order(version=1))
        self.import_order(order(version=2, total="20.00", lines=[line(quantity=2)]))
        self.import_order(order(version=3, cancelled_at="2026-05-02T10:00:00Z"))
        self.import_order(order("1002", cancelled_at="2026-05-02T10:00:00Z"))
        self.assertEqual(self.env["mail.mail"].search_count([]), before)
        self.assertEqual(
            self.env["mail.message"].search_count([("message_type", "in", ("email", "email_outgoing"))]), messages
        )

    def test_an_order_that_arrives_cancelled_is_cancelled_and_moves_no_stock(self):
        sale = self.import_order(order(cancelled_at="2026-05-01T11:00:00Z", cancel_reason="customer"))
        self.assertEqual(sale.state, "cancel")
        self.assertFalse(sale.picking_ids)
        self.assertEqual(sale.retail_cancel_reason, "customer")

    # ---------------------------------------------------------------- lines

    def test_lines_are_found_by_variant_then_sku_then_barcode(self):
        self.plate.barcode = "4006381333931"
        self.env["retail.binding.product"].create(
            {"backend_id": self.backend.id, "external_id": "V1", "product_id": self.plate.id}
        )
        sale = self.import_order(
            total="30.00",
            lines=[
                line("L1", sku="MUG", variant_external_id="V1"),
                line("L2", sku=" MUG "),
                line("L3", sku="", barcode="4006381333931"),
            ],
        )
        self.assertEqual(sale.order_line.mapped("product_id.default_code"), ["PLATE", "MUG"])
        self.assertEqual(sale.order_line[2].product_id, self.plate)

    def test_a_variant_found_by_sku_is_linked(self):
        self.import_order(lines=[line(variant_external_id="V9", product_external_id="PR9")])
        binding = self.env["retail.binding.product"].search([("external_id", "=", "V9")])
        self.assertEqual((binding.product_id, binding.product_external_id), (self.mug, "PR9"))

    def test_a_variant_deleted_and_recreated_with_a_new_id_is_linked_anew(self):
        self.import_order(order("1", lines=[line(variant_external_id="V1")]))
        self.import_order(order("2", lines=[line(variant_external_id="V2")]))
        binding = self.env["retail.binding.product"].search([("product_id", "=", self.mug.id)])
        self.assertEqual(binding.mapped("external_id"), ["V2"])
        late = self.import_order(order("3", lines=[line(variant_external_id=None)]))
        self.assertEqual(late.order_line.product_id, self.mug)

    def test_a_product_shared_by_all_companies_matches(self):
        self.assertFalse(self.mug.company_id)
        other_company = self.make_company("Red Plate Ltd")
        self.make_product("OWN", company_id=self.company.id)
        self.make_product("OWN", company_id=other_company.id, on_hand=0)
        sale = self.import_order(total="20.00", lines=[line("L1"), line("L2", sku="OWN")])
        self.assertEqual(sale.order_line.product_id.company_id, self.company)
        self.assertEqual(sale.order_line[0].product_id, self.mug)

    def test_a_companys_own_product_goes_before_a_shared_one(self):
        own = self.make_product("MUG", company_id=self.company.id)
        self.assertEqual(self.import_order().order_line.product_id, own)

    def test_a_product_of_another_company_never_matches(self):
        other_company = self.make_company("Red Plate Ltd")
        self.make_product("FOREIGN", company_id=other_company.id, on_hand=0)
        self.fail_order(order(lines=[line(sku="FOREIGN")]), "product_unknown")

    def test_an_archived_product_that_is_linked_still_matches(self):
        self.import_order(order("1", lines=[line(variant_external_id="V1")]))
        self.mug.active = False
        self.assertEqual(self.import_order(order("2", lines=[line(variant_external_id="V1")])).state, "sale")

    def test_an_unknown_product_is_an_exception_that_says_which(self):
        error = self.fail_order(
            order(
                "1042",
                total="25.00",
                lines=[
                    line(
                        sku="MUG-L",
                        title="Blue mug",
                        variant_title="L",
                        barcode="123",
                        variant_external_id="V7",
                        price="25.00",
                    )
                ],
            ),
            "product_unknown",
        )
        self.assertEqual(
            str(error),
            "Order #1042 has line “Blue mug / L” (SKU MUG-L), which no product carries. Link it to a product, or "
            "create one.",
        )
        self.assertEqual(error.cause_key, "sku:MUG-L")
        self.assertEqual((str(error.amount[0]), error.amount[1]), ("25.00", "EUR"))
        self.assertEqual(
            {key: error.facts[key] for key in ("sku", "barcode", "title", "variant_external_id", "price")},
            {"sku": "MUG-L", "barcode": "123", "title": "Blue mug / L", "variant_external_id": "V7", "price": "25.00"},
        )

    def test_an_ambiguous_sku_is_an_exception(self):
        self.make_product("MUG")
        error = self.fail_order(order(), "product_ambiguous")
        self.assertEqual(len(error.facts["candidate_ids"]), 2)

    def test_duties_tips_and_custom_lines_do_not_block_the_order(self):
        sale = self.import_order(
            total="43.50",
            lines=[
                line(),
                line("L2", sku=None, kind="custom", title="Engraving", price="5.00", quantity=2),
                line("L3", sku=None, kind="tip", title="Tip", price="1.50"),
                line("L4", sku=None, kind="gift_card", title="Gift card 10", price="10.00"),
            ],
            duties=[{"external_id": "D1", "title": "Import duty", "price": money("12.00")}],
        )
        self.assertEqual(sale.state, "sale")
        self.assertEqual(sale.amount_total, 43.5)
        ref = self.env.ref
        self.assertEqual(
            sale.order_line.product_id,
            self.mug
            | ref("retail_integration_sale.product_custom")
            | ref("retail_integration_sale.product_tip")
            | ref("retail_integration_sale.product_gift_card")
            | ref("retail_integration_sale.product_duty"),
        )
        self.assertEqual(sale.order_line[1].name, "Engraving")

    def test_the_backend_may_book_custom_lines_on_a_product_of_its_own(self):
        engraving = self.make_product("ENGRAVE", type="service", is_storable=False, on_hand=0)
        self.backend.custom_product_id = engraving
        sale = self.import_order(lines=[line(sku=None, kind="custom", title="Engraving")])
        self.assertEqual(sale.order_line.product_id, engraving)

    def test_a_lines_name_holds_what_the_customer_chose(self):
        sale = self.import_order(
            lines=[line(variant_title="L", properties=[{"name": "Initials", "value": "JD"}])],
        )
        self.assertEqual(sale.order_line.name, "Blue mug / L\nInitials: JD")

    def test_lines_taken_off_before_the_order_arrives_are_left_out(self):
        sale = self.import_order(lines=[line(), line("L2", sku="NOT-KNOWN", quantity=0)])
        self.assertEqual(len(sale.order_line), 1)

    def test_the_channels_price_stays_whatever_the_pricelist_says(self):
        sale = self.import_order()
        sale.order_line.product_uom_qty = 3
        self.assertEqual(sale.order_line.price_unit, 10.0)
        self.assertEqual(sale.amount_total, 30.0)

    # ---------------------------------------------------------------- shipping

    def make_carrier(self, name):
        product = self.make_product("SHIP-%s" % name, type="service", is_storable=False, on_hand=0)
        return self.env["delivery.carrier"].create(
            {"name": name, "product_id": product.id, "delivery_type": "fixed", "company_id": self.company.id}
        )

    def test_shipping_is_a_delivery_line_of_the_mapped_carrier(self):
        fast, slow = self.make_carrier("Fast"), self.make_carrier("Slow")
        self.env["retail.carrier.map"].create(
            [
                {"backend_id": self.backend.id, "code": "EXPRESS", "carrier_id": fast.id},
                {"backend_id": self.backend.id, "title": "standard", "carrier_id": slow.id},
            ]
        )
        sale = self.import_order(order("1", total="14.90", shipping_lines=[shipping(code="express", title="Any")]))
        self.assertEqual(sale.carrier_id, fast)
        [booked] = self.lines_of(sale, "shipping")
        self.assertTrue(booked.is_delivery)
        self.assertEqual((booked.product_id, booked.price_unit), (fast.product_id, 4.9))
        sale = self.import_order(order("2", total="14.90", shipping_lines=[shipping(code="?", title="Standard")]))
        self.assertEqual(sale.carrier_id, slow)

    def test_shipping_nobody_mapped_uses_the_default_carrier_or_the_shipping_product(self):
        sale = self.import_order(order("1", total="14.90", shipping_lines=[shipping()]))
        self.assertFalse(sale.carrier_id)
        self.assertEqual(
            self.lines_of(sale, "shipping").product_id, self.env.ref("retail_integration_sale.product_shipping")
        )
        self.backend.carrier_id = self.make_carrier("Default")
        sale = self.import_order(order("2", total="14.90", shipping_lines=[shipping()]))
        self.assertEqual(sale.carrier_id, self.backend.carrier_id)

    # ---------------------------------------------------------------- discounts and payments

    def test_discounts_are_exact_amounts_never_percentages(self):
        # "A percent discount rounded to two digits": 10.00 off 29.97 is 33.3667… %.
        sale = self.import_order(
            total="19.97",
            lines=[line(price="9.99", quantity=3, discounts=[discount("10.00")])],
        )
        [booked] = self.lines_of(sale, "discount")
        self.assertEqual((booked.price_unit, booked.discount, booked.name), (-10.0, 0.0, "Discount: SUMMER"))
        self.assertEqual(sale.amount_total, 19.97)

    def test_an_order_discount_spread_over_lines_is_one_line_per_title(self):
        sale = self.import_order(
            total="13.33",
            lines=[
                line("L1", discounts=[discount("3.33"), discount("1.00", title="LOYAL")]),
                line("L2", sku="PLATE", discounts=[discount("3.34")]),
            ],
            shipping_lines=[shipping(price="5.00", discounts=[discount("4.00", title="FREESHIP")])],
        )
        booked = {item.name: item.price_unit for item in self.lines_of(sale, "discount")}
        self.assertEqual(booked, {"Discount: SUMMER": -6.67, "Discount: LOYAL": -1.0, "Discount: FREESHIP": -4.0})

    def test_payments_are_recorded_with_their_journal(self):
        journal = self.env["account.journal"].create(
            {"name": "Card", "code": "CARD", "type": "bank", "company_id": self.company.id}
        )
        self.env["retail.payment.map"].create(
            {"backend_id": self.backend.id, "gateway": "Card", "journal_id": journal.id}
        )
        sale = self.import_order(
            payments=[
                payment("A1", kind="authorization"),
                payment("P1", kind="capture", parent_external_id="A1"),
                payment("P2", status="failure"),
            ]
        )
        self.assertEqual(sale.retail_payment_ids.mapped("external_id"), ["A1", "P1", "P2"])
        self.assertEqual(sale.retail_payment_ids.journal_id, journal)
        self.assertEqual(sale.retail_payment_ids[0].processed_at, Datetime.to_datetime("2026-05-01 10:01:00"))
        self.assertEqual(sale.retail_paid_amount, 10.0)

    def test_a_gift_card_used_is_a_payment_and_lowers_no_total(self):
        sale = self.import_order(
            payments=[payment("P1", "4.00"), payment("P2", "6.00", gateway="gift_card", is_gift_card=True)]
        )
        self.assertEqual(sale.amount_total, 10.0)
        self.assertEqual(sale.retail_paid_amount, 10.0)
        self.assertEqual(sale.retail_payment_ids.filtered("is_gift_card").amount, 6.0)

    def test_no_portal_link_asks_for_money_again(self):
        self.company.portal_confirmation_pay = True
        self.backend.order_confirm = False
        self.assertFalse(self.import_order().require_payment)

    def test_a_customer_shared_with_nobody_needs_no_email_or_name(self):
        # The Basic plan of a channel hides protected customer data.
        sale = self.import_order(
            customer=customer("C77", email=None, name=None),
            billing_address=None,
            shipping_address={"country": "DE"},
        )
        self.assertEqual(sale.partner_id.name, "Customer C77")
        self.assertEqual(sale.partner_shipping_id.country_id, self.germany)
