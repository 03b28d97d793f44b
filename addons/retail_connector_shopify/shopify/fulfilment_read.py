"""What was shipped of an order, as Shopify has it → ``fulfilment.v1``; and what is left to ship."""

from datetime import timezone

from odoo.addons.retail_integration_base.engine.errors import VendorChanged
from odoo.addons.retail_integration_base.engine.messages import Change, MessageKey

from . import batches, const, instants, shapes
from .mapper_customer import clean

_STATUS = {
    "SUCCESS": "success",
    "OPEN": "pending",
    "PENDING": "pending",
    "CANCELLED": "cancelled",
    "ERROR": "failed",
    "FAILURE": "failed",
}
# A service of the merchant's own, or none: nobody else shipped it.
_OWN_SERVICES = ("MANUAL", None)
# Says no more than that there is a fulfilment.
_SILENT_STATUS = frozenset(("FULFILLED", "MARKED_AS_FULFILLED", "SUBMITTED", "CANCELED"))


def fetch_fulfilments(client, gids):
    """Fetch fulfilments by id with all their lines.

    :return: dict gid → node of the shape ``FULFILMENT``, ``None`` where there is none, or the :class:`RetailError`
        that concerns this one alone
    :raises RetailError: nothing was fetched
    """
    found = batches.fetch_nodes(client, "fulfilments_by_ids", gids)
    return batches.complete_each(client, found, _complete)


def _complete(client, node):
    shapes.check(node, "FULFILMENT")
    return _with_all_lines(client, node)


def _with_all_lines(client, node):
    lines = batches.complete(client, "fulfilment_lines", node, "fulfillmentLineItems")
    return dict(node, fulfillmentLineItems=dict(node["fulfillmentLineItems"], nodes=lines))


def map_fulfilment(node):
    """Return the ``fulfilment.v1`` document of a ``Fulfillment`` with all its lines."""
    shapes.check(node, "FULFILMENT")
    service = node["service"] or {}
    shown = node["displayStatus"]
    return {
        "schema": "fulfilment.v1",
        "external_id": node["id"],
        "version": instants.to_micros(instants.parse_instant(node["updatedAt"])),
        "order_external_id": node["order"]["id"],
        "order_placed_at": instants.canonical(node["order"]["createdAt"]),
        "name": clean(node["name"]),
        "status": _STATUS.get(node["status"], "pending"),
        "delivery_status": None if shown in _SILENT_STATUS or not shown else shown.lower(),
        "location_external_id": node["location"] and node["location"]["id"],
        "service": None if service.get("type") in _OWN_SERVICES else clean(service.get("serviceName")),
        "shipped_at": instants.canonical(node["createdAt"]),
        "delivered_at": instants.canonical(node["deliveredAt"]),
        "lines": [
            {"line_external_id": external_id, "quantity": str(units)} for external_id, units in lines_of(node).items()
        ],
        "parcels": parcels_of(node),
    }


def lines_of(node):
    """Return dict line id → units of a fulfilment: a line may be in it twice, from two fulfilment orders."""
    found = {}
    for line in node["fulfillmentLineItems"]["nodes"]:
        external_id = line["lineItem"]["id"]
        found[external_id] = found.get(external_id, 0) + (line["quantity"] or 0)
    return {external_id: units for external_id, units in found.items() if units}


def parcels_of(node):
    return [
        {"number": number, "company": clean(parcel["company"]), "url": clean(parcel["url"])}
        for parcel in node["trackingInfo"]
        if (number := clean(parcel["number"]))
    ]


def is_live(node):
    """Return whether a fulfilment stands for shipped goods."""
    return _STATUS.get(node["status"], "pending") in ("success", "pending")


# -------------------------------------------------------------------- one order


def read_fulfilments(client, order_gid):
    """Return an order with its fulfilments and all their lines; ``None`` if Shopify shows no such order.

    :raises VendorChanged: it has more fulfilments than can be read: what is not seen could be shipped twice
    """
    node = client.run("order_fulfilments", {"id": order_gid, "first": const.MAX_FULFILMENTS}).data.get("node")
    if node is None:
        return None
    shapes.check(node, "SHIPPED_ORDER")
    count = (node["fulfillmentsCount"] or {}).get("count", 0)
    if count > len(node["fulfillments"]):
        raise VendorChanged(
            "%s has %d fulfilments, of which %d can be read." % (node["name"], count, len(node["fulfillments"])),
            differences=["fulfillments: incomplete"],
        )
    return dict(node, fulfillments=[_with_all_lines(client, one) for one in node["fulfillments"]])


def read_fulfilment_orders(client, order_gid):
    """Return the fulfilment orders of an order with all their lines."""
    nodes = []
    for page in client.pages("order_fulfilment_orders", {"id": order_gid}, ("order", "fulfillmentOrders")):
        for node in page:
            shapes.check(node, "FULFILMENT_ORDER")
            lines = batches.complete(client, "fulfilment_order_lines", node, "lineItems")
            nodes.append(dict(node, lineItems=dict(node["lineItems"], nodes=lines)))
    return nodes


# -------------------------------------------------------------------- changes


def list_changes(client, since):
    """Yield ``(changes, watermark)`` per page, as :func:`changes.list_changes`: shipping changes the order."""
    start = (since - const.POLL_OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    variables = {"query": "updated_at:>='%s'" % start, "first": const.FULFILMENT_POLL_PAGE}
    watermark = since
    for nodes in client.pages("fulfilments_changed", variables, ("orders",)):
        found = []
        for node in nodes:
            shapes.check(node, "CHANGED")
            watermark = max(watermark, _naive(instants.parse_instant(node["updatedAt"])))
            for one in node["fulfillments"]:
                shapes.check(one, "CHANGED")
                found.append(_change(one))
        yield found, watermark


def _change(node):
    moment = instants.parse_instant(node["updatedAt"])
    key = MessageKey(
        topic="poll/fulfilments",
        entity="fulfilment",
        subject_key="fulfilment:%s" % node["id"],
        dedupe_key="poll:%s:%s" % (node["id"], node["updatedAt"]),
        version=instants.to_micros(moment),
        occurred_at=_naive(moment),
    )
    return Change(key, ('{"admin_graphql_api_id": "%s"}' % node["id"]).encode())


def _naive(moment):
    return moment.astimezone(timezone.utc).replace(tzinfo=None)
