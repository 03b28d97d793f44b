"""What is resolved and fails again, what is ignored and fails again, and what is at risk."""

from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman

from .common import RetailCase


@tagged("post_install", "-at_install")
class TestExceptionLife(RetailCase):
    def setUp(self):
        super().setUp()
        self.operator = self.make_user("operator", "retail_integration_base.group_retail_operator")

    def exceptions(self):
        return self.env["retail.exception"].search([("backend_id", "=", self.backend.id)], order="id")

    def fail_notes(self, version=1, external_id="n1"):
        self.bring(external_id, "needs human", version)
        self.drain()
        return self.exceptions().filtered(lambda exception: exception.state == "open")

    def close(self, exception, state="resolved"):
        exception.with_user(self.operator)._close_by_hand(state, "Entered by hand")

    def texts(self, exception):
        return "".join(exception.message_ids.mapped("body"))

    def test_what_was_resolved_and_fails_again_is_the_old_card_with_its_history(self):
        exception = self.fail_notes()
        self.close(exception)
        self.assertEqual(self.fail_notes(2), exception)
        self.assertTrue(exception.is_regression)
        self.assertEqual((exception.reopened_count, exception.occurrences), (1, 2))
        self.assertFalse(exception.resolution or exception.closed_at or exception.closed_by_id)
        self.assertIn("Entered by hand", self.texts(exception))
        self.assertGreater(exception.deadline, fields.Datetime.now())

    def test_what_a_later_attempt_resolved_comes_back_too(self):
        exception = self.fail_notes()
        self.bring("n1", "fine", 2)
        self.drain()
        self.assertEqual(exception.state, "resolved")
        self.assertEqual(self.fail_notes(3), exception)

    def test_after_the_days_of_the_backend_a_failure_is_a_new_card(self):
        exception = self.fail_notes()
        self.close(exception)
        exception.sudo().closed_at = fields.Datetime.now() - timedelta(days=15)
        self.assertNotEqual(self.fail_notes(2), exception)
        self.assertFalse(self.exceptions()[-1].is_regression)

    def test_with_no_days_every_failure_is_a_new_card(self):
        self.backend.regression_days = 0
        exception = self.fail_notes()
        self.close(exception)
        self.assertNotEqual(self.fail_notes(2), exception)

    def test_what_was_ignored_stays_ignored_and_the_new_failure_is_a_card_that_says_so(self):
        ignored = self.fail_notes()
        self.close(ignored, "ignored")
        new = self.fail_notes(2)
        self.assertEqual((len(new), ignored.state, new.previous_id), (1, "ignored", ignored))
        self.assertNotEqual(new, ignored)
        self.assertIn("Entered by hand", self.texts(new))
        self.assertIn("failed again", self.texts(ignored))

    def test_another_subject_or_another_kind_is_no_regression(self):
        exception = self.fail_notes()
        self.close(exception)
        self.assertNotEqual(self.fail_notes(1, "n2"), exception)
        self.bring("n1", "bug", 2)
        self.drain()
        self.assertEqual(exception.state, "resolved")

    def test_another_backends_subject_is_no_regression(self):
        exception = self.fail_notes()
        self.close(exception)
        other = self.make_backend("Other")
        self.bring("n1", "needs human", 1, backend=other)
        self.drain()
        self.assertEqual(exception.state, "resolved")
        self.assertEqual(len(self.env["retail.exception"].search([("backend_id", "=", other.id)])), 1)

    # ---------------------------------------------------------------- what is at risk

    def open_with(self, amount, code, subject="note:x"):
        error = NeedsHuman("It fails.", kind="odoo_refused", cause_key="x")
        return self.env["retail.exception"]._open(
            self.backend,
            subject,
            error,
            kind="odoo_refused",
            cause_key="x",
            cause_title="It fails",
            amount=(Decimal(amount), code),
        )

    def test_an_amount_in_another_currency_is_valued_in_the_companys(self):
        yen = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "JPY")])
        yen.rate_ids.unlink()
        self.env["res.currency.rate"].create({"currency_id": yen.id, "name": "2020-01-01", "rate": 160.0})
        exception = self.open_with("16000", "JPY")
        own = self.env.company.currency_id
        rate = own.rate_ids[:1].rate or 1.0
        self.assertEqual((exception.amount_at_risk, exception.currency_id.name), (16000.0, "JPY"))
        self.assertAlmostEqual(exception.amount_company, 100.0 * rate, 1)
        self.assertFalse(exception.is_unvalued)

    def test_without_a_rate_an_amount_is_not_taken_one_to_one(self):
        yen = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "JPY")])
        yen.rate_ids.unlink()
        exception = self.open_with("16000", "JPY")
        self.assertEqual((exception.amount_company, exception.is_unvalued), (0.0, True))
        self.assertTrue(self.open_with("5", "XXQ", "note:y").is_unvalued, "nobody knows this currency")
