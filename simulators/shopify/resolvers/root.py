"""Queries by id, of any kind."""

from . import common
from .registry import resolver

# Kinds that node() and nodes() find; others exist at the vendor and are null here
_BY_ID = {
    "order": "Order",
    "product": "Product",
    "productVariant": "ProductVariant",
    "customer": "Customer",
    "inventoryItem": "InventoryItem",
    "inventoryLevel": "InventoryLevel",
    "webhookSubscription": "WebhookSubscription",
}


@resolver("QueryRoot", "node")
def node(_root, context, args):
    return context.shop.get(common.read_id(args["id"]))


@resolver("QueryRoot", "nodes")
def nodes(_root, context, args):
    return [context.shop.get(common.read_id(gid)) for gid in args["ids"]]


def _by_id(field_name, kind):
    @resolver("QueryRoot", field_name)
    def one(_root, context, args):
        return context.shop.get(common.read_id(args["id"], kind), kind)


for _field_name, _kind in _BY_ID.items():
    _by_id(_field_name, _kind)
