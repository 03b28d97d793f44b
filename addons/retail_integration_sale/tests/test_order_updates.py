"""A later version of an order: what it changes, and what it may not."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import RetailSaleCase, address, discount, line, money, order, payment, shipping, tax


@tagged("post_install", "-at_install")
class TestOrderUpdates(RetailSaleCase):
    def update(self, document, outcome="updated"):
        [result] = self.import_documents(document)
        if result.outcome == "failed" and outcome != "failed":
            raise result.error
        self.assertEqual(result.outcome, outcome, result)
        return result

    def quantities(self, sale):
        return {
            booked.retail_external_id: booked.product_uom_qty
            for booked in sale.order_line
            if booked.retail_line_type == "item" and booked.product_uom_qty
        }

    def demand(self, sale):
        moves = sale.picking_ids.move_ids.filtered(lambda move: move.state != "cancel" and move.product_uom_qty)
        return {move.product_id.default_code: move.product_uom_qty for move in moves}

    # ---------------------------------------------------------------- versions

    def test_a_stale_update_never_overwrites_a_newer_order(self):
        sale = self.import_order(order(version=5, total="20.00", lines=[line(quantity=2)], note="new"))
        result = self.update(order(version=4, note="old"), "superseded")
        self.assertEqual(result.record.id, sale.id)
        self.assertEqual((sale.retail_note, sale.amount_total), ("new", 20.0))

    def test_the_same_content_is_unchanged_and_its_version_is_kept(self):
        self.import_order(order(version=5))
        self.update(order(version=5), "unchanged")
        self.update(order(version=9), "unchanged")
        binding = self.env["retail.binding.order"].search([("external_id", "=", "1001")])
        self.assertEqual(binding.external_version, 9)
        self.update(order(version=8, note="late"), "superseded")

    def test_a_redelivered_order_creates_no_second_one(self):
        first = self.import_order()
        self.update(order(), "unchanged")
        self.assertEqual(self.env["sale.order"].search([("client_order_ref", "=", "#1001")]), first)

    # ---------------------------------------------------------------- before delivery

    def test_lines_follow_their_channel_until_something_is_delivered(self):
        sale = self.import_order(order(total="20.00", lines=[line("L1"), line("L2", sku="PLATE")]))
        self.update(
            order(
                version=2,
                total="37.00",
                lines=[
                    line("L1", quantity=3),
                    line("L2", sku="PLATE", quantity=0),
                    line("L3", sku="PLATE", price="7.00"),
                ],
            )
        )
        self.assertEqual(self.quantities(sale), {"L1": 3.0, "L3": 1.0})
        self.assertEqual(sale.amount_total, 37.0)
        self.assertEqual(self.demand(sale), {"MUG": 3.0, "PLATE": 1.0})
        self.assertEqual(sale.order_line.filtered(lambda booked: booked.retail_external_id == "L1").price_unit, 10.0)

    def test_a_removed_line_of_a_quotation_is_gone(self):
        self.backend.order_confirm = False
        sale = self.import_order(order(total="20.00", lines=[line("L1"), line("L2", sku="PLATE")]))
        self.update(order(version=2))
        self.assertEqual(len(sale.order_line), 1)

    def test_discounts_shipping_and_rounding_follow_too(self):
        self.map_taxes()
        self.company.tax_calculation_rounding_method = "round_per_line"
        taxes = [tax("0.19", "0.02")]
        cents = [line("L%d" % index, price="0.13", taxes=taxes) for index in range(3)]
        sale = self.import_order(
            order(taxes_included=False, total="0.46", totals={"taxes": money("0.07")}, lines=cents)
        )
        self.assertTrue(sale.order_line.filtered("is_retail_rounding"))
        self.update(
            order(
                version=2,
                taxes_included=False,
                total="13.00",
                lines=[line("L0", price="10.00", discounts=[discount("2.00")]), *cents[1:1]],
                shipping_lines=[shipping(price="5.00")],
            )
        )
        self.assertEqual(sale.amount_total, 13.0)
        self.assertFalse(sale.order_line.filtered("is_retail_rounding"))
        self.update(
            order(
                version=3,
                taxes_included=False,
                total="9.00",
                lines=[line("L0", price="10.00", discounts=[discount("1.00")])],
            )
        )
        self.assertEqual(sale.amount_total, 9.0)
        self.assertFalse(sale.order_line.filtered("is_delivery"))

    def test_a_changed_address_follows_to_the_open_transfer(self):
        sale = self.import_order()
        self.update(order(version=2, shipping_address=address(name="Joe Doe", street="Gift Road 7")))
        self.assertEqual(sale.partner_shipping_id.name, "Joe Doe")
        self.assertEqual(sale.picking_ids.partner_id, sale.partner_shipping_id)

    def test_note_tags_statuses_and_payments_follow(self):
        sale = self.import_order(order(tags=["a", "b"], payments=[payment("P1", status="pending")]))
        sale.tag_ids |= self.env["crm.tag"].create({"name": "ours"})
        self.update(
            order(
                version=2,
                tags=["b", "c"],
                note="Ring",
                financial_status="paid",
                payments=[payment("P1"), payment("P2", kind="refund", amount="3.00")],
            )
        )
        self.assertEqual(sorted(sale.tag_ids.mapped("name")), ["b", "c", "ours"])
        self.assertEqual((sale.retail_note, sale.retail_financial_status), ("Ring", "paid"))
        self.assertEqual(sale.retail_payment_ids.mapped("status"), ["success", "success"])
        self.assertEqual(sale.retail_paid_amount, 7.0)

    def test_a_correction_made_in_odoo_outlives_an_update_about_something_else(self):
        sale = self.import_order()
        sale.order_line.price_unit = 8.0
        sale.partner_shipping_id = self.env["res.partner"].create({"name": "Elsewhere"})
        self.update(order(version=2, note="Ring"))
        self.assertEqual(sale.amount_total, 8.0)
        self.assertEqual(sale.partner_shipping_id.name, "Elsewhere")

    def test_a_line_added_in_odoo_stays(self):
        sale = self.import_order()
        sale.order_line = [(0, 0, {"product_id": self.plate.id, "price_unit": 5.0, "tax_ids": False})]
        self.update(order(version=2, total="20.00", lines=[line(quantity=2)]))
        self.assertEqual(sale.amount_total, 25.0)

    def test_a_locked_order_is_updated_and_locked_again(self):
        sale = self.import_order()
        sale.action_lock()
        self.update(order(version=2, total="20.00", lines=[line(quantity=2)]))
        self.assertEqual((sale.locked, sale.amount_total), (True, 20.0))

    def test_a_line_whose_product_was_unlinked_since_keeps_it(self):
        sale = self.import_order(order(lines=[line(sku="MUG", variant_external_id="V1")]))
        self.env["retail.binding.product"].search([]).unlink()
        self.mug.default_code = "OTHER"
        self.update(order(version=2, total="20.00", lines=[line(variant_external_id="V1", quantity=2)]))
        self.assertEqual(sale.order_line.product_id, self.mug)
        self.assertEqual(sale.amount_total, 20.0)

    def test_an_update_that_does_not_add_up_changes_nothing(self):
        sale = self.import_order()
        result = self.update(order(version=2, total="25.00", lines=[line(quantity=2)], note="Ring"), "failed")
        self.assertEqual(result.error.kind, "amount_mismatch")
        self.assertEqual((sale.amount_total, sale.retail_note), (10.0, False))
        self.update(order(version=3, total="20.00", lines=[line(quantity=2)]))
        self.assertEqual(sale.amount_total, 20.0)

    # ---------------------------------------------------------------- cancelled

    def test_a_cancelled_order_is_cancelled_with_its_transfers(self):
        sale = self.import_order()
        self.update(order(version=2, cancelled_at="2026-05-02T10:00:00Z", cancel_reason="fraud"))
        self.assertEqual(sale.state, "cancel")
        self.assertEqual(set(sale.picking_ids.mapped("state")), {"cancel"})
        self.assertEqual(sale.retail_cancel_reason, "fraud")

    def test_a_cancelled_order_keeps_the_lines_that_were_ordered(self):
        for number, confirm in (("1", True), ("2", False)):
            self.backend.order_confirm = confirm
            lines = [line("L1", quantity=2, discounts=[discount("1.00")]), line("L2", sku="PLATE")]
            sale = self.import_order(order(number, total="29.00", lines=lines))
            gone = [line("L1", quantity=0), line("L2", sku="PLATE", quantity=0)]
            cancelled = {"cancelled_at": "2026-05-02T10:00:00Z", "total": "0.00", "lines": gone}
            self.update(order(number, version=2, **cancelled))
            self.update(order(number, version=3, note="Sorry", **cancelled))
            self.assertEqual((sale.state, sale.amount_total, len(sale.order_line)), ("cancel", 29.0, 3))
            self.assertEqual(self.quantities(sale), {"L1": 2.0, "L2": 1.0})
            self.assertFalse(self.demand(sale))

    def test_an_order_taken_up_again_has_the_lines_the_channel_has_then(self):
        one, two = [line(quantity=1)], [line(quantity=2)]
        for number, before, meanwhile, after, quantity in (
            ("1", one, two, two, 2.0),
            ("2", one, [line(quantity=0)], one, 1.0),
            ("3", two, two, one, 1.0),
        ):
            sale = self.import_order(order(number, total="%d0.00" % int(before[0]["quantity"]), lines=before))
            self.update(order(number, version=2, cancelled_at="2026-05-02T10:00:00Z", total="0.00", lines=meanwhile))
            self.update(order(number, version=3, total="%d0.00" % quantity, lines=after))
            self.assertEqual((sale.state, self.quantities(sale)), ("sale", {"L1": quantity}))
            self.assertEqual(self.demand(sale), {"MUG": quantity})

    def test_a_cancellation_is_not_held_up_by_an_unknown_product_or_a_total(self):
        sale = self.import_order()
        self.update(
            order(
                version=2,
                total="99.00",
                cancelled_at="2026-05-02T10:00:00Z",
                lines=[line("L1"), line("L2", sku="NOT-KNOWN", unit_price=money("1.00", "USD"))],
            )
        )
        self.assertEqual(sale.state, "cancel")

    def test_an_order_the_channel_takes_up_again_is_confirmed_again(self):
        sale = self.import_order()
        self.update(order(version=2, cancelled_at="2026-05-02T10:00:00Z"))
        self.update(order(version=3, total="20.00", lines=[line(quantity=2)]))
        self.assertEqual(sale.state, "sale")
        self.assertEqual(self.demand(sale), {"MUG": 2.0})
        self.assertEqual(str(sale.date_order), "2026-05-01 10:00:00")

    def test_an_order_cancelled_in_odoo_stays_cancelled(self):
        sale = self.import_order()
        sale._action_cancel()
        self.update(order(version=2, total="20.00", lines=[line(quantity=2)], note="Ring"))
        self.assertEqual((sale.state, sale.amount_total, sale.retail_note), ("cancel", 10.0, "Ring"))

    def test_an_order_of_a_channel_is_not_deleted_and_so_never_comes_back(self):
        sale = self.import_order()
        sale._action_cancel()
        with self.assertRaisesRegex(UserError, "#1001 of Blue Mug Shop.*leave it cancelled"):
            sale.unlink()
        self.update(order(version=2, note="Ring"))
        self.assertEqual((self.orders("1001"), sale.state), (sale, "cancel"))

    # ---------------------------------------------------------------- after delivery or invoice

    def test_changed_lines_after_delivery_are_an_exception_and_change_nothing(self):
        sale = self.import_order()
        self.deliver(sale)
        result = self.update(order(version=2, total="20.00", lines=[line(quantity=2)], note="Ring"), "failed")
        error = result.error
        self.assertEqual(error.kind, "order_changed_after_delivery")
        [fact] = error.facts["lines"]
        self.assertEqual((fact["ordered"], fact["delivered"], fact["wanted"]), (1.0, 1.0, 2.0))
        self.assertEqual(error.facts["order_id"], sale.id)
        self.assertEqual((sale.amount_total, sale.retail_note), (10.0, False))

    def test_changed_lines_after_an_invoice_are_an_exception(self):
        self.mug.invoice_policy = "order"
        sale = self.import_order()
        self.invoice(sale)
        self.assertEqual(sale.order_line.qty_invoiced, 1.0)
        result = self.update(order(version=2, total="20.00", lines=[line(quantity=2)]), "failed")
        self.assertEqual(result.error.kind, "order_changed_after_delivery")
        self.assertEqual(result.error.facts["lines"][0]["invoiced"], 1.0)
        self.assertEqual(sale.amount_total, 10.0)

    def test_a_cancellation_after_delivery_is_an_exception(self):
        sale = self.import_order()
        self.deliver(sale)
        result = self.update(order(version=2, cancelled_at="2026-05-02T10:00:00Z"), "failed")
        self.assertEqual(result.error.kind, "order_changed_after_delivery")
        self.assertTrue(result.error.facts["is_cancelled"])
        self.assertEqual(sale.state, "sale")

    def test_note_tags_statuses_and_payments_still_follow_after_delivery(self):
        sale = self.import_order()
        self.deliver(sale)
        self.update(order(version=2, note="Ring", tags=["x"], fulfilment_status="fulfilled", payments=[payment("P1")]))
        self.assertEqual((sale.retail_note, sale.retail_fulfilment_status), ("Ring", "fulfilled"))
        self.assertEqual(sale.retail_paid_amount, 10.0)

    def test_an_order_kept_as_it_is_takes_statuses_only(self):
        sale = self.import_order()
        self.deliver(sale)
        sale.retail_keep_lines = True
        self.update(
            order(
                version=2,
                total="20.00",
                lines=[line(quantity=2)],
                financial_status="refunded",
                cancelled_at="2026-05-02T10:00:00Z",
            )
        )
        self.assertEqual((sale.state, sale.amount_total), ("sale", 10.0))
        self.assertEqual(sale.retail_financial_status, "refunded")
        self.update(order(version=3, lines=[line(sku="NOT-KNOWN")], financial_status="paid"))
        self.assertEqual(sale.retail_financial_status, "paid")
