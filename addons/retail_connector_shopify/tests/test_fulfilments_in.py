"""From what the shop, its staff or a third party shipped to Odoo's transfers: once, whoever hears of it first."""

from datetime import timedelta

from odoo.tests import tagged

from .fulfilment_common import FulfilmentCase


@tagged("post_install", "-at_install")
class TestFulfilmentsIn(FulfilmentCase):
    def fulfil(self, order, *args, **options):
        """Ship in the shop; the webhook is let in and worked off."""
        from simulators.shopify import live_fulfilments

        self.subscribe_once()
        made = live_fulfilments.fulfil(self.world, order, *args, **options)
        self.receive_all()
        return made

    def fulfil_unseen(self, order):
        """Ship in the shop; only the fulfilment's own webhook is let in, the order's is late."""
        from simulators.shopify import live_fulfilments

        self.subscribe_once()
        made = live_fulfilments.fulfil(self.world, order)
        self.let_in([one for one in self.letters() if one.headers["x-shopify-topic"].startswith("fulfillments/")])
        self.drain()
        return made

    def subscribe_once(self):
        if not self.world.shop.all("WebhookSubscription"):
            self.subscribe()

    def change(self, name, *args, **options):
        """Let something happen to a fulfilment in the shop; the webhook is let in and worked off."""
        from simulators.shopify import live_fulfilments

        getattr(live_fulfilments, name)(self.world, *args, **options)
        self.receive_all()

    def done(self, sale):
        return sale.picking_ids.filtered(lambda picking: picking.state == "done")

    def delivered(self, sale):
        return sale.order_line.filtered(lambda line: line.retail_line_type == "item").mapped("qty_delivered")

    # ---------------------------------------------------------------- shipped by the shop

    def test_what_the_shop_ships_is_shipped_in_odoo_with_its_tracking(self):
        order, sale = self.order((2, 4))
        made = self.fulfil(order, tracking={"numbers": ["Z1", "Z2"], "company": "UPS"})
        picking = self.done(sale)
        self.assertEqual(self.delivered(sale), [2, 4])
        self.assertEqual(picking.carrier_tracking_ref, "Z1,Z2")
        self.assertEqual(
            (picking.retail_fulfilment_state, picking.retail_fulfilment_id.external_id), ("received", made["id"])
        )
        self.assertFalse(self.commands(), "The shop was told what it said itself.")

    def test_what_is_shipped_in_part_leaves_a_backorder(self):
        order, sale = self.order((2, 4))
        self.fulfil(order, [{"line": 1, "quantity": 3}])
        self.assertEqual(self.delivered(sale), [0, 3])
        rest = sale.picking_ids - self.done(sale)
        self.assertEqual(sorted(rest.move_ids.mapped("product_uom_qty")), [1, 2])
        self.fulfil(order)
        self.assertEqual(self.delivered(sale), [2, 4])
        self.assertEqual(len(sale.retail_fulfilment_ids), 2)

    def test_what_a_third_party_ships_is_shipped_in_odoo_and_names_it(self):
        order, sale = self.order((1,))
        self.fulfil(order, service="Packers Ltd", tracking={"number": "P1"})
        fulfilment = sale.retail_fulfilment_ids
        self.assertEqual((fulfilment.service, fulfilment.origin), ("Packers Ltd", "channel"))
        self.assertEqual(self.delivered(sale), [1])

    def test_what_a_service_has_only_accepted_has_not_left(self):
        order, sale = self.order((1,))
        from simulators.shopify import live_fulfilments

        self.subscribe_once()
        made = live_fulfilments.fulfil(self.world, order, service="Packers Ltd", webhooks=False)
        made["status"] = "OPEN"
        self.change("track", made, {"number": "P1"})
        self.assertEqual(self.delivered(sale), [0])
        made["status"] = "SUCCESS"
        self.change("track", made, {"number": "P2"})
        self.assertEqual(self.delivered(sale), [1])
        self.assertEqual(self.done(sale).carrier_tracking_ref, "P2")

    def test_what_leaves_from_another_location_leaves_its_warehouse(self):
        other = self.env["stock.warehouse"].create({"name": "Utrecht", "code": "UTR", "company_id": self.company.id})
        self.map_place("Store Utrecht", other)
        order, sale = self.order((2,))
        self.fulfil(order, location="Store Utrecht")
        self.assertEqual(self.done(sale).picking_type_id.warehouse_id, other)
        self.assertEqual(self.done(sale).move_ids.location_id, other.lot_stock_id)

    def test_the_steps_before_the_delivery_are_done_with_it(self):
        self.backend.warehouse_id.delivery_steps = "pick_pack_ship"
        order, sale = self.order((4,))
        for units in (1, 3):
            self.fulfil(order, [{"line": 0, "quantity": units}])
        self.assertEqual(self.delivered(sale), [4])
        self.assertEqual(len(sale.picking_ids), 6)
        self.assertEqual(set(sale.picking_ids.mapped("state")), {"done"})
        self.assertEqual(sale.retail_fulfilment_ids.picking_ids.picking_type_id.mapped("code"), ["outgoing"])

    # ---------------------------------------------------------------- later

    def test_tracking_that_the_shop_adds_or_changes_later_is_on_the_transfer(self):
        order, sale = self.order((1,))
        made = self.fulfil(order)
        for number in ("A", "B"):
            self.change("track", made, {"number": number})
            self.assertEqual(self.done(sale).carrier_tracking_ref, number)
        self.assertFalse(self.commands())

    def test_in_transit_and_delivered_show_on_the_transfer_of_either_side(self):
        for is_own in (True, False):
            order, sale = self.order((1,))
            if is_own:
                self.ship(sale)
                self.drain()
                (made,) = self.fulfilments(order)
                self.subscribe_once()
            else:
                made = self.fulfil(order)
            self.change("note_event", made, "IN_TRANSIT")
            self.assertEqual(self.done(sale).retail_delivery_status, "in_transit")
            self.change("note_event", made, "DELIVERED")
            self.assertEqual(self.done(sale).retail_delivery_status, "delivered")
            self.assertTrue(self.done(sale).retail_fulfilment_id.delivered_at)

    def test_an_older_version_that_comes_late_changes_nothing(self):
        order, sale = self.order((1,))
        made = self.fulfil(order)
        self.change("note_event", made, "DELIVERED")
        fulfilment = sale.retail_fulfilment_ids
        document = {
            "schema": "fulfilment.v1",
            "external_id": made["id"],
            "version": fulfilment.external_version - 1,
            "order_external_id": order["id"],
            "status": "success",
            "delivery_status": "in_transit",
            "lines": [],
        }
        [result] = self.env["retail.importer.fulfilment"]._import_batch(self.backend._as_service(), [document])
        self.assertEqual((result.outcome, fulfilment.delivery_status), ("superseded", "delivered"))

    # ---------------------------------------------------------------- once

    def test_the_echo_of_odoos_own_word_ships_nothing(self):
        _order, sale = self.order((2,))
        self.subscribe_once()
        self.ship(sale, units={0: 1})
        self.drain()
        self.receive_all()
        self.assertEqual(self.delivered(sale), [1])
        self.assertEqual(len(sale.retail_fulfilment_ids), 1)
        self.assertEqual(sale.retail_fulfilment_ids.origin, "odoo")

    def test_the_echo_that_comes_before_the_lost_answer_is_found_ships_nothing(self):
        order, sale = self.order((2,))
        self.subscribe_once()
        self.ship(sale, units={0: 1})
        with self.lose_answer_of("FulfilmentCreate"):
            self.drain()
        self.receive_all()
        self.assertEqual(self.delivered(sale), [1])
        self.retry()
        self.retry()
        self.assertEqual((self.delivered(sale), len(self.fulfilments(order))), ([1], 1))
        self.assertEqual(len(sale.retail_fulfilment_ids), 1)

    def test_a_fulfilment_told_by_webhook_and_by_poll_ships_once(self):
        order, sale = self.order((2,))
        with self.faults("duplicate_webhooks", count=5):
            self.fulfil(order, [{"line": 0, "quantity": 1}])
        self.flow("fulfilment").watermark -= timedelta(hours=1)
        self.poll("fulfilment")
        self.assertEqual((self.delivered(sale), len(sale.retail_fulfilment_ids)), ([1], 1))

    def test_fulfilments_may_be_told_twice_and_in_any_order(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((4,))
        self.subscribe_once()
        for units in (1, 2):
            live_fulfilments.fulfil(self.world, order, [{"line": 0, "quantity": units}])
        letters = self.letters()
        self.let_in(list(reversed(letters)) + letters)
        self.drain()
        self.poll("fulfilment")
        self.assertEqual((self.delivered(sale), len(sale.retail_fulfilment_ids)), ([3], 2))

    def test_what_people_validated_first_is_agreed_on(self):
        self.out.state = "off"
        order, sale = self.order((2,))
        picking = self.ship(sale)
        self.fulfil(order)
        self.assertEqual(self.delivered(sale), [2])
        self.assertEqual((picking.retail_fulfilment_state, len(sale.retail_fulfilment_ids)), ("agreed", 1))

    def test_a_fulfilment_whose_webhook_is_lost_is_found_by_the_poll(self):
        order, sale = self.order((1,))
        self.fulfil(order, webhooks=False)
        self.assertEqual(self.delivered(sale), [0])
        self.poll("fulfilment")
        self.assertEqual(self.delivered(sale), [1])

    def test_what_both_sides_shipped_at_once_has_left_once(self):
        """Odoo's word waits while the shop's own fulfilment of the same goods comes in."""
        from simulators.shopify import live_fulfilments

        order, sale = self.order((2,))
        self.subscribe_once()
        picking = self.ship(sale)
        live_fulfilments.fulfil(self.world, order)
        self.receive_all()
        self.retry()
        self.assertEqual((self.delivered(sale), len(self.fulfilments(order))), ([2], 1))
        self.assertEqual(picking.retail_fulfilment_state, "agreed")
        self.assertEqual(len(self.done(sale)), 1)

    # ---------------------------------------------------------------- order first

    def test_a_fulfilment_that_arrives_before_its_order_waits_for_it(self):
        order, _none = self.order((2,), is_imported=False)
        made = self.fulfil_unseen(order)
        message = self.messages("fulfilment:%s" % made["id"])[:1]
        self.assertEqual((message.state, self.sale_order(order)), ("retry", self.env["sale.order"]))
        self.poll("order")
        self.retry()
        self.assertEqual(message.state, "done")
        self.assertEqual(self.delivered(self.sale_order(order)), [2])

    def test_a_fulfilment_waits_for_an_order_that_waits_for_a_person(self):
        order, _none = self.order((2,), is_imported=False)
        variant = self.env["retail.binding.product"].search([("backend_id", "=", self.backend.id)])
        self.env["product.product"].search([("default_code", "!=", False)]).default_code = False
        variant.unlink()
        self.poll("order")
        self.assertFalse(self.sale_order(order))
        made = self.fulfil(order)
        self.assertEqual(self.messages("fulfilment:%s" % made["id"])[:1].state, "retry")

    def test_a_fulfilment_of_an_order_that_odoo_left_out_is_ignored(self):
        order, _none = self.order((1,), is_imported=False)
        self.flow("order").state = "off"
        made = self.fulfil_unseen(order)
        self.assertEqual(self.messages("fulfilment:%s" % made["id"])[:1].state, "retry")
        made["createdAt"] -= timedelta(days=2)
        self.retry()
        self.assertEqual(self.messages("fulfilment:%s" % made["id"])[:1].state, "ignored")

    # ---------------------------------------------------------------- what a person decides

    def test_where_odoo_ships_a_foreign_fulfilment_waits_for_a_person_who_takes_it_over(self):
        self.backend.fulfilled_by = "odoo"
        order, sale = self.order((1,))
        self.fulfil(order)
        exception = self.exception("fulfilment_foreign")
        self.assertEqual(self.delivered(sale), [0])
        exception.action_fix("take_over_fulfilment")
        self.drain()
        self.assertEqual((self.delivered(sale), exception.state), ([1], "resolved"))

    def test_a_place_may_be_shipped_from_by_somebody_else_than_the_rest(self):
        self.backend.fulfilled_by = "odoo"
        self.map_place("Store Utrecht", self.backend.warehouse_id, fulfilled_by="channel")
        order, sale = self.order((1,))
        self.fulfil(order, location="Store Utrecht")
        self.assertEqual(self.delivered(sale), [1])

    def test_what_is_cancelled_in_the_shop_after_it_left_is_an_exception_with_a_return(self):
        order, sale = self.order((2,))
        made = self.fulfil(order)
        self.change("cancel", made)
        exception = self.exception("fulfilment_cancelled")
        self.assertEqual(self.delivered(sale), [2], "Nothing comes back by itself.")
        exception.action_fix("return_fulfilment")
        self.drain()
        back = sale.picking_ids.filtered(lambda picking: picking.picking_type_code == "incoming")
        self.assertEqual((back.state, back.move_ids.product_uom_qty), ("assigned", 2))
        self.assertEqual((exception.state, sale.retail_fulfilment_ids.status), ("resolved", "cancelled"))

    def test_what_was_cancelled_before_odoo_heard_of_it_ships_nothing(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((2,))
        self.subscribe_once()
        made = live_fulfilments.fulfil(self.world, order, webhooks=False)
        self.change("cancel", made)
        self.assertEqual(self.delivered(sale), [0])
        self.fulfil(order)
        self.assertEqual(self.delivered(sale), [2])

    def test_more_than_odoo_can_ship_is_an_exception_and_ships_nothing(self):
        order, sale = self.order((2,))
        sale.picking_ids.action_cancel()
        self.fulfil(order)
        self.assertIn("2", self.exception("fulfilment_mismatch").name)
        self.assertEqual(self.delivered(sale), [0])

    def test_one_bad_fulfilment_stops_nobody(self):
        bad, bad_sale = self.order((1,))
        good, good_sale = self.order((1,))
        bad_sale.picking_ids.action_cancel()
        self.subscribe_once()
        from simulators.shopify import live_fulfilments

        for order in (bad, good):
            live_fulfilments.fulfil(self.world, order)
        self.receive_all()
        self.exception("fulfilment_mismatch")
        self.assertEqual(self.delivered(good_sale), [1])
