"""Returns of shipped goods, and what the warehouse says of them when they arrive. None of it emits an event.

Source: the schema's descriptions of ``Return``, ``ReverseFulfillmentOrder`` and ``reverseFulfillmentOrderDispose``.
"""

from . import ids, stock
from .not_possible import NotPossible

DISPOSITIONS = ("RESTOCKED", "NOT_RESTOCKED", "MISSING", "PROCESSING_REQUIRED")


def returns_of(shop, order):
    """Returns of an order, the oldest first.

    :rtype: list[dict]
    """
    return [one for one in shop.all("Return") if one["orderId"] == order["id"]]


def open_return(shop, order, parts, note=""):
    """Open a return.

    :param list parts: ``(line, units)``
    :return: the ``Return`` record
    :raises NotPossible: not so much of it is with the customer
    """
    for line, count in parts:
        if not 0 < count <= line["quantity"] - line["unfulfilledQuantity"] - _coming(shop, order, line):
            raise NotPossible(f"{count} of {line['name']} cannot be returned")
    shipped = [part for gid in order["_fulfilments"] for part in shop.get(gid)["lines"]]
    number, now = shop.new_number("Return"), shop.clock.now()
    record = {
        "__typename": "Return",
        "id": ids.make("Return", number),
        "legacyResourceId": number,
        "orderId": order["id"],
        "name": f"{order['name']}-R{len(returns_of(shop, order)) + 1}",
        "status": "OPEN",
        "createdAt": now,
        "closedAt": None,
        "requestApprovedAt": now,
        "totalQuantity": sum(count for _line, count in parts),
        "decline": None,
        "staffMember": None,
        "lines": [],
    }
    for line, count in parts:
        source = next(part for part in shipped if part["lineItem"] is line)
        record["lines"].append(
            {
                "__typename": "ReturnLineItem",
                "id": shop.new_id("ReturnLineItem"),
                "quantity": count,
                "returnReasonNote": note,
                "customerNote": None,
                "fulfillmentLineItem": source,
            }
        )
    record["reverse"] = shop.add(
        {
            "__typename": "ReverseFulfillmentOrder",
            "id": shop.new_id("ReverseFulfillmentOrder"),
            "status": "OPEN",
            "orderId": order["id"],
            "lines": [
                {
                    "__typename": "ReverseFulfillmentOrderLineItem",
                    "id": shop.new_id("ReverseFulfillmentOrderLineItem"),
                    "totalQuantity": line["quantity"],
                    "fulfillmentLineItem": line["fulfillmentLineItem"],
                    "dispositions": [],
                }
                for line in record["lines"]
            ],
        }
    )
    order["returnStatus"] = "IN_PROGRESS"
    shop.touch(order)
    return shop.add(record)


def _coming(shop, order, line):
    return sum(
        part["quantity"]
        for one in returns_of(shop, order)
        if one["status"] != "CANCELED"
        for part in one["lines"]
        if part["fulfillmentLineItem"]["lineItem"] is line
    )


def dispose(shop, record, position, count, kind, location_id=None):
    """Say what became of units that arrived, or did not.

    :param int position: of the return's line
    :param str kind: one of :data:`DISPOSITIONS`
    :raises NotPossible: unknown, or more than is expected
    """
    part = record["reverse"]["lines"][position]
    done = sum(one["quantity"] for one in part["dispositions"] if one["type"] != "PROCESSING_REQUIRED")
    if kind not in DISPOSITIONS or record["status"] != "OPEN" or not 0 < count <= part["totalQuantity"] - done:
        raise NotPossible(f"{count} units cannot be {kind}")
    location_id = location_id or next(one["id"] for one in shop.all("Location") if one["fulfillsOnlineOrders"])
    part["dispositions"].append(
        shop.add(
            {
                "__typename": "ReverseFulfillmentOrderDisposition",
                "id": shop.new_id("ReverseFulfillmentOrderDisposition"),
                "createdAt": shop.clock.now(),
                "quantity": count,
                "type": kind,
                "location": shop.get(location_id) if kind != "MISSING" else None,
            }
        )
    )
    line = part["fulfillmentLineItem"]["lineItem"]
    if kind == "RESTOCKED" and line["variantId"] is not None:
        level = stock.level_of(shop, shop.get(line["variantId"])["inventoryItemId"], location_id)
        level["available"] += count
        shop.touch(level)
    shop.touch(shop.get(record["orderId"]))


def end(shop, record, status):
    """Close or cancel a return.

    :param str status: ``CLOSED`` or ``CANCELED``
    :raises NotPossible: it is not open
    """
    if record["status"] != "OPEN":
        raise NotPossible("the return is not open")
    order = shop.get(record["orderId"])
    record["status"] = record["reverse"]["status"] = status
    record["closedAt"] = shop.clock.now() if status == "CLOSED" else None
    if not any(one["status"] == "OPEN" for one in returns_of(shop, order)):
        order["returnStatus"] = "RETURNED" if status == "CLOSED" else "NO_RETURN"
    shop.touch(order)
