"""Reservation that is deferred: marked with the order, made by the warehouse's writer, in turn."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import RetailSaleCase, line, money, order


@tagged("post_install", "-at_install")
class TestReservation(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.defer_reservation()

    def reserved(self, product):
        return sum(
            self.env["stock.quant"]._gather(product, self.backend.warehouse_id.lot_stock_id).mapped("reserved_quantity")
        )

    def import_scarce(self, *names, on_hand=1, **more):
        """Import an order of one scarce piece for each of ``names``, placed in this order."""
        self.make_product("LAST", on_hand=on_hand)
        return [
            self.import_order(order(name, lines=[line(sku="LAST")], placed_at="2026-05-01T1%d:00:00Z" % hour, **more))
            for hour, name in enumerate(names)
        ]

    # ---------------------------------------------------------------- the two ways

    def test_with_the_order_the_goods_are_reserved_when_the_order_appears(self):
        self.backend._get_order_flow().reservation = "with_order"
        sale = self.import_order()
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.assertFalse(self.marks(sale))
        self.assertFalse(sale.retail_reservation_state)

    def test_a_new_flow_reserves_with_the_order(self):
        self.assertEqual(self.make_backend("Second shop")._get_order_flow().reservation, "with_order")

    def test_deferred_the_order_is_confirmed_and_marked_and_the_writer_reserves_it(self):
        sale = self.import_order(total="30.00", lines=[line(quantity=2), line("L2", sku="PLATE")])
        self.assertEqual((sale.state, sale.picking_ids.state), ("sale", "confirmed"))
        self.assertEqual((self.reserved(self.mug), self.reserved(self.plate)), (0, 0))
        self.assertEqual(self.marks(sale).picking_id, sale.picking_ids)
        self.assertEqual(self.reserve(), 1)
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.assertEqual((self.reserved(self.mug), self.reserved(self.plate)), (2, 1))
        self.assertFalse(self.marks(sale))

    def test_order_and_transfer_say_that_their_reservation_is_on_its_way(self):
        sale = self.import_order()
        self.assertEqual((sale.retail_reservation_state, sale.picking_ids.retail_reservation_state), ("waiting",) * 2)
        found = self.env["stock.picking"].search([("retail_reservation_state", "=", "waiting")])
        self.assertEqual(found, sale.picking_ids)
        self.assertEqual(self.env["sale.order"].search([("retail_reservation_state", "=", "waiting")]), sale)
        self.assertNotIn(sale, self.env["sale.order"].search([("retail_reservation_state", "=", False)]))
        self.reserve()
        self.assertFalse(sale.retail_reservation_state or sale.picking_ids.retail_reservation_state)
        self.assertIn(sale, self.env["sale.order"].search([("retail_reservation_state", "=", False)]))

    def test_an_import_that_is_undone_leaves_no_mark(self):
        self.backend.flow_ids.write({"state": "shadow"})
        self.bring(order("1"))
        self.assertFalse(self.env["retail.reservation"].search_count([]))

    def test_what_people_confirm_is_reserved_at_once(self):
        self.backend.order_confirm = False
        sale = self.import_order()
        sale.action_confirm()
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.assertFalse(self.marks(sale))

    def test_marks_are_worked_off_after_the_flow_is_set_back(self):
        sale = self.import_order()
        self.backend._get_order_flow().reservation = "with_order"
        self.reserve()
        self.assertEqual(sale.picking_ids.state, "assigned")

    # ---------------------------------------------------------------- whose turn it is

    def test_the_oldest_order_gets_the_last_piece_whenever_it_was_imported(self):
        young, old = self.import_scarce("2", "1")
        old.date_order = young.date_order - timedelta(days=1)
        self.marks(old).ordered_at = old.date_order
        self.assertEqual(self.reserve(), 2)
        self.assertEqual((old.picking_ids.state, young.picking_ids.state), ("assigned", "confirmed"))

    def test_the_turn_is_the_orders_date_and_not_that_of_its_import(self):
        self.make_product("LAST", on_hand=1)
        late = self.import_order(order("2", lines=[line(sku="LAST")], placed_at="2026-05-01T12:00:00Z"))
        early = self.import_order(order("1", lines=[line(sku="LAST")], placed_at="2026-05-01T11:00:00Z"))
        self.reserve()
        self.assertEqual((early.picking_ids.state, late.picking_ids.state), ("assigned", "confirmed"))

    def test_an_urgent_transfer_goes_before_older_ones(self):
        old, urgent = self.import_scarce("1", "2")
        urgent.picking_ids.priority = "1"
        self.reserve()
        self.assertEqual((old.picking_ids.state, urgent.picking_ids.state), ("confirmed", "assigned"))

    def test_a_realtime_flow_goes_before_older_orders_of_others(self):
        second = self.make_backend("Fast shop")
        second._get_order_flow().write({"reservation": "deferred", "latency": "realtime"})
        [slow] = self.import_scarce("1")
        [result] = self.import_documents(order("9", lines=[line(sku="LAST")]), backend=second)
        self.reserve()
        self.assertEqual(result.record.picking_ids.state, "assigned")
        self.assertEqual(slow.picking_ids.state, "confirmed")

    def test_goods_that_are_not_in_stock_are_no_failure(self):
        first, second = self.import_scarce("1", "2")
        self.reserve()
        self.assertEqual((first.picking_ids.state, second.picking_ids.state), ("assigned", "confirmed"))
        self.assertFalse(self.env["retail.reservation"].search_count([]))
        self.assertFalse(self.env["retail.exception"].search_count([("backend_id", "=", self.backend.id)]))

    def test_what_there_is_of_an_order_is_reserved(self):
        self.make_product("FEW", on_hand=2)
        sale = self.import_order(total="30.00", lines=[line(sku="FEW", quantity=3)])
        self.reserve()
        self.assertEqual(sale.picking_ids.move_ids.state, "partially_available")
        self.assertEqual(sale.picking_ids.move_ids.quantity, 2)

    # ---------------------------------------------------------------- people and later messages

    def test_a_transfer_reserved_by_hand_meanwhile_is_left_as_it_is(self):
        sale = self.import_order(total="20.00", lines=[line(quantity=2)])
        sale.picking_ids.action_assign()
        self.assertEqual(self.reserve(), 1)
        self.assertEqual((sale.picking_ids.state, self.reserved(self.mug)), ("assigned", 2))

    def test_an_order_cancelled_meanwhile_reserves_nothing(self):
        sale = self.import_order()
        sale._action_cancel()
        self.assertEqual(self.reserve(), 1)
        self.assertEqual((sale.picking_ids.state, self.reserved(self.mug)), ("cancel", 0))

    def test_a_transfer_delivered_meanwhile_is_done(self):
        sale = self.import_order()
        self.deliver(sale)
        self.reserve()
        self.assertEqual((sale.picking_ids.state, self.reserved(self.mug)), ("done", 0))

    def test_a_transfer_deleted_meanwhile_takes_its_mark_with_it(self):
        sale = self.import_order()
        sale._action_cancel()
        sale.picking_ids.unlink()
        self.assertEqual(self.reserve(), 0)
        self.assertFalse(self.marks(sale))

    def test_more_of_an_order_before_its_turn_is_reserved_in_one_go(self):
        sale = self.import_order()
        self.import_order(version=2, total="30.00", lines=[line(quantity=3)])
        self.assertEqual(sale.picking_ids.state, "confirmed")
        self.reserve()
        self.assertEqual((sale.picking_ids.state, self.reserved(self.mug)), ("assigned", 3))

    def test_more_of_an_order_that_is_reserved_is_deferred_too(self):
        sale = self.import_order()
        self.reserve()
        self.import_order(version=2, total="30.00", lines=[line(quantity=3)])
        self.assertEqual(self.reserved(self.mug), 1)
        self.assertEqual(sale.retail_reservation_state, "waiting")
        self.reserve()
        self.assertEqual((sale.picking_ids.mapped("state"), self.reserved(self.mug)), (["assigned"], 3))

    def test_less_of_an_order_leaves_less_reserved(self):
        sale = self.import_order(total="30.00", lines=[line(quantity=3)])
        self.reserve()
        self.import_order(version=2, total="10.00", lines=[line(quantity=1)])
        self.reserve()
        self.assertEqual((sale.picking_ids.state, self.reserved(self.mug)), ("assigned", 1))

    def test_an_order_cancelled_by_its_channel_gives_back_what_was_reserved(self):
        self.import_order()
        self.reserve()
        self.import_order(version=2, cancelled_at="2026-05-02T10:00:00Z", lines=[], total="0.00")
        self.reserve()
        self.assertEqual(self.reserved(self.mug), 0)

    # ---------------------------------------------------------------- Odoo's own settings keep their meaning

    def test_a_warehouse_that_reserves_by_hand_is_not_reserved_for(self):
        self.backend.warehouse_id.out_type_id.reservation_method = "manual"
        sale = self.import_order()
        self.assertFalse(self.marks(sale))
        self.assertEqual(self.reserve(), 0)
        self.assertEqual(sale.picking_ids.state, "confirmed")

    def test_what_is_reserved_by_date_waits_for_its_date(self):
        self.backend.warehouse_id.out_type_id.write({"reservation_method": "by_date", "reservation_days_before": 1})
        self.mug.sale_delay = 30
        placed = fields.Datetime.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        later = self.import_order(order("1", placed_at=placed))
        now = self.import_order(order("2", placed_at=placed, lines=[line(sku="PLATE")]))
        self.assertFalse(self.marks(later))
        self.assertTrue(self.marks(now))
        self.reserve()
        self.assertEqual((later.picking_ids.state, now.picking_ids.state), ("confirmed", "assigned"))

    def test_a_warehouse_set_to_manual_meanwhile_is_heeded(self):
        sale = self.import_order()
        self.backend.warehouse_id.out_type_id.reservation_method = "manual"
        sale.picking_ids.move_ids.reservation_date = False
        self.reserve()
        self.assertEqual(sale.picking_ids.state, "confirmed")
        self.assertFalse(self.marks(sale))

    def test_odoos_scheduler_leaves_what_is_on_its_way_to_the_writer_and_reserves_the_rest(self):
        sale = self.import_order()
        by_hand = self.env["sale.order"].create(
            {
                "partner_id": sale.partner_id.id,
                "warehouse_id": self.backend.warehouse_id.id,
                "order_line": [(0, 0, {"product_id": self.plate.id, "product_uom_qty": 1})],
            }
        )
        by_hand.action_confirm()
        by_hand.picking_ids.do_unreserve()
        loose = self.env["stock.move"].create(
            {
                "product_id": self.plate.id,
                "product_uom_qty": 1,
                "location_id": self.backend.warehouse_id.lot_stock_id.id,
                "location_dest_id": self.env.ref("stock.stock_location_customers").id,
                "reservation_date": fields.Date.today(),
            }
        )
        loose._action_confirm(merge=False)
        loose._do_unreserve()
        self.assertFalse(loose.picking_id)
        self.assertEqual((by_hand.picking_ids.state, loose.state), ("confirmed", "confirmed"))
        self.env["stock.rule"].run_scheduler(company_id=self.company.id)
        self.assertEqual(sale.picking_ids.state, "confirmed")
        self.assertEqual((by_hand.picking_ids.state, loose.state), ("assigned", "assigned"))
        self.marks(sale).is_held = True
        self.env["stock.rule"].run_scheduler(company_id=self.company.id)
        self.assertEqual(sale.picking_ids.state, "assigned", "what waits for a person is not kept from anybody")

    def test_in_several_steps_the_first_is_deferred_and_the_next_follows_when_it_is_done(self):
        self.backend.warehouse_id.delivery_steps = "pick_ship"
        sale = self.import_order()
        first = sale.picking_ids
        self.assertEqual((first.picking_type_id, first.state), (self.backend.warehouse_id.pick_type_id, "confirmed"))
        self.reserve()
        self.assertEqual(first.state, "assigned")
        first.move_ids.picked = True
        first.with_context(skip_backorder=True)._action_done()
        second = sale.picking_ids - first
        self.assertEqual((second.picking_type_id, second.state), (self.backend.warehouse_id.out_type_id, "assigned"))

    def test_what_is_made_to_order_waits_for_its_supply(self):
        route = self.backend.warehouse_id.mto_pull_id.route_id
        route.active = True
        self.mug.route_ids |= route
        self.env["stock.rule"].create(
            {
                "name": "Supply",
                "route_id": route.id,
                "action": "pull",
                "procure_method": "make_to_stock",
                "company_id": self.company.id,
                "picking_type_id": self.backend.warehouse_id.in_type_id.id,
                "location_src_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.backend.warehouse_id.lot_stock_id.id,
            }
        )
        sale = self.import_order()
        delivery = sale.picking_ids.filtered(lambda picking: picking.picking_type_code == "outgoing")
        self.assertEqual(delivery.state, "waiting")
        self.assertNotIn(delivery, self.marks(sale).picking_id)
        self.reserve()
        self.assertEqual(delivery.state, "waiting")

    def test_services_and_what_is_not_tracked_in_stock_need_no_reservation(self):
        self.make_product("PAPER", is_storable=False)
        self.make_product("HELP", type="service", is_storable=False)
        sale = self.import_order(total="20.00", lines=[line(sku="PAPER"), line("L2", sku="HELP")])
        self.assertEqual(sale.picking_ids.state, "assigned")
        self.assertFalse(self.marks(sale))

    # ---------------------------------------------------------------- warehouses and companies

    def test_each_warehouse_has_its_own_writer(self):
        other = self.env["stock.warehouse"].create({"name": "North", "code": "NOR", "company_id": self.company.id})
        here = self.import_order(order("1"))
        self.backend.warehouse_id = other
        there = self.import_order(order("2"))
        self.assertEqual(self.reserve(other), 1)
        self.assertEqual(there.picking_ids.state, "confirmed", "nothing is in stock there")
        self.assertTrue(self.marks(here))

    def test_a_company_never_sees_anothers_marks(self):
        sale = self.import_order()
        stranger = self.make_user("stranger", "retail_integration_base.group_retail_manager")
        elsewhere = self.make_company("Elsewhere Ltd")
        stranger.write({"company_ids": [(6, 0, elsewhere.ids)], "company_id": elsewhere.id})
        self.assertTrue(self.marks(sale))
        seen = self.env["retail.reservation"].with_user(stranger).with_context(allowed_company_ids=elsewhere.ids)
        self.assertFalse(seen.search([]))

    def test_more_orders_than_a_batch_are_all_reserved(self):
        self.import_documents(*(order(str(number)) for number in range(1, 61)))
        self.assertEqual(self.reserve(), 60)
        sales = self.env["sale.order"].search([("retail_backend_id", "=", self.backend.id)])
        self.assertEqual((len(sales), set(sales.picking_ids.mapped("state"))), (60, {"assigned"}))
        self.assertEqual(self.reserved(self.mug), 60)

    def test_the_flow_shows_how_many_wait(self):
        flow = self.backend._get_order_flow()
        self.import_order(order("1", totals={"total": money("10.00")}))
        flow.invalidate_recordset()
        self.assertEqual(flow.reservation_count, 1)
        self.assertEqual(self.env["retail.reservation"].search_count(flow.action_view_reservations()["domain"]), 1)
