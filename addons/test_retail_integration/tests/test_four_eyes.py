"""Above a limit two people decide: who asks, who may agree, and what happens until then."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_bulk_run import GROUP, BulkCase


@tagged("post_install", "-at_install")
class TestFourEyes(BulkCase):
    def setUp(self):
        super().setUp()
        self.accountant = self.make_user("accountant", GROUP + "accountant")
        self.exceptions = self.fail_many(3)
        self.each = self.exceptions[0].amount_company
        self.assertGreater(self.each, 0)

    def ignore(self, exceptions, user=None):
        user = user or self.operator
        wizard = (
            self.env["retail.exception.close"]
            .with_user(user)
            .create({"exception_ids": [(6, 0, exceptions.ids)], "state": "ignored", "reason": "Not ours"})
        )
        return self.env["retail.bulk.run"].browse(wizard.action_close().get("res_id"))

    def test_below_the_limit_one_person_decides(self):
        self.backend.approval_limit = self.each
        self.ignore(self.exceptions[0])
        self.assertEqual(self.exceptions[0].state, "ignored")

    def test_without_a_limit_one_person_decides(self):
        self.backend.approval_limit = 0
        self.ignore(self.exceptions)
        self.assertEqual(set(self.exceptions.mapped("state")), {"ignored"})

    def test_above_the_limit_nothing_happens_until_an_accountant_agrees(self):
        self.backend.approval_limit = self.each / 2
        run = self.ignore(self.exceptions[0])
        self.assertEqual((run.state, run.needs_approval, run.total), ("to_approve", True, 1))
        self.assertEqual(self.exceptions[0].state, "open")
        self.assertEqual(run._job_work(), "to_approve")
        self.assertEqual(self.exceptions[0].state, "open")
        run.with_user(self.accountant).action_approve()
        run._job_work()
        self.assertEqual((run.state, self.exceptions[0].state), ("done", "ignored"))
        self.assertEqual((run.decided_by_id, self.exceptions[0].closed_by_id), (self.accountant, self.operator))

    def test_what_is_above_the_limit_only_together_needs_a_second_person_too(self):
        self.backend.approval_limit = self.each * 2
        self.assertTrue(self.ignore(self.exceptions).needs_approval)
        self.assertEqual(set(self.exceptions.mapped("state")), {"open"})

    def test_a_fix_above_the_limit_mends_nothing_before_the_approval(self):
        self.backend.approval_limit = self.each
        run = self.apply(self.exceptions[0])
        self.assertEqual((run.state, len(self.mends())), ("to_approve", 0))
        run.with_user(self.accountant).action_approve()
        run._job_work()
        self.assertEqual(len(self.mended()), 3)

    def test_a_replay_decides_nothing_and_needs_nobody(self):
        self.backend.approval_limit = self.each / 2
        self.exceptions.with_user(self.operator).action_replay()
        self.assertEqual(set(self.exceptions.inbox_ids.mapped("state")), {"pending"})

    def test_who_asked_cannot_approve_whatever_the_role(self):
        self.backend.approval_limit = self.each / 2
        run = self.ignore(self.exceptions[0], self.accountant)
        self.assertFalse(run.with_user(self.accountant).can_decide)
        for action in ("action_approve", "action_reject"):
            with self.assertRaises(AccessError):
                getattr(run.with_user(self.accountant), action)()
        self.assertEqual(run.state, "to_approve")

    def test_an_operator_approves_nothing(self):
        self.backend.approval_limit = self.each / 2
        run = self.ignore(self.exceptions[0])
        other = self.make_user("other", GROUP + "operator")
        with self.assertRaises(AccessError):
            run.with_user(other).action_approve()

    def test_an_accountant_of_another_company_approves_nothing(self):
        self.backend.approval_limit = self.each / 2
        run = self.ignore(self.exceptions[0])
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user("stranger", GROUP + "accountant", companies=company)
        with self.assertRaises(AccessError):
            run.with_user(stranger).action_approve()

    def test_what_was_rejected_stays_open(self):
        self.backend.approval_limit = self.each / 2
        run = self.ignore(self.exceptions[0])
        run.with_user(self.accountant).action_reject()
        run._job_work()
        self.assertEqual((run.state, self.exceptions[0].state), ("rejected", "open"))
        with self.assertRaises(UserError):
            run.with_user(self.accountant).action_approve()

    def test_asking_and_deciding_are_in_the_history_of_run_and_exception(self):
        self.backend.approval_limit = self.each / 2
        run = self.ignore(self.exceptions[0])
        run.with_user(self.accountant).action_approve()
        for record in (run, self.exceptions[0]):
            texts = "".join(record.message_ids.mapped("body"))
            self.assertIn("operator asks: Ignore", texts)
            self.assertIn("Approved by accountant", texts)

    def test_an_amount_without_a_rate_needs_a_second_person(self):
        self.backend.approval_limit = 1_000_000
        self.exceptions[0].sudo().write({"is_unvalued": True, "amount_company": 0})
        self.assertTrue(self.ignore(self.exceptions[0]).needs_approval)

    def test_what_is_worth_more_since_the_approval_is_left_out(self):
        self.backend.approval_limit = self.each
        run = self.ignore(self.exceptions)
        self.exceptions[0].sudo().amount_company = self.each + 100
        run.with_user(self.accountant).action_approve()
        run._job_work()
        self.assertEqual(self.exceptions.mapped("state"), ["open", "ignored", "ignored"])
        self.assertEqual(run.skipped_count, 1)

    def test_the_limit_of_each_backend_counts_for_its_own(self):
        other = self.make_backend("Other")
        theirs = self.fail_notes("o1", backend=other)
        self.backend.approval_limit = 0
        other.approval_limit = self.each / 2
        self.assertFalse(self.ignore(self.exceptions).needs_approval)
        self.assertTrue(self.ignore(theirs).needs_approval)

    def test_the_preview_says_that_two_people_decide(self):
        self.backend.approval_limit = self.each
        self.assertIn("two people decide", self.fill(self.exceptions[0]).preview)
