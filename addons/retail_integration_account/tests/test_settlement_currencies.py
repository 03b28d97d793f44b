"""Currencies whose minor unit is not a hundredth, and amounts of nothing: to the last unit, or not at all."""

from odoo.tests import tagged

from .common import SettlementCase


@tagged("post_install", "-at_install")
class TestSettlementCurrencies(SettlementCase):
    def keep(self, currency, rate):
        """Make the settlement account of a currency, at so many units for a euro."""
        record = self.env.ref("base." + currency)
        record.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": record.id, "company_id": self.company.id, "name": "2026-01-01", "rate": rate}
        )
        self.settlement = self.set_up(currency)

    def test_yen_have_no_decimals(self):
        self.keep("JPY", 160.0)
        self.book(self.line("txn_1", "1234", "44", currency="JPY"))
        self.assertEqual(self.entry("txn_1"), {"balance": 1190.0, "awaiting": -1234.0, "fee": 44.0})
        self.assertEqual(self.outcomes(self.line("txn_2", "12.5", currency="JPY")), ["failed"])

    def test_dinars_have_three(self):
        self.keep("KWD", 0.33)
        self.book(self.line("txn_1", "1.234", "0.017", currency="KWD"))
        self.assertEqual(self.entry("txn_1"), {"balance": 1.217, "awaiting": -1.234, "fee": 0.017})
        self.assertFalse(self.movement("txn_1").currency_id.compare_amounts(self.movement("txn_1").net, 1.217))

    def test_kronur_that_odoo_has_no_decimals_for_are_never_rounded(self):
        self.keep("ISK", 145.0)
        self.book(self.line("txn_1", "1200.00", "12.00", currency="ISK"))
        self.assertEqual(self.entry("txn_1"), {"balance": 1188.0, "awaiting": -1200.0, "fee": 12.0})
        [result] = self.book(self.line("txn_2", "12.50", currency="ISK"))
        self.assertEqual(result.error.kind, "settlement_unbalanced")

    def test_halves_are_rounded_as_odoo_does(self):
        self.keep("USD", 2.0)
        self.book(self.line("txn_1", "0.05", "0.01", currency="USD"), self.line("txn_2", "-0.05", currency="USD"))
        for external_id in ("txn_1", "txn_2"):
            items = self.movement(external_id).move_id.line_ids
            [awaiting] = items.filtered(lambda item: item.account_id == self.settlement.awaiting_account_id)
            self.assertEqual(abs(awaiting.balance), 0.03)
            self.assertEqual(self.company.currency_id.round(sum(items.mapped("balance"))), 0)

    def test_a_movement_of_nothing_and_one_that_the_fee_eats_up_are_entries_too(self):
        results = self.outcomes(self.line("txn_1", "0.30", "0.30"), self.line("txn_2", "0"))
        self.assertEqual(results, ["created"] * 2)
        self.assertEqual(self.entry("txn_1"), {"balance": 0.0, "awaiting": -0.3, "fee": 0.3})
        self.assertEqual(self.movement("txn_2").move_id.state, "posted")
        self.assertEqual(self.prove()["I2"].state, "kept")

    def test_a_fee_in_another_currency_is_not_added_up(self):
        self.env.ref("base.USD").active = True
        fees = [{"kind": "fee", "amount": {"amount": "1.00", "currency": "USD"}, "description": None}]
        [result] = self.book(self.line("txn_1", "10.00", "1.00", fees=fees))
        self.assertEqual(result.error.kind, "settlement_unbalanced")
