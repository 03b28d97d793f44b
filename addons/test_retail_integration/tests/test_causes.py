"""The screen of causes: numbers, trend, order, to-dos."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_integration_base.models.retail_exception_cause import sparkline

from .common import RetailCase


@tagged("post_install", "-at_install")
class TestCauses(RetailCase):
    def setUp(self):
        super().setUp()
        self.env["retail.exception"].search([("state", "=", "open")])._close("ignored", "not of this test")
        self.owner = self.make_user("owner", "retail_integration_base.group_retail_operator")
        self.flow.owner_id = self.owner
        for number in range(3):
            self.bring("n%d" % number, "needs human")
        self.bring("bug", "bug")
        self.drain()
        self.cause = self.open_exceptions().filtered(lambda exception: exception.kind == "odoo_refused").cause_id

    def open_exceptions(self):
        return self.env["retail.exception"].search([("backend_id", "=", self.backend.id), ("state", "=", "open")])

    def causes(self, domain=(), **kwargs):
        return self.env["retail.exception.cause"].search([("open_count", ">", 0), *domain], **kwargs)

    def close_all(self):
        self.cause.with_user(self.owner)._get_open()._close_by_hand("ignored", "Enough")
        self.env.invalidate_all()

    def test_a_cause_says_how_many_wait_what_it_is_worth_and_since_when(self):
        exceptions = self.cause._get_open()
        worth = sum(exceptions.mapped("amount_company"))
        self.assertEqual((self.cause.open_count, self.cause.kind), (3, "odoo_refused"))
        self.assertEqual((self.cause.open_amount, self.cause.unvalued_count), (worth, 0))
        self.assertEqual(self.cause.first_seen_at, min(exceptions.mapped("first_seen_at")))
        self.assertEqual(self.cause.next_deadline, min(exceptions.mapped("deadline")))
        self.assertEqual((self.cause.owner_ids, self.cause.backend_names), (self.owner, "Notes"))

    def test_a_cause_with_nothing_open_is_settled(self):
        self.close_all()
        self.assertEqual((self.cause.open_count, self.cause.open_amount), (0, 0.0))
        self.assertNotIn(self.cause, self.causes())
        self.assertIn(self.cause, self.env["retail.exception.cause"].search([("open_count", "=", 0)]))

    def test_causes_are_sorted_by_what_is_open(self):
        other = self.causes() - self.cause
        self.assertEqual(self.causes(order="open_count desc"), self.cause + other)
        self.assertEqual(self.causes(order="open_count"), other + self.cause)
        described = self.env["retail.exception.cause"].fields_get(["open_count", "open_amount"], ["sortable"])
        self.assertTrue(all(field["sortable"] for field in described.values()))

    def test_what_is_overdue_is_counted_and_found(self):
        self.assertFalse(self.causes([("is_overdue", "=", True)]))
        self.cause._get_open()[0].deadline = fields.Datetime.now() - timedelta(minutes=1)
        self.env.invalidate_all()
        self.assertEqual((self.cause.overdue_count, self.cause.is_overdue), (1, True))
        self.assertEqual(self.causes([("is_overdue", "=", True)]), self.cause)

    def test_the_numbers_of_many_causes_take_as_many_queries_as_those_of_one(self):
        def read(causes):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            causes.read(["open_count", "open_amount", "overdue_count", "trend", "owner_ids"])
            return self.env.cr.sql_log_count - before

        read(self.cause)
        one = read(self.cause)
        many = self.env["retail.exception.cause"].concat(
            *(
                self.env["retail.exception"]._get_cause(self.env.company, "odoo_refused", "c%d" % n, "C")
                for n in range(20)
            )
        )
        self.assertEqual(read(self.causes() | many), one)

    def test_the_trend_counts_every_failure_of_the_last_fourteen_days(self):
        self.bring("n0", "needs human", 2)
        self.drain()
        occurrences = self.env["retail.exception.occurrence"].search([("cause_id", "=", self.cause.id)])
        self.assertEqual(len(occurrences), 4)
        self.env.cr.execute(
            "UPDATE retail_exception_occurrence SET at = at - interval '13 days' WHERE id = %s", (occurrences[0].id,)
        )
        self.env.cr.execute(
            "UPDATE retail_exception_occurrence SET at = at - interval '14 days' WHERE id = %s", (occurrences[1].id,)
        )
        self.env.invalidate_all()
        counts = self.env["retail.exception.occurrence"]._count_days(self.cause, 14)[self.cause.id]
        self.assertEqual((len(counts), counts[0], counts[-1], sum(counts)), (14, 1, 2, 3))
        self.assertEqual((len(self.cause.trend), self.cause.today_count), (14, 2))

    def test_days_long_past_are_forgotten_and_the_exceptions_are_not(self):
        self.env.cr.execute("UPDATE retail_exception_occurrence SET at = at - interval '91 days'")
        self.env["retail.exception.occurrence"]._gc_old()
        self.assertFalse(self.env["retail.exception.occurrence"].search([("cause_id", "=", self.cause.id)]))
        self.assertEqual(self.cause.open_count, 3)

    def test_a_trend_reads_as_bars(self):
        self.assertEqual(sparkline([0, 1, 4, 8]), "·▁▄█")
        self.assertEqual(sparkline([0, 0]), "··")

    def test_taking_a_cause_makes_all_of_it_mine(self):
        taker = self.make_user("taker", "retail_integration_base.group_retail_operator")
        self.cause.with_user(taker).action_take()
        self.assertEqual(self.cause._get_open().user_id, taker)

    # ---------------------------------------------------------------- to-dos

    def activities(self, active=True):
        return (
            self.env["mail.activity"]
            .with_context(active_test=False)
            .search(
                [
                    ("res_model", "=", "retail.exception.cause"),
                    ("res_id", "=", self.cause.id),
                    ("active", "=", active),
                ]
            )
        )

    def run_cron(self):
        self.env["retail.exception.cause"]._cron_activities()
        self.env.flush_all()

    def test_an_owner_has_one_to_do_per_cause_however_many_wait(self):
        self.run_cron()
        self.run_cron()
        self.assertEqual(len(self.activities()), 1)
        self.assertEqual(self.activities().user_id, self.owner)
        self.assertEqual(self.activities().date_deadline, self.cause.next_deadline.date())

    def test_the_to_do_ends_with_the_last_exception(self):
        self.run_cron()
        self.close_all()
        self.run_cron()
        self.assertFalse(self.activities())

    def test_the_to_do_follows_to_a_new_owner(self):
        self.run_cron()
        taker = self.make_user("taker", "retail_integration_base.group_retail_operator")
        self.cause.with_user(taker).action_take()
        self.run_cron()
        self.assertEqual(self.activities().user_id, taker)

    def test_a_to_do_that_was_ticked_off_comes_back_only_for_something_newer(self):
        self.run_cron()
        self.activities().with_user(self.owner).action_feedback()
        self.env.flush_all()
        self.env.cr.execute("UPDATE retail_exception SET last_seen_at = last_seen_at - interval '1 hour'")
        self.env.invalidate_all()
        self.run_cron()
        self.assertFalse(self.activities())
        self.env.cr.execute("UPDATE mail_activity SET write_date = write_date - interval '1 minute' WHERE NOT active")
        self.env.invalidate_all()
        self.bring("n9", "needs human")
        self.drain()
        self.run_cron()
        self.assertEqual(len(self.activities()), 1)
