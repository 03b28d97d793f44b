"""Calls are paid for before they are made; what cannot be paid for waits, and nobody sleeps."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import AccessError
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged

from odoo.addons.retail_integration_base.engine import budget_sql
from odoo.addons.retail_integration_base.engine.budget import RESERVED_SHARE, RateBudget, RateLimit
from odoo.addons.retail_integration_base.engine.errors import BudgetSpent
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

from .outbox_common import OutboxCase

#: Nothing worth speaking of comes back during a test.
SLOW = 0.001
WORKERS = 6


class BudgetCase(OutboxCase):
    def limit(self, maximum, per_second=SLOW):
        self.patch(type(self.env["retail.connector.test_notes"]), "_rate_limit", RateLimit(maximum, per_second))

    def budget_level(self):
        return self.level() if self.env["retail.budget"].search([("backend_id", "=", self.channel.id)]) else 100

    def budget(self, latency="realtime", backend=None):
        return (backend or self.channel)._calling_for(self.note_flow, latency)._get_budget()

    def level(self):
        self.env.invalidate_all()
        return self.env["retail.budget"].search([("backend_id", "=", self.channel.id)]).level

    def spend(self, budget=None):
        """Take until nothing is left; return the error that says so. What is refused leaves its mark: no savepoint."""
        try:
            while True:
                (budget or self.budget()).take()
        except BudgetSpent as error:
            return error

    def waits(self):
        self.env.invalidate_all()
        return self.env["retail.budget.wait"].search([("backend_id", "=", self.channel.id)], order="priority")

    def let_time_pass(self, seconds):
        self.env.flush_all()
        for table, column in (("retail_budget", "level_at"), ("retail_budget_wait", "wait_until")):
            self.env.cr.execute("UPDATE %s SET %s = %s - %%s" % (table, column, column), (timedelta(seconds=seconds),))


class TestReckoning(BudgetCase):
    def test_what_is_taken_is_gone_until_it_comes_back(self):
        self.limit(3, per_second=0.5)
        self.assertGreater(self.spend().delay, timedelta(0))
        self.assertLess(self.level(), 1.1, "the little that realtime leaves")
        self.let_time_pass(10)
        self.budget().take()

    def test_a_bucket_never_holds_more_than_its_maximum(self):
        self.limit(3, per_second=100)
        self.budget().take()
        self.let_time_pass(3600)
        self.budget().take()
        self.assertLessEqual(self.level(), 2)

    def test_less_urgent_work_leaves_its_share_to_what_is_more_urgent(self):
        self.limit(100)
        taken = {}
        for latency in ("backfill", "batch", "standard", "realtime"):
            before = self.budget_level()
            self.spend(self.budget(latency))
            taken[latency] = before - self.budget_level()
        left = {name: 100 - sum(list(taken.values())[: at + 1]) for at, name in enumerate(taken)}
        for latency, rest in left.items():
            self.assertAlmostEqual(rest, 100 * RESERVED_SHARE[latency], delta=1.01)

    def test_who_is_more_urgent_and_waits_is_served_first(self):
        self.limit(10, per_second=1)
        self.spend()
        self.assertEqual(self.waits().mapped("priority"), [10, 20, 30, 40])
        self.env.cr.execute("UPDATE retail_budget SET level = 9, level_at = clock_timestamp() AT TIME ZONE 'UTC'")
        with self.assertRaises(BudgetSpent):
            self.budget("batch").take()
        self.budget().take()

    def test_the_vendors_figure_lowers_ours_and_never_raises_it(self):
        self.limit(100)
        self.budget().take().settle(actual=1, maximum=100, available=20, restore_rate=SLOW)
        self.assertAlmostEqual(self.level(), 20, delta=0.1)
        self.budget().take().settle(actual=1, maximum=100, available=90, restore_rate=SLOW)
        self.assertAlmostEqual(self.level(), 19, delta=0.1)

    def test_what_a_call_did_not_cost_comes_back(self):
        self.limit(100)
        reservation = self.budget().take()
        self.assertAlmostEqual(self.level(), 99, delta=0.1)
        reservation.give_back()
        self.assertAlmostEqual(self.level(), 100, delta=0.1)

    def test_a_vendor_that_says_its_limit_with_each_answer_is_called_once_before_it_has(self):
        limit = RateLimit.learned(dearest=50)
        self.patch(type(self.env["retail.connector.test_notes"]), "_rate_limit", limit)
        first = self.budget().take("list", 10)
        with self.assertRaises(BudgetSpent):
            self.budget().take("list", 10)
        first.settle(requested=30, actual=20, maximum=1000, available=980, restore_rate=SLOW)
        self.let_time_pass(1)
        self.assertAlmostEqual(self.budget().take("list", 20).reserved, 60, msg="a list of twice as many")
        self.assertAlmostEqual(self.budget().take("never seen").reserved, 50, msg="the dearest there is")

    def test_senseless_figures_of_a_vendor_are_not_believed(self):
        self.limit(100)
        for said in (float("nan"), float("inf"), -5, 0):
            self.budget().take().settle(maximum=said, available=1, restore_rate=said)
        self.assertAlmostEqual(self.level(), 96, delta=0.1)

    def test_no_wait_is_longer_than_its_most(self):
        self.limit(10, per_second=1e-9)
        self.assertEqual(self.spend().delay, timedelta(seconds=budget_sql.MAX_WAIT_SECONDS))

    def test_each_backend_has_its_own(self):
        self.limit(2)
        other = self.make_channel("Other")
        self.spend()
        self.budget(backend=other).take()

    def test_it_is_shown_to_auditors_of_its_company_and_changed_by_nobody(self):
        self.limit(10)
        self.budget().take()
        group = "retail_integration_base.group_retail_auditor"
        auditor = self.make_user("auditor", group)
        foreign = self.make_user("foreign", group, self.env["res.company"].create({"name": "Other"}))
        budgets = self.env["retail.budget"].search([("backend_id", "=", self.channel.id)])
        self.assertTrue(budgets.with_user(auditor).search([("id", "in", budgets.ids)]))
        self.assertFalse(budgets.with_user(foreign).search([("id", "in", budgets.ids)]))
        with self.assertRaises(AccessError):
            budgets.with_user(auditor).write({"level": 1000})


class TestWorkThatWaits(BudgetCase):
    def test_a_message_that_cannot_be_paid_for_is_put_back_as_if_nobody_had_taken_it(self):
        self.limit(5)
        self.spend()
        message = self.bring("n1", backend=self.channel)
        self.drain()
        self.assertEqual((message.state, message.attempts, self.vendor.calls), ("pending", 0, {}))
        self.assertFalse(self.env["retail.sync.log"].search([("inbox_id", "=", message.id)]))
        self.assertFalse(self.channel.flow_ids.filtered("silent_since"), "the vendor is not to blame")

    def test_it_goes_on_when_there_is_something_left(self):
        self.limit(5, per_second=1)
        self.spend()
        message = self.bring("n1", backend=self.channel)
        self.drain()
        self.let_time_pass(60)
        self.drain()
        self.assertEqual(message.state, "done")

    def test_meanwhile_it_is_not_claimed_again_and_again(self):
        self.limit(5)
        self.spend()
        self.bring("n1", backend=self.channel)
        self.drain()
        self.assertEqual(self.drain(), 0)

    def test_the_drain_knows_when_to_come_back(self):
        self.limit(5, per_second=0.1)
        self.spend()
        self.bring("n1", backend=self.channel)
        self.drain()
        lanes = list(range(16))
        seconds = self.env["retail.inbox.processor"]._next_due(lanes)
        self.assertGreater(seconds, 0)
        self.assertLessEqual(seconds, budget_sql.MAX_WAIT_SECONDS)

    def test_what_is_to_be_told_waits_too_and_is_told_once(self):
        self.limit(5, per_second=1)
        self.spend()
        self.make_notes("x")
        self.drain()
        intent = self.intents()
        self.assertEqual((intent.state, intent.attempts, self.vendor.notes), ("pending", 0, {}))
        self.let_time_pass(60)
        self.drain()
        self.assertEqual((intent.state, self.vendor.notes), ("done", {"n0": "x"}))

    def test_a_command_that_could_not_be_paid_for_is_not_taken_for_one_the_vendor_may_have(self):
        self.limit(5, per_second=1)
        self.note_flow.state = "off"
        note = self.make_notes("x")
        self.spend()
        parcel = self.order_parcel(note)
        self.drain()
        self.env.cr.execute("SELECT is_unknown, attempts FROM retail_outbox_work WHERE outbox_id = %s", (parcel.id,))
        self.assertEqual(self.env.cr.fetchone(), (False, 0))
        self.let_time_pass(60)
        self.drain()
        self.assertEqual(parcel.state, "done")

    def test_a_poll_leaves_the_live_its_share_and_goes_on_later(self):
        self.limit(10)
        for _call in range(7):
            self.budget().take()
        flow = self.channel.flow_ids.filtered(lambda flow: flow.entity == "note" and flow.direction == "in")
        flow.watermark = fields.Datetime.now() - timedelta(days=1)
        self.assertIn("calls left", flow._job_poll())
        self.assertFalse(flow.poll_error)
        self.assertEqual(self.vendor.calls, {})
        again = self.env["queue.job"].search([("identity_key", "=", flow._poll_key()), ("state", "=", "pending")])
        self.assertGreater(again.eta, fields.Datetime.now())


@tagged("post_install", "-at_install")
class TestWorkersAtOneBudget(BaseCase):
    """With committed records and a connection for each worker, as processes have them."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.backend_id = self.committed(
            lambda env: env["retail.backend"].create(
                {"name": "Shared", "connector": "test_notes", "company_id": env.ref("base.main_company").id}
            )
        ).id
        self.addCleanup(self.committed, lambda env: env["retail.backend"].browse(self.backend_id).unlink())

    def committed(self, function):
        with self.registry.cursor() as cr:
            return function(api.Environment(cr, SUPERUSER_ID, {}))

    def take_all(self, start):
        """Take until nothing is left, as one worker; return how many calls it paid for."""
        budget = RateBudget(lambda: own_cursor(self.registry), self.backend_id, "api", RateLimit(50, SLOW))
        start.wait(timeout=30)
        taken = 0
        try:
            while True:
                budget.take()
                taken += 1
        except BudgetSpent:
            return taken

    def test_workers_that_come_at_the_same_moment_never_take_more_than_there_is(self):
        start = threading.Barrier(WORKERS)
        with ThreadPoolExecutor(WORKERS) as workers:
            taken = list(workers.map(self.take_all, [start] * WORKERS))
        self.assertEqual(sum(taken), 49, "all but the little that realtime leaves")
