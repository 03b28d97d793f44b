"""Exceptions: opened once, explained, mended, closed with a reason."""

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import RetailCase


@tagged("post_install", "-at_install")
class TestException(RetailCase):
    def setUp(self):
        super().setUp()
        self.operator = self.make_user("operator", "retail_integration_base.group_retail_operator")

    def exceptions(self):
        return self.env["retail.exception"].search([], order="id")

    def test_what_needs_a_person_opens_one_exception_with_cause_and_amount(self):
        message = self.bring("n1", "needs human")
        self.drain()
        exception = self.exceptions()
        self.assertEqual(exception.name, "Note n1 needs a decision.")
        self.assertEqual(exception.cause_id.name, "Notes that need a decision")
        self.assertEqual((exception.amount_at_risk, exception.currency_id.name), (12.5, "EUR"))
        self.assertEqual(exception.facts, {"external_id": "n1"})
        self.assertEqual(message.exception_id, exception)
        self.assertTrue(exception.help_text)
        self.assertTrue(exception.deadline)

    def test_exceptions_with_one_cause_share_it(self):
        for number in range(3):
            self.bring("n%d" % number, "needs human")
        self.drain()
        self.assertEqual(len(self.exceptions()), 3)
        self.assertEqual(len(self.exceptions().cause_id), 1)
        self.assertEqual(self.exceptions()[0]._with_same_cause(), self.exceptions())
        self.assertEqual(self.exceptions().cause_id.open_count, 3)

    def test_a_second_failure_of_one_subject_brings_the_open_exception_up_to_date(self):
        self.bring("n1", "needs human", 1)
        self.drain()
        self.bring("n1", "needs human", 2)
        self.drain()
        self.assertEqual((len(self.exceptions()), self.exceptions().occurrences), (1, 2))

    def test_an_exception_closes_by_itself_when_a_later_attempt_succeeds(self):
        held = self.bring("n1", "needs human", 1)
        self.drain()
        self.bring("n1", "fine", 2)
        self.drain()
        self.assertEqual((self.exceptions().state, held.state), ("resolved", "superseded"))
        self.assertEqual(self.exceptions().resolution, "A later attempt succeeded.")

    def test_another_problem_of_the_subject_closes_the_first_exception(self):
        self.bring("n1", "retry later", 1)
        self.env.cr.execute("UPDATE retail_inbox_work SET attempts = 20")
        self.drain()
        self.bring("n1", "needs human", 2)
        self.drain()
        self.assertEqual(self.exceptions().mapped("state"), ["resolved", "open"])

    def test_fix_and_replay_notes_the_fix_and_tries_again(self):
        message = self.bring("n1", "needs human")
        self.drain()
        exception = self.exceptions().with_user(self.operator)
        exception._fix_and_replay("Linked to the right record.")
        self.assertEqual(message.state, "pending")
        self.assertIn("Linked to the right record.", exception.message_ids[:1].body)
        self.drain()
        self.assertEqual(exception.state, "open", "the cause is still there, so the exception is")
        self.assertEqual(exception.occurrences, 2)

    def test_closing_by_hand_asks_for_a_reason_and_passes_it_to_the_messages(self):
        message = self.bring("n1", "needs human")
        self.drain()
        action = self.exceptions().with_user(self.operator).action_ignore()
        form = Form(self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"]))
        with self.assertRaises(AssertionError):
            form.save()
        form.reason = "Entered by hand"
        form.save().action_close()
        self.env.invalidate_all()
        self.assertEqual((self.exceptions().state, self.exceptions().resolution), ("ignored", "Entered by hand"))
        self.assertEqual(self.exceptions().closed_by_id, self.operator)
        self.assertEqual((message.state, message.reason), ("ignored", "Entered by hand"))
        self.assertFalse(self.drain(), "nothing is left to do")

    def test_a_blank_reason_is_no_reason(self):
        self.bring("n1", "needs human")
        self.drain()
        wizard = self.env["retail.exception.close"].create(
            {"exception_ids": [(6, 0, self.exceptions().ids)], "state": "ignored", "reason": "  "}
        )
        with self.assertRaises(UserError):
            wizard.action_close()

    def test_exceptions_are_never_deleted(self):
        self.bring("n1", "needs human")
        self.drain()
        with self.assertRaises(UserError):
            self.exceptions().unlink()

    def test_what_was_received_is_shown_without_personal_data(self):
        from odoo.addons.retail_integration_base.models.retail_inbox import pretty_redacted

        shown = pretty_redacted(
            b'{"name": "#1042", "email": "a@b.example", "customer": {"name": "Ada"}, "token": "t", "total": "1.00"}'
        )
        for secret in ("a@b.example", "Ada", '"t"'):
            self.assertNotIn(secret, shown)
        self.assertIn("#1042", shown)
        self.assertIn("1.00", shown)
