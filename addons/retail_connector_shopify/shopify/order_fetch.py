"""Fetch orders whole: the first page of every collection in a batch, the rest order by order."""

from odoo.addons.retail_integration_base.engine.errors import VendorChanged

from . import batches, const, shapes

#: Lines fetched with the batch; a longer order is completed by pages of its own.
LINES = 20
_FIRST_TRANSACTIONS = 10


def fetch_orders(client, gids):
    """Fetch orders by id, every page of them.

    :return: dict gid → node of the shape ``FULL_ORDER``, ``None`` where there is no such order, or the
        :class:`RetailError` that concerns this order alone
    :raises RetailError: nothing was fetched
    """
    found = batches.fetch_nodes(client, "orders_by_ids", gids, {"lines": LINES})
    return batches.complete_each(client, found, _complete)


def _complete(client, node):
    shapes.check(node, "ORDER")
    for key, document in (("lineItems", "order_line_items"), ("shippingLines", "order_shipping_lines")):
        node = dict(node, **{key: dict(node[key], nodes=batches.complete(client, document, node, key))})
    return dict(node, transactions=_transactions(client, node), refunds=_refunds(client, node))


def _transactions(client, node):
    """Return all transactions. The schema gives them as a plain list: it can be longer, but not paged."""
    count = (node["transactionsCount"] or {}).get("count", 0)
    transactions = node["transactions"]
    if max(count, len(transactions)) < _FIRST_TRANSACTIONS or count == len(transactions):
        return transactions
    transactions = _read(client, "order_transactions", node, const.MAX_PAGE)["transactions"]
    if len(transactions) < count:
        raise VendorChanged(
            "Shopify names %d payments of %s and shows %d." % (count, node["name"], len(transactions)),
            differences=["transactions: incomplete"],
        )
    return transactions


def _refunds(client, node):
    if not node["refunds"]:
        return []
    refunds = _read(client, "order_refunds", node, const.MAX_PAGE)["refunds"]
    for refund in refunds:
        shapes.check(refund, "REFUND")
        if refund["refundShippingLines"]["pageInfo"]["hasNextPage"]:
            raise VendorChanged("A refund of %s has more shipping lines than are read." % node["name"])
        lines = batches.complete(client, "refund_line_items", refund, "refundLineItems")
        refund["refundLineItems"] = dict(refund["refundLineItems"], nodes=lines)
    return refunds


def _read(client, document, node, first):
    answer = client.run(document, {"id": node["id"], "first": first}).data.get("node")
    if not isinstance(answer, dict) or answer.get("updatedAt") != node["updatedAt"]:
        raise batches.ChangedMeanwhile(
            "The order %s changed while it was read." % node["name"], evidence={"external_id": node["id"]}
        )
    return answer
