"""Refunds of an order."""

from . import connections
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
