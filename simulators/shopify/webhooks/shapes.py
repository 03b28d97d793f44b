"""How values look in a REST payload."""

from zoneinfo import ZoneInfo


def fill(shape, values):
    """Take the keys of ``shape``, in its order, from ``values``.

    :raises KeyError: a key of the shape has no value
    """
    missing = set(shape) - set(values)
    if missing:
        raise KeyError(f"no rule fills {sorted(missing)}")
    return {key: values[key] for key in shape}


def instant(shop, value):
    """``2026-10-01T10:00:00+02:00``: second precision, in the shop's time zone."""
    return None if value is None else value.astimezone(ZoneInfo(shop.settings.timezone)).isoformat(timespec="seconds")


def amount_text(money):
    """``12.30``, or ``1230`` in a currency without cents.

    :param Money money: already rounded to its currency's unit
    """
    return str(money.amount)


def money_set(bag):
    """``{"shop_money": {…}, "presentment_money": {…}}``; null for None."""
    if bag is None:
        return None
    names = ("shop_money", "presentment_money")
    return {
        name: {"amount": amount_text(side), "currency_code": side.currencyCode}
        for name, side in zip(names, bag.sides, strict=True)
    }


def amount_and_set(name, bag):
    """``{name: "1.00", name_set: {…}}``; the plain amount is in the shop's currency."""
    return {name: amount_text(bag.shopMoney), f"{name}_set": money_set(bag)}
