"""A new order: what of it arrives in Odoo."""

from odoo.tests import tagged

from .common import RetailSaleCase, order


@tagged("post_install", "-at_install")
class TestOrderImport(RetailSaleCase):
    def test_a_simple_order_becomes_a_confirmed_sales_order(self):
        sale = self.import_order(order())
        self.assertEqual(sale.state, "sale")
        self.assertEqual(sale.amount_total, 10.0)
        self.assertEqual(sale.order_line.product_id, self.mug)
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.assertEqual(sale.company_id, self.company)
        self.assertEqual(sale.client_order_ref, "#1001")
