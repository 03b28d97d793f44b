"""Orders in bulk: the operation, the lines of its file, and how an order is joined from them.

Source: shopify.dev, "Perform bulk operations with the GraphQL Admin API". Each object is a line; what belongs to
another one names it in ``__parentId`` and comes somewhere after it. The file is there for seven days.
"""

import json
from datetime import timedelta, timezone
from decimal import Decimal
from urllib.parse import urlsplit

from odoo.addons.retail_integration_base.engine.errors import (
    MalformedMessage,
    StillRunning,
    VendorChanged,
)
from odoo.addons.retail_integration_base.engine.messages import Change, Export, ExportLine, MessageKey

from . import const, documents, domains, instants, shapes

_ANY_TIME = "created_at:>='1970-01-01T00:00:00Z'"
#: Nothing of these is left to be shipped.
_SHIPPED = ("FULFILLED", "RESTOCKED")
#: Type of a child → the connection of an order that it is of.
_CONNECTIONS = {"LineItem": "lineItems", "ShippingLine": "shippingLines"}
_BUSY = ("OPERATION_IN_PROGRESS", "LIMIT_REACHED")
_BUSY_DELAY = timedelta(seconds=30)


def query_text(request):
    """Return the query of an operation.

    Its last line names the request: whoever finds the operation later knows that it is this one.

    :param ExportRequest request:
    """
    text = documents.text("bulk_orders" if request.is_whole else "bulk_order_references")
    wanted = "created_at:>='%s'" % request.since.strftime("%Y-%m-%dT%H:%M:%SZ")
    if request.is_open_only:
        wanted += " status:open"
    return "%s# %s\n" % (text.replace(_ANY_TIME, wanted), request.key)


def start(client, request):
    """Begin the operation; return its id.

    :raises StillRunning: others are under way that have to end first
    """
    answer = client.run("bulk_operation_run", {"query": query_text(request)}).data["bulkOperationRunQuery"]
    errors = answer["userErrors"]
    if any(error["code"] in _BUSY for error in errors):
        raise StillRunning("Other bulk operations of the app have to end first.", delay=_BUSY_DELAY)
    if errors or not answer["bulkOperation"]:
        raise VendorChanged(
            "Shopify does not begin the bulk operation: %s" % "; ".join(error["message"] for error in errors),
            differences=[error["message"] for error in errors],
        )
    return answer["bulkOperation"]["id"]


def find(client, request):
    """Return the id of the operation that was begun for ``request``, or ``None``."""
    nodes = client.run("bulk_operations").data["bulkOperations"]["nodes"]
    mark = "# %s\n" % request.key
    usable = (*const.BULK_RUNNING, "COMPLETED")
    return next((node["id"] for node in nodes if mark in node["query"] and node["status"] in usable), None)


def look(client, gid):
    """Return the :class:`Export` as it is now."""
    node = client.run("bulk_operation", {"id": gid}).data["bulkOperation"]
    if node is None:
        return Export("lost", "Shopify does not know the operation any more")
    counts = {"object_count": int(node["objectCount"]), "root_count": int(node["rootObjectCount"])}
    if node["status"] in const.BULK_RUNNING:
        return Export("running", **counts)
    if node["status"] != "COMPLETED":
        # What a failed operation left (``partialDataUrl``) does not say what is missing in it: it is not taken.
        reason = "the operation ended as %s" % node["status"]
        return Export("lost", "%s (%s)" % (reason, node["errorCode"]) if node["errorCode"] else reason)
    if counts["object_count"] and not node["url"]:
        return Export("lost", "its file is not there any more")
    return Export("ready", url=node["url"], **counts)


def split_address(url, shop_url):
    """Return ``(base URL, path with query)`` of a result file.

    :raises VendorChanged: it leads somewhere where no file of a shop is: to this machine, or without encryption
    """
    parts = urlsplit(url)
    is_simulated = domains.is_loopback(shop_url)
    base = "%s://%s" % (parts.scheme, parts.netloc)
    if is_simulated:
        is_right = base == shop_url.rstrip("/")
    else:
        is_right = parts.scheme == "https" and parts.hostname and not domains.is_loopback(base)
    if not is_right:
        raise VendorChanged("Shopify names an address for its file that is not called: %s" % base)
    return base, parts.path + ("?%s" % parts.query if parts.query else "")


def read_line(line):
    """Return the :class:`ExportLine` of the bytes of a line.

    :raises MalformedMessage: they are none
    """
    node = _load(line)
    parent = node.get("__parentId")
    if parent is not None:
        if not isinstance(parent, str) or node.get("__typename") not in _CONNECTIONS:
            raise MalformedMessage("The line belongs to nothing we know.")
        return ExportLine(parent)
    try:
        shapes.check(node, "EXPORTED")
    except VendorChanged as error:
        raise MalformedMessage(str(error)) from error
    is_done = node["closed"] or bool(node["cancelledAt"]) or node["displayFulfillmentStatus"] in _SHIPPED
    return ExportLine(node["id"], _change(node["id"], node["updatedAt"]), is_done)


def join(subject, root, parts):
    """Return the :class:`Change` of an order with its lines, from which it is mapped without asking Shopify.

    It is a hint where the file does not hold the whole of it: refunds, and more payments than a list gives.

    :param bytes root: the order's own line, or ``None``
    :param list[bytes] parts: the lines that name it as their parent
    """
    if root is None:
        return _change(subject, None)
    node = _load(root)
    count = (node.get("transactionsCount") or {}).get("count", 0)
    is_whole = parts and not node.get("refunds") and len(node.get("transactions") or ()) >= count
    if not is_whole:
        return _change(subject, node["updatedAt"])
    # The lines as they came: numbers keep their digits.
    return _change(subject, node["updatedAt"], b', "order": %s, "parts": [%s]' % (root, b",".join(parts)))


def whole_order(body):
    """Return the order in the body of a message that :func:`join` made, of the shape ``FULL_ORDER``.

    ``None`` where it is a hint, or of another shape: then Shopify is asked, and what it says is judged.
    """
    content = json.loads(body or b"{}", parse_float=Decimal)
    if "order" not in content:
        return None
    order = dict(content["order"])
    for key in _CONNECTIONS.values():
        order[key] = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    for part in content["parts"]:
        order[_CONNECTIONS[part["__typename"]]]["nodes"].append(part)
    try:
        shapes.check(order, "FULL_ORDER")
    except VendorChanged:
        return None
    return order


def _load(line):
    try:
        node = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage("The line is no JSON.") from error
    if not isinstance(node, dict):
        raise MalformedMessage("The line is no object.")
    return node


def _change(gid, updated_at, more=b""):
    """Return the :class:`Change` about an order.

    :param str updated_at: as the file says; ``None``: it does not
    :param bytes more: members of the message's JSON beside those of a hint
    """
    moment = instants.parse_instant(updated_at)
    key = MessageKey(
        topic="backfill/orders",
        entity="order",
        subject_key="order:%s" % gid,
        # One message per version, whichever backfill brings it.
        dedupe_key="backfill:%s:%s" % (gid, updated_at or "unknown"),
        version=instants.to_micros(moment) if moment else None,
        occurred_at=moment.astimezone(timezone.utc).replace(tzinfo=None) if moment else None,
    )
    hint = json.dumps({"admin_graphql_api_id": gid, "updated_at": updated_at}).encode()
    return Change(key, hint[:-1] + more + hint[-1:])
