"""Orders of kits: sold as one product, kept in stock as their parts."""

from odoo.tests import tagged

from odoo.addons.retail_integration_sale.engine import stock_ledger
from odoo.addons.retail_integration_sale.tests.common import RetailSaleCase, line
from odoo.addons.retail_integration_sale.tests.stock_common import StockLevelCase


@tagged("post_install", "-at_install")
class TestKits(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.kit = self.make_product("KIT", on_hand=0)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": self.kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [(0, 0, {"product_id": part.id, "product_qty": 2}) for part in (self.mug, self.plate)],
            }
        )

    def reserved(self):
        stock = self.backend.warehouse_id.lot_stock_id
        return [
            sum(self.env["stock.quant"]._gather(part, stock).mapped("reserved_quantity"))
            for part in (self.mug, self.plate)
        ]

    def test_a_kit_is_reserved_with_its_order_by_its_parts(self):
        sale = self.import_order(lines=[line(sku="KIT")])
        self.assertEqual((sale.picking_ids.state, self.reserved()), ("assigned", [2, 2]))

    def test_a_kit_whose_reservation_is_deferred_is_reserved_by_its_parts(self):
        self.defer_reservation()
        sale = self.import_order(lines=[line(sku="KIT")])
        self.assertEqual((sale.picking_ids.state, self.reserved()), ("confirmed", [0, 0]))
        self.reserve()
        self.assertEqual((sale.picking_ids.state, self.reserved()), ("assigned", [2, 2]))


@tagged("post_install", "-at_install")
class TestStockOfParts(StockLevelCase):
    def test_a_sold_kit_hides_no_sale_of_its_parts(self):
        kit = self.make_product("KIT", on_hand=0)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [(0, 0, {"product_id": self.mug.id, "product_qty": 2})],
            }
        )
        self.link(self.mug)
        self.settle(self.mug, 1000)
        self.import_order(lines=[line(sku="KIT")])
        [document] = self.export(self.mug)
        self.assertEqual((document["available"], document["taken"]), (998, 0))
        self.assertEqual(stock_ledger.wanted(document, 999), (997, 1), "one mug was sold alone meanwhile")
