"""What staff refunds and takes back while the simulator runs: each changes the state and tells the webhooks."""

from decimal import Decimal

from .state import refunds, returns, totals


def refund(world, order, lines=None, shipping=False, duties=False, paid=None, webhooks=True, **options):
    """Refund in the shop, not through the API.

    :param list lines: ``{"sku" or "line": position from 0, "quantity", "restock", "location": name or id}``; restock is
        one of :data:`refunds.RESTOCK_TYPES`. None is everything that is left: shipped goods come back to stock, the
        others are cancelled, shipping and duties are refunded
    :param shipping: an amount, True for all that is left, False for none
    :param paid: an amount that differs from what the parts make
    :param options: ``note``, ``reason``, ``gateway``, ``return_id``
    :return: the ``Refund`` record
    :raises NotPossible: more than there is
    """
    shop, bag = world.shop, totals.currencies_of(order).bag
    with shop.lock:
        if lines is None:
            parts, shipping, duties = _everything(order), True, True
        else:
            parts = [_part(world, order, entry) for entry in lines]
        amount = None if shipping is True else bag(Decimal(str(shipping or 0)))
        made = refunds.refund(
            shop,
            order,
            parts,
            [(line, amount) for line in order["shippingLines"][:1] if shipping],
            [duty for line in order["lineItems"] for duty in line["duties"]] if duties else (),
            None if paid is None else bag(Decimal(str(paid))),
            **options,
        )
        if webhooks:
            world.sender.emit("refunds/create", made)
            world.sender.emit("orders/updated", order)
        return made


def _everything(order):
    parts = []
    for line in order["lineItems"]:
        shipped = line["currentQuantity"] - line["unfulfilledQuantity"]
        if line["requiresShipping"] and shipped > 0:
            parts.append((line, shipped, "RETURN", None))
            shipped = 0
        if line["unfulfilledQuantity"]:
            parts.append((line, line["unfulfilledQuantity"], "CANCEL", None))
        if shipped > 0:
            parts.append((line, shipped, "NO_RESTOCK", None))
    return parts


def _part(world, order, entry):
    if "line" in entry:
        line = order["lineItems"][entry["line"]]
    else:
        line = next(one for one in order["lineItems"] if one["sku"] == entry["sku"])
    place = next(
        (one["id"] for one in world.shop.all("Location") if entry.get("location") in (one["name"], one["id"])), None
    )
    return line, int(entry.get("quantity", 1)), entry.get("restock", "NO_RESTOCK").upper(), place


def open_return(world, order, lines, note="", webhooks=True):
    """Open a return of shipped goods.

    :param list lines: ``{"sku" or "line": position from 0, "quantity"}``
    :return: the ``Return`` record
    """
    with world.shop.lock:
        parts = [_part(world, order, entry)[:2] for entry in lines]
        made = returns.open_return(world.shop, order, parts, note)
        return _tell(world, made, "returns/approve", webhooks)


def dispose(world, record, line, quantity, kind, location=None, webhooks=True):
    """Say what became of units of a return: one of :data:`returns.DISPOSITIONS`."""
    with world.shop.lock:
        place = next((one["id"] for one in world.shop.all("Location") if location in (one["name"], one["id"])), None)
        returns.dispose(world.shop, record, int(line), int(quantity), kind.upper(), place)
        return _tell(world, record, None, webhooks)


def end_return(world, record, status="CLOSED", webhooks=True):
    """Close or cancel a return."""
    with world.shop.lock:
        returns.end(world.shop, record, status)
        return _tell(world, record, "returns/close" if status == "CLOSED" else "returns/cancel", webhooks)


def _tell(world, record, topic, webhooks):
    if webhooks:
        if topic:
            world.sender.emit(topic, record)
        world.sender.emit("orders/updated", world.shop.get(record["orderId"]))
    return record
