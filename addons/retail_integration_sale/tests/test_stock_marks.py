"""What changes the stock that a channel sells is marked, for one statement per transaction."""

import re

from odoo import fields
from odoo.tests import tagged

from .stock_common import StockLevelCase


@tagged("post_install", "-at_install")
class TestStockMarks(StockLevelCase):
    def setUp(self):
        super().setUp()
        self.marks()

    def test_a_reservation_and_a_shipment_mark_their_level(self):
        picking = self.transfer(self.mug)
        self.assertEqual(self.marks(), [self.key(self.mug)])
        self.validate(picking)
        self.assertEqual(self.marks(), [self.key(self.mug)])

    def test_an_unreservation_and_a_cancellation_mark(self):
        picking = self.transfer(self.mug)
        self.marks()
        picking.do_unreserve()
        self.assertEqual(self.marks(), [self.key(self.mug)])
        picking.action_assign()
        self.marks()
        picking.action_cancel()
        self.assertEqual(self.marks(), [self.key(self.mug)])

    def test_a_count_marks(self):
        quant = self.env["stock.quant"].search([("product_id", "=", self.mug.id), ("location_id", "=", self.stock.id)])
        quant.with_context(inventory_mode=True).inventory_quantity = 7
        quant.action_apply_inventory()
        self.assertEqual(self.marks(), [self.key(self.mug)])

    def test_a_first_receipt_below_the_mapped_location_marks(self):
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        bowl = self.make_product("BOWL", on_hand=0)
        self.env["stock.quant"]._update_available_quantity(bowl, shelf, 3)
        self.assertEqual(self.marks(), [self.key(bowl)])

    def test_stock_elsewhere_marks_nothing(self):
        other = self.env["stock.location"].create(
            {"name": "Annex", "location_id": self.backend.warehouse_id.view_location_id.id}
        )
        self.marks()
        self.env["stock.quant"]._update_available_quantity(self.mug, other, 3)
        self.assertEqual(self.marks(), [])

    def test_a_location_that_is_moved_is_known_from_then_on(self):
        other = self.env["stock.location"].create(
            {"name": "Annex", "location_id": self.backend.warehouse_id.view_location_id.id}
        )
        other.location_id = self.stock
        self.marks()
        self.env["stock.quant"]._update_available_quantity(self.mug, other, 3)
        self.assertEqual(self.marks(), [self.key(self.mug)])

    def test_another_backend_of_the_company_is_not_told(self):
        other = self.make_backend("Second shop")
        flow = self.make_flow(other)
        self.transfer(self.mug)
        self.assertEqual(self.marks(flow), [])
        self.assertEqual(self.marks(), [self.key(self.mug)])

    def test_a_flow_that_is_off_is_told_nothing(self):
        self.flow.action_off()
        self.transfer(self.mug)
        self.assertEqual(self.marks(), [])

    def _statements_of_a_delivery(self, products):
        """Return the statements of validating a delivery of one unit of each product, all caches warm."""
        picking = self.transfer(products)
        self.marks()
        picking.move_ids.picked = True
        self.commit()
        with self.count_statements() as found:
            picking._action_done()
            self.commit()
        return found

    def test_a_delivery_costs_one_statement_more_whatever_its_lines_and_none_while_the_flow_is_off(self):
        # What is written twice within a second is one statement less: the clock stands still.
        now = fields.Datetime.now()
        self.patch(fields.Datetime, "now", lambda: now)
        few = self.env["product.product"].concat(*[self.make_product("FEW-%d" % n) for n in range(10)])
        many = self.env["product.product"].concat(*[self.make_product("MANY-%d" % n) for n in range(100)])
        for products in (few, many):
            self.flow.action_off()
            self._statements_of_a_delivery(products)  # what is cached once is cached
            off = self._statements_of_a_delivery(products)
            self.flow.action_live()
            self._statements_of_a_delivery(products)
            on = self._statements_of_a_delivery(products)
            marks = [query for query in on if "retail_outbox_mark" in query]
            self.assertEqual((len(on) - len(off), len(marks)), (1, 1), "%d lines" % len(products))
            self.assertFalse(
                [query for query in off if re.search(r'(FROM|INTO|UPDATE) "?retail_(outbox|stock)', query)]
            )
