"""Refunds of an order, and the mutation that makes one. It tells the webhooks what it did."""

from decimal import Decimal

from .. import errors
from ..state import refunds, totals
from ..state.not_possible import NotPossible
from . import access_control, common, connections
from .registry import resolver


@resolver("Refund", "order")
def refund_order(refund, context, _args):
    return context.shop.get(refund["orderId"])


@resolver("Refund", "refundLineItems")
def refund_line_items(refund, _context, args):
    return connections.page(refund["refundLineItems"], args)


@resolver("Refund", "refundShippingLines")
def refund_shipping_lines(refund, _context, args):
    return connections.page(refund["refundShippingLines"], args)


@resolver("Refund", "transactions")
def refund_transactions(refund, _context, args):
    return connections.page(refund["transactions"], args)


@resolver("Refund", "orderAdjustments")
def refund_adjustments(refund, _context, args):
    return connections.page(refund["orderAdjustments"], args)


@resolver("Refund", "return")
def refund_return(refund, context, _args):
    return context.shop.get(refund["returnId"])


# ------------------------------------------------------------------ refundCreate


@resolver("Mutation", "refundCreate")
def refund_create(_root, context, args):
    if "write_orders" not in context.granted:
        # Not among the scopes that are published with the schema.
        raise access_control.denied("refundCreate field", "`write_orders` access scope.")
    wanted = args["input"]
    order = context.shop.get(common.read_id(wanted["orderId"], "Order"), "Order")
    if order is None:
        return _refusal("Order does not exist", ["orderId"])
    try:
        made = _make(context.shop, order, wanted)
    except NotPossible as error:
        return _refusal(str(error))
    if wanted.get("notify"):
        made["_notified"] = 1
    context.shop.emit("refunds/create", made)
    context.shop.emit("orders/updated", order)
    return {"refund": made, "order": order, "userErrors": []}


def _refusal(message, field=None):
    return {"refund": None, "order": None, "userErrors": [errors.user_error(message, field)]}


def _make(shop, order, wanted):
    if order["presentmentCurrencyCode"] != order["currencyCode"] and not wanted.get("currency"):
        raise NotPossible("Currency is required for orders whose currency and presentment currency differ.")
    bag = totals.currencies_of(order).bag
    sources = [_source(order, one, bag) for one in wanted.get("transactions") or ()]
    parts = [_part(order, one) for one in wanted.get("refundLineItems") or ()]
    shipping, duties = _shipping(order, wanted.get("shipping"), bag), _duties(order, wanted.get("refundDuties"))
    if not (sources or parts or shipping or duties):
        raise NotPossible("Refund must have at least one item to refund.")
    paid = totals.currencies_of(order).total(amount for _source, amount in sources)
    reason, note = wanted.get("discrepancyReason"), wanted.get("note")
    return refunds.refund(shop, order, parts, shipping, duties, paid, note, reason=reason, sources=sources)


def _source(order, one, bag):
    if one["kind"] != "REFUND":
        raise NotPossible("Transactions of a refund must be refunds.")
    source = next((t for t in refunds.payments_of(order) if t["id"] == one.get("parentId")), None)
    if source is None or source["gateway"] != one["gateway"]:
        raise NotPossible("Parent transaction is not valid.")
    return source, bag(Decimal(str(one["amount"])))


def _part(order, one):
    line = next((line for line in order["lineItems"] if line["id"] == one["lineItemId"]), None)
    if line is None:
        raise NotPossible("Line item does not exist on the order.")
    return line, one["quantity"], one.get("restockType") or "NO_RESTOCK", one.get("locationId")


def _shipping(order, wanted, bag):
    if not wanted:
        return []
    amount = None if wanted.get("fullRefund") else bag(Decimal(str(wanted.get("amount") or 0)))
    if not order["shippingLines"]:
        raise NotPossible("The order has no shipping to refund.")
    return [(order["shippingLines"][0], amount)] if amount is None or amount else []


def _duties(order, wanted):
    by_id = {duty["id"]: duty for line in order["lineItems"] for duty in line["duties"]}
    if any(one["dutyId"] not in by_id for one in wanted or ()):
        raise NotPossible("Duty does not exist on the order.")
    return [by_id[one["dutyId"]] for one in wanted or ()]
