"""Which account a movement's gross amount belongs to, by its category, and the legs of its entry.

The categories are Stripe's (``reporting_category``, and ``type`` where an older version gives that). One that is not
listed, and one listed as :data:`UNIDENTIFIED`, waits on its own account for a person. Source: Stripe, "Reporting
categories" and "Balance transaction types".
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

AWAITING, TRANSIT, DISPUTED, HELD, FEE, FEE_TAX, LOSS, UNIDENTIFIED = (
    "awaiting transit disputed held fee fee_tax loss unidentified".split()
)
BALANCE = "balance"

_CATEGORIES = {
    AWAITING: """charge payment charge_failure payment_failure_refund refund payment_refund refund_failure
        payment_reversal partial_capture_reversal""",
    DISPUTED: "dispute dispute_reversal",
    FEE: "fee stripe_fee stripe_fx_fee tax_fee tax network_cost",
    TRANSIT: "payout payout_cancel payout_failure payout_reversal topup topup_reversal",
    HELD: """payout_minimum_balance_hold payout_minimum_balance_release reserve_transaction reserved_funds reserve_hold
        reserve_release risk_reserved_funds connect_reserved_funds payment_network_reserve_hold
        payment_network_reserve_release""",
    # Known to the service, decided by nobody yet: a rule of the settlement account says where they go.
    UNIDENTIFIED: """adjustment other_adjustment advance advance_funding anticipation_repayment application_fee
        application_fee_refund platform_earning platform_earning_refund climate_order_purchase climate_order_refund
        connect_collection_transfer contribution inbound_transfer inbound_transfer_reversal
        issuing_authorization_hold issuing_authorization_release issuing_dispute issuing_dispute_provisional_credit
        issuing_dispute_provisional_credit_reversal issuing_transaction obligation_outbound
        obligation_reversal_inbound payment_unreconciled stripe_balance_payment_debit
        stripe_balance_payment_debit_reversal tax_fund transfer transfer_cancel transfer_failure transfer_refund
        transfer_reversal fee_credit_funding unreconciled_customer_funds""",
}
#: category → role of the account
ROLES = {category: role for role, names in _CATEGORIES.items() for category in names.split()}
#: Money that Odoo believed had left, or come, and that did not.
COMPENSATED = frozenset(("refund_failure", "charge_failure", "payment_failure_refund"))


@dataclass(frozen=True)
class Leg:
    """One line of an entry: ``amount`` is debited, negative credited; in the currency of the balance."""

    role: str
    amount: Decimal
    label: str


class Unbalanced(ValueError):
    """The service's own figures do not add up."""


def role_of(category):
    return ROLES.get(category, UNIDENTIFIED)


def legs(amount, fees, net, role, label):
    """Return the legs of one movement; the first is the balance's, their sum is zero.

    :param Decimal amount: before fees; ``net``: what the balance changed by
    :param list fees: of ``(FEE or FEE_TAX, Decimal, label)``
    :param str role: of the account the amount belongs to
    :return: list of :class:`Leg`; without those of nothing, but the balance's always
    :raises Unbalanced: amount - fees is not net
    """
    if amount - sum(fee for _kind, fee, _label in fees) != net:
        raise Unbalanced("%s - %s is not %s" % (amount, sum(fee for _kind, fee, _label in fees), net))
    found = [Leg(role, -amount, label), *(Leg(kind, fee, text or label) for kind, fee, text in fees)]
    return [Leg(BALANCE, net, label), *(leg for leg in found if leg.amount)]


def converted(amounts, rate, digits):
    """Return ``amounts`` in the company's currency, their sum still zero.

    Each is rounded; what rounding leaves over goes to the largest but the first, which stays as the balance's line.

    :param list[Decimal] amounts: sum zero
    :param Decimal rate: units of the company's currency for one
    :param int digits: decimals of the company's currency
    """
    step = Decimal(1).scaleb(-digits)
    values = [(amount * rate).quantize(step, ROUND_HALF_UP) for amount in amounts]
    rest = sum(values)
    if rest and len(values) > 1:
        largest = max(range(1, len(values)), key=lambda place: abs(values[place]))
        values[largest] -= rest
    return values
