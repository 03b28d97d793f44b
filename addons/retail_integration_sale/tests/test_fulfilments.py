"""Fulfilments of any channel: documents in, commands out, each once and in its own company."""

from odoo.tests import tagged

from .common import RetailSaleCase, line, order


@tagged("post_install", "-at_install")
class TestFulfilments(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.sale = self.import_order(order(total="30.00", lines=[line(quantity=3)]))

    def document(self, units=1, external_id="F1", version=1, **more):
        return {
            "schema": "fulfilment.v1",
            "external_id": external_id,
            "version": version,
            "order_external_id": "1001",
            "status": "success",
            "lines": [{"line_external_id": "L1", "quantity": str(units)}],
            **more,
        }

    def fulfil(self, *args, **more):
        [result] = self.import_documents(self.document(*args, **more), entity="fulfilment")
        return result

    def go_live(self):
        values = {"entity": "fulfilment", "direction": "out", "latency": "standard", "state": "live"}
        return self.env["retail.flow"].create({"backend_id": self.backend.id, **values})

    def ship(self, units):
        [picking] = self.sale.picking_ids.filtered(lambda one: one.state not in ("done", "cancel"))
        picking.move_ids.quantity = units
        picking.move_ids.picked = True
        picking._action_done()
        return picking

    def commands(self):
        return self.env["retail.outbox"].search([("backend_id", "=", self.backend.id)], order="id")

    # ---------------------------------------------------------------- in

    def test_a_fulfilment_through_the_inbox_ships_once_however_often_it_comes(self):
        messages = self.bring(self.document(2), self.document(2), self.document(2, version=2))
        self.assertEqual(set(messages.mapped("state")), {"done", "superseded"}, messages.mapped("reason"))
        self.assertEqual(self.sale.order_line.qty_delivered, 2)
        self.assertEqual(len(self.sale.retail_fulfilment_ids), 1)

    def test_a_fulfilment_that_arrives_before_its_order_waits_for_it(self):
        early = self.document(1, order_external_id="1002", shipped_at=None)
        early["order_placed_at"] = "2999-01-01T00:00:00Z"
        [message] = self.bring(early)
        self.assertEqual(message.state, "retry", message.reason)
        self.bring(order("1002"))
        self.env.cr.execute("UPDATE retail_inbox_work SET not_before = now() - interval '1 second'")
        self.env.invalidate_all()
        self.drain()
        self.assertEqual(message.state, "done", message.reason)
        self.assertEqual(self.orders("1002").order_line.qty_delivered, 1)

    def test_a_replay_of_a_fulfilment_ships_nothing_again(self):
        [message] = self.bring(self.document(1))
        message.action_replay()
        self.drain()
        self.assertEqual(message.state, "done")
        self.assertEqual(self.sale.order_line.qty_delivered, 1)

    def test_a_line_that_is_not_on_the_order_is_an_exception_and_ships_nothing(self):
        result = self.fulfil(lines=[{"line_external_id": "L9", "quantity": "1"}])
        self.assertEqual(result.error.kind, "fulfilment_mismatch")
        self.assertEqual(self.sale.order_line.qty_delivered, 0)

    def test_the_same_order_id_of_another_companys_channel_ships_nothing_here(self):
        other = self.make_backend("Other", company=self.make_company("Red Plate Ltd"))
        early = self.document(order_placed_at="2999-01-01T00:00:00Z")
        [result] = self.import_documents(early, backend=other, entity="fulfilment")
        self.assertEqual(result.outcome, "failed")
        self.assertIn("waits for its order", str(result.error))
        self.assertEqual(self.sale.order_line.qty_delivered, 0)

    def test_what_is_not_in_stock_has_left_all_the_same(self):
        stock = self.backend.warehouse_id.lot_stock_id
        self.sale.picking_ids.do_unreserve()
        self.env["stock.quant"]._update_available_quantity(self.mug, stock, -1000)
        self.assertEqual(self.fulfil(3).outcome, "created")
        self.assertEqual(self.sale.order_line.qty_delivered, 3)
        self.assertEqual(self.mug.with_context(location=stock.id).qty_available, -3)

    # ---------------------------------------------------------------- out

    def test_a_transfer_orders_one_command_in_its_own_transaction(self):
        self.go_live()
        picking = self.ship(2)
        command = self.commands()
        self.assertEqual((command.operation, command.payload["lines"]), ("create", {"L1": "2"}))
        self.assertEqual((command.res_model, command.res_id), ("stock.picking", picking.id))
        self.assertEqual(picking.retail_fulfilment_state, "pending")

    def test_what_undoes_the_transfer_undoes_the_command(self):
        self.go_live()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.ship(2)
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self.commands())

    def test_what_the_channel_shipped_is_not_told_it(self):
        self.go_live()
        self.fulfil(2)
        self.assertEqual(self.sale.order_line.qty_delivered, 2)
        self.assertFalse(self.commands())

    def test_the_rest_that_people_ship_after_the_channels_part_is_told(self):
        self.go_live()
        self.fulfil(2)
        self.ship(1)
        self.assertEqual([command.payload["lines"] for command in self.commands()], [{"L1": "1"}])

    def test_a_return_and_a_receipt_are_told_nobody(self):
        self.go_live()
        back = self.ship(3)._propose_return()
        back.move_ids.quantity = 3
        back.move_ids.picked = True
        back._action_done()
        self.assertEqual(self.commands().mapped("operation"), ["create"])

    # ---------------------------------------------------------------- places

    def test_a_mapped_location_says_where_a_transfer_leaves_from(self):
        warehouse = self.backend.warehouse_id
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": warehouse.lot_stock_id.id})
        maps = self.env["retail.location.map"].create(
            [
                {"backend_id": self.backend.id, "name": "Shop", "external_id": "P1", "location_ids": shelf.ids},
                {"backend_id": self.backend.id, "name": "Far", "external_id": "P2"},
            ]
        )
        picking = self.sale.picking_ids
        picking.location_id = shelf
        self.assertEqual(maps._find_by_origin(self.backend, picking), maps[0])
        picking.location_id = warehouse.lot_stock_id
        self.assertEqual(maps._find_by_origin(self.backend, picking), maps[0], "its warehouse has no other")
        maps[0].is_shared = maps[1].is_shared = True
        maps[1].location_ids = shelf
        self.assertFalse(maps._find_by_origin(self.backend, picking), "nobody knows which of the two it was")

    def test_a_timeline_of_the_transfer_shows_what_the_channel_is_told(self):
        self.go_live()
        picking = self.ship(3)
        self.env.flush_all()
        entries = self.env["retail.timeline.entry"].search(picking.action_view_retail_timeline()["domain"])
        self.assertEqual(entries.outbox_id, self.commands())
