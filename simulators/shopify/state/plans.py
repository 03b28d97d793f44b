"""What an order is made of, before its amounts are worked out. Amounts are in the shop's currency."""

from dataclasses import dataclass, field
from decimal import Decimal

from .money import Currencies


@dataclass
class LinePlan:
    """One line.

    :param dict variant: ``ProductVariant`` record; None for a custom line, a tip, a product that was deleted
    :param Decimal price: unit price
    :param Decimal discount_percent: discount on this line alone, given by the merchant
    :param Decimal duty: import duty for the whole line
    :param tuple tax_rates: ``(title, rate)`` with the rate as a Decimal fraction
    """

    title: str
    price: Decimal
    quantity: int = 1
    variant: dict | None = None
    sku: str | None = None
    vendor: str | None = None
    discount_percent: Decimal | None = None
    duty: Decimal | None = None
    tax_rates: tuple = ()
    is_tip: bool = False
    is_gift_card: bool = False
    requires_shipping: bool = True
    attributes: dict = field(default_factory=dict)


@dataclass
class ShippingPlan:
    title: str
    code: str
    price: Decimal
    tax_rates: tuple = ()
    is_free: bool = False
    source: str = "shopify"


@dataclass
class CodePlan:
    """A discount code on the whole order: ``percent`` or ``amount``, exactly one of them."""

    code: str
    percent: Decimal | None = None
    amount: Decimal | None = None


@dataclass
class OrderPlan:
    """One order.

    :param list payments: ``(gateway, amount or None)``: None pays the rest; empty leaves the order unpaid
    :param dict utm: ``source``, ``medium``, ``campaign``, ``term``, ``content``
    """

    lines: list
    currencies: Currencies
    country: str = "DE"
    taxes_included: bool = True
    customer: dict | None = None
    guest_email: str | None = None
    shipping: list = field(default_factory=list)
    codes: list = field(default_factory=list)
    payments: list = field(default_factory=lambda: [("shopify_payments", None)])
    is_authorized_only: bool = False
    ships_elsewhere: bool = False
    has_addresses: bool = True
    company: str | None = None
    note: str | None = None
    tags: tuple = ()
    attributes: dict = field(default_factory=dict)
    utm: dict | None = None
    source_name: str = "web"
    po_number: str | None = None
    location_id: str | None = None
    cash_step: Decimal | None = None
    is_test: bool = False
    created_at: object = None
    kind: str = "simple"
