"""Ask Shopify what became of a command whose answer was lost.

``fulfillmentCreate`` takes no idempotency key, and a fulfilment has no field of our own to mark it with. So a
fulfilment is looked for that nobody else accounts for, with the lines that were sent, made since the command was given
(docs/decisions/0013).
"""

from datetime import timedelta

from . import fulfilment_plan as plan
from . import fulfilment_read, instants

#: How much Shopify's clock may be behind Odoo's.
_CLOCK_SKEW = timedelta(minutes=5)


def find_created(client, order_gid, lines, since, bound):
    """Look for the fulfilment that a command whose answer was lost may have made.

    :param dict lines: line id → units the command carried
    :param datetime since: naive UTC, when the command was given
    :param set bound: ids of fulfilments that Odoo knows already
    :return: Sent, or ``None``: it has not been made
    """
    order = fulfilment_read.read_fulfilments(client, order_gid)
    live = [node for node in order["fulfillments"] if fulfilment_read.is_live(node)] if order else []
    unknown = [node for node in live if node["id"] not in bound]
    new = [node for node in unknown if _made_at(node) >= since - _CLOCK_SKEW]
    for node in new:
        if fulfilment_read.lines_of(node) == lines:
            return _found(node)
    # What others had fulfilled already was left out of the command: is one of these what was sent then?
    new = [node for node in new if _is_part(fulfilment_read.lines_of(node), lines)]
    if not new:
        return None
    open_orders = [
        one for one in fulfilment_read.read_fulfilment_orders(client, order_gid) if one["status"] not in plan.OVER
    ]
    for node in new:
        carried = fulfilment_read.lines_of(node)
        left = plan.remaining(open_orders)
        for line, units in carried.items():
            left[line] = left.get(line, 0) + units
        wanted, missing = plan.share(lines, left, plan.count_lines(one for one in unknown if one is not node))
        if not missing and wanted == carried:
            return _found(node)
    return None


def _made_at(node):
    return instants.parse_instant(node["createdAt"]).replace(tzinfo=None)


def _is_part(some, whole):
    return bool(some) and all(units <= whole.get(line, 0) for line, units in some.items())


def _found(node):
    place = node["location"] and node["location"]["id"]
    document = {"parcels": fulfilment_read.parcels_of(node), "location_external_id": place}
    return plan.sent_as(node, document, {line: str(units) for line, units in fulfilment_read.lines_of(node).items()})


def find_changed(client, gid):
    """Return ``(Sent, is cancelled)`` of a fulfilment as it is now, ``None`` if there is none."""
    node = fulfilment_read.fetch_fulfilments(client, [gid]).get(gid)
    if isinstance(node, Exception):
        raise node
    if node is None:
        return None
    return plan.sent_as(node, {"parcels": fulfilment_read.parcels_of(node)}), not fulfilment_read.is_live(node)
