"""A return as Shopify has it → ``return.v1``."""

from odoo.addons.retail_integration_base.engine.errors import VendorChanged

from . import batches, const, instants, shapes
from .changes import list_parts
from .mapper_customer import clean

_STATUS = {
    "REQUESTED": "requested",
    "OPEN": "open",
    "CLOSED": "closed",
    "CANCELED": "cancelled",
    "DECLINED": "declined",
}
_KINDS = {
    "RESTOCKED": "restocked",
    "NOT_RESTOCKED": "damaged",
    "MISSING": "missing",
    "PROCESSING_REQUIRED": "pending",
}


def fetch_returns(client, gids):
    """Fetch returns by id.

    :return: dict gid → node of the shape ``RETURN``, ``None`` where there is none, or the :class:`RetailError` that
        concerns this one alone
    :raises RetailError: nothing was fetched
    """
    found = batches.fetch_nodes(client, "returns_by_ids", gids)
    return batches.complete_each(client, found, _complete)


def _complete(_client, node):
    shapes.check(node, "RETURN")
    connections = [node["returnLineItems"], node["reverseFulfillmentOrders"]]
    connections += [one["lineItems"] for one in node["reverseFulfillmentOrders"]["nodes"]]
    if any(one["pageInfo"]["hasNextPage"] for one in connections):
        raise VendorChanged("The return %s has more lines than are read." % node["name"])
    return node


def map_return(node):
    """Return the ``return.v1`` document of a ``Return``.

    Shopify gives a return no time of change. Whatever happens to it changes its order, whose time serves.
    """
    shapes.check(node, "RETURN")
    order = node["order"]
    reverse = [line for one in node["reverseFulfillmentOrders"]["nodes"] for line in one["lineItems"]["nodes"]]
    return {
        "schema": "return.v1",
        "external_id": node["id"],
        "version": instants.to_micros(instants.parse_instant(order["updatedAt"])),
        "order_external_id": order["id"],
        "order_name": clean(order["name"]),
        "name": clean(node["name"]),
        "status": _STATUS.get(node["status"], "requested"),
        "opened_at": instants.canonical(node["createdAt"]),
        "lines": [
            {"line_external_id": line["fulfillmentLineItem"]["lineItem"]["id"], "quantity": str(line["quantity"])}
            for line in node["returnLineItems"]["nodes"]
            if line.get("fulfillmentLineItem") and line["quantity"]
        ],
        "dispositions": [
            {
                "external_id": one["id"],
                "line_external_id": line["fulfillmentLineItem"]["lineItem"]["id"],
                "kind": _KINDS.get(one["type"], "pending"),
                "quantity": str(one["quantity"]),
                "location_external_id": one["location"] and one["location"]["id"],
            }
            for line in reverse
            if line["fulfillmentLineItem"]
            for one in line["dispositions"]
        ],
    }


def list_changes(client, since):
    """Yield ``(changes, watermark)`` per page, as :func:`changes.list_changes`."""
    return list_parts(client, "return", "returns_changed", _parts_of, const.REFUND_POLL_PAGE, since)


def _parts_of(order):
    return [{"id": one["id"], "updatedAt": order["updatedAt"]} for one in order["returns"]["nodes"]]
