"""Refunds of an order in the REST shape."""

from ..state import ids
from .shapes import amount_and_set, amount_text, instant


def refund_payload(shop, order, refund):
    return {
        "id": ids.number(refund["id"]),
        "admin_graphql_api_id": refund["id"],
        "created_at": instant(shop, refund["createdAt"]),
        "note": refund["note"],
        "order_id": order["legacyResourceId"],
        "processed_at": instant(shop, refund["processedAt"]),
        "restock": any(part["restocked"] for part in refund["refundLineItems"]),
        "user_id": None,
        "refund_line_items": [_refund_line(part) for part in refund["refundLineItems"]],
        "transactions": [_transaction(shop, order, transaction) for transaction in refund["transactions"]],
        "order_adjustments": [],
        "duties": [],
    }


def _refund_line(part):
    return {
        "id": ids.number(part["id"]),
        "line_item_id": ids.number(part["lineItem"]["id"]),
        "location_id": None,
        "quantity": part["quantity"],
        "restock_type": part["restockType"].lower(),
        **amount_and_set("subtotal", part["subtotalSet"]),
        **amount_and_set("total_tax", part["totalTaxSet"]),
    }


def _transaction(shop, order, transaction):
    return {
        "id": ids.number(transaction["id"]),
        "admin_graphql_api_id": transaction["id"],
        "amount": amount_text(transaction["amountSet"].presentmentMoney),
        "currency": transaction["amountSet"].presentmentMoney.currencyCode,
        "created_at": instant(shop, transaction["createdAt"]),
        "gateway": transaction["gateway"],
        "kind": transaction["kind"].lower(),
        "order_id": order["legacyResourceId"],
        "status": transaction["status"].lower(),
        "test": transaction["test"],
    }
