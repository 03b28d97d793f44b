"""Orders of kits: sold as one product, kept in stock as their parts."""

from odoo.tests import tagged

from odoo.addons.retail_integration_sale.engine import stock_ledger
from odoo.addons.retail_integration_sale.tests.common import RetailSaleCase, line, money, order
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

    # ---------------------------------------------------------------- fulfilments

    def tell(self):
        """Let the channel be told of deliveries; return the commands given so far."""
        flows = self.backend.flow_ids.filtered(lambda flow: flow.direction == "out" and flow.entity == "fulfilment")
        if not flows:
            values = {"entity": "fulfilment", "direction": "out", "latency": "standard", "state": "live"}
            self.env["retail.flow"].create({"backend_id": self.backend.id, **values})
        return self.env["retail.outbox"].search([("backend_id", "=", self.backend.id)], order="id")

    def ship(self, sale, counts):
        """Validate the open transfer with so many of each part."""
        picking = sale.picking_ids.filtered(lambda one: one.state not in ("done", "cancel"))
        for move in picking.move_ids:
            move.quantity = counts.get(move.product_id, 0)
            move.picked = bool(move.quantity)
        picking._action_done()

    def fulfil(self, units, external_id="F1"):
        document = {
            "schema": "fulfilment.v1",
            "external_id": external_id,
            "version": 1,
            "order_external_id": "1001",
            "status": "success",
            "lines": [{"line_external_id": "L1", "quantity": str(units)}],
        }
        [result] = self.import_documents(document, entity="fulfilment")
        return result

    def test_a_kit_is_told_to_the_channel_when_its_last_part_has_left(self):
        self.tell()
        sale = self.import_order(order(total="20.00", lines=[line(sku="KIT", quantity=2)]))
        self.ship(sale, {self.mug: 4, self.plate: 2})
        self.assertEqual([command.payload["lines"] for command in self.tell()], [{"L1": "1"}])
        self.ship(sale, {self.plate: 2})
        self.assertEqual([command.payload["lines"] for command in self.tell()], [{"L1": "1"}, {"L1": "1"}])
        self.assertEqual(sale.order_line.qty_delivered, 2)

    def test_parts_that_make_no_kit_are_told_nobody(self):
        self.tell()
        sale = self.import_order(lines=[line(sku="KIT")])
        self.ship(sale, {self.mug: 2})
        self.assertFalse(self.tell())

    def test_a_kit_that_the_channel_ships_in_part_leaves_with_all_its_parts(self):
        sale = self.import_order(order(total="30.00", lines=[line(sku="KIT", quantity=3)]))
        self.assertEqual(self.fulfil(1).outcome, "created")
        done = sale.picking_ids.filtered(lambda one: one.state == "done")
        self.assertEqual(sorted(done.move_ids.mapped("quantity")), [2, 2])
        self.assertEqual(self.fulfil(2, "F2").outcome, "created")
        self.assertEqual(sale.order_line.qty_delivered, 3)
        self.assertEqual(self.fulfil(1, "F3").error.kind, "fulfilment_mismatch")

    # ---------------------------------------------------------------- refunds and returns

    def refund(self, units, restock, external_id="R1", **more):
        document = {
            "schema": "refund.v1",
            "external_id": external_id,
            "version": 1,
            "order_external_id": "1001",
            "refunded_at": "2026-05-02T10:00:00Z",
            "currency": "EUR",
            "taxes_included": True,
            "lines": [
                {
                    "line_external_id": "L1",
                    "quantity": str(units),
                    "restock": restock,
                    "subtotal": money(10 * units),
                    "tax": money(0),
                }
            ],
            **more,
        }
        [result] = self.import_documents(document, entity="refund")
        return result

    def back(self, sale):
        """Return how many of each part came back."""
        moves = sale.picking_ids.move_ids.filtered(lambda move: move.origin_returned_move_id and move.state == "done")
        return [sum(one.quantity for one in moves if one.product_id == part) for part in self.parts]

    def ship_all(self, units):
        sale = self.import_order(order(total="%d.00" % (10 * units), lines=[line(sku="KIT", quantity=units)]))
        self.ship(sale, {self.mug: 2 * units, self.plate: 2 * units})
        self.parts = (self.mug, self.plate)
        return sale

    def test_kits_that_are_refunded_come_back_with_all_their_parts_and_no_more(self):
        sale = self.ship_all(3)
        self.assertEqual(self.refund(1, "returned").outcome, "created")
        self.assertEqual(self.back(sale), [2, 2])
        self.assertEqual(self.refund(2, "returned", "R2").outcome, "created")
        self.assertEqual((self.back(sale), sale.amount_total), ([6, 6], 0))
        self.assertEqual(self.refund(1, "returned", "R3").error.kind, "refund_mismatch")
        self.assertEqual(self.back(sale), [6, 6])

    def test_a_kit_that_people_took_back_is_not_taken_back_again(self):
        sale = self.ship_all(2)
        wizard = self.env["stock.return.picking"].with_context(
            active_id=sale.picking_ids.id, active_model="stock.picking"
        )
        wizard = wizard.create({"picking_id": sale.picking_ids.id})
        wizard.product_return_moves.quantity = 2
        made = wizard._create_return()
        for move in made.move_ids:
            move.quantity = move.product_uom_qty
        made.move_ids.picked = True
        made._action_done()
        self.assertEqual(self.back(sale), [2, 2])
        self.assertEqual(self.refund(1, "returned").outcome, "created")
        self.assertEqual((self.back(sale), sale.order_line[0].qty_delivered), ([2, 2], 2))

    def test_a_returned_kit_is_received_as_it_is_found_with_all_its_parts(self):
        sale = self.ship_all(3)
        found = [("restocked", 1), ("damaged", 1), ("missing", 1)]
        document = {
            "schema": "return.v1",
            "external_id": "T1",
            "version": 1,
            "order_external_id": "1001",
            "status": "open",
            "opened_at": "2026-05-02T10:00:00Z",
            "lines": [{"line_external_id": "L1", "quantity": "3"}],
            "dispositions": [
                {"external_id": "D%d" % index, "line_external_id": "L1", "kind": kind, "quantity": str(units)}
                for index, (kind, units) in enumerate(found)
            ],
        }
        for version in (1, 2):
            [result] = self.import_documents(dict(document, version=version), entity="return")
            self.assertIsNone(result.error)
            self.assertEqual(self.back(sale), [4, 4])
        scrapped = sale.picking_ids.move_ids.move_line_ids.filtered(
            lambda one: one.state == "done" and one.location_dest_id.usage == "inventory"
        )
        self.assertEqual(sorted(scrapped.mapped("quantity")), [2, 2])
        waiting = sale.retail_return_ids.picking_ids.move_ids.filtered(lambda one: one.state not in ("done", "cancel"))
        self.assertFalse(waiting, "nothing more is expected")


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
