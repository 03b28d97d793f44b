"""Fulfilment orders and fulfilments of an order. Each function changes the state; none emits an event.

Source: Shopify, "Manage fulfillments" and the schema's descriptions: a fulfilment order is the merchant's intention to
ship lines from one location; a fulfilment is what was shipped, of fulfilment orders of one location. One that is
shipped in part is in progress with what remains; one that is moved in part leaves the rest where it was.
"""

from urllib.parse import quote

from . import ids
from .not_possible import NotPossible
from .stock import level_of

FULFILLABLE = ("OPEN", "IN_PROGRESS")
LIVE = ("SUCCESS", "PENDING", "OPEN")
# Of the carriers whose links Shopify makes itself, those used here
CARRIERS = {
    "DHL Express": "https://www.dhl.com/tracking?id=%s",
    "UPS": "https://www.ups.com/track?tracknum=%s",
    "DPD": "https://tracking.dpd.de/parcelstatus?query=%s",
}


def orders_of(shop, order):
    """Fulfilment orders of an order.

    :rtype: list[dict]
    """
    return [shop.get(gid) for gid in order["_fulfilment_orders"]]


def fulfilments_of(shop, order):
    return [shop.get(gid) for gid in order["_fulfilments"]]


def route(shop, order):
    """Assign a new order's goods to the location that ships online orders, or to the store that sold them."""
    order["_fulfilment_orders"], order["_fulfilments"] = [], []
    online = next(location["id"] for location in shop.all("Location") if location["fulfillsOnlineOrders"])
    parts = [(line, line["currentQuantity"]) for line in order["lineItems"] if line["requiresShipping"]]
    if parts:
        _make_order(shop, order, order["retailLocationId"] or online, parts)
    settle(shop, order)


def _make_order(shop, order, location_id, parts, status="OPEN"):
    number, now = shop.new_number("FulfillmentOrder"), shop.clock.now()
    record = shop.add(
        {
            "__typename": "FulfillmentOrder",
            "id": ids.make("FulfillmentOrder", number),
            "orderId": order["id"],
            "orderName": order["name"],
            "orderProcessedAt": order["processedAt"],
            "channelId": None,
            "locationId": location_id,
            "status": status,
            "requestStatus": "UNSUBMITTED",
            "fulfillAt": order["createdAt"],
            "fulfillBy": None,
            "fulfillmentHolds": [],
            "createdAt": now,
            "updatedAt": now,
            "lines": [_order_line(shop, line, count) for line, count in parts],
        }
    )
    order["_fulfilment_orders"].append(record["id"])
    return record


def _order_line(shop, line, count):
    return shop.add(
        {
            "__typename": "FulfillmentOrderLineItem",
            "id": shop.new_id("FulfillmentOrderLineItem"),
            "lineItem": line,
            "totalQuantity": count,
            "remainingQuantity": count,
        }
    )


def settle(shop, order):
    """Work out what follows: statuses of the fulfilment orders, units left to ship, the order's status."""
    left = dict.fromkeys((line["id"] for line in order["lineItems"]), 0)
    for record in orders_of(shop, order):
        remaining = sum(part["remainingQuantity"] for part in record["lines"])
        if not remaining and record["status"] not in ("CLOSED", "CANCELLED"):
            record["status"] = "CLOSED"
        for part in record["lines"]:
            left[part["lineItem"]["id"]] += part["remainingQuantity"]
    for line in order["lineItems"]:
        line["unfulfilledQuantity"] = left[line["id"]]
        line["nonFulfillableQuantity"] = line["quantity"] - line["unfulfilledQuantity"]
    order["displayFulfillmentStatus"] = _display_status(shop, order, sum(left.values()))


def _display_status(shop, order, left):
    shipped = [record for record in fulfilments_of(shop, order) if record["status"] in LIVE]
    statuses = {record["status"] for record in orders_of(shop, order)}
    if shipped and not left:
        return "FULFILLED"
    if shipped:
        return "PARTIALLY_FULFILLED"
    if "ON_HOLD" in statuses:
        return "ON_HOLD"
    return "SCHEDULED" if statuses == {"SCHEDULED"} else "UNFULFILLED"


def adjust(shop, order, line, difference):
    """An edit adds units to a line, or takes units that are not shipped from it."""
    if not line["requiresShipping"]:
        return
    records = [record for record in orders_of(shop, order) if record["status"] not in ("CLOSED", "CANCELLED")]
    parts = [part for record in records for part in record["lines"] if part["lineItem"] is line]
    if difference > 0:
        if parts:
            parts[0]["totalQuantity"] += difference
            parts[0]["remainingQuantity"] += difference
        else:
            online = next(location["id"] for location in shop.all("Location") if location["fulfillsOnlineOrders"])
            _make_order(shop, order, online, [(line, difference)])
    for part in parts:
        if difference < 0:
            taken = min(part["remainingQuantity"], -difference)
            part["remainingQuantity"] -= taken
            part["totalQuantity"] -= taken
            difference += taken
    settle(shop, order)


