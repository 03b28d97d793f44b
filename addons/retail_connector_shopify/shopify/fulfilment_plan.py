"""What of an order is to be fulfilled from which fulfilment orders: plain values, no call."""

from decimal import Decimal

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman
from odoo.addons.retail_integration_base.engine.messages import Sent

from . import const, fulfilment_read, instants

OPEN = ("OPEN", "IN_PROGRESS")
OVER = ("CLOSED", "CANCELLED")


def units_of(line, document):
    quantity = Decimal(line["quantity"])
    if quantity != int(quantity):
        raise NeedsHuman(
            "%s shipped %s of a line; Shopify counts whole units." % (document["name"], quantity),
            kind="fulfilment_mismatch",
            cause_key="shopify:fulfilment:fraction",
            facts={"order_external_id": document["order_external_id"]},
        )
    return int(quantity)


def place_of(fulfilment_order):
    location = fulfilment_order["assignedLocation"]["location"]
    return location and location["id"]


def remaining(fulfilment_orders):
    found = {}
    for one in fulfilment_orders:
        for line in one["lineItems"]["nodes"]:
            if line["remainingQuantity"] > 0:
                external_id = line["lineItem"]["id"]
                found[external_id] = found.get(external_id, 0) + line["remainingQuantity"]
    return found


def share(shipped, left, by_others):
    """Divide what Odoo shipped (dict line → units) into what the shop is to be told and what it does not expect.

    What others have fulfilled of it is agreed on, and in neither.

    :param dict left: line → units that can be fulfilled yet
    :param dict by_others: line → units in fulfilments that Odoo does not know
    :return: ``(dict line → units to fulfil, dict line → units that are not expected)``
    """
    wanted, missing = {}, {}
    for line, units in shipped.items():
        lacking = max(units - left.get(line, 0), 0)
        if lacking > by_others.get(line, 0):
            missing[line] = lacking
        elif units > lacking:
            wanted[line] = units - lacking
    return wanted, missing


def count_lines(nodes):
    found = {}
    for node in nodes:
        for external_id, units in fulfilment_read.lines_of(node).items():
            found[external_id] = found.get(external_id, 0) + units
    return found


def place_of_most(open_orders, wanted):
    """Return the location that can ship most of ``wanted``: without a mapping nobody knows where it left from."""
    scores = {}
    for one in open_orders:
        units = sum(min(count, wanted.get(line, 0)) for line, count in remaining([one]).items())
        scores[place_of(one)] = scores.get(place_of(one), 0) + units
    return max(scores, key=scores.get) if scores else None


def choose(open_orders, wanted, place):
    """Choose fulfilment orders of one location that can ship ``wanted`` now.

    :return: ``(list of (fulfilment order, dict id of its line → units), dict line → units that none can ship)``
    """
    place = place or place_of_most(open_orders, wanted)
    left, parts = dict(wanted), []
    for one in open_orders:
        actions = {entry["action"] for entry in one["supportedActions"]}
        if place_of(one) != place or one["status"] not in OPEN or "CREATE_FULFILLMENT" not in actions:
            continue
        chosen = {}
        for line in one["lineItems"]["nodes"]:
            units = min(left.get(line["lineItem"]["id"], 0), line["remainingQuantity"])
            if units > 0:
                chosen[line["id"]] = units
                left[line["lineItem"]["id"]] -= units
        if chosen:
            parts.append((one, chosen))
    return parts, {line: units for line, units in left.items() if units}


def move_of(one, place, missing):
    """Return the variables that move what was shipped of a fulfilment order; the rest stays where it is."""
    lines = [line for line in one["lineItems"]["nodes"] if line["remainingQuantity"]]
    chosen = [
        {"id": line["id"], "quantity": min(missing[line["lineItem"]["id"]], line["remainingQuantity"])}
        for line in lines
        if line["lineItem"]["id"] in missing
    ]
    is_whole = [line["remainingQuantity"] for line in lines] == [line["quantity"] for line in chosen]
    # More than Shopify takes at once is moved in the next rounds.
    return {"id": one["id"], "location": place, "lines": None if is_whole else chosen[: const.MAX_PAGE]}


def input_of(document, parts):
    """Return the ``FulfillmentInput``. Lines are named one by one: without a list everything that remains is shipped,
    also what somebody adds meanwhile.
    """
    entries = []
    for one, chosen in parts:
        entry = {"fulfillmentOrderId": one["id"]}
        if len(chosen) <= const.MAX_PAGE:
            entry["fulfillmentOrderLineItems"] = [{"id": gid, "quantity": units} for gid, units in chosen.items()]
        elif chosen != {
            line["id"]: line["remainingQuantity"] for line in one["lineItems"]["nodes"] if line["remainingQuantity"]
        }:
            raise NeedsHuman(
                "%s ships part of more lines than Shopify takes at once." % document["name"],
                kind="fulfilment_mismatch",
                cause_key="shopify:fulfilment:too_many_lines",
                facts={"order_external_id": document["order_external_id"]},
            )
        entries.append(entry)
    value = {"lineItemsByFulfillmentOrder": entries, "notifyCustomer": bool(document.get("notify_customer"))}
    tracking = tracking_of(document)
    return dict(value, trackingInfo=tracking) if tracking else value


def tracking_of(document):
    """Return the ``FulfillmentTrackingInput`` of a document's parcels, ``None`` if it has none."""
    parcels = document.get("parcels") or []
    if not parcels:
        return None
    value = {"numbers": [parcel["number"] for parcel in parcels]}
    company = next((parcel["company"] for parcel in parcels if parcel.get("company")), None)
    if company:
        value["company"] = company
    urls = [parcel["url"] for parcel in parcels if parcel.get("url")]
    # They belong to the numbers by position: some without would be given to the wrong ones.
    return dict(value, urls=urls) if len(urls) == len(parcels) else value


def sent_as(node, document, lines=None):
    answer = {
        "name": node["name"],
        "status": "success" if fulfilment_read.is_live(node) else "cancelled",
        "version": instants.to_micros(instants.parse_instant(node["updatedAt"])),
        "location": document.get("location_external_id"),
        "parcels": document.get("parcels") or [],
    }
    return Sent(node["id"], dict(answer, lines=lines) if lines else answer)


def messages_of(answer):
    return "; ".join(str(error.get("message")) for error in answer.get("userErrors") or []) or "no reason"
