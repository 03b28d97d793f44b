"""Shopify's money bags, exactly: amounts are decimal strings, and a sum never loses a cent."""

from decimal import ROUND_DOWN, Decimal

from odoo.addons.retail_integration_base.engine.errors import VendorChanged

from . import const


class Purse:
    """Reads the shop-money side of an order's bags and writes canonical money in the one currency they must share."""

    def __init__(self, currency):
        self.currency = currency
        self.unit = Decimal(1).scaleb(-const.minor_digits(currency))

    def read(self, bag):
        """Return the Decimal amount of a ``MoneyBag`` in the shop's currency; ``None`` counts as zero.

        :raises VendorChanged: the bag is in another currency
        """
        if bag is None:
            return Decimal(0)
        money = bag["shopMoney"]
        if money["currencyCode"] != self.currency:
            raise VendorChanged(
                "An amount is in %s where the order is in %s." % (money["currencyCode"], self.currency),
                differences=["shopMoney.currencyCode: %s" % money["currencyCode"]],
            )
        return Decimal(money["amount"])

    def write(self, amount):
        """Return canonical money of a Decimal, with at least the decimals of the currency."""
        return canonical_money(amount, self.currency)

    def split(self, amount, weights):
        """Split ``amount`` in proportion to ``weights``; the parts are whole minor units and sum to ``amount``.

        What is smaller than a unit goes to the parts that lost most by rounding down (largest remainder).

        :param list weights: Decimals of one sign, not all zero unless ``amount`` is
        """
        total = sum(weights, Decimal(0))
        if not total:
            return [amount if index == 0 else Decimal(0) for index in range(len(weights))]
        exact = [amount * weight / total for weight in weights]
        parts = [part.quantize(self.unit, ROUND_DOWN) for part in exact]
        missing = amount - sum(parts, Decimal(0))
        step = self.unit if missing > 0 else -self.unit
        order = sorted(range(len(parts)), key=lambda index: abs(exact[index] - parts[index]), reverse=True)
        for index in order * 2:
            if abs(missing) < self.unit:
                break
            parts[index] += step
            missing -= step
        # A fraction of a unit is left only where ``amount`` itself is none of whole units.
        parts[order[0]] += missing
        return parts


def canonical_money(amount, currency):
    """Return ``{"amount": …, "currency": …}`` of a Decimal, padded to the decimals of the currency."""
    unit = Decimal(1).scaleb(-const.minor_digits(currency))
    padded = amount.quantize(unit) if amount == amount.quantize(unit) else amount.normalize()
    return {"amount": format(padded, "f"), "currency": currency}


def presentment(bag):
    """Return the presentment side of a bag as ``(Decimal, currency)``."""
    money = bag["presentmentMoney"]
    return Decimal(money["amount"]), money["currencyCode"]
