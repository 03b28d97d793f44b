"""What the control API and the page tell about records: short and flat, decimals as text."""

from collections import Counter

from .scalars import money_text
from .state import stock

# Settings of the shop that may change while it runs
SETTINGS = {"name", "plan", "taxes_included", "protected_customer_data"}


def money(bag):
    """``{"amount", "currency", "presentment_amount", "presentment_currency"}``."""
    return {
        "amount": str(bag.shopMoney.amount),
        "currency": bag.shopMoney.currencyCode,
        "presentment_amount": str(bag.presentmentMoney.amount),
        "presentment_currency": bag.presentmentMoney.currencyCode,
    }


def order(record):
    """An order: identity, state, totals and lines."""
    zero = record["_currencies"].zero
    return {
        "id": record["id"],
        "number": record["legacyResourceId"],
        "name": record["name"],
        "kind": record["_kind"],
        "createdAt": record["createdAt"],
        "updatedAt": record["updatedAt"],
        "email": record["email"],
        "country": record["shippingAddress"] and record["shippingAddress"]["countryCodeV2"],
        "financial_status": record["displayFinancialStatus"],
        "cancelled": record["cancelledAt"] is not None,
        "test": record["test"],
        "taxes_included": record["taxesIncluded"],
        "total": money(record["totalPriceSet"]),
        "current_total": money(record["currentTotalPriceSet"]),
        "subtotal": money(record["subtotalPriceSet"]),
        "discounts": money(record["totalDiscountsSet"]),
        "shipping": money(record["totalShippingPriceSet"]),
        "tax": money(record["totalTaxSet"]),
        "current_tax": money(record["currentTotalTaxSet"]),
        "duties": money(record["originalTotalDutiesSet"] or zero),
        "tips": money(record["totalTipReceivedSet"]),
        "rounding": money(record["totalCashRoundingAdjustment"]["paymentSet"]),
        "refund_discrepancy": money(record["refundDiscrepancySet"]),
        "outstanding": money(record["totalOutstandingSet"]),
        "lines": [
            {"sku": line["sku"], "name": line["name"], "quantity": line["quantity"], "current": line["currentQuantity"]}
            for line in record["lineItems"]
        ],
    }


def variant(shop, record):
    """A variant with its stock."""
    found = (
        (place["name"], stock.level_of(shop, record["inventoryItemId"], place["id"])) for place in shop.all("Location")
    )
    levels = {name: level["available"] for name, level in found if level}
    return {
        "id": record["id"],
        "product_id": record["productId"],
        "inventory_item_id": record["inventoryItemId"],
        "product": shop.get(record["productId"])["title"],
        "title": record["title"],
        "sku": record["sku"],
        "barcode": record["barcode"],
        "price": money_text(record["price"]),
        "available": levels,
    }


def delivery_counts(log):
    """By state, and how many attempts were made."""
    entries = list(log)
    states = Counter(entry.state for entry in entries)
    return {
        "total": len(entries),
        "duplicates": sum(entry.is_duplicate for entry in entries),
        "attempts": sum(len(entry.attempts) for entry in entries),
        **{state: states.get(state, 0) for state in ("pending", "delivered", "failed", "dropped")},
    }


def record_counts(shop):
    kinds = ("Order", "Customer", "Product", "ProductVariant", "Location", "WebhookSubscription")
    return {kind: len(shop.all(kind)) for kind in kinds}
