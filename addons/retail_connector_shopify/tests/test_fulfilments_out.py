"""From a validated delivery to Shopify's fulfilment: once, whatever happens on the way."""

from odoo.tests import tagged

from .common import ShopifyCase
from .fulfilment_common import FulfilmentCase


@tagged("post_install", "-at_install")
class TestFulfilmentsOut(FulfilmentCase):
    def test_a_worker_of_the_warehouse_ships_without_any_role_here(self):
        order, sale = self.order((1,))
        worker = self.env["res.users"].create(
            {
                "name": "Worker",
                "login": "worker",
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
                "group_ids": [(6, 0, [self.env.ref("base.group_user").id, self.env.ref("stock.group_stock_user").id])],
            }
        )
        self.env.flush_all()
        self.env.invalidate_all()
        picking = sale.picking_ids.with_user(worker)
        picking.move_ids.quantity = 1
        picking.move_ids.picked = True
        picking._action_done()
        picking.carrier_tracking_ref = "W1"
        self.drain()
        self.assertEqual([one["number"] for one in self.fulfilments(order)[0]["trackingInfo"]], ["W1"])
        [seen] = picking.web_read(
            {"retail_fulfilment_id": {"fields": {"display_name": {}}}, "retail_delivery_status": {}}
        )
        self.assertTrue(seen["retail_fulfilment_id"]["display_name"])

    def test_one_trace_goes_from_the_validated_transfer_to_every_call_and_the_timeline(self):
        _order, sale = self.order((1,))
        picking = self.ship(sale)
        command = self.commands()
        self.world.traces.clear()
        self.drain()
        self.assertEqual({value.split("-")[1] for _path, value in self.world.traces}, {command.trace_id})
        for record in (picking, sale):
            entries = self.env["retail.timeline.entry"].search(record.action_view_retail_timeline()["domain"])
            told = entries.filtered(lambda entry: entry.trace_id == command.trace_id)
            self.assertTrue(told.filtered("outbox_id"), record)

    def test_a_validated_delivery_is_a_fulfilment_with_its_tracking(self):
        order, sale = self.order((2, 4))
        carrier = self.make_carrier("UPS", tracking_url="https://track.example/<shipmenttrackingnumber>")
        self.ship(sale, carrier_id=carrier.id, carrier_tracking_ref="1Z1")
        self.drain()
        (made,) = self.fulfilments(order)
        self.assertEqual(self.units(made), [2, 4])
        self.assertEqual(
            [(one["number"], one["company"], one["url"]) for one in made["trackingInfo"]],
            [("1Z1", "UPS", "https://track.example/1Z1")],
        )
        self.assertEqual(order["displayFulfillmentStatus"], "FULFILLED")
        picking = sale.picking_ids
        self.assertEqual(
            (picking.retail_fulfilment_state, picking.retail_fulfilment_id.external_id), ("told", made["id"])
        )
        self.assertEqual(made["_notified"], 1)

    def test_without_the_flow_nothing_is_told(self):
        self.out.state = "off"
        order, sale = self.order((1,))
        self.ship(sale)
        self.drain()
        self.assertFalse(self.fulfilments(order))
        self.assertFalse(self.commands())

    def test_the_customer_is_notified_only_if_the_backend_says_so(self):
        self.backend.fulfilment_notify = False
        order, sale = self.order((1,))
        self.ship(sale)
        self.drain()
        self.assertNotIn("_notified", self.fulfilments(order)[0])

    def test_a_partial_delivery_and_its_backorder_are_two_fulfilments(self):
        order, sale = self.order((2, 4))
        self.ship(sale, units={1: 3})
        self.ship(sale)
        self.drain()
        self.assertEqual(sorted(self.units(one) for one in self.fulfilments(order)), [[2, 1], [3]])
        self.assertEqual(order["displayFulfillmentStatus"], "FULFILLED")

    def test_several_parcels_are_several_numbers(self):
        order, sale = self.order((2,))
        self.ship(sale, carrier_tracking_ref="A1, A2;A3")
        self.drain()
        self.assertEqual([one["number"] for one in self.fulfilments(order)[0]["trackingInfo"]], ["A1", "A2", "A3"])

    def test_tracking_that_is_added_or_changed_later_is_told(self):
        order, sale = self.order((1,))
        picking = self.ship(sale)
        self.drain()
        for number in ("A", "B", "A"):
            picking.carrier_tracking_ref = number
            self.drain()
            (made,) = self.fulfilments(order)
            self.assertEqual([one["number"] for one in made["trackingInfo"]], [number])
        self.assertEqual(made["_notified"], 4)

    def test_tracking_written_again_as_it_is_notifies_nobody(self):
        order, sale = self.order((1,))
        picking = self.ship(sale, carrier_tracking_ref="A")
        self.drain()
        picking.carrier_tracking_ref = "A"
        self.drain()
        self.assertEqual(self.fulfilments(order)[0]["_notified"], 1)

    # ---------------------------------------------------------------- lost answers

    def test_the_crash_between_the_call_and_the_commit_ships_once(self):
        """The units that remain would allow it twice: only the question at the vendor prevents that."""
        order, sale = self.order((4,))
        self.ship(sale, units={0: 2})
        # The three reads are answered; the fulfilment is made and its answer lost.
        with self.lose_answer_of("FulfilmentCreate"):
            self.drain()
        self.assertEqual(len(self.fulfilments(order)), 1)
        self.assertEqual(self.commands().state, "retry")
        self.retry()
        self.assertEqual(len(self.fulfilments(order)), 1)
        self.assertEqual(self.commands().state, "done")
        self.assertEqual(sale.retail_fulfilment_ids.external_id, self.fulfilments(order)[0]["id"])

    def test_the_crash_ships_once_too_where_others_had_fulfilled_a_part(self):
        """What was told is then less than what was shipped, so the lost fulfilment looks like neither."""
        from simulators.shopify import live_fulfilments

        order, sale = self.order((2, 9))
        live_fulfilments.fulfil(self.world, order, [{"line": 0, "quantity": 1}])
        self.ship(sale, units={0: 2, 1: 4})
        with self.lose_answer_of("FulfilmentCreate"):
            self.drain()
        self.retry()
        self.assertEqual([self.units(one) for one in self.fulfilments(order)], [[1], [1, 4]])
        self.assertEqual(sale.picking_ids.retail_fulfilment_id.external_id, self.fulfilments(order)[1]["id"])

    def test_an_answer_that_breaks_off_ships_once(self):
        order, sale = self.order((4,))
        self.ship(sale, units={0: 2})
        with self.faults("truncated", operation="FulfilmentCreate", count=1):
            self.drain()
        self.retry()
        self.assertEqual([self.units(one) for one in self.fulfilments(order)], [[2]])

    def test_a_transfer_that_is_told_twice_is_one_command(self):
        order, sale = self.order((4,))
        before = dict.fromkeys(sale.order_line, 0.0)
        picking = self.ship(sale, units={0: 2})
        picking._tell_order(sale, before)
        self.drain()
        self.assertEqual((len(self.commands()), len(self.fulfilments(order))), (1, 1))

    def test_two_like_transfers_of_which_one_answer_was_lost_are_two_fulfilments(self):
        order, sale = self.order((4,))
        self.ship(sale, units={0: 2})
        self.ship(sale, units={0: 2})
        with self.lose_answer_of("FulfilmentCreate"):
            self.drain()
        self.retry()
        self.assertEqual([self.units(one) for one in self.fulfilments(order)], [[2], [2]])
        self.assertEqual(len(sale.picking_ids.retail_fulfilment_id), 2)

    def test_what_somebody_fulfilled_before_is_not_taken_for_the_lost_answer(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((4,))
        live_fulfilments.fulfil(self.world, order, [{"line": 0, "quantity": 2}])
        self.fulfilments(order)[0]["createdAt"] -= self.hour
        self.ship(sale, units={0: 2})
        with self.faults("http_500", count=1, status=503):
            self.drain()
        self.retry()
        self.assertEqual([self.units(one) for one in self.fulfilments(order)], [[2], [2]])

    def test_while_the_shop_does_not_answer_nothing_is_lost(self):
        order, sale = self.order((1,))
        with self.faults("http_500", status=503):
            self.ship(sale)
            self.drain()
        self.assertFalse(self.fulfilments(order))
        self.retry()
        self.assertEqual(len(self.fulfilments(order)), 1)

    # ---------------------------------------------------------------- what stands in the way

    def test_two_warehouses_that_ship_one_order_are_two_fulfilments_of_their_places(self):
        from simulators.shopify.state import fulfilments as fulfilment_orders

        self.backend.fulfilment_may_move = True
        order, sale = self.order((2, 3))
        home = self.place_of(fulfilment_orders.orders_of(self.world.shop, order)[0])
        self.map_place(home, self.backend.warehouse_id)
        other = self.env["stock.warehouse"].create({"name": "Utrecht", "code": "UTR", "company_id": self.company.id})
        self.map_place("Store Utrecht", other)
        self.ship(sale, units={0: 2})
        rest = sale.picking_ids.filtered(lambda one: one.state != "done")
        rest.do_unreserve()
        destination = rest.location_dest_id
        rest.picking_type_id = other.out_type_id
        rest.location_dest_id = destination
        rest.move_ids.location_id = other.lot_stock_id
        self.ship(sale)
        self.drain()
        told = [(self.place_of(one), self.units(one)) for one in self.fulfilments(order)]
        self.assertEqual(told, [(home, [2]), ("Store Utrecht", [3])])

    def test_what_is_on_hold_waits_for_a_person_who_releases_it(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((1,))
        live_fulfilments.hold(self.world, order, "HIGH_RISK_OF_FRAUD", "Call them")
        self.ship(sale)
        self.drain()
        exception = self.exception("fulfilment_on_hold")
        self.assertIn("Call them", exception.name)
        self.assertFalse(self.fulfilments(order))
        exception.action_fix("release_fulfilment")
        self.drain()
        self.assertEqual(len(self.fulfilments(order)), 1)
        self.assertEqual(exception.state, "resolved")

    def test_what_is_assigned_elsewhere_waits_for_a_person_who_moves_it(self):
        order, sale = self.order((2,))
        self.map_place("Store Utrecht", self.backend.warehouse_id)
        self.ship(sale)
        self.drain()
        exception = self.exception("fulfilment_elsewhere")
        self.assertFalse(self.fulfilments(order))
        exception.action_fix("move_fulfilment")
        self.drain()
        self.assertEqual(self.place_of(self.fulfilments(order)[0]), "Store Utrecht")

    def test_what_is_assigned_elsewhere_is_moved_at_once_if_the_backend_says_so(self):
        from simulators.shopify.state import fulfilments as fulfilment_orders

        self.backend.fulfilment_may_move = True
        order, sale = self.order((2,))
        home = self.place_of(fulfilment_orders.orders_of(self.world.shop, order)[0])
        self.map_place("Store Utrecht", self.backend.warehouse_id)
        self.ship(sale, units={0: 1})
        self.drain()
        (made,) = self.fulfilments(order)
        self.assertEqual((self.place_of(made), self.units(made)), ("Store Utrecht", [1]))
        # The unit that was not shipped is still expected from where it was.
        left = [one for one in fulfilment_orders.orders_of(self.world.shop, order) if one["status"] != "CLOSED"]
        self.assertEqual([(self.place_of(one), one["lines"][0]["remainingQuantity"]) for one in left], [(home, 1)])

    def test_what_is_scheduled_is_an_exception_that_says_so(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((1,))
        live_fulfilments.schedule(self.world, order)
        self.ship(sale)
        self.drain()
        self.assertIn("scheduled", self.exception("fulfilment_mismatch").name)
        self.assertFalse(self.fulfilments(order))

    def test_what_was_cancelled_in_the_shop_meanwhile_is_an_exception(self):
        from simulators.shopify import live

        order, sale = self.order((1,))
        live.cancel(self.world, order)
        self.ship(sale)
        self.drain()
        self.assertIn("cancelled", self.exception("fulfilment_mismatch").name)

    def test_what_somebody_else_fulfilled_is_agreed_on_and_told_nobody(self):
        from simulators.shopify import live_fulfilments

        order, sale = self.order((2,))
        live_fulfilments.fulfil(self.world, order)
        picking = self.ship(sale)
        self.drain()
        self.assertEqual(len(self.fulfilments(order)), 1)
        self.assertEqual(self.commands().state, "done")
        self.assertEqual(picking.retail_fulfilment_state, "agreed")

    def test_what_the_channel_fulfils_is_not_told(self):
        self.backend.fulfilled_by = "channel"
        _order, sale = self.order((1,))
        self.ship(sale)
        self.drain()
        self.assertFalse(self.commands())

    # ---------------------------------------------------------------- taken back

    def test_a_return_alone_takes_nothing_back_in_the_shop(self):
        order, sale = self.order((1,))
        picking = self.ship(sale)
        self.drain()
        self.validate(picking._propose_return())
        self.drain()
        self.assertEqual(self.fulfilments(order)[0]["status"], "SUCCESS")

    def test_a_person_cancels_a_fulfilment_in_the_shop_once(self):
        order, sale = self.order((1,))
        picking = self.ship(sale)
        self.drain()
        picking.retail_fulfilment_id.action_cancel_in_channel()
        with self.lose_answer_of("FulfilmentCancel"):
            self.drain()
        self.retry()
        self.assertEqual(self.fulfilments(order)[0]["status"], "CANCELLED")
        self.assertEqual(picking.retail_fulfilment_id.status, "cancelled")
        self.assertFalse(
            self.env["retail.exception"].search([("backend_id", "=", self.backend.id), ("state", "=", "open")])
        )


@tagged("post_install", "-at_install")
class TestFulfilmentFlows(ShopifyCase):
    def test_the_flows_are_off_until_somebody_lets_them_go_live(self):
        flows = self.backend.flow_ids.filtered(lambda flow: flow.entity == "fulfilment")
        self.assertEqual(sorted(flows.mapped("direction")), ["in", "out"])
        self.assertEqual(set(flows.mapped("state")), {"off"})
