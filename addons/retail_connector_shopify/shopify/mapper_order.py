"""An order of Shopify as it stands now → ``order.v1``.

Amounts come from the shop side of money bags only. Shopify states discounts and taxes of a line for all units ever
ordered; :mod:`order_lines` takes out what was refunded or removed since, to the cent.
"""

from decimal import Decimal

from . import instants, order_lines, shapes
from .mapper_customer import clean, map_address, map_identity
from .money import Purse, canonical_money, presentment

PAYMENT_KINDS = {
    "AUTHORIZATION": "authorization",
    "EMV_AUTHORIZATION": "authorization",
    "CAPTURE": "capture",
    "SALE": "sale",
    "VOID": "void",
    "REFUND": "refund",
    # Coins handed back because the customer paid too much in cash: money out, like a refund.
    "CHANGE": "refund",
}
_PAYMENT_STATUS = {"SUCCESS": "success", "FAILURE": "failure", "ERROR": "error"}
_GIFT_CARD_GATEWAY = "gift_card"


def map_order(node):
    """Return the ``order.v1`` document of an ``Order`` of which every page is fetched (:mod:`order_fetch`).

    :raises VendorChanged: the node is not of the shape read here
    """
    shapes.check(node, "FULL_ORDER")
    purse = Purse(node["currencyCode"])
    updated = instants.parse_instant(node["updatedAt"])
    lines, shipping_lines, duties = order_lines.map_lines(node, purse)
    return {
        "schema": "order.v1",
        "external_id": node["id"],
        "version": instants.to_micros(updated),
        "name": node["name"],
        # Not ``createdAt``: an imported order was placed before it was created in Shopify.
        "placed_at": instants.canonical(node["processedAt"]),
        "updated_at": instants.to_rfc3339(updated),
        "cancelled_at": instants.canonical(node["cancelledAt"]),
        "cancel_reason": _lower(node["cancelReason"]),
        "is_closed": node["closed"],
        "is_test": node["test"],
        "currency": purse.currency,
        "presentment_currency": node["presentmentCurrencyCode"],
        "taxes_included": node["taxesIncluded"],
        "financial_status": _lower(node["displayFinancialStatus"]),
        "fulfilment_status": _lower(node["displayFulfillmentStatus"]),
        "customer": _map_customer(node),
        "email": clean(node["email"]),
        "phone": clean(node["phone"]),
        "billing_address": map_address(node["billingAddress"]),
        "shipping_address": map_address(node["shippingAddress"]),
        "lines": lines,
        "shipping_lines": shipping_lines,
        "duties": duties,
        "payments": [map_payment(one, purse) for one in node["transactions"] if one["kind"] in PAYMENT_KINDS],
        "refunds": [_map_refund(refund, purse, node["taxesIncluded"]) for refund in node["refunds"]],
        "totals": _map_totals(node, purse),
        "source": _map_source(node),
        "note": clean(node["note"]),
        "tags": [tag for tag in map(clean, node["tags"]) if tag],
        "attributes": order_lines.map_attributes(node["customAttributes"]),
    }


def _map_customer(node):
    if node["customer"] is None:
        return None
    identity = map_identity(node["customer"])
    return dict(identity, language=identity["language"] or clean(node["customerLocale"]))


def map_payment(transaction, purse):
    """Return the canonical payment of an ``OrderTransaction`` whose kind is in :data:`PAYMENT_KINDS`."""
    gateway = clean(transaction["gateway"])
    parent = transaction["parentTransaction"]
    return {
        "external_id": transaction["id"],
        "gateway": gateway or clean(transaction["formattedGateway"]) or "unknown",
        "kind": PAYMENT_KINDS[transaction["kind"]],
        # AWAITING_RESPONSE and UNKNOWN are not settled either way.
        "status": _PAYMENT_STATUS.get(transaction["status"], "pending"),
        "amount": purse.write(purse.read(transaction["amountSet"])),
        "processed_at": instants.canonical(transaction["processedAt"]),
        "is_gift_card": gateway == _GIFT_CARD_GATEWAY,
        "parent_external_id": parent and parent["id"],
    }


def _map_refund(refund, purse, taxes_included):
    """Return what a refund took off the order; what it is in full is told by :mod:`refund_read`."""
    units = {}
    for part in refund["refundLineItems"]["nodes"]:
        units[part["lineItem"]["id"]] = units.get(part["lineItem"]["id"], 0) + part["quantity"]
    return {
        "external_id": refund["id"],
        "lines": [{"line_external_id": gid, "quantity": str(count)} for gid, count in units.items()],
        "total": purse.write(order_lines.refunded_total(refund, purse, taxes_included)),
    }


def _map_totals(node, purse):
    """Return the order's current totals.

    ``currentTotalPriceSet`` leaves cash rounding out, ``total`` has it; where nothing is left, nothing was rounded.
    """
    adjustment = node["totalCashRoundingAdjustment"]
    current = purse.read(node["currentTotalPriceSet"])
    seen, seen_currency = presentment(node["currentTotalPriceSet"])
    rounding = Decimal(0)
    if current:
        rounding = purse.read(adjustment["paymentSet"]) - purse.read(adjustment["refundSet"])
        seen += presentment(adjustment["paymentSet"])[0] - presentment(adjustment["refundSet"])[0]
    duties, tips = node["currentTotalDutiesSet"], purse.read(node["totalTipReceivedSet"])
    return {
        "subtotal": purse.write(purse.read(node["currentSubtotalPriceSet"])),
        "discounts": purse.write(purse.read(node["currentTotalDiscountsSet"])),
        "shipping": purse.write(purse.read(node["currentShippingPriceSet"])),
        "taxes": purse.write(purse.read(node["currentTotalTaxSet"])),
        "duties": duties and purse.write(purse.read(duties)),
        "tips": purse.write(tips) if tips else None,
        "rounding": purse.write(rounding) if rounding else None,
        "total": purse.write(current + rounding),
        "presentment_total": canonical_money(seen, seen_currency),
    }


def _map_source(node):
    journey, app, location = node["customerJourneySummary"] or {}, node["app"], node["retailLocation"]
    # The last visit is the one that sold; the first one speaks only where the last is silent.
    visits = [visit for visit in (journey.get("lastVisit"), journey.get("firstVisit")) if visit]
    tagged = next((visit["utmParameters"] for visit in visits if visit["utmParameters"]), {})
    return {
        "channel": clean(node["sourceName"]),
        "name": clean(app["name"]) if app else None,
        "utm_source": clean(tagged.get("source")),
        "utm_medium": clean(tagged.get("medium")),
        "utm_campaign": clean(tagged.get("campaign")),
        "referrer": next((visit["referrerUrl"] for visit in visits if visit["referrerUrl"]), None),
        "location_external_id": location and location["id"],
    }


def _lower(text):
    return text.lower() if text else None


def order_value(node):
    """Return ``(Decimal, currency)`` of what an order is worth, for an exception about it; ``None`` if unreadable."""
    try:
        money = node["currentTotalPriceSet"]["shopMoney"]
        return Decimal(money["amount"]), money["currencyCode"]
    except (KeyError, TypeError, ArithmeticError):
        return None
