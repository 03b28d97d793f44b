"""The rules alone: every category has one, every entry sums to zero."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.retail_integration_account.engine import settlement_rules as rules

MINOR = st.integers(-(10**9), 10**9)


class TestRules(BaseCase):
    @settings(deadline=None)
    @given(MINOR, st.lists(st.integers(-(10**6), 10**6), max_size=3), st.sampled_from(sorted(rules.ROLES)))
    def test_the_legs_of_every_movement_sum_to_zero(self, amount, fees, category):
        fees = [(rules.FEE, Decimal(fee).scaleb(-2), None) for fee in fees]
        amount = Decimal(amount).scaleb(-2)
        net = amount - sum(fee for _kind, fee, _text in fees)
        legs = rules.legs(amount, fees, net, rules.role_of(category), "x")
        self.assertEqual(sum(leg.amount for leg in legs), 0)
        self.assertEqual((legs[0].role, legs[0].amount), (rules.BALANCE, net))

    def test_figures_that_do_not_add_up_are_refused(self):
        with self.assertRaises(rules.Unbalanced):
            rules.legs(Decimal(10), [], Decimal(9), rules.AWAITING, "x")

    @settings(deadline=None)
    @given(st.lists(MINOR, min_size=1, max_size=4), st.decimals("0.0001", "500", places=6), st.sampled_from((0, 2, 3)))
    def test_what_is_converted_sums_to_zero_too(self, amounts, rate, digits):
        amounts = [Decimal(-sum(amounts)), *map(Decimal, amounts)]
        self.assertEqual(sum(rules.converted(amounts, rate, digits)), 0)

    def test_each_of_stripes_types_has_a_rule_of_its_own(self):
        # The words of the official SDK's documentation of ``BalanceTransaction.type``.
        types = """tax_fund adjustment advance advance_funding anticipation_repayment application_fee
        application_fee_refund charge climate_order_purchase climate_order_refund connect_collection_transfer
        contribution inbound_transfer inbound_transfer_reversal issuing_authorization_hold
        issuing_authorization_release issuing_dispute issuing_dispute_provisional_credit
        issuing_dispute_provisional_credit_reversal issuing_transaction obligation_outbound
        obligation_reversal_inbound payment payment_failure_refund payment_network_reserve_hold
        payment_network_reserve_release payment_refund payment_reversal payment_unreconciled payout payout_cancel
        payout_failure payout_minimum_balance_hold payout_minimum_balance_release refund refund_failure
        reserve_transaction reserved_funds reserve_hold reserve_release stripe_fee stripe_fx_fee
        stripe_balance_payment_debit stripe_balance_payment_debit_reversal tax_fee topup topup_reversal transfer
        transfer_cancel transfer_failure transfer_refund fee_credit_funding""".split()
        self.assertEqual([one for one in types if one not in rules.ROLES], [])
