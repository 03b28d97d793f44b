from odoo.tests import tagged

from .common import RetailSaleCase


@tagged("post_install", "-at_install")
class TestReservedToTheUnit(RetailSaleCase):
    """What a second transaction leaves behind while it waits for nobody: a product's stock on several quants."""

    def setUp(self):
        super().setUp()
        self.product = self.make_product("MUG", on_hand=100)
        self.location = (
            self.env["stock.warehouse"].search([("company_id", "=", self.env.company.id)], limit=1).lot_stock_id
        )
        self.main = self.quants()

    def quants(self):
        return self.env["stock.quant"].search(
            [("product_id", "=", self.product.id), ("location_id", "=", self.location.id)]
        )

    def note_beside(self, reserved):
        """Note a change as Odoo does while the quant of the product is locked; it comes first from now on."""
        return self.env["stock.quant"].create(
            {
                "product_id": self.product.id,
                "location_id": self.location.id,
                "reserved_quantity": reserved,
                "in_date": "2020-01-01 00:00:00",
            }
        )

    def change(self, quantity):
        self.env["stock.quant"]._update_reserved_quantity(self.product, self.location, quantity)

    def reserved(self):
        return sum(self.quants().mapped("reserved_quantity"))

    def test_a_release_larger_than_what_the_first_quant_holds_is_not_cut_off(self):
        self.change(10)
        self.note_beside(1)
        self.change(-3)
        self.assertEqual(self.reserved(), 8)

    def test_a_release_that_no_quant_can_take_whole_is_noted_beside(self):
        self.change(2)
        self.note_beside(2)
        self.change(-3)
        self.assertEqual(self.reserved(), 1)

    def test_a_release_noted_beside_is_not_forgotten_by_the_next_change(self):
        self.change(10)
        self.note_beside(-3)
        self.change(1)
        self.assertEqual(self.reserved(), 8)
        self.change(-8)
        self.assertEqual(self.reserved(), 0)

    def test_odoos_merge_of_quants_keeps_the_sum(self):
        self.change(2)
        self.note_beside(2)
        self.change(-3)
        self.env.flush_all()
        self.env["stock.quant"]._merge_quants()
        self.assertEqual(len(self.quants()), 1)
        self.assertEqual((self.reserved(), self.main.quantity), (1, 100))

    def test_of_more_than_is_reserved_nothing_stays_reserved(self):
        self.change(2)
        self.change(-5)
        self.assertEqual(self.reserved(), 0)
