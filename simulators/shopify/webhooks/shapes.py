"""How values look in a REST payload."""

from zoneinfo import ZoneInfo

from ..scalars import money_text


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


def money_set(bag):
    if bag is None:
        return None
    return {
        "shop_money": {"amount": money_text(bag.shopMoney.amount), "currency_code": bag.shopMoney.currencyCode},
        "presentment_money": {
            "amount": money_text(bag.presentmentMoney.amount),
            "currency_code": bag.presentmentMoney.currencyCode,
        },
    }


def amount_and_set(name, bag):
    """``{name: "1.00", name_set: {…}}``; the plain amount is in the shop's currency."""
    return {name: money_text(bag.shopMoney.amount), f"{name}_set": money_set(bag)}
