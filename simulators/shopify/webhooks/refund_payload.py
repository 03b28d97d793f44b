"""Refunds of an order in the REST shape."""

from ..state import ids
from .line_payload import line_payload
from .shapes import amount_and_set, amount_text, fill, instant, money_set


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
        "order_adjustments": [_adjustment(order, one, refund) for one in refund["orderAdjustments"]],
        "duties": [],
    }


def refund_event_payload(shop, shape, refund):
    """What ``refunds/create`` carries: more than a refund within an order."""
    order = shop.get(refund["orderId"])
    zero = order["_currencies"].zero
    line_shape, transaction_shape = shape["refund_line_items"][0], shape["transactions"][0]
    values = {
        **refund_payload(shop, order, refund),
        "total_duties_set": money_set(sum((one["amountSet"] for one in refund["duties"]), zero)),
        "return": refund["returnId"]
        and {"id": ids.number(refund["returnId"]), "admin_graphql_api_id": refund["returnId"]},
        "refund_shipping_lines": [
            {
                "id": ids.number(part["id"]),
                "shipping_line_id": ids.number(part["shippingLine"]["id"]),
                "subtotal_amount_set": money_set(part["subtotalAmountSet"]),
                "tax_amount_set": money_set(part["taxAmountSet"]),
            }
            for part in refund["refundShippingLines"]
        ],
        "refund_line_items": [
            fill(
                line_shape,
                {**_refund_line(part), "line_item": line_payload(shop, line_shape["line_item"], part["lineItem"])},
            )
            for part in refund["refundLineItems"]
        ],
        "transactions": [
            fill(
                transaction_shape,
                {
                    **dict.fromkeys(transaction_shape),
                    **_transaction(shop, order, one),
                    "processed_at": instant(shop, one["processedAt"]),
                    "payment_id": one["paymentId"],
                    "source_name": "web",
                    "receipt": {},
                    "total_unsettled_set": {
                        name: {"amount": amount_text(side), "currency": side.currencyCode}
                        for name, side in zip(("shop_money", "presentment_money"), zero.sides, strict=True)
                    },
                    "manual_payment_gateway": one["manualPaymentGateway"],
                },
            )
            for one in refund["transactions"]
        ],
    }
    return fill(shape, values)


def _adjustment(order, one, refund):
    return {
        "id": ids.number(one["id"]),
        "order_id": order["legacyResourceId"],
        "refund_id": refund["legacyResourceId"],
        **amount_and_set("amount", one["amountSet"]),
        **amount_and_set("tax_amount", one["taxAmountSet"]),
        "kind": "refund_discrepancy",
        "reason": one["reason"].replace("_", " ").capitalize(),
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
