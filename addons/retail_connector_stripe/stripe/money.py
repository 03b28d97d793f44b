"""Stripe's integers in minor units, and decimals. Nothing here is ever a float."""

from decimal import Decimal

from odoo.addons.retail_integration_base.engine.errors import VendorChanged
from odoo.addons.retail_integration_base.engine.money import to_money

from . import const


def digits_of(currency):
    """Return the decimals of Stripe's minor unit; they are not always Odoo's.

    :param str currency: ISO 4217, in any case
    """
    code = currency.upper()
    return 0 if code in const.ZERO_DECIMALS else 3 if code in const.THREE_DECIMALS else 2


def from_minor(amount, currency):
    """Return the canonical money of ``amount`` (int).

    :raises VendorChanged: it is no integer
    """
    if type(amount) is not int:
        raise VendorChanged("Stripe states an amount that is no integer.", differences=["amount: %r" % (amount,)])
    return to_money(Decimal(amount).scaleb(-digits_of(currency)), currency.upper())


def to_minor(amount, currency):
    """Return the integer of ``amount`` (Decimal or decimal string) in Stripe's minor unit.

    :raises ValueError: it is finer than that unit
    """
    minor = Decimal(amount).scaleb(digits_of(currency))
    if minor != minor.to_integral_value():
        raise ValueError("%s %s is finer than Stripe's minor unit" % (amount, currency))
    return int(minor)
