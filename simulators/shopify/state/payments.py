"""Payments of an order: its transactions."""

from decimal import Decimal

from . import totals


def pay(shop, order, plan, created):
    """Record the payments of a new order, as its plan wants them."""
    left = order["totalPriceSet"]
    for gateway, amount in plan.payments:
        part = left if amount is None else plan.currencies.bag(amount)
        if part.shopMoney.amount > left.shopMoney.amount:
            part = left
        left -= part
        kind = "AUTHORIZATION" if plan.is_authorized_only else "SALE"
        status = "PENDING" if gateway == "bank_deposit" else "SUCCESS"
        rounding = _rounding(part, plan.cash_step) if gateway == "cash" and plan.cash_step else None
        add_transaction(shop, order, kind, gateway, part + rounding if rounding else part, created, status, rounding)


def _rounding(bag, step):
    return bag.map(lambda amount: totals.cash_rounding(amount, bag.shopMoney.currencyCode, Decimal(step)))


def add_transaction(shop, order, kind, gateway, amount, moment, status="SUCCESS", rounding=None, parent=None):
    """Append an ``OrderTransaction`` record to ``order`` and return it.

    :param Bag amount: what was paid, rounding included
    :param Bag rounding: the part of it that is cash rounding, or None
    """
    names = {"shopify_payments": "Shopify Payments", "gift_card": "Gift card", "bank_deposit": "Bank deposit"}
    record = {
        "__typename": "OrderTransaction",
        "id": shop.new_id("OrderTransaction"),
        "orderId": order["id"],
        "kind": kind,
        "status": status,
        "gateway": gateway,
        "formattedGateway": names.get(gateway, gateway.capitalize()),
        "amountSet": amount,
        "amountRoundingSet": rounding,
        "createdAt": moment,
        "processedAt": moment,
        "parentTransaction": parent,
        "test": order["test"],
        "paymentId": f"{order['name']}.{len(order['transactions']) + 1}",
        "authorizationExpiresAt": None,
        "accountNumber": "•••• •••• •••• 4242" if gateway == "shopify_payments" else None,
        "errorCode": None,
        "fees": [],
        "manualPaymentGateway": gateway in ("bank_deposit", "cash"),
        "manuallyCapturable": False,
        "multiCapturable": False,
        "settlementCurrency": order["currencyCode"] if gateway == "shopify_payments" else None,
        "settlementCurrencyRate": Decimal(1) if gateway == "shopify_payments" else None,
    }
    shop.add(record)
    order["transactions"].append(record)
    return record
