"""Commands on refunds and returns."""

from .. import live, live_refunds, summaries
from .command import only


def refund_order(world, body, request, reference):
    """Refund: lines [{sku or line, quantity, restock, location}], shipping, duties, paid, note, reason, webhooks."""
    only(body, {"lines", "shipping", "duties", "paid", "note", "reason", "gateway", "webhooks"})
    order = live.find_order(world.shop, reference)
    made = live_refunds.refund(world, order, **body)
    return {"id": made["id"], "paid": summaries.money(made["totalRefundedSet"]), "order": summaries.order(order)}
