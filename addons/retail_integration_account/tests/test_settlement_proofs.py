"""Proofs per day: fees of a month, repetition, who may order one, and accounts that cannot be told apart."""

from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestSettlementProofs(SettlementCase):
    def last_month(self, day=10):
        return fields.Date.today().replace(day=1) - relativedelta(months=1) + relativedelta(days=day - 1)

    def book_last_month(self):
        moment = self.last_month().strftime("%Y-%m-%dT12:00:00Z")
        self.book(
            self.line("txn_1", "100.00", "1.65", created_at=moment),
            self.line("txn_2", "-3.00", category="fee", created_at=moment),
            self.line("txn_3", "50.00", "1.00"),
        )

    def post(self, account, other, amount, date):
        move = self.env["account.move"].create(
            {
                "journal_id": self.settlement.journal_id.id,
                "date": date,
                "line_ids": [
                    Command.create({"account_id": account.id, "balance": amount}),
                    Command.create({"account_id": other.id, "balance": -amount}),
                ],
            }
        )
        move.action_post()
        return move

    def test_the_fees_of_last_month_are_what_the_service_states(self):
        self.book_last_month()
        proof = self.prove()["I8"]
        self.assertEqual((proof.state, proof.expected, proof.actual), ("kept", 4.65, 4.65))
        foreign = self.post(self.settlement.fee_account_id, self.settlement.loss_account_id, 2.0, self.last_month())
        proof = self.prove()["I8"]
        self.assertEqual((proof.state, proof.difference), ("broken", 2.0))
        self.assertIn(foreign.name, proof.detail)

    def test_where_fees_are_a_payable_the_services_bill_has_to_be_of_them(self):
        self.settlement.fee_account_id = self.env["account.account"].create(
            {"code": "330099", "name": "Stripe", "account_type": "liability_payable", "reconcile": True}
        )
        self.book_last_month()
        proof = self.prove()["I8"]
        self.assertEqual((proof.state, proof.expected), ("unknown", 4.65))
        bill = (self.settlement.fee_account_id, self.settlement.loss_account_id)
        self.post(*bill, -4.60, self.last_month(20))
        self.assertEqual((self.prove()["I8"].state, self.prove()["I8"].difference), ("broken", -0.05))
        self.post(*bill, -0.05, self.last_month(20))
        self.assertEqual(self.prove()["I8"].state, "kept")

    def test_a_rule_that_sends_a_category_to_the_fees_counts(self):
        self.settlement.rule_ids = [
            Command.create({"category": "network_levy", "account_id": self.settlement.fee_account_id.id}),
            Command.create({"category": "fee", "account_id": self.settlement.loss_account_id.id}),
        ]
        self.book_last_month()
        moment = self.last_month().strftime("%Y-%m-%dT12:00:00Z")
        self.book(self.line("txn_4", "-7.00", category="network_levy", created_at=moment))
        proof = self.prove()["I8"]
        self.assertEqual((proof.state, proof.actual), ("kept", 8.65))

    def test_a_proof_of_each_day_is_kept(self):
        self.book(self.line("txn_1", "10.00"))
        first = self.prove()["I2"]
        first.sudo().date -= relativedelta(days=1)
        self.book(self.line("txn_2", "5.00"))
        self.prove()
        proofs = self.settlement.proof_ids.filtered(lambda proof: proof.code == "I2").sorted("date")
        self.assertEqual(proofs.mapped("actual"), [10.0, 15.0])

    def test_who_only_reads_orders_no_proof(self):
        reader = new_test_user(self.env, "reader", "account.group_account_readonly", company_id=self.company.id)
        with self.assertRaises(AccessError):
            self.settlement.with_user(reader).action_prove()
        auditor = new_test_user(
            self.env, "auditor", "retail_integration_base.group_retail_auditor", company_id=self.company.id
        )
        with self.assertRaises(AccessError):
            self.settlement.with_user(auditor).action_prove()
        bookkeeper = new_test_user(self.env, "keeper", "account.group_account_user", company_id=self.company.id)
        self.settlement.with_user(bookkeeper).action_prove()
        self.assertTrue(self.settlement.proof_ids)

    def test_accounts_that_could_not_be_told_apart_are_refused(self):
        with self.assertRaises(ValidationError):
            self.settlement.held_account_id = self.settlement.transit_account_id
        with self.assertRaises(ValidationError):
            self.settlement.rule_ids = [
                Command.create({"category": "transfer", "account_id": self.settlement.balance_account_id.id})
            ]

    def test_the_journal_stays_once_movements_are_booked(self):
        other = self.env["account.journal"].create({"name": "Another bank", "code": "BNK9", "type": "bank"})
        self.book(self.line("txn_1", "10.00"))
        with self.assertRaises(UserError):
            self.settlement.journal_id = other
