"""Commands on refunds and returns."""

from .. import live, live_refunds, summaries
from .command import only


def refund_order(world, body, request, reference):
    """Refund: lines [{sku or line, quantity, restock, location}], shipping, duties, paid, note, reason, webhooks."""
    only(body, {"lines", "shipping", "duties", "paid", "note", "reason", "gateway", "webhooks"})
    order = live.find_order(world.shop, reference)
    made = live_refunds.refund(world, order, **body)
    return {"id": made["id"], "paid": summaries.money(made["totalRefundedSet"]), "order": summaries.order(order)}


def open_return(world, body, request, reference):
    """Open a return of shipped goods: lines [{sku or line, quantity}], note, webhooks."""
    only(body, {"lines", "note", "webhooks"})
    made = live_refunds.open_return(world, live.find_order(world.shop, reference), **body)
    return {"id": made["id"], "number": made["legacyResourceId"], "name": made["name"], "status": made["status"]}


def dispose_return(world, body, request, number):
    """Say what became of returned units: line, quantity, kind (RESTOCKED, NOT_RESTOCKED, MISSING, …), location."""
    only(body, {"line", "quantity", "kind", "location", "webhooks"})
    record = _return(world, number)
    live_refunds.dispose(world, record, **body)
    return {"id": record["id"], "status": record["status"]}


def end_return(world, body, request, number):
    """Close a return, or cancel it with status CANCELED: status, webhooks."""
    only(body, {"status", "webhooks"})
    record = _return(world, number)
    live_refunds.end_return(world, record, **body)
    return {"id": record["id"], "status": record["status"]}


def _return(world, number):
    record = world.shop.get(f"gid://shopify/Return/{number}", "Return")
    if record is None:
        raise KeyError(f"no return {number}")
    return record
