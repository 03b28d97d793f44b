"""Returns of an order and their reverse fulfilment orders."""

from ..state import returns
from . import common, connections
from .registry import resolver


@resolver("Order", "returns")
def order_returns(order, context, args):
    return connections.page(returns.returns_of(context.shop, order), args)


@resolver("QueryRoot", "return")
def one_return(_root, context, args):
    return context.shop.get(common.read_id(args["id"], "Return"), "Return")


@resolver("Return", "order")
@resolver("ReverseFulfillmentOrder", "order")
def return_order(record, context, _args):
    return context.shop.get(record["orderId"])


@resolver("Return", "returnLineItems")
@resolver("ReverseFulfillmentOrder", "lineItems")
def return_line_items(record, _context, args):
    return connections.page(record["lines"], args)


@resolver("Return", "reverseFulfillmentOrders")
def reverse_fulfillment_orders(record, _context, args):
    return connections.page([record["reverse"]], args)


@resolver("Return", "refunds")
def return_refunds(record, context, args):
    order = context.shop.get(record["orderId"])
    return connections.page([one for one in order["refunds"] if one["returnId"] == record["id"]], args)
