"""Taxes and totals: Odoo's figures are the channel's, to the cent, or there is no order."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import RetailSaleCase, address, discount, line, money, order, shipping, tax


@tagged("post_install", "-at_install")
class TestOrderTaxes(RetailSaleCase):
    def rounding_of(self, sale):
        return sale.order_line.filtered("is_retail_rounding")

    # ---------------------------------------------------------------- included, added, none

    def test_taxes_included_with_several_rates_equal_to_the_cent(self):
        self.map_taxes()
        sale = self.import_order(
            total="66.52",
            lines=[
                line("L1", price="11.90", quantity=3, taxes=[tax("0.19", "5.70")]),
                line("L2", sku="PLATE", price="10.70", quantity=2, taxes=[tax("0.07", "1.40")]),
                line("L3", sku=None, kind="custom", title="Card", price="4.52"),
            ],
            shipping_lines=[shipping(price="4.90", taxes=[tax("0.19", "0.78")])],
        )
        self.assertEqual(sale.amount_total, 66.52)
        self.assertFalse(self.rounding_of(sale))
        self.assertEqual(sale.order_line[0].tax_ids, self.tax_included)
        self.assertEqual(sale.order_line[1].tax_ids, self.reduced_included)
        self.assertFalse(sale.order_line[2].tax_ids)
        self.assertAlmostEqual(sale.amount_tax, 5.70 + 1.40 + 0.78, 2)

    def test_taxes_added_with_several_rates_equal_to_the_cent(self):
        self.map_taxes()
        sale = self.import_order(
            total="58.50",
            taxes_included=False,
            totals={"taxes": money("7.10")},
            lines=[
                line("L1", price="10.00", quantity=3, taxes=[tax("0.19", "5.70")]),
                line("L2", sku="PLATE", price="20.00", taxes=[tax("0.07", "1.40")]),
            ],
            duties=[{"external_id": "D1", "title": "Duty", "price": money("1.40")}],
        )
        self.assertEqual(sale.amount_total, 58.5)
        self.assertFalse(self.rounding_of(sale))
        self.assertEqual(sale.order_line[0].tax_ids, self.tax_excluded)

    def test_a_line_without_tax_gets_none_though_the_product_has_one(self):
        self.mug.taxes_id = self.tax_included
        self.assertFalse(self.import_order().order_line.tax_ids)

    def test_a_tax_the_channel_names_but_did_not_take_is_not_booked(self):
        self.map_taxes()
        sale = self.import_order(lines=[line(taxes=[tax("0.19", "0.00")])], taxes_included=False)
        self.assertFalse(sale.order_line.tax_ids)
        self.assertEqual(sale.amount_total, 10.0)

    def test_a_tax_of_nothing_needs_no_mapping_but_follows_one(self):
        sale = self.import_order(order("1", lines=[line(taxes=[tax("0", "0.00", title="Export")])]))
        self.assertFalse(sale.order_line.tax_ids)
        export = self.make_tax(0, included=True)
        self.map_tax(export)
        sale = self.import_order(order("2", lines=[line(taxes=[tax("0.0", "0.00", title="Export")])]))
        self.assertEqual(sale.order_line.tax_ids, export)

    def test_two_taxes_on_one_line_are_both_booked(self):
        gst = self.make_tax(5, included=False, name="GST")
        pst = self.make_tax(7, included=False, name="PST")
        canada = self.env.ref("base.ca")
        self.map_tax(gst, country_id=canada.id)
        self.map_tax(pst, country_id=canada.id)
        sale = self.import_order(
            total="11.20",
            taxes_included=False,
            shipping_address=address(country="CA", region_code="BC"),
            lines=[line(taxes=[tax("0.05", "0.50", "GST"), tax("0.07", "0.70", "PST")])],
        )
        self.assertEqual(sale.order_line.tax_ids, gst | pst)
        self.assertEqual(sale.amount_total, 11.2)

    # ---------------------------------------------------------------- which mapping

    def test_the_most_specific_mapping_wins(self):
        us = self.env.ref("base.us")
        california = self.env.ref("base.state_us_5")
        general = self.make_tax(8, included=False, name="General")
        national = self.make_tax(8, included=False, name="National")
        regional = self.make_tax(8, included=False, name="Regional")
        titled = self.make_tax(8, included=False, name="Titled")
        self.map_tax(general, country_id=False)
        self.map_tax(national, country_id=us.id)
        self.map_tax(regional, country_id=us.id, state_id=california.id)
        self.map_tax(titled, country_id=us.id, title="City Tax")

        def tax_of(number, title="Sales Tax", **place):
            sale = self.import_order(
                order(
                    str(number),
                    total="10.80",
                    taxes_included=False,
                    shipping_address=address(**place),
                    lines=[line(taxes=[tax("0.08", "0.80", title)])],
                )
            )
            return sale.order_line.tax_ids

        self.assertEqual(tax_of(1, country="DE"), general)
        self.assertEqual(tax_of(2, country="US", region_code="NY"), national)
        self.assertEqual(tax_of(3, country="US", region_code="CA"), regional)
        self.assertEqual(tax_of(4, country="US", region_name="California"), regional)
        self.assertEqual(tax_of(5, "city tax", country="US", region_code="CA"), titled)

    def test_an_order_without_address_is_taxed_where_the_company_is(self):
        self.map_taxes()
        sale = self.import_order(
            lines=[line(price="10.00", taxes=[tax("0.19", "1.60")])], billing_address=None, shipping_address=None
        )
        self.assertEqual(sale.order_line.tax_ids, self.tax_included)

    def test_a_missing_tax_mapping_is_an_exception_with_a_proposal(self):
        error = self.fail_order(order(lines=[line(taxes=[tax("0.19", "1.60")])]), "tax_unmapped")
        self.assertEqual(error.facts["proposed_tax_ids"], self.tax_included.ids)
        self.assertEqual(error.facts["rate_percent"], "19")
        self.assertEqual(error.cause_key, "tax:19:DE:included")
        error = self.fail_order(
            order(total="11.90", taxes_included=False, lines=[line(taxes=[tax("0.19", "1.90")])]), "tax_unmapped"
        )
        self.assertEqual(error.facts["proposed_tax_ids"], self.tax_excluded.ids)

    def test_there_is_no_proposal_where_no_tax_fits(self):
        error = self.fail_order(order(lines=[line(taxes=[tax("0.21", "1.74")])]), "tax_unmapped")
        self.assertEqual(error.facts["proposed_tax_ids"], [])

    def test_a_proposal_follows_the_company_where_a_tax_does_not_say_whether_it_is_included(self):
        undecided = self.make_tax(13, included=True, price_include_override=False)
        error = self.fail_order(
            order(total="11.30", taxes_included=False, lines=[line(taxes=[tax("0.13", "1.30")])]), "tax_unmapped"
        )
        self.assertEqual(error.facts["proposed_tax_ids"], undecided.ids)
        error = self.fail_order(order(lines=[line(taxes=[tax("0.13", "1.15")])]), "tax_unmapped")
        self.assertEqual(error.facts["proposed_tax_ids"], [])

    def test_a_mapping_refuses_a_tax_on_the_wrong_side_of_the_price(self):
        with self.assertRaisesRegex(ValidationError, "added on top in Odoo"):
            self.map_tax(self.tax_excluded, price_include=True)
        with self.assertRaisesRegex(ValidationError, "included in the price in Odoo"):
            self.map_tax(self.tax_included, price_include=False)

    # ---------------------------------------------------------------- the taxes add up, not only the total

    def make_taxed(self, number="1", rate="0.19", amount="19.00", **more):
        return order(number, total="119.00", lines=[line(price="119.00", taxes=[tax(rate, amount)])], **more)

    def mismap(self):
        """Make the tax of 19 % one of 7 % behind its mapping's back."""
        self.map_taxes()
        self.tax_included.amount = 7

    def test_taxes_that_differ_from_the_channels_are_an_exception_though_the_total_is_equal(self):
        self.mismap()
        error = self.fail_order(self.make_taxed(), "amount_mismatch")
        self.assertIn("19.00 EUR", str(error))
        self.assertIn("7.79 EUR", str(error))
        self.assertEqual((error.facts["channel_taxes"], error.facts["odoo_taxes"]), ("19.00", "7.79"))
        self.assertEqual((error.facts["difference"], error.facts["tax_difference"]), ("0.00", "11.21"))

    def test_a_tax_that_is_in_the_channels_sum_but_on_no_line_is_an_exception(self):
        document = order(total="119.00", totals={"taxes": money("19.00")}, lines=[line(price="119.00")])
        self.fail_order(document, "amount_mismatch")

    def test_taxes_may_differ_by_a_cent_for_each_tax_of_each_line(self):
        self.map_taxes()
        self.backend.rounding_tolerance = 0.0
        taxes = [tax("0.19", "19.01")]
        lines = [line("L%d" % index, price="119.00", taxes=taxes) for index in range(3)]
        self.assertEqual(self.import_order(order("1", total="357.00", lines=lines)).amount_tax, 57.0)
        self.fail_order(order("2", total="357.00", lines=lines, totals={"taxes": money("57.04")}), "amount_mismatch")

    def test_a_channel_may_leave_the_tax_on_shipping_out_of_its_sum(self):
        self.map_taxes()
        document = self.make_taxed(shipping_lines=[shipping(price="11.90", taxes=[tax("0.19", "1.90")])])
        for number, taxes in (("2", "19.00"), ("3", "20.90")):
            totals = {**document["totals"], "taxes": money(taxes), "total": money("130.90")}
            sale = self.import_order({**document, "external_id": number, "totals": totals})
            self.assertAlmostEqual(sale.amount_tax, 20.9)

    def test_a_cancelled_order_may_have_any_taxes(self):
        self.mismap()
        self.assertEqual(self.import_order(self.make_taxed(cancelled_at="2026-05-02T10:00:00Z")).state, "cancel")

    def test_a_mapping_refuses_a_tax_of_another_rate(self):
        with self.assertRaisesRegex(ValidationError, "charges 19 %, but .* is 7 % in Odoo"):
            self.map_tax(self.reduced_included, rate_percent=19)
        one, two = (self.make_tax(percent, included=True, name="Part %d" % percent) for percent in (5, 8))
        mapping = self.map_tax(one | two, rate_percent=13, price_include=True)
        with self.assertRaisesRegex(ValidationError, "Choose the tax of the same rate"):
            mapping.rate_percent = 12

    # ---------------------------------------------------------------- discounts, cents, tolerance

    def test_discounts_lower_the_tax_base_of_the_lines_they_are_on(self):
        self.map_taxes()
        sale = self.import_order(
            total="27.15",
            lines=[
                line("L1", price="11.90", quantity=2, discounts=[discount("3.33")], taxes=[tax("0.19", "3.27")]),
                line("L2", sku="PLATE", price="10.70", discounts=[discount("4.02")], taxes=[tax("0.07", "0.44")]),
            ],
        )
        booked = sale.order_line.filtered(lambda item: item.retail_line_type == "discount")
        self.assertEqual(
            {item.tax_ids: item.price_unit for item in booked},
            {self.tax_included: -3.33, self.reduced_included: -4.02},
        )
        self.assertEqual(sale.amount_total, 27.15)

    def test_a_discount_that_splits_into_cents_adds_up(self):
        self.map_taxes()
        lines = [
            line("L%d" % index, price="3.33", discounts=[discount(share)], taxes=[tax("0.19", "0.48")])
            for index, share in enumerate(("0.34", "0.33", "0.33"))
        ]
        sale = self.import_order(total="8.99", lines=lines)
        self.assertEqual(sale.amount_total, 8.99)

    def test_totals_off_by_cents_do_not_block_the_order_but_become_a_rounding_line(self):
        self.map_taxes()
        # The channel rounds the tax of the whole order, Odoo that of each line: 3 × 0.19 × 0.13 = 0.07, not 3 × 0.02.
        self.company.tax_calculation_rounding_method = "round_per_line"
        lines = [line("L%d" % index, price="0.13", taxes=[tax("0.19", "0.02")]) for index in range(3)]
        sale = self.import_order(total="0.46", taxes_included=False, lines=lines, totals={"taxes": money("0.07")})
        self.assertEqual(sale.amount_total, 0.46)
        rounding = self.rounding_of(sale)
        self.assertAlmostEqual(rounding.price_unit, 0.01)
        self.assertFalse(rounding.tax_ids)
        self.assertEqual(rounding.product_id, self.env.ref("retail_integration_sale.product_rounding"))

    def test_the_tolerance_is_the_backends(self):
        self.backend.rounding_tolerance = 0.0
        self.fail_order(order("1", total="10.01"), "amount_mismatch")
        self.backend.rounding_tolerance = 0.05
        self.assertEqual(self.import_order(order("2", total="10.05")).amount_total, 10.05)
        self.assertEqual(self.import_order(order("3", total="9.95")).amount_total, 9.95)
        self.fail_order(order("4", total="10.06"), "amount_mismatch")

    def test_beyond_the_tolerance_there_is_an_exception_with_both_figures_and_no_order(self):
        partners = self.env["res.partner"].search_count([])
        error = self.fail_order(order(total="11.00"), "amount_mismatch")
        self.assertEqual((error.facts["channel_total"], error.facts["odoo_total"]), ("11.00", "10.00"))
        self.assertEqual(error.facts["difference"], "1.00")
        self.assertIn("11.00 EUR", str(error))
        self.assertIn("10.00 EUR", str(error))
        self.assertFalse(self.env["sale.order"].search([("client_order_ref", "=", "#1001")]))
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_cash_rounding_of_the_channel_is_a_line_and_no_tolerance(self):
        self.backend.rounding_tolerance = 0.0
        sale = self.import_order(total="10.00", totals={"rounding": money("-0.02")}, lines=[line(price="10.02")])
        self.assertEqual(sale.amount_total, 10.0)
        self.assertFalse(self.rounding_of(sale))

    def test_a_total_that_another_addon_changes_on_creation_leaves_no_order(self):
        order_class = self.env.registry["sale.order.line"]
        create = order_class.create

        def meddling_create(lines, vals_list):
            return create(lines, [{**vals, "price_unit": vals["price_unit"] + 1} for vals in vals_list])

        self.patch(order_class, "create", meddling_create)
        error = self.fail_order(order(), "amount_mismatch")
        self.assertIn("Something else installed here", str(error))
        self.assertFalse(self.env["sale.order"].search([("client_order_ref", "=", "#1001")]))

    def test_amounts_are_the_channels_when_the_company_rounds_globally(self):
        self.map_taxes()
        self.company.tax_calculation_rounding_method = "round_globally"
        lines = [line("L%d" % index, price="0.13", taxes=[tax("0.19", "0.02")]) for index in range(3)]
        sale = self.import_order(total="0.46", taxes_included=False, lines=lines)
        self.assertEqual(sale.amount_total, 0.46)
        self.assertFalse(self.rounding_of(sale))
