"""What a batch asks of stock only once has the same answers; and what it does when workers want the same goods."""

import psycopg2
from psycopg2 import errors

from odoo.exceptions import LockError
from odoo.tests import tagged

from odoo.addons.retail_integration_sale.importers import importer_order

from .common import RetailSaleCase, line, order


class Serialization(errors.SerializationFailure):
    """As PostgreSQL raises it: the code is read-only on an error that was made by hand."""

    pgcode = "40001"


@tagged("post_install", "-at_install")
class TestOrderBatchStock(RetailSaleCase):
    def put(self, product, quantity, shelf):
        location = self.env["stock.location"].create(
            {"name": shelf, "location_id": self.backend.warehouse_id.lot_stock_id.id, "usage": "internal"}
        )
        self.env["stock.quant"]._update_available_quantity(product, location, quantity)
        return location

    def import_for(self, sku, count, quantity=1):
        documents = [
            order(str(number), total="%d.00" % (10 * quantity), lines=[line(sku=sku, quantity=quantity)])
            for number in range(count)
        ]
        return [result.record.with_env(self.env) for result in self.import_documents(*documents)]

    def test_a_batch_takes_from_each_shelf_what_is_there(self):
        cup = self.make_product("CUP", on_hand=0)
        shelves = [self.put(cup, quantity, name) for name, quantity in (("A", 3), ("B", 4))]
        sales = self.import_for("CUP", 5, quantity=2)
        quants = self.env["stock.quant"]._gather(cup, self.backend.warehouse_id.lot_stock_id)
        self.assertEqual(
            {quant.location_id: quant.reserved_quantity for quant in quants}, {shelves[0]: 3, shelves[1]: 4}
        )
        self.assertEqual(
            [sale.picking_ids.move_ids.state for sale in sales],
            ["assigned"] * 3 + ["partially_available", "confirmed"],
        )
        self.assertEqual(sum(sale.picking_ids.move_ids.quantity for sale in sales), 7)

    def test_a_batch_takes_from_each_shelf_what_is_there_when_reserved_later(self):
        self.defer_reservation()
        cup = self.make_product("CUP", on_hand=0)
        for name, quantity in (("A", 3), ("B", 4)):
            self.put(cup, quantity, name)
        sales = self.import_for("CUP", 5, quantity=2)
        self.reserve()
        quants = self.env["stock.quant"]._gather(cup, self.backend.warehouse_id.lot_stock_id)
        self.assertEqual(sorted(quants.mapped("reserved_quantity")), [3, 4])
        self.assertEqual(sum(sale.picking_ids.move_ids.quantity for sale in sales), 7)

    def test_products_with_lots_are_reserved_by_lot(self):
        wine = self.make_product("WINE", on_hand=0, tracking="lot")
        stock = self.backend.warehouse_id.lot_stock_id
        lots = self.env["stock.lot"].create([{"name": name, "product_id": wine.id} for name in ("2024", "2025")])
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(wine, stock, 2, lot_id=lot)
        sales = self.import_for("WINE", 3)
        lines = self.env["stock.move.line"].concat(*(sale.picking_ids.move_line_ids for sale in sales))
        self.assertEqual([taken.lot_id for taken in lines.sorted("id")], [lots[0], lots[0], lots[1]])

    def test_a_reordering_rule_fires_for_imported_orders(self):
        route = self.env["stock.route"].create({"name": "Supply", "product_selectable": True})
        stock = self.backend.warehouse_id.lot_stock_id
        self.env["stock.rule"].create(
            {
                "name": "Supply",
                "route_id": route.id,
                "action": "pull",
                "procure_method": "make_to_stock",
                "company_id": self.company.id,
                "picking_type_id": self.backend.warehouse_id.in_type_id.id,
                "location_src_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": stock.id,
            }
        )
        cup = self.make_product("CUP", on_hand=1, route_ids=[(6, 0, route.ids)])
        self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": cup.id,
                "location_id": stock.id,
                "warehouse_id": self.backend.warehouse_id.id,
                "product_min_qty": 1,
                "product_max_qty": 10,
                "trigger": "auto",
            }
        )
        self.import_for("CUP", 3)
        receipts = self.env["stock.move"].search([("product_id", "=", cup.id), ("location_dest_id", "=", stock.id)])
        supplied = receipts.filtered(lambda move: move.location_id.usage == "supplier")
        self.assertEqual(sum(supplied.mapped("product_qty")), 12, "10 in stock when 3 of 1 are gone")

    def test_a_line_that_is_added_joins_the_transfer_of_its_order_and_no_other(self):
        sales = self.import_for("MUG", 2)
        grown = order("0", total="20.00", lines=[line(), line("L2", sku="PLATE")], version=2)
        self.import_documents(grown, order("7"))
        self.assertEqual([len(sale.picking_ids) for sale in sales], [1, 1])
        self.assertEqual([len(sale.picking_ids.move_ids) for sale in sales], [2, 1])

    def test_an_analytic_distribution_reaches_imported_lines(self):
        plan = self.env["account.analytic.plan"].create({"name": "Channels"})
        account = self.env["account.analytic.account"].create({"name": "Web", "plan_id": plan.id})
        self.env["account.analytic.distribution.model"].create(
            {"product_id": self.mug.id, "analytic_distribution": {str(account.id): 100}, "company_id": self.company.id}
        )
        sale = self.import_order(order(total="20.00", lines=[line(), line("L2", sku="PLATE")]))
        self.assertEqual([booked.analytic_distribution for booked in sale.order_line], [{str(account.id): 100}, False])

    def test_a_transfer_says_which_order_it_is_for_without_a_note(self):
        sale = self.import_order()
        self.assertEqual(sale.picking_ids.sale_id, sale)
        self.assertFalse(sale.picking_ids.message_ids.filtered(lambda message: "created from" in message.body))


