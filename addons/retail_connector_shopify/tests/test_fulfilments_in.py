"""From what the shop, a third party or a carrier did to the validated transfer: once, whoever hears of it first."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .fulfilment_common import FulfilmentCase


@tagged("post_install", "-at_install")
class TestFulfilmentsIn(FulfilmentCase):
    def setUp(self):
        super().setUp()
        self.subscribe()

    def fulfil(self, order, lines=None, **options):
        from simulators.shopify import live_fulfilments

        return live_fulfilments.fulfil(self.world, order, lines, **options)

    def shipped(self, sale):
        return sale.order_line.filtered(lambda line: line.retail_line_type == "item").mapped("qty_delivered")

    def test_what_the_shop_ships_is_shipped_in_odoo_with_its_tracking(self):
        order, sale = self.order((2, 4))
        made = self.fulfil(order, tracking={"numbers": ["1Z1", "1Z2"], "company": "UPS"})
        self.receive_all()
        self.assertEqual(self.shipped(sale), [2, 4])
        picking = sale.picking_ids
        self.assertEqual((picking.state, picking.carrier_tracking_ref), ("done", "1Z1,1Z2"))
        self.assertEqual(
            (picking.retail_fulfilment_state, picking.retail_fulfilment_id.external_id), ("received", made["id"])
        )
        self.assertFalse(self.commands(), "it is not told the shop that said it")

    def test_a_part_of_it_leaves_a_backorder_and_the_rest_ships_that(self):
        order, sale = self.order((2, 4))
        self.fulfil(order, [{"line": 1, "quantity": 3}])
        self.receive_all()
        self.assertEqual(self.shipped(sale), [0, 3])
        self.fulfil(order)
        self.receive_all()
        self.assertEqual(self.shipped(sale), [2, 4])
        self.assertEqual(set(sale.picking_ids.mapped("state")), {"done"})

    def test_it_may_be_told_twice_and_in_any_order(self):
        order, sale = self.order((4,))
        self.fulfil(order, [{"line": 0, "quantity": 1}])
        self.fulfil(order, [{"line": 0, "quantity": 2}])
        letters = self.letters()
        self.let_in(list(reversed(letters)) + letters)
        self.drain()
        self.poll_fulfilments()
        self.assertEqual(self.shipped(sale), [3])
        self.assertEqual(len(sale.retail_fulfilment_ids), 2)

    def poll_fulfilments(self):
        flow = self.flow("fulfilment", "in")
        flow._job_poll()
        self.assertFalse(flow.poll_error)
        self.drain()

    def test_what_no_webhook_tells_is_found_by_asking(self):
        order, sale = self.order((1,))
        self.world.clock.advance(60)
        self.fulfil(order, webhooks=False)
        self.poll_fulfilments()
        self.assertEqual(self.shipped(sale), [1])

    def test_one_that_comes_before_its_order_waits_for_it(self):
        order, _none = self.order((2,), is_imported=False)
        self.fulfil(order)
        self.let_in([one for one in self.letters() if one.headers["x-shopify-topic"].startswith("fulfillments/")])
        self.drain()
        waiting = self.messages().filtered(lambda message: message.entity == "fulfilment")
        self.assertEqual(waiting.state, "retry")
        self.poll("order")
        self.retry()
        self.assertEqual(self.shipped(self.sale_order(order)), [2])
        self.assertEqual(waiting.state, "done")

    def test_the_echo_of_odoos_own_word_ships_nothing_twice(self):
        order, sale = self.order((4,))
        self.ship(sale, units={0: 2})
        self.drain()
        self.assertEqual(len(self.fulfilments(order)), 1)
        self.receive_all()
        self.retry()
        self.poll_fulfilments()
        self.assertEqual(self.shipped(sale), [2])
        self.assertEqual(len(sale.retail_fulfilment_ids), 1)

    def test_an_echo_that_overtakes_the_end_of_its_command_ships_nothing_twice(self):
        order, sale = self.order((4,))
        self.ship(sale, units={0: 2})
        with self.lose_answer_of("fulfillmentCreate"):
            self.drain()
        self.receive_all()
        self.assertEqual(self.shipped(sale), [2])
        self.retry()
        self.retry()
        self.assertEqual(self.shipped(sale), [2])
        self.assertEqual((len(sale.retail_fulfilment_ids), len(self.fulfilments(order))), (1, 1))
        open_messages = self.messages().filtered(lambda one: one.state not in ("done", "superseded", "ignored"))
        self.assertFalse(open_messages)

    def test_tracking_and_delivery_that_come_later_are_shown(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((1,))
        made = self.fulfil(order)
        self.receive_all()
        self.world.clock.advance(5)
        live_fulfilments.track(self.world, made, {"number": "T1", "company": "DHL Express"})
        self.receive_all()
        self.assertEqual(sale.picking_ids.carrier_tracking_ref, "T1")
        for status in ("IN_TRANSIT", "DELIVERED"):
            self.world.clock.advance(5)
            live_fulfilments.note_event(self.world, made, status)
            self.receive_all()
            self.assertEqual(sale.retail_fulfilment_ids.delivery_status, status.lower())

    def test_a_third_party_ships_and_its_name_is_kept(self):
        order, sale = self.order((1,))
        self.fulfil(order, service="ShipBob")
        self.receive_all()
        self.assertEqual((self.shipped(sale), sale.retail_fulfilment_ids.service), ([1], "ShipBob"))

    def test_what_left_from_another_place_leaves_that_places_warehouse(self):
        other = self.env["stock.warehouse"].create({"name": "Utrecht", "code": "UTR"})
        self.map_place("Store Utrecht", other)
        order, sale = self.order((1,))
        self.fulfil(order, location="Store Utrecht")
        self.receive_all()
        picking = sale.picking_ids.filtered(lambda one: one.state == "done")
        self.assertEqual(picking.picking_type_id.warehouse_id, other)
        self.assertEqual(picking.move_line_ids.location_id, other.lot_stock_id)

    def test_one_cancelled_before_odoo_heard_of_it_ships_nothing(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((1,))
        made = self.fulfil(order)
        self.world.clock.advance(5)
        live_fulfilments.cancel(self.world, made)
        self.receive_all()
        self.assertEqual(self.shipped(sale), [0])
        self.assertFalse(sale.retail_fulfilment_ids)

    def test_one_cancelled_after_its_goods_left_is_a_persons_decision(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((1,))
        made = self.fulfil(order)
        self.receive_all()
        self.world.clock.advance(5)
        live_fulfilments.cancel(self.world, made)
        self.receive_all()
        self.assertIn(sale.name, self.exception("fulfilment_cancelled").name)
        self.assertEqual(self.shipped(sale), [1], "nothing is undone silently")

    def test_more_than_odoo_can_ship_is_an_exception_and_ships_nothing(self):
        order, sale = self.order((2, 2))
        self.ship(sale, units={0: 2, 1: 1})  # told below: the flow out is off
        self.out.state = "off"
        sale.picking_ids.filtered(lambda one: one.state != "done").action_cancel()
        self.env["retail.outbox"].search([]).unlink()
        self.fulfil(order)
        self.receive_all()
        self.assertIn("left to ship", self.exception("fulfilment_mismatch").name)
        self.assertEqual(self.shipped(sale), [2, 1])

    def test_where_odoo_ships_what_the_shop_ships_is_an_exception(self):
        self.backend.fulfilled_by = "odoo"
        order, sale = self.order((1,))
        self.fulfil(order)
        self.receive_all()
        exception = self.exception("fulfilment_foreign")
        self.assertEqual(self.shipped(sale), [0])
        exception.action_fix("take_over_fulfilment")
        self.retry()
        self.assertEqual(self.shipped(sale), [1])

    def test_what_people_validated_first_is_agreed_on(self):
        self.out.state = "off"
        order, sale = self.order((2,))
        picking = self.ship(sale)
        self.fulfil(order)
        self.receive_all()
        self.assertEqual(self.shipped(sale), [2])
        self.assertEqual((picking.retail_fulfilment_state, len(sale.retail_fulfilment_ids)), ("agreed", 1))

    def test_the_steps_before_the_delivery_are_done_with_it(self):
        self.backend.warehouse_id.delivery_steps = "pick_pack_ship"
        order, sale = self.order((4,))
        for units in (1, 3):
            self.fulfil(order, [{"line": 0, "quantity": units}])
            self.receive_all()
        self.assertEqual(self.shipped(sale), [4])
        self.assertEqual(len(sale.picking_ids), 6)
        self.assertEqual(set(sale.picking_ids.mapped("state")), {"done"})
        self.assertEqual(sale.retail_fulfilment_ids.picking_ids.picking_type_id.mapped("code"), ["outgoing"])

    def test_one_of_an_order_that_will_not_come_is_not_asked_for_for_ever(self):
        order, _none = self.order((1,), is_imported=False)
        made = self.fulfil(order, webhooks=False)
        made["createdAt"] -= timedelta(days=3)
        self.flow("fulfilment", "in").watermark = fields.Datetime.now() - timedelta(days=4)
        self.poll_fulfilments()
        message = self.messages().filtered(lambda one: one.entity == "fulfilment")
        self.assertEqual(message.state, "ignored")
