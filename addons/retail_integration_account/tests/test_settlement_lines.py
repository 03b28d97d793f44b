"""Movements become entries: once, on the service's day, to the cent, and what is unknown stops nothing else."""

from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestSettlementLines(SettlementCase):
    def test_one_button_makes_the_journal_and_its_eight_accounts(self):
        accounts = [
            self.settlement["%s_account_id" % role]
            for role in "balance awaiting transit disputed held fee loss unidentified".split()
        ]
        self.assertEqual(len({account.id for account in accounts}), 8)
        self.assertEqual(
            [account.account_type for account in accounts],
            ["asset_cash", *["asset_current"] * 4, "expense", "expense", "asset_current"],
        )
        methods = self.settlement.journal_id.inbound_payment_method_line_ids
        self.assertTrue(methods)
        self.assertEqual(methods.payment_account_id, self.settlement.awaiting_account_id)

    def test_a_charge_is_one_posted_entry_with_gross_fee_and_net(self):
        self.assertEqual(self.outcomes(self.line("txn_1", "100.00", "1.65")), ["created"])
        self.assertEqual(self.entry("txn_1"), {"balance": 98.35, "awaiting": -100.0, "fee": 1.65})
        self.assertEqual(self.movement("txn_1").move_id.state, "posted")

    def test_the_day_is_the_services_in_the_accounts_time_zone(self):
        self.settlement.timezone = "Europe/Berlin"
        self.book(self.line("txn_1", "1.00"))
        self.assertEqual(str(self.movement("txn_1").move_id.date), "2026-06-01")

    def test_every_category_goes_to_its_account(self):
        cases = {
            "refund": ("-20.00", "0", {"balance": -20.0, "awaiting": 20.0}),
            "partial_capture_reversal": ("-5.00", "0", {"balance": -5.0, "awaiting": 5.0}),
            "dispute": ("-30.00", "20.00", {"balance": -50.0, "disputed": 30.0, "fee": 20.0}),
            "dispute_reversal": ("30.00", "0", {"balance": 30.0, "disputed": -30.0}),
            "fee": ("-3.00", "0", {"balance": -3.0, "fee": 3.0}),
            "payout": ("-40.00", "0", {"balance": -40.0, "transit": 40.0}),
            "payout_reversal": ("40.00", "0", {"balance": 40.0, "transit": -40.0}),
            "risk_reserved_funds": ("-7.00", "0", {"balance": -7.0, "held": 7.0}),
        }
        self.book(*(self.line(name, amount, fee, name) for name, (amount, fee, _entry) in cases.items()))
        self.assertEqual({name: self.entry(name) for name in cases}, {name: case[2] for name, case in cases.items()})

    def test_what_is_unknown_waits_with_an_exception_while_the_rest_is_booked(self):
        results = self.outcomes(
            self.line("txn_1", "10.00"), self.line("txn_2", "-4.00", category="moon_tax"), self.line("txn_3", "5.00")
        )
        self.assertEqual(results, ["created"] * 3)
        self.assertEqual(self.entry("txn_2"), {"balance": -4.0, "unidentified": 4.0})
        exception = self.exceptions()
        self.assertEqual((exception.kind, exception.amount_at_risk), ("settlement_unidentified", 4.0))
        self.assertEqual(self.prove()["A8"].state, "kept")

    def test_an_unidentified_item_that_is_cleared_closes_its_exception(self):
        self.book(self.line("txn_2", "-4.00", category="moon_tax"))
        item = self.movement("txn_2").move_id.line_ids.filtered("account_id.reconcile")
        other = self.env["account.move"].create(
            {
                "journal_id": self.settlement.journal_id.id,
                "line_ids": [
                    Command.create({"account_id": item.account_id.id, "credit": 4.0}),
                    Command.create({"account_id": self.settlement.fee_account_id.id, "debit": 4.0}),
                ],
            }
        )
        other.action_post()
        (item + other.line_ids.filtered(lambda one: one.account_id == item.account_id)).reconcile()
        self.prove()
        self.assertFalse(self.exceptions())

    def test_a_rule_sends_a_category_to_another_account(self):
        self.settlement.rule_ids = [
            Command.create({"category": "transfer", "account_id": self.settlement.loss_account_id.id})
        ]
        self.book(self.line("txn_1", "-9.00", category="transfer"))
        self.assertEqual(self.entry("txn_1"), {"balance": -9.0, "loss": 9.0})
        self.assertFalse(self.exceptions())

    def test_everything_again_writes_nothing(self):
        documents = [self.line("txn_%d" % number, "10.00", "0.39") for number in range(5)]
        self.book(*documents)
        tables = ("account_move", "account_move_line", "retail_settlement_line", "account_bank_statement_line")

        def state():
            self.env.flush_all()
            found = []
            for table in tables:
                self.env.cr.execute('SELECT count(*), max(write_date), max(xmin::text::bigint) FROM "%s"' % table)
                found.append(self.env.cr.fetchone())
            return found

        before = state()
        with self.env.cr.savepoint():  # its writes would carry another transaction id
            self.assertEqual(self.outcomes(*documents), ["unchanged"] * 5)
            self.assertEqual(state(), before)

    def test_one_movement_cannot_be_booked_twice(self):
        self.book(self.line("txn_1", "10.00"), self.line("txn_2", "10.00"))
        first, second = self.movement("txn_1"), self.movement("txn_2")
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            second.copy({"external_id": "txn_1", "statement_line_id": second.statement_line_id.id})
            self.env.flush_all()
        self.assertNotEqual(first.statement_line_id, second.statement_line_id)

    def test_a_movement_that_changes_after_it_was_booked_is_for_a_person(self):
        self.book(self.line("txn_1", "10.00"))
        [result] = self.book(self.line("txn_1", "11.00"))
        self.assertEqual((result.outcome, result.error.kind), ("failed", "settlement_unbalanced"))
        self.assertEqual(self.entry("txn_1")["balance"], 10.0)

    def test_figures_that_do_not_add_up_are_not_booked(self):
        bad = {**self.line("txn_1", "10.00"), "net": {"amount": "9.99", "currency": "EUR"}}
        fine = {**self.line("txn_2", "10.001")}
        self.assertEqual([result.error.kind for result in self.book(bad, fine)], ["settlement_unbalanced"] * 2)
        self.assertFalse(self.settlement.line_ids)

    def test_a_currency_without_settlement_account_is_for_a_person(self):
        [result] = self.book(self.line("txn_1", "10.00", currency="USD"))
        self.assertEqual(result.error.kind, "settlement_unset")

    def test_another_currency_is_booked_in_it_at_odoos_rate(self):
        usd = self.env.ref("base.USD")
        self.settlement = self.set_up("USD")
        [result] = self.book(self.line("txn_0", "10.00", currency="USD"))
        self.assertEqual(result.error.kind, "settlement_unset", "Odoo would take 1 for a rate it has not got")
        self.env["res.currency.rate"].create(
            {"currency_id": usd.id, "company_id": self.company.id, "name": "2026-01-01", "rate": 1.1}
        )
        self.book(self.line("txn_1", "100.00", "3.33", currency="USD"))
        items = self.movement("txn_1").move_id.line_ids
        self.assertEqual(self.entry("txn_1"), {"balance": 96.67, "awaiting": -100.0, "fee": 3.33})
        self.assertEqual(sum(Decimal(str(item.balance)) for item in items), 0)
        self.assertEqual(items.filtered(lambda one: one.amount_currency == -100.0).balance, -90.91)

    def test_a_locked_day_is_never_changed_without_a_word(self):
        self.company.sudo().fiscalyear_lock_date = "2026-06-30"
        [result] = self.book(self.line("txn_1", "10.00"))
        self.assertEqual(result.error.kind, "settlement_locked")
        self.assertFalse(self.movement("txn_1"))
        self.settlement.locked_date_policy = "first_open"
        self.book(self.line("txn_1", "10.00"))
        line = self.movement("txn_1")
        self.assertEqual((str(line.date), str(line.move_id.date)), ("2026-05-31", "2026-07-01"))
        self.assertIn("2026-05-31", line.move_id.narration)

    def test_the_tax_on_a_fee_goes_to_its_own_account_where_one_is_set(self):
        fees = [
            {"kind": "fee", "amount": {"amount": "1.00", "currency": "EUR"}, "description": "Stripe"},
            {"kind": "tax", "amount": {"amount": "0.19", "currency": "EUR"}, "description": "VAT"},
        ]
        self.settlement.fee_tax_account_id = self.settlement.held_account_id
        self.book(self.line("txn_1", "10.00", "1.19", fees=fees))
        self.assertEqual(self.entry("txn_1"), {"balance": 8.81, "awaiting": -10.0, "fee": 1.0, "held": 0.19})

    def pay(self, reference):
        """Return a posted payment of 100.00 by a customer."""
        receivable = self.env["account.account"].create(
            {"code": "121000", "name": "Customers", "account_type": "asset_receivable", "reconcile": True}
        )
        buyer = self.env["res.partner"].create({"name": "Ada", "property_account_receivable_id": receivable.id})
        payment = self.env["account.payment"].create(
            {
                "amount": 100.0,
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": buyer.id,
                "journal_id": self.settlement.journal_id.id,
                "payment_reference": reference,
            }
        )
        payment.action_post()
        return payment

    def test_a_movement_settles_the_payment_that_carries_its_id(self):
        payment = self.pay("pi_1")
        waiting = payment.move_id.line_ids.filtered(lambda item: item.account_id == self.settlement.awaiting_account_id)
        self.assertEqual(waiting.amount_residual, 100.0)
        self.book(self.line("txn_1", "100.00", "1.65", references=["ch_1", "pi_1"]), self.line("txn_2", "100.00"))
        self.assertTrue(waiting.reconciled)
        proof = self.prove()["I5"]
        self.assertEqual(proof.state, "broken")
        self.assertIn("txn_2", proof.detail)
        self.assertNotIn("txn_1", proof.detail)

    def test_a_payment_that_comes_after_its_movement_is_matched_by_the_next_proof(self):
        yesterday = self.instant(fields.Datetime.now() - timedelta(days=1))
        self.book(self.line("txn_1", "100.00", references=["pi_1"], created_at=yesterday))
        self.assertEqual(self.prove()["I5"].state, "broken")
        payment = self.pay("pi_1")
        self.assertEqual(self.prove()["I5"].state, "kept")
        waiting = payment.move_id.line_ids.filtered(lambda item: item.account_id == self.settlement.awaiting_account_id)
        self.assertTrue(waiting.reconciled)

    def test_a_partial_capture_is_settled_by_the_payment_of_what_was_captured(self):
        when = self.instant(fields.Datetime.now())
        self.pay("pi_1")
        about = {"references": ["ch_1", "pi_1"], "source_external_id": "ch_1", "created_at": when}
        self.book(
            self.line("txn_1", "130.00", **about),
            self.line("txn_2", "-30.00", category="partial_capture_reversal", **about),
        )
        self.assertEqual(self.prove()["I5"].state, "kept")
        self.assertFalse(self.env["account.move.line"].search(self.settlement._get_awaiting_lines()))

    def test_a_failed_payout_comes_back_from_transit(self):
        self.book(
            self.line("txn_1", "-40.00", category="payout", source_external_id="po_1"),
            self.line("txn_2", "40.00", category="payout_reversal", source_external_id="po_1"),
        )
        self.book(self.line("txn_3", "40.00", category="payout_reversal", source_external_id="po_1"))
        items = self.env["account.move.line"].search([("account_id", "=", self.settlement.transit_account_id.id)])
        self.assertEqual(
            items.filtered("reconciled").move_id, (self.movement("txn_1") + self.movement("txn_2")).move_id
        )

    def test_a_failed_refund_is_told_and_cancels_nothing(self):
        self.book(self.line("txn_1", "20.00", category="refund_failure"))
        self.assertEqual(self.exceptions().kind, "settlement_compensate")
        self.assertEqual(self.entry("txn_1"), {"balance": 20.0, "awaiting": -20.0})

    def test_the_proof_names_what_breaks_it(self):
        self.book(self.line("txn_1", "10.00"), self.line("txn_2", "20.00", "1.00"))
        self.settlement.sudo().write({"external_balance": 29.0, "external_balance_at": fields.Datetime.now()})
        kept = self.prove()
        self.assertEqual({code: kept[code].state for code in ("I1", "I2")}, {"I1": "kept", "I2": "kept"})
        foreign = self.env["account.move"].create(
            {
                "journal_id": self.settlement.journal_id.id,
                "line_ids": [
                    Command.create({"account_id": self.settlement.balance_account_id.id, "debit": 3.0}),
                    Command.create({"account_id": self.settlement.loss_account_id.id, "credit": 3.0}),
                ],
            }
        )
        foreign.action_post()
        proof = self.prove()["I1"]
        self.assertEqual((proof.state, proof.difference), ("broken", 3.0))
        self.assertIn(foreign.name, proof.detail)

    def test_other_companies_and_roles_see_and_change_nothing(self):
        self.book(self.line("txn_1", "10.00"))
        stranger = new_test_user(
            self.env, "stranger", "account.group_account_user", company_id=self.env.ref("base.main_company").id
        )
        theirs = self.env["retail.settlement.line"].with_user(stranger)
        self.assertFalse(theirs.with_context(allowed_company_ids=stranger.company_ids.ids).search([]))
        clerk = new_test_user(self.env, "clerk", "account.group_account_invoice", company_id=self.company.id)
        with self.assertRaises(AccessError):
            self.settlement.with_user(clerk).write({"timezone": "UTC"})
        with self.assertRaises(AccessError):
            self.backend.with_user(clerk).action_set_up_settlement()
        with self.assertRaises(AccessError):
            self.env["retail.credential"].with_user(clerk).search([])
        operator = new_test_user(
            self.env, "operator", "retail_integration_base.group_retail_operator", company_id=self.company.id
        )
        with self.assertRaises(AccessError):
            self.settlement.with_user(operator).write({"timezone": "UTC"})