def close(shop, order):
    """A cancelled order ships no more."""
    for record in orders_of(shop, order):
        if record["status"] != "CLOSED":
            record["status"] = "CANCELLED" if record["status"] != "IN_PROGRESS" else "CLOSED"
        for part in record["lines"]:
            part["remainingQuantity"] = 0
        shop.touch(record)
    settle(shop, order)


# ------------------------------------------------------------------ shipping


def fulfil(shop, parts, tracking=None, service=None):
    """Make a fulfilment.

    :param list parts: ``(fulfilment order, list of (line of it, units) or None for all that remains)``
    :param dict tracking: as in ``FulfillmentTrackingInput``
    :param str service: name of the third party that ships
    :return: the ``Fulfillment`` record
    :raises NotPossible: in the words of ``userErrors``
    """
    wanted = [(record, lines or _all_of(record)) for record, lines in parts]
    _check(wanted)
    order = shop.get(wanted[0][0]["orderId"])
    number, now = shop.new_number("Fulfillment"), shop.clock.now()
    shipped = [part for _record, lines in wanted for part in lines]
    fulfilment = shop.add(
        {
            "__typename": "Fulfillment",
            "id": ids.make("Fulfillment", number),
            "legacyResourceId": number,
            "name": f"{order['name']}.{len(order['_fulfilments']) + 1}",
            "orderId": order["id"],
            "locationId": wanted[0][0]["locationId"],
            "status": "SUCCESS",
            "displayStatus": "FULFILLED",
            "createdAt": now,
            "updatedAt": now,
            "deliveredAt": None,
            "inTransitAt": None,
            "estimatedDeliveryAt": None,
            "requiresShipping": True,
            "totalQuantity": sum(units for _part, units in shipped),
            "trackingInfo": tracking_info(tracking),
            "serviceName": service,
            "events": [],
            "orders": [record["id"] for record, _lines in wanted],
            "lines": [_shipped_line(shop, part["lineItem"], units) for part, units in shipped],
        }
    )
    order["_fulfilments"].append(fulfilment["id"])
    for record, lines in wanted:
        for part, units in lines:
            part["remainingQuantity"] -= units
            _leave(shop, part["lineItem"], record["locationId"], units)
        record["status"] = "IN_PROGRESS"
        shop.touch(record)
    _touch(shop, order)
    return fulfilment


def _shipped_line(shop, line, units):
    return shop.add(
        {
            "__typename": "FulfillmentLineItem",
            "id": shop.new_id("FulfillmentLineItem"),
            "lineItem": line,
            "quantity": units,
        }
    )


def _all_of(record):
    return [(part, part["remainingQuantity"]) for part in record["lines"] if part["remainingQuantity"]]


def _check(wanted):
    for record, lines in wanted:
        number = ids.number(record["id"])
        if record["status"] not in FULFILLABLE:
            raise NotPossible(f"Fulfillment order {number} has an unfulfillable status= {record['status'].lower()}.")
        if not lines or any(not 0 < units <= part["remainingQuantity"] for part, units in lines):
            raise NotPossible("Invalid fulfillment order line item quantity requested.")
    if len({record["locationId"] for record, _lines in wanted}) > 1:
        raise NotPossible("All fulfillment orders must be assigned to the same location.")
    if len({record["orderId"] for record, _lines in wanted}) > 1:
        raise NotPossible("All fulfillment orders must belong to the same order.")


def tracking_info(tracking):
    """``trackingInfo`` of a ``FulfillmentTrackingInput``: one entry per number."""
    tracking = tracking or {}
    numbers = tracking.get("numbers") or ([tracking["number"]] if tracking.get("number") else [])
    urls = tracking.get("urls") or ([tracking["url"]] if tracking.get("url") else [])
    company = tracking.get("company")
    made = CARRIERS.get(company)
    return [
        {
            "__typename": "FulfillmentTrackingInfo",
            "company": company,
            "number": number,
            "url": urls[index] if index < len(urls) else made and made % quote(number),
        }
        for index, number in enumerate(numbers)
    ]


def track(shop, fulfilment, tracking):
    """:raises NotPossible: it is cancelled"""
    _require_live(fulfilment)
    fulfilment["trackingInfo"] = tracking_info(tracking)
    _touch(shop, shop.get(fulfilment["orderId"]), fulfilment)


def cancel(shop, fulfilment):
    """Take a fulfilment back: its units are to be shipped again, as a new fulfilment order.

    :raises NotPossible: it is cancelled
    """
    _require_live(fulfilment)
    order = shop.get(fulfilment["orderId"])
    fulfilment["status"], fulfilment["displayStatus"] = "CANCELLED", "CANCELED"
    parts = [(line["lineItem"], line["quantity"]) for line in fulfilment["lines"]]
    _make_order(shop, order, fulfilment["locationId"], parts)
    for line in fulfilment["lines"]:
        _leave(shop, line["lineItem"], fulfilment["locationId"], -line["quantity"])
    _touch(shop, order, fulfilment)


