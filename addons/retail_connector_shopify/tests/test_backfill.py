"""The history of a shop: counted, confirmed, fetched in bulk, taken once."""

import time
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.retail_integration_base.engine import jsonl
from odoo.addons.retail_integration_base.engine.errors import StillRunning
from odoo.addons.retail_integration_base.engine.messages import PRIORITY
from odoo.addons.retail_integration_base.models import retail_backfill_work

from .backfill_common import BackfillCase


@tagged("post_install", "-at_install")
class TestBackfill(BackfillCase):
    # ---------------------------------------------------------------- report, decision, result

    def test_the_history_is_counted_first_and_nothing_is_taken_before_a_person_says_so(self):
        self.subscribe()
        self.place("simple")
        self.receive_all()
        _new, _also_new, done = self.place_many("simple", "company", "guest")
        self.ship(done)
        backfill = self.count()
        self.assertEqual((backfill.total, backfill.applied_count), (4, 1))
        self.assertEqual((backfill.missing_open_count, backfill.missing_done_count), (2, 1))
        self.assertEqual(backfill.expected_count, 2)
        backfill._set_scope("all")
        self.assertEqual(backfill.expected_count, 3)
        self.assertFalse(self.brought())
        self.assertEqual(backfill.progress, 100)

    def test_what_is_new_is_taken_whole_from_the_file(self):
        kinds = ("simple", "guest", "company", "tip", "two_discounts", "other_currency", "us_exclusive", "many_lines")
        orders = self.place_many(*kinds)
        backfill = self.count()
        self.world.engine.operations.clear()
        self.take(backfill)
        self.drain()
        for order in orders:
            self.assert_same_total(order)
        self.assertEqual((backfill.taken_count, backfill.known_count), (len(kinds), 0))
        asked = set(self.world.engine.operations)
        self.assertFalse({"OrdersByIds", "OrderLineItems"} & asked, "an order that is in the file is not asked for")
        self.assertFalse(self.staged(backfill), "what was taken is not kept a second time")

    def test_a_refunded_order_is_asked_for_as_the_file_does_not_hold_its_refund(self):
        from simulators.shopify import live

        order, other = self.place_many("company", "simple")
        live.edit(self.world, order, quantities=[{"line": 0, "quantity": 0}], webhooks=False)
        self.assertTrue(order["refunds"])
        self.backfill()
        self.assert_same_total(order)
        self.assert_same_total(other)
        self.assertEqual(self.world.engine.operations["OrdersByIds"], 1)

    def test_orders_made_before_the_moment_are_left_alone(self):
        old, new = self.place_many("simple", "simple")
        old["createdAt"] -= timedelta(days=3)
        self.backfill()
        self.assertFalse(self.sale_order(old))
        self.assert_same_total(new)

    def test_a_shop_without_history_is_done_at_once(self):
        backfill = self.count()
        self.assertEqual((backfill.total, backfill.expected_count), (0, 0))
        self.take(backfill)
        self.assertEqual(backfill.state, "done")

    def test_what_the_shop_does_not_show_is_said(self):
        self.assertFalse(self.count().note)
        note = self.count(since=fields.Datetime.now() - timedelta(days=90)).note
        self.assertIn("read_all_orders", note)

    # ---------------------------------------------------------------- nothing twice

    def test_what_is_here_already_is_not_taken_again(self):
        self.subscribe()
        here = self.place("simple")
        self.receive_all()
        backfill = self.count()
        orders = self.place_many("simple", "guest")
        self.take(backfill)
        self.drain()
        self.assertEqual((backfill.taken_count, backfill.known_count), (2, 1))
        again = self.backfill()
        self.assertEqual((again.taken_count, again.known_count), (0, 3))
        self.poll()
        for order in (here, *orders):
            self.assertEqual(self.env["sale.order"].search_count([("retail_external_name", "=", order["name"])]), 1)

    def test_an_order_that_came_live_meanwhile_is_not_overwritten_by_the_older_one_of_the_file(self):
        from simulators.shopify import live

        self.subscribe()
        order = self.place_many("company")[0]
        self.take(self.count())
        time.sleep(1.1)  # Shopify's times have seconds
        live.edit(self.world, order, quantities=[{"line": 0, "quantity": 9}])
        self.receive_all()
        self.assertEqual(self.messages().filtered(lambda one: one.origin == "webhook").state, "done")
        self.assertEqual(self.brought().state, "superseded")
        self.assert_same_total(order)
        self.assertEqual(self.backfill().taken_count, 0)
        self.assert_same_total(order)

    def test_live_orders_go_first_and_a_backlog_holds_the_backfill_back(self):
        self.place_many("simple", "simple", "simple")
        backfill = self.count()
        self.patch(retail_backfill_work, "TAKE_SIZE", 1)
        self.flow().backlog_limit = 1
        backfill.action_take()
        give_up = time.monotonic() + 60
        while len(self.brought()) < 2 and time.monotonic() < give_up:
            backfill._job_work()
            self.env.invalidate_all()
        backfill._job_work()
        self.env.invalidate_all()
        self.assertEqual((len(self.brought()), backfill.state), (2, "running"))
        self.assertIn("more than 1", backfill.error)
        self.env.cr.execute("SELECT DISTINCT priority FROM retail_inbox_work")
        self.assertEqual(self.env.cr.fetchall(), [(PRIORITY["backfill"],)])
        self.drain()
        self.assertEqual(self.work(backfill), "done")
        self.assertEqual(len(self.brought()), 3)

    # ---------------------------------------------------------------- what is done is history

    def test_what_is_done_is_left_out_unless_it_is_wanted(self):
        done, open_one = self.place_many("simple", "simple")
        self.ship(done)
        backfill = self.backfill("open")
        self.assertEqual((backfill.taken_count, backfill.left_out_count), (1, 1))
        self.assertFalse(self.sale_order(done))
        self.assertTrue(self.sale_order(open_one).picking_ids)

    def test_what_is_done_becomes_history_that_moves_no_stock_and_bills_nobody(self):
        from simulators.shopify import live

        shipped, closed, cancelled = self.place_many("company", "simple", "simple")
        self.ship(shipped)
        closed["closed"] = True
        live.cancel(self.world, cancelled, webhooks=False)
        self.backend.order_confirm = False
        self.backfill("all")
        for order, state in ((shipped, "sale"), (closed, "sale"), (cancelled, "cancel")):
            sale = self.sale_order(order)
            self.assertEqual((sale.state, sale.retail_is_history), (state, True), self.what_happened(order))
            self.assertFalse(sale.picking_ids)
            self.assertEqual(set(sale.order_line.mapped("qty_to_invoice")), {0.0})
            self.assertEqual((sale.invoice_status, sale.amount_to_invoice), ("no", 0.0))
        self.assert_same_total(shipped)
        self.assertEqual(self.sale_order(shipped).date_order, shipped["processedAt"].replace(tzinfo=None))

    def test_history_that_changes_in_the_shop_is_a_persons_and_moves_no_stock(self):
        from simulators.shopify import live

        self.subscribe()
        order = self.place_many("company")[0]
        self.ship(order)
        self.backfill("all")
        sale = self.sale_order(order)
        sale.order_line.filtered(lambda line: line.retail_line_type == "item")[0].product_uom_qty += 5
        self.assertFalse(sale.picking_ids)
        time.sleep(1.1)
        live.cancel(self.world, order)
        self.receive_all()
        self.assertIn("order_changed_after_delivery", self.env["retail.exception"].search([]).mapped("kind"))

    def test_an_order_shipped_in_part_waits_for_a_person_and_is_history_once_it_is_shipped(self):
        order = self.place_many("company")[0]
        line = next(position for position, one in enumerate(order["lineItems"]) if one["quantity"] > 1)
        self.ship(order, lines=[{"line": line, "quantity": 1}])
        self.backfill("open")
        self.assertFalse(self.sale_order(order))
        exception = self.env["retail.exception"].search([("kind", "=", "history_partly_shipped")])
        self.assertTrue(exception.help_text)
        self.ship(order)
        exception.action_replay()
        self.drain()
        self.assertEqual(exception.state, "resolved")
        self.assertTrue(self.sale_order(order).retail_is_history)
        self.assertFalse(self.sale_order(order).picking_ids)

    # ---------------------------------------------------------------- people

    def test_it_is_paused_goes_on_where_it_was_and_can_be_cancelled(self):
        self.place_many("simple", "simple", "simple")
        self.patch(retail_backfill_work, "TAKE_SIZE", 1)
        backfill = self.count()
        backfill.action_take()
        steps = self._until_taken(backfill, 1)
        steps.close()
        backfill.action_pause()
        self.assertEqual(backfill._job_work(), "paused")
        self.assertEqual((len(self.brought()), backfill.state), (1, "paused"))
        with self.assertRaises(UserError):
            self.begin()
        backfill.action_resume()
        self.assertEqual(self.work(backfill), "done")
        self.assertEqual((len(self.brought()), backfill.exports), (3, 2))
        with self.assertRaises(UserError):
            backfill.action_cancel()

    def test_what_is_cancelled_keeps_what_was_taken_and_forgets_the_rest(self):
        self.place_many("simple", "simple", "simple")
        self.patch(retail_backfill_work, "TAKE_SIZE", 1)
        backfill = self.count()
        backfill.action_take()
        self._until_taken(backfill, 1).close()
        self.assertTrue(self.staged(backfill))
        backfill.action_cancel()
        self.assertFalse(self.staged(backfill))
        self.assertEqual(backfill._job_work(), "cancelled")
        self.assertEqual(len(self.brought()), 1)

    def _until_taken(self, backfill, count):
        """Work until ``count`` orders are taken; return the steps that are left."""
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            backfill._set_running()
            steps = backfill._steps()
            try:
                for _may_end in steps:
                    self.env.flush_all()
                    if backfill.taken_count >= count:
                        return steps
            except StillRunning:
                time.sleep(0.01)
        raise AssertionError("It was never taken.")

    def test_a_flow_that_is_off_takes_no_history(self):
        self.place_many("simple")
        backfill = self.count()
        self.flow().state = "off"
        with self.assertRaises(UserError):
            backfill.action_take()

    def test_what_was_fetched_and_left_lying_is_forgotten_and_fetched_again(self):
        self.place_many("simple", "simple")
        self.patch(retail_backfill_work, "TAKE_SIZE", 1)
        backfill = self.count()
        backfill.action_take()
        self._until_taken(backfill, 1).close()
        backfill.action_pause()
        self.env.flush_all()
        self.env.cr.execute("UPDATE retail_backfill SET write_date = write_date - interval '8 days'")
        self.env.invalidate_all()
        self.env["retail.backfill"]._gc_fetched()
        self.assertFalse(self.staged(backfill))
        backfill.action_resume()
        self.assertEqual(self.work(backfill), "done")
        self.assertEqual(len(self.brought()), 2)

    # ---------------------------------------------------------------- memory

    def test_no_more_lines_are_held_than_a_page_has_whatever_the_file(self):
        held = []
        note_page = self.env.registry["retail.backfill"]._note_page

        def note(backfill, page):
            held.append(len(page.lines))
            return note_page(backfill, page)

        self.patch(self.env.registry["retail.backfill"], "_note_page", note)
        self.patch(retail_backfill_work, "TAKE_BYTES", 1)
        taken = []
        take = self.env.registry["retail.backfill"]._take

        def note_taken(backfill, subjects):
            taken.append(len(subjects))
            return take(backfill, subjects)

        self.patch(self.env.registry["retail.backfill"], "_take", note_taken)
        self.place_many("many_lines", "simple", "simple")
        self.backfill()
        self.assertGreater(sum(held), 260)
        self.assertLessEqual(max(held), jsonl.PAGE_LINES)
        self.assertEqual(taken, [1, 1, 1], "of orders, no more than fit")

    def test_an_order_too_large_to_be_held_is_asked_for_page_by_page(self):
        self.patch(retail_backfill_work, "MAX_SUBJECT_BYTES", 50_000)
        order, other = self.place_many("many_lines", "simple")
        self.backfill()
        self.assert_same_total(order)
        self.assert_same_total(other)
        self.assertEqual(self.world.engine.operations["OrdersByIds"], 1)
