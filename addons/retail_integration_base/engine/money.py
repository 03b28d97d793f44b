"""Money as the canonical documents carry it: ``{"amount": "12.34", "currency": "EUR"}``."""

from decimal import Decimal, InvalidOperation


def to_decimal(money):
    """Return the exact amount of a canonical money dict.

    :param dict money: ``{"amount": decimal string, "currency": ISO 4217}`` or ``None`` (counts as zero)
    :return: Decimal
    :raises ValueError: the amount is not a finite decimal string
    """
    if money is None:
        return Decimal(0)
    amount = money["amount"]
    if not isinstance(amount, str):
        raise ValueError("A canonical amount is a string, got %r" % (amount,))
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise ValueError("%r is not a decimal number" % amount) from error
    if not value.is_finite():
        raise ValueError("%r is not a finite amount" % amount)
    return value


def to_money(amount, currency):
    """Return the canonical money dict of ``amount`` (Decimal, int or decimal string) in ``currency``.

    :raises TypeError: ``amount`` is a float, whose cents are not exact
    """
    if isinstance(amount, float):
        raise TypeError("Money is never a float: %r" % amount)
    return {"amount": format(Decimal(amount), "f"), "currency": currency}
