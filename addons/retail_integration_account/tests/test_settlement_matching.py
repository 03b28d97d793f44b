"""What a movement settles: what names it most exactly, and never at the price of its booking."""

from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.retail_integration_base.engine.errors import RetailError

from .common import SettlementCase

MATCHER = "odoo.addons.retail_integration_account.models.retail_settlement_matcher"


@tagged("post_install", "-at_install")
class TestSettlementMatching(SettlementCase):
    def open_item(self, ref, amount):
        """Return an open item on A2, debited with ``amount``, whose entry carries ``ref``."""
        accounts = (self.settlement.awaiting_account_id, amount), (self.settlement.loss_account_id, -amount)
        move = self.env["account.move"].create(
            {
                "journal_id": self.settlement.journal_id.id,
                "ref": ref,
                "line_ids": [
                    Command.create({"account_id": account.id, "balance": balance}) for account, balance in accounts
                ],
            }
        )
        move.action_post()
        return move.line_ids[0]

    def settled(self, external_id):
        """Return the items that the movement's own is reconciled with."""
        [item] = self.movement(external_id).move_id.line_ids.filtered(
            lambda one: one.account_id == self.settlement.awaiting_account_id
        )
        return item.matched_debit_ids.debit_move_id | item.matched_credit_ids.credit_move_id

    def test_of_two_refunds_of_one_payment_each_settles_its_own(self):
        second, first = self.open_item("re_2", -20.0), self.open_item("re_1", -20.0)
        about = {"category": "refund", "references": ["pi_1", "ch_1"]}
        self.book(
            self.line("txn_1", "-20.00", **{**about, "references": ["pi_1", "re_1"]}, source_external_id="re_1"),
            self.line("txn_2", "-20.00", **{**about, "references": ["pi_1", "re_2"]}, source_external_id="re_2"),
        )
        self.assertEqual((self.settled("txn_1"), self.settled("txn_2")), (first, second))

    def test_an_item_that_names_the_payment_is_taken_where_none_names_the_charge(self):
        item = self.open_item("pi_1", 50.0)
        self.book(self.line("txn_1", "50.00", references=["ch_1", "pi_1"], source_external_id="ch_1"))
        self.assertEqual(self.settled("txn_1"), item)

    def test_of_several_that_fit_only_roughly_none_is_taken(self):
        self.open_item("pi_1", 30.0)
        self.open_item("pi_1", 40.0)
        self.book(self.line("txn_1", "50.00", references=["pi_1"]))
        self.assertFalse(self.settled("txn_1"))

    @mute_logger(MATCHER)
    def test_what_odoo_does_not_reconcile_is_booked_all_the_same(self):
        self.open_item("pi_1", 50.0)
        fine = self.open_item("pi_2", 60.0)
        items = type(self.env["account.move.line"])
        real = items._reconcile_plan

        def refuse(records, plan):
            if any(abs(one.balance) == 50.0 for part in plan for one in part):
                raise UserError(self.env._("There is no exchange journal."))
            return real(records, plan)

        with patch.object(items, "_reconcile_plan", refuse):
            results = self.outcomes(
                self.line("txn_1", "50.00", references=["pi_1"]), self.line("txn_2", "60.00", references=["pi_2"])
            )
        self.assertEqual(results, ["created", "created"])
        self.assertFalse(self.settled("txn_1"))
        self.assertEqual(self.settled("txn_2"), fine)

    def test_an_entry_on_another_day_than_asked_for_leaves_nothing(self):
        lines = type(self.env["account.bank.statement.line"])
        real = lines.create

        def create(records, vals_list):
            return real(records, [{**values, "date": fields.Date.today()} for values in vals_list])

        with patch.object(lines, "create", create), self.assertRaises(RetailError), self.env.cr.savepoint():
            self.book(self.line("txn_1", "50.00"))
        self.assertFalse(self.movement("txn_1"))

    def test_a_failed_refund_that_is_compensated_closes_its_exception(self):
        self.book(
            self.line("txn_1", "20.00", category="refund_failure", source_external_id="re_1", references=["re_1"])
        )
        self.prove()
        self.assertEqual(self.exceptions().kind, "settlement_compensate")
        self.open_item("re_1", 20.0)
        self.env["retail.settlement.matcher"]._match(self.movement("txn_1"))
        self.prove()
        self.assertFalse(self.exceptions())
