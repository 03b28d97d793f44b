"""What happens to an order after it was placed. Each function settles the amounts; none emits an event."""

from . import fulfilments, refunds, stock, totals
from .not_possible import NotPossible
from .payments import add_transaction

REASONS = ("CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF")


def annotate(shop, order, note=None, tags=None):
    """Change the note (str) or the tags (list of str); None leaves as it is."""
    if note is not None:
        order["note"] = note
    if tags is not None:
        order["tags"] = sorted(tags)
    shop.touch(order)


def set_quantity(shop, order, line, quantity):
    """An order edit: give ``line`` another current quantity.

    More units are added to the line. Fewer are removed as Shopify does it: ``quantity`` stays, ``currentQuantity``
    falls, and a refund without a transaction tells the exact amounts of what was removed.

    :param int quantity: units that remain, 0 or more
    :raises NotPossible: the order is cancelled, or the quantity is negative
    """
    if order["cancelledAt"] is not None or quantity < 0:
        raise NotPossible(f"{order['name']}: the quantity cannot be set to {quantity}")
    difference = quantity - line["currentQuantity"]
    if difference > 0:
        line["quantity"] += difference
    elif difference < 0:
        order["refunds"].append(refunds.make(shop, order, [(line, -difference, "NO_RESTOCK")]))
    if difference:
        order["edited"] = True
    stock.commit(shop, order, line, difference)
    shop.touch(order)
    totals.settle(order)
    fulfilments.adjust(shop, order, line, difference)


def mark_paid(shop, order):
    """Capture what was authorized, or record a manual payment of what is owed.

    :raises NotPossible: nothing is owed
    """
    if not order["canMarkAsPaid"]:
        raise NotPossible(f"{order['name']}: nothing is owed")
    now = shop.clock.now()
    pending = [t for t in order["transactions"] if t["status"] == "PENDING"]
    authorization = next((t for t in order["transactions"] if t["kind"] == "AUTHORIZATION"), None)
    if pending:
        for transaction in pending:
            transaction["status"], transaction["processedAt"] = "SUCCESS", now
    elif authorization:
        owed = order["totalOutstandingSet"]
        add_transaction(shop, order, "CAPTURE", authorization["gateway"], owed, now, parent=authorization)
    else:
        add_transaction(shop, order, "SALE", "manual", order["totalOutstandingSet"], now)
    shop.touch(order)
    totals.settle(order)


def cancel(shop, order, reason="CUSTOMER"):
    """Cancel the whole order: everything is removed, and what was paid is paid back.

    :param str reason: one of :data:`REASONS`
    :raises NotPossible: it is cancelled already, or the reason is unknown
    """
    if order["cancelledAt"] is not None:
        raise NotPossible(f"{order['name']} is cancelled already")
    if reason not in REASONS:
        raise NotPossible(f"unknown reason {reason!r}; known: {', '.join(REASONS)}")
    now = shop.clock.now()
    order["cancelledAt"] = order["closedAt"] = now
    order["cancelReason"], order["closed"] = reason, True
    order["cancellation"] = {"__typename": "OrderCancellation", "staffNote": None}
    left = [(line, line["currentQuantity"]) for line in order["lineItems"] if line["currentQuantity"]]
    refund = refunds.make(shop, order, [(line, count, "CANCEL") for line, count in left], **refunds.all_charges(order))
    order["refunds"].append(refund)
    for line, count in left:
        stock.commit(shop, order, line, -count)
    totals.settle(order)
    for payment in [t for t in order["transactions"] if t["status"] == "SUCCESS" and t["kind"] in ("SALE", "CAPTURE")]:
        amount, gateway = payment["amountSet"], payment["gateway"]
        refund["transactions"].append(add_transaction(shop, order, "REFUND", gateway, amount, now, parent=payment))
    for pending in [t for t in order["transactions"] if t["status"] == "PENDING"]:
        pending["status"] = "FAILURE"
    refund["totalRefundedSet"] = totals.currencies_of(order).total(t["amountSet"] for t in refund["transactions"])
    shop.touch(order)
    totals.settle(order)
    fulfilments.close(shop, order)
