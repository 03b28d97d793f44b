"""Stock levels to a shop that sells meanwhile."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.retail_connector_shopify.shopify import const, stock
from odoo.addons.retail_integration_base.engine import budget_sql

from .stock_common import STOCK, ShopStockCase


@tagged("post_install", "-at_install")
class TestStockOut(ShopStockCase):
    def test_the_flow_is_off_until_somebody_lets_it_go_live(self):
        backend = self.make_backend(name="Second", shopify_domain="second-shop.myshopify.com")
        [flow] = [one for one in self.env["retail.connector.shopify"]._get_flows() if one["entity"] == "stock_level"]
        self.assertEqual(flow.get("state", "off"), "off")
        self.assertIn("stock_level", backend.flow_ids.mapped("entity"))

    def test_locations_are_fetched_once_and_proposed(self):
        self.map.unlink()
        for _time in range(2):
            self.backend.action_fetch_locations()
        names = self.backend.location_map_ids.mapped("name")
        self.assertEqual(sorted(names), sorted(one["name"] for one in self.world.shop.all("Location")))

    def test_a_change_in_odoo_reaches_the_shop(self):
        self.reconcile()
        self.receive(5)
        self.drain()
        self.assertEqual(self.shown(), STOCK + 5)
        level = self.level()
        self.assertEqual((level.agreed_quantity, level.shop_quantity, level.difference), (25, 25, 0))
        self.assertEqual(self.calls("InventorySet"), 1)

    def test_before_it_is_known_what_is_in_flight_the_shop_is_lowered_and_never_raised(self):
        self.receive(5)
        self.drain()
        self.assertEqual(self.shown(), STOCK)
        self.receive(-7)
        self.drain()
        self.assertEqual(self.shown(), STOCK - 2)
        self.reconcile()
        self.receive(1)
        self.drain()
        self.assertEqual(self.shown(), STOCK - 1)

    def test_a_sale_whose_webhook_is_late_is_not_oversold_by_a_receipt(self):
        self.subscribe()
        self.reconcile()
        order = self.sell(3)
        self.receive(10)
        self.drain()
        self.assertEqual(self.shown(), STOCK + 10 - 3)
        level = self.level()
        self.assertEqual((level.in_flight, level.difference), (3, 0))
        self.assertIn("in flight", level.explanation)
        self.receive_all()
        self.assertEqual(self.sale_order(order).state, "sale")
        self.assertEqual((self.shown(), self.available(), self.level().in_flight), (27, 27, 0))

    def test_a_sale_that_is_taken_in_changes_nothing_in_the_shop(self):
        self.subscribe()
        self.reconcile()
        before = self.calls("InventorySet")
        self.sell(2)
        self.receive_all()
        self.assertEqual((self.shown(), self.available()), (18, 18))
        self.assertEqual(self.calls("InventorySet"), before)

    def test_an_order_that_an_exception_holds_stays_in_flight(self):
        self.subscribe()
        self.reconcile()
        self.env["retail.tax.map"].search([("backend_id", "=", self.backend.id)]).unlink()
        self.sell(4)
        self.receive_all()
        self.assertEqual(self.messages().mapped("state"), ["held"])
        self.receive(1)
        self.drain()
        self.assertEqual(self.shown(), STOCK + 1 - 4)
        self.reconcile(times=3)
        self.assertEqual(self.shown(), STOCK + 1 - 4, "a reconciliation does not forget it")

    def test_one_stale_figure_stops_no_other(self):
        self.subscribe()
        self.reconcile()
        self.sell(1, number=0)
        self.receive(5, number=0)
        self.receive(5, number=1)
        self.drain()
        self.assertEqual((self.shown(0), self.shown(1)), (24, 25))
        self.assertEqual(set(self.intents().mapped("state")), {"done"})

    def test_what_odoo_has_not_is_told_as_nothing(self):
        self.reconcile()
        self.receive(-STOCK - 3)
        self.drain()
        self.assertEqual((self.shown(), self.level().odoo_quantity), (0, -3))

    def test_an_item_that_is_not_stocked_at_the_location_is_stocked_there_whatever_the_api_version(self):
        for number, version in enumerate(const.API_VERSIONS):
            self.backend._shopify_use_version(version)
            self.world.shop.remove(self.shop_level(self.variants[number]))
            self.reconcile(times=3)
            self.assertEqual(self.shown(number), STOCK, version)
            self.assertEqual(self.calls("InventoryActivate"), number + 1)

    def test_an_item_that_is_not_to_be_stocked_there_waits_for_a_person(self):
        self.map.activate_missing = False
        self.world.shop.remove(self.shop_level())
        self.reconcile(times=2)
        self.assertIsNone(self.shop_level())
        exception = self.intents().exception_id
        self.assertEqual((exception.kind, exception.state), ("stock_refused", "open"))

    def test_what_the_shop_does_not_know_waits_for_a_person_and_stops_no_other(self):
        self.reconcile()
        binding = self.env["retail.binding.product"].search([("product_id", "=", self.products[0].id)])
        binding.inventory_external_id = "gid://shopify/InventoryItem/1"
        self.receive(5, number=0)
        self.receive(5, number=1)
        self.drain()
        self.assertEqual(self.shown(1), 25)
        self.assertEqual(sorted(self.intents().mapped("state")), ["done", "held"])

    def test_an_answer_that_is_lost_is_asked_for_once_more_with_the_same_key(self):
        self.reconcile()
        self.receive(5)
        with self.faults("truncated", count=1):
            self.drain()
        self.assertEqual((self.shown(), self.level().shop_quantity, self.level().is_settled), (25, 25, True))

    def test_when_no_answer_comes_at_all_the_shop_is_only_lowered_until_it_was_looked_at(self):
        self.reconcile()
        self.receive(5)
        with self.faults("truncated"):
            self.drain()
        self.make_due()
        self.drain()
        self.assertFalse(self.level().is_settled)
        self.assertLessEqual(self.shown(), STOCK + 5)
        self.reconcile(times=2)
        self.assertEqual((self.shown(), self.level().is_settled), (25, True))

    def test_what_was_sold_after_a_lost_answer_is_not_given_back_when_the_next_call_is_refused(self):
        self.subscribe()
        for refusal in ("throttle", "http_429"):
            self.reconcile(times=3)
            before = self.shown()
            self.receive(5)
            with self.faults("truncated", count=1), self.faults(refusal, count=1):
                self.drain()
            self.assertEqual(self.shown(), before + 5, "the call took effect")
            self.sell(3)
            self.world.bucket.configure(10**7, 10**7)
            self.make_due()
            self.drain()
            self.assertLessEqual(self.shown(), before + 2, refusal)
            self.assertFalse(self.level().is_settled)
            self.receive_all()

    @contextmanager
    def others_take_what_is_left(self):
        """Once a call has ended, other workers have spent the budget."""
        settle = budget_sql.settle

        def settle_and_spend(cr, values):
            settle(cr, values)
            cr.execute("UPDATE retail_budget SET level = 0, restore_rate = 0.001")

        with patch.object(budget_sql, "settle", settle_and_spend):
            yield
        self.env.cr.execute("UPDATE retail_budget SET level = maximum, restore_rate = maximum")
        self.env.cr.execute("DELETE FROM retail_budget_wait")

    def test_what_was_sold_after_a_lost_answer_is_not_given_back_when_the_next_call_cannot_be_paid_for(self):
        self.subscribe()
        self.reconcile(times=3)
        before = self.shown()
        self.receive(5)
        with self.faults("truncated", count=1), self.others_take_what_is_left():
            self.drain()
        self.assertEqual(self.shown(), before + 5, "the call took effect")
        self.sell(3)
        self.make_due()
        self.drain()
        self.assertLessEqual(self.shown(), before + 2)
        self.assertFalse(self.level().is_settled)

    def test_units_that_odoo_takes_and_the_shop_did_not_sell_there_lower_the_shop(self):
        self.subscribe()
        self.reconcile()
        self.sell(2)
        self.shop_level()["available"] += 2  # it was sold from another place of the shop
        self.receive_all()
        self.assertEqual((self.available(), self.shown()), (18, 18))

    def test_units_added_to_an_order_in_odoo_lower_the_shop(self):
        self.subscribe()
        self.reconcile()
        order = self.sell(2)
        self.receive_all()
        self.sale_order(order).order_line.filtered("product_id.is_storable").product_uom_qty = 5
        self.sale_order(order).picking_ids.action_assign()
        self.commit()
        self.drain()
        self.assertEqual((self.available(), self.shown()), (15, 15))

    def test_sales_that_are_taken_in_are_looked_at_in_one_call(self):
        self.subscribe()
        self.reconcile()
        before = self.calls("InventoryAtLocation")
        for number in (0, 1):
            self.sell(2, number)
        self.receive_all()
        self.assertLessEqual(self.calls("InventoryAtLocation"), before + 1)
        self.assertEqual((self.shown(0), self.shown(1)), (18, 18))

    def test_a_level_whose_time_to_stand_still_is_not_over_costs_no_call(self):
        self.backend.stock_settle_minutes = 2
        self.reconcile()
        before = self.calls("InventoryAtLocation")
        self.assertTrue(before)
        self.reconcile(times=3)
        self.assertEqual(self.calls("InventoryAtLocation"), before)
        self.env.cr.execute("UPDATE retail_stock_level SET seen_at = seen_at - interval '3 minutes'")
        self.env.invalidate_all()
        self.reconcile()
        self.assertTrue(self.level().is_settled)

    def test_a_shop_that_throttles_unsettles_nothing(self):
        self.reconcile()
        self.receive(5)
        with self.faults("throttle", count=1):
            self.drain()
        self.assertEqual(
            self.intents().filtered(lambda one: one.state == "retry").mapped("error_class"), ["rate_limited"]
        )
        self.world.bucket.configure(10**7, 10**7)
        self.make_due()
        self.drain()
        self.assertEqual((self.shown(), self.level().is_settled), (25, True))

    def test_a_figure_changed_by_hand_in_the_shop_is_found_and_set_right(self):
        self.reconcile()
        self.shop_level()["available"] = 90
        self.world.clock.advance(5)
        self.world.shop.touch(self.shop_level())
        self.reconcile(times=3)
        self.assertEqual((self.shown(), self.level().difference), (STOCK, 0))
        self.assertIn("90", self.level().explanation)

    def test_the_same_change_by_hand_is_set_right_each_time(self):
        for _time in range(2):
            self.shop_level()["available"] = 90
            self.world.clock.advance(5)
            self.world.shop.touch(self.shop_level())
            self.reconcile(times=3)
            self.assertEqual(self.shown(), STOCK)

    def test_a_cancelled_order_leaves_both_sides_equal_in_the_end(self):
        from simulators.shopify import live

        self.subscribe()
        self.reconcile()
        order = self.sell(3)
        self.receive_all()
        self.world.clock.advance(60)
        live.cancel(self.world, order)
        self.receive(1)
        self.drain()
        self.receive_all()
        self.assertLessEqual(self.shown(), self.available())
        self.reconcile(times=3)
        self.assertEqual((self.shown(), self.available()), (21, 21))

    def test_nothing_is_settled_while_the_shop_cannot_be_asked_for_its_orders(self):
        self.flow("order").action_pause()
        self.reconcile(times=3)
        self.assertFalse(self.level().is_settled)

    def test_all_levels_that_changed_go_in_one_call(self):
        self.reconcile()
        for number in (0, 1):
            self.receive(5, number)
        self.drain()
        self.assertEqual(self.calls("InventorySet"), 1)
        self.assertEqual(self.env["retail.connector.shopify"]._get_push_size(self.flow("stock_level")), 250)

    def test_a_level_that_is_sold_faster_than_it_can_be_set_waits_and_stops_no_other(self):
        self.reconcile()
        self.receive(5, number=0)
        self.receive(5, number=1)
        ask = stock.StockPush._ask
        shop_level = self.shop_level()

        def ask_then_sell(push, items):
            items = list(items)
            ask(push, items)
            if items:
                shop_level["available"] -= 1

        shop_level["available"] -= 1
        self.patch(stock.StockPush, "_ask", ask_then_sell)
        self.drain()
        states = self.intents().mapped("state")
        self.assertIn("retry", states)
        self.assertTrue(self.level(0).is_settled)


@tagged("post_install", "-at_install")
class TestMarksOfOrders(ShopStockCase):
    def test_an_unknown_number_of_lines_of_an_order_in_the_inbox_settles_nothing(self):
        self.subscribe()
        order = self.place("many_lines")
        self.let_in(self.letters())
        self.assertEqual(self.messages("order:" + order["id"]).state, "pending")
        self.reconcile(times=1)
        self.assertFalse(self.level().is_settled)
