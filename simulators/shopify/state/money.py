"""Exact money in the shop's currency and in the customer's, side by side.

Attribute names are the schema's (``MoneyBag``, ``MoneyV2``), because records are served as they are.
"""

import functools
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_WITHOUT_CENTS = {"JPY", "KRW", "CLP", "VND"}


def quantum(currency):
    """The smallest unit of ``currency`` as a Decimal."""
    return Decimal(1) if currency in _WITHOUT_CENTS else Decimal("0.01")


def rounded(amount, currency):
    return amount.quantize(quantum(currency), ROUND_HALF_UP)


@dataclass(frozen=True)
class Money:
    """``MoneyV2``."""

    amount: Decimal
    currencyCode: str  # noqa: N815


@dataclass(frozen=True)
class Bag:
    """``MoneyBag``: the same value in both currencies; arithmetic works on each side apart."""

    shopMoney: Money  # noqa: N815
    presentmentMoney: Money  # noqa: N815

    def __add__(self, other):
        return self._combine(other, lambda a, b: a + b)

    def __sub__(self, other):
        return self._combine(other, lambda a, b: a - b)

    def __neg__(self):
        return self.map(lambda amount: -amount)

    def __mul__(self, factor):
        """:param factor: int or Decimal; the product is rounded half up to the currency's unit"""
        return self.map(lambda amount: amount * factor)

    def __bool__(self):
        return bool(self.shopMoney.amount or self.presentmentMoney.amount)

    def map(self, function):
        """Apply ``function(Decimal) -> Decimal`` to both sides and round half up."""
        return Bag(
            *(Money(rounded(function(side.amount), side.currencyCode), side.currencyCode) for side in self.sides)
        )

    @property
    def sides(self):
        return self.shopMoney, self.presentmentMoney

    def _combine(self, other, function):
        return Bag(
            *(
                Money(function(mine.amount, theirs.amount), mine.currencyCode)
                for mine, theirs in zip(self.sides, other.sides, strict=True)
            )
        )


@functools.cache
def _zero(shop, presentment):
    return Bag(Money(rounded(Decimal(0), shop), shop), Money(rounded(Decimal(0), presentment), presentment))


@dataclass(frozen=True)
class Currencies:
    """The pair of currencies of one order.

    :param Decimal rate: presentment units for one shop unit
    """

    shop: str
    presentment: str
    rate: Decimal = Decimal(1)

    def bag(self, amount):
        """Make a bag of ``amount`` (Decimal or its text) in the shop's currency."""
        amount = Decimal(amount)
        return Bag(
            Money(rounded(amount, self.shop), self.shop),
            Money(rounded(amount * self.rate, self.presentment), self.presentment),
        )

    @property
    def zero(self):
        return _zero(self.shop, self.presentment)

    def total(self, bags):
        return sum(bags, self.zero)


def split(bag, weights):
    """Split ``bag`` over ``weights`` so that the parts add up to it on both sides.

    Cents that are left over go to the largest remainders, the earlier line first: as Shopify spreads an order discount.

    :param list[Bag] weights: the amounts by which to share
    :rtype: list[Bag]
    """
    shop = _split_side(bag.shopMoney, [weight.shopMoney.amount for weight in weights])
    presentment = _split_side(bag.presentmentMoney, [weight.presentmentMoney.amount for weight in weights])
    return [Bag(*sides) for sides in zip(shop, presentment, strict=True)]


def _split_side(money, weights):
    whole, unit = sum(weights), quantum(money.currencyCode)
    if not whole:
        return [Money(Decimal(0).quantize(unit), money.currencyCode) for _weight in weights]
    exact = [money.amount * weight / whole for weight in weights]
    parts = [(amount // unit) * unit for amount in exact]
    left_over = int((money.amount - sum(parts)) / unit)
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[:left_over]:
        parts[index] += unit
    return [Money(part.quantize(unit), money.currencyCode) for part in parts]