@tagged("post_install", "-at_install")
class TestContention(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.importer = self.env["retail.importer.order"]

    def test_after_a_conflict_orders_are_reserved_right_after_and_nobody_loses_a_batch_again(self):
        self.importer._note_conflict(self.backend, Serialization())
        sale = self.import_order()
        self.assertEqual((sale.state, sale.picking_ids.state), ("sale", "confirmed"))
        self.reserve()
        self.assertEqual(sale.picking_ids.state, "assigned")

    def test_some_time_after_it_orders_are_reserved_with_the_order_again(self):
        self.patch(importer_order, "CONTENDED_SECONDS", 0)
        self.importer._note_conflict(self.backend, Serialization())
        self.assertEqual(self.import_order().picking_ids.state, "assigned")

    def test_other_conflicts_change_nothing(self):
        for error in (LockError("Somebody has it"), psycopg2.errors.UniqueViolation()):
            self.importer._note_conflict(self.backend, error)
        self.assertEqual(self.import_order().picking_ids.state, "assigned")

    def test_another_warehouse_is_not_concerned(self):
        self.importer._note_conflict(self.backend, Serialization())
        north = self.env["stock.warehouse"].create({"name": "North", "code": "NOR", "company_id": self.company.id})
        self.assertFalse(self.importer._is_reservation_deferred(self.make_backend("North", warehouse_id=north.id)))

    def test_a_batch_that_lost_is_imported_without_reserving_the_second_time(self):
        assign, calls = self.env.registry["stock.move"]._action_assign, []

        def losing_assign(moves, *args, **kwargs):
            if moves.filtered("product_id.is_storable"):
                calls.append(moves)
                raise Serialization("could not serialize access due to concurrent update")
            return assign(moves, *args, **kwargs)

        self.patch(self.env.registry["stock.move"], "_action_assign", losing_assign)
        [message] = self.bring(order("1"))
        self.assertEqual((message.state, len(calls)), ("done", 1))
        self.assertEqual(self.orders("1").retail_reservation_state, "waiting")
