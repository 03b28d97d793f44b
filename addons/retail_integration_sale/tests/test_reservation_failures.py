"""Deferred reservations that fail: kept apart, visible, tried again, settled by hand."""

from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.exceptions import LockError, UserError
from odoo.tests import tagged

from odoo.addons.retail_integration_sale.models import retail_reservation_writer

from .common import RetailSaleCase, line, order

WRITER_LOG = "odoo.addons.retail_integration_sale.models.retail_reservation_writer"


@tagged("post_install", "-at_install")
class TestReservationFailures(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.defer_reservation()
        self.broken = self.make_product("BROKEN")

    def break_product(self, error=None):
        """Let Odoo fail whenever it reserves the broken product."""
        assign = self.env.registry["stock.move"]._action_assign
        self.refused = []

        def refusing_assign(moves, *args, **kwargs):
            if self.broken in moves.product_id:
                self.refused.append(moves)
                raise error or UserError("The lot is blocked.")
            return assign(moves, *args, **kwargs)

        self.patch(self.env.registry["stock.move"], "_action_assign", refusing_assign)

    def import_with_one_broken(self, count=7, broken=3):
        documents = [order(str(number)) for number in range(count)]
        documents[broken] = order(str(broken), lines=[line(sku="BROKEN")])
        return [result.record.with_env(self.env) for result in self.import_documents(*documents)]

    def fail(self):
        self.break_product()
        sales = self.import_with_one_broken()
        with self.assertLogs(WRITER_LOG, "ERROR"):
            self.reserve()
        return sales[3]

    def exception(self, sale):
        return self.env["retail.exception"].search([("res_model", "=", "sale.order"), ("res_id", "=", sale.id)])

    # ---------------------------------------------------------------- one transfer that fails

    def test_one_transfer_that_fails_stops_nobody_and_becomes_an_exception_of_its_order(self):
        self.break_product()
        sales = self.import_with_one_broken()
        with self.assertLogs(WRITER_LOG, "ERROR"):
            self.reserve()
        self.assertEqual(
            [sale.picking_ids.state for sale in sales], ["assigned"] * 3 + ["confirmed"] + ["assigned"] * 3
        )
        exception = self.exception(sales[3])
        self.assertEqual((exception.kind, exception.state), ("reservation_failed", "open"))
        self.assertIn(sales[3].picking_ids.name, exception.name)
        self.assertIn("The lot is blocked.", exception.name)
        self.assertEqual(exception.amount_at_risk, sales[3].amount_total)
        self.assertEqual((self.marks(sales[3]).is_held, self.marks(sales[3]).exception_id), (True, exception))
        self.assertEqual(
            (sales[3].retail_reservation_state, sales[3].picking_ids.retail_reservation_state), ("held",) * 2
        )

    def test_what_is_held_is_not_tried_again_by_itself(self):
        self.fail()
        self.refused.clear()
        self.assertEqual(self.reserve(), 0)
        self.assertFalse(self.refused)

    def test_a_replay_reserves_it_and_closes_the_exception(self):
        sale = self.fail()
        exception = self.exception(sale)
        self.broken = self.env["product.product"]
        exception.action_replay()
        self.assertEqual(exception.state, "open", "nothing has happened yet")
        self.reserve()
        self.assertEqual((sale.picking_ids.state, exception.state), ("assigned", "resolved"))
        self.assertFalse(self.marks(sale))

    def test_a_replay_that_fails_again_keeps_one_exception(self):
        sale = self.fail()
        exception = self.exception(sale)
        exception.action_replay()
        with self.assertLogs(WRITER_LOG, "ERROR"):
            self.reserve()
        self.assertEqual((self.exception(sale), exception.state, exception.occurrences), (exception, "open", 2))

    def test_what_a_person_reserves_by_hand_closes_the_exception(self):
        sale = self.fail()
        exception = self.exception(sale)
        self.broken = self.env["product.product"]
        sale.picking_ids.action_assign()
        self.env.flush_all()
        self.env["retail.reservation.writer"]._cron_watchdog()
        self.assertEqual(exception.state, "resolved")
        self.assertFalse(self.marks(sale))

    def test_closing_it_with_a_reason_leaves_the_transfer_to_people(self):
        sale = self.fail()
        exception = self.exception(sale)
        exception._close_by_hand("ignored", "It is picked by hand.")
        self.assertEqual(exception.state, "ignored")
        self.assertFalse(self.marks(sale))
        self.assertEqual(self.reserve(), 0)
        self.assertFalse(sale.retail_reservation_state)

    def test_a_later_message_of_the_order_does_not_hide_that_its_reservation_failed(self):
        sale = self.fail()
        self.bring(order("3", version=2, lines=[line(sku="BROKEN")], note="Ring the bell"))
        self.assertEqual(sale.retail_note, "Ring the bell")
        self.assertEqual(self.exception(sale).state, "open")

    def test_the_exception_hides_none_about_a_message_of_the_order(self):
        sale = self.fail()
        held = self.bring(order("3", version=2, total="20.00", lines=[line(sku="BROKEN"), line("L2", sku="?")]))
        self.assertEqual(held.exception_id.state, "open")
        self.exception(sale).action_replay()
        with self.assertLogs(WRITER_LOG, "ERROR"):
            self.reserve()
        self.assertEqual((held.exception_id.state, self.exception(sale).state), ("open", "open"))

    # ---------------------------------------------------------------- conflicts

    def test_a_conflict_is_tried_again_at_once(self):
        assign, calls = self.env.registry["stock.move"]._action_assign, []

        def assign_after_conflict(moves, *args, **kwargs):
            calls.append(moves)
            if len(calls) < 3:
                raise LockError("Somebody else has it")
            return assign(moves, *args, **kwargs)

        sale = self.import_order()
        self.patch(self.env.registry["stock.move"], "_action_assign", assign_after_conflict)
        self.reserve()
        self.assertEqual((sale.picking_ids.state, len(calls)), ("assigned", 3))

    def test_a_conflict_that_does_not_go_away_is_postponed_and_says_so(self):
        self.break_product(LockError("Somebody else has it"))
        sale = self.import_order(lines=[line(sku="BROKEN")])
        self.reserve()
        mark = self.marks(sale)
        self.assertFalse(mark.is_held)
        self.assertGreaterEqual(mark.not_before, fields.Datetime.now() - timedelta(seconds=1))
        self.assertIn("changed by somebody else", mark.reason)
        self.broken = self.env["product.product"]
        mark.not_before = fields.Datetime.now() - timedelta(seconds=1)
        self.reserve()
        self.assertEqual(sale.picking_ids.state, "assigned")

    def test_a_database_that_goes_away_is_nobodys_fault(self):
        self.break_product(psycopg2.OperationalError("server closed the connection unexpectedly"))
        sale = self.import_order(lines=[line(sku="BROKEN")])
        with self.assertRaises(psycopg2.OperationalError):
            self.reserve()
        self.assertFalse(self.marks(sale).is_held)
        self.assertFalse(self.exception(sale))

    # ---------------------------------------------------------------- workers that die

    def test_marks_of_a_worker_that_died_come_alone(self):
        sales = [result.record for result in self.import_documents(*(order(str(number)) for number in range(4)))]
        lost = self.marks(sales[0])
        lost.claimed_at = fields.Datetime.now()
        batches = []
        reserve = type(self.env["retail.reservation.writer"])._reserve

        def watching_reserve(writer, marks):
            batches.append(len(marks))
            return reserve(writer, marks)

        self.patch(self.env.registry["retail.reservation.writer"], "_reserve", watching_reserve)
        self.reserve()
        self.assertEqual(sorted(batches), [1, 3])
        self.assertEqual({sale.picking_ids.state for sale in sales}, {"assigned"})

    def test_a_transfer_that_kills_its_worker_is_kept_apart(self):
        sale = self.import_order()
        self.marks(sale).write(
            {"claimed_at": fields.Datetime.now(), "deaths": retail_reservation_writer.MAX_DEATHS - 1}
        )
        with self.assertLogs(WRITER_LOG, "ERROR"):
            self.reserve()
        self.assertEqual(self.exception(sale).kind, "worker_killed")
        self.assertTrue(self.marks(sale).is_held)
        self.exception(sale).action_replay()
        self.reserve()
        self.assertEqual((sale.picking_ids.state, self.exception(sale).state), ("assigned", "resolved"))

    # ---------------------------------------------------------------- waking

    def test_the_first_mark_sends_for_a_job_and_the_next_does_not(self):
        self.registry_enter_test_mode()
        warehouse = self.backend.warehouse_id.id
        retail_reservation_writer.wake(self.env.registry, [warehouse])
        retail_reservation_writer.wake(self.env.registry, [warehouse])
        jobs = self.env["queue.job"].search([("identity_key", "=", "retail.reserve.%d" % warehouse)])
        self.assertEqual((len(jobs), jobs.channel), (1, "root.retail.realtime"))

    def test_the_watchdog_reserves_what_no_job_took(self):
        self.registry_enter_test_mode()
        sale = self.import_order()
        self.marks(sale).not_before = fields.Datetime.now() - timedelta(seconds=5)
        self.env.flush_all()
        self.env["retail.reservation.writer"]._cron_watchdog()
        self.env.invalidate_all()
        self.assertEqual(sale.picking_ids.state, "assigned")

    def test_the_job_says_what_it_did_and_goes_to_sleep(self):
        self.registry_enter_test_mode()
        self.import_order()
        warehouse = self.backend.warehouse_id
        retail_reservation_writer.wake(self.env.registry, warehouse.ids)
        self.assertEqual(self.env["retail.reservation.writer"]._job_reserve(warehouse.id), "1 transfers")
        lane = self.env["retail.reservation.lane"].search([("warehouse_id", "=", warehouse.id)])
        lane.invalidate_recordset()
        self.assertFalse(lane.is_awake)