def note_event(shop, fulfilment, values):
    """What the carrier says: ``values`` as in ``FulfillmentEventInput``.

    :return: the ``FulfillmentEvent`` record
    """
    now = shop.clock.now()
    address = ("address1", "city", "country", "province", "zip", "latitude", "longitude")
    event = shop.add(
        {
            "__typename": "FulfillmentEvent",
            "id": shop.new_id("FulfillmentEvent"),
            "createdAt": now,
            "happenedAt": values.get("happenedAt") or now,
            "status": values["status"],
            **{name: values.get(name) for name in (*address, "message", "estimatedDeliveryAt")},
        }
    )
    fulfilment["events"].append(event)
    # The display status knows every status of an event by the same name
    fulfilment["displayStatus"] = event["status"]
    if event["status"] == "DELIVERED":
        fulfilment["deliveredAt"] = event["happenedAt"]
    if event["status"] == "IN_TRANSIT":
        fulfilment["inTransitAt"] = event["happenedAt"]
    shop.touch(fulfilment)
    return event


def _require_live(fulfilment):
    if fulfilment["status"] not in LIVE:
        raise NotPossible("The fulfillment is cancelled.")


def _leave(shop, line, location_id, units):
    """Committed units leave the location's stock (or come back, if negative)."""
    if line["variantId"] is None:
        return
    level = level_of(shop, shop.get(line["variantId"])["inventoryItemId"], location_id)
    if level:
        level["committed"] -= units
        shop.touch(level)


def _touch(shop, order, *records):
    settle(shop, order)
    for record in records:
        shop.touch(record)
    shop.touch(order)


# ------------------------------------------------------------------ what stands in the way


def supported_actions(record):
    """Names of what can be done with a fulfilment order in its state."""
    if record["status"] in ("CLOSED", "CANCELLED"):
        return []
    if record["status"] == "ON_HOLD":
        return ["RELEASE_HOLD", "HOLD", "MOVE"]
    if record["status"] == "SCHEDULED":
        return ["MARK_AS_OPEN", "MOVE"]
    if record["status"] == "INCOMPLETE":
        return []
    return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", "SPLIT"]


def hold(shop, record, reason, notes=None):
    """:raises NotPossible: it is not open"""
    if record["status"] not in (*FULFILLABLE, "ON_HOLD", "SCHEDULED"):
        raise NotPossible("The fulfillment order is not in a state that can be put on hold.")
    record["_before_hold"] = record.get("_before_hold") or record["status"]
    record["status"] = "ON_HOLD"
    made = shop.add(
        {
            "__typename": "FulfillmentHold",
            "id": shop.new_id("FulfillmentHold"),
            "handle": None,
            "reason": reason,
            "reasonNotes": notes,
            "displayReason": reason.replace("_", " ").capitalize(),
            "heldByRequestingApp": False,
            "heldByApp": None,
        }
    )
    record["fulfillmentHolds"].append(made)
    shop.touch(record)
    _touch(shop, shop.get(record["orderId"]))
    return made


def release(shop, record, hold_ids=None):
    """:raises NotPossible: it is not on hold"""
    if record["status"] != "ON_HOLD":
        raise NotPossible("The fulfillment order is not on hold.")
    record["fulfillmentHolds"] = [
        made for made in record["fulfillmentHolds"] if hold_ids is not None and made["id"] not in hold_ids
    ]
    if not record["fulfillmentHolds"]:
        record["status"] = record.pop("_before_hold", "OPEN")
    shop.touch(record)
    _touch(shop, shop.get(record["orderId"]))


def move(shop, record, location_id, lines=None):
    """Assign what remains of a fulfilment order to another location.

    :param list lines: ``(line of it, units)``: no more than these; None for all that remains
    :return: ``(moved fulfilment order, what stays of the original or None)``
    :raises NotPossible: nothing can be moved, or the location does not stock it
    """
    if "MOVE" not in supported_actions(record):
        raise NotPossible("Cannot change location for the fulfillment order.")
    if record["locationId"] == location_id:
        raise NotPossible("The fulfillment order is assigned to this location already.")
    order = shop.get(record["orderId"])
    parts = lines or _all_of(record)
    if any(not 0 < units <= part["remainingQuantity"] for part, units in parts):
        raise NotPossible("Invalid fulfillment order line item quantity requested.")
    for part, units in parts:
        line = part["lineItem"]
        item_id = line["variantId"] and shop.get(line["variantId"])["inventoryItemId"]
        there = item_id and level_of(shop, item_id, location_id)
        if item_id and there is None:
            raise NotPossible("None of the items are stocked at the new location.")
        if item_id:
            here = level_of(shop, item_id, record["locationId"])
            here["committed"] -= units
            here["available"] += units
            there["available"] -= units
            there["committed"] += units
    if parts == _all_of(record) and all(part["remainingQuantity"] == part["totalQuantity"] for part in record["lines"]):
        record["locationId"] = location_id
        shop.touch(record)
        _touch(shop, order)
        return record, None
    moved = _make_order(shop, order, location_id, [(part["lineItem"], units) for part, units in parts])
    for part, units in parts:
        part["remainingQuantity"] -= units
        part["totalQuantity"] -= units
    _touch(shop, order, record)
    return moved, record
