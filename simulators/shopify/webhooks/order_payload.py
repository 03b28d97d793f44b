"""Orders in the REST shape."""

from ..state import ids
from .line_payload import application_payload, code_payloads, line_payload, shipping_payload, tax_payload
from .party_payload import address_payload, customer_payload
from .refund_payload import refund_payload
from .shapes import amount_and_set, amount_text, fill, instant, money_set

_STATUS = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}


def order_payload(shop, shape, order):
    customer = shop.get(order["customerId"])
    values = {
        **_order_head(shop, order),
        **_order_amounts(order),
        "customer": customer_payload(shop, shape["customer"], customer) if customer else None,
        "billing_address": address_payload(shape["billing_address"], order["billingAddress"]),
        "shipping_address": address_payload(shape["shipping_address"], order["shippingAddress"]),
        "line_items": [line_payload(shop, shape["line_items"][0], line) for line in order["lineItems"]],
        "shipping_lines": [shipping_payload(shape["shipping_lines"][0], line) for line in order["shippingLines"]],
        "tax_lines": [tax_payload(tax) for tax in order["taxLines"]],
        "discount_applications": [application_payload(application) for application in order["discountApplications"]],
        "discount_codes": code_payloads(order),
        "refunds": [refund_payload(shop, order, refund) for refund in order["refunds"]],
        "fulfillments": [],
        "returns": [],
        "line_item_groups": [],
        "payment_terms": None,
    }
    if not shop.settings.protected_customer_data:
        _redact(values)
    return fill(shape, values)


def _order_head(shop, order):
    number = order["legacyResourceId"]
    nothing = (
        "app_id",
        "client_details",
        "device_id",
        "landing_site",
        "landing_site_ref",
        "merchant_of_record_app_id",
        "reference",
        "referring_site",
        "user_id",
    )
    status_url = f"https://{shop.settings.domain}/64215321/orders/{order['statusToken']}/authenticate?key=simulated"
    return {
        **dict.fromkeys(nothing),
        "id": number,
        "admin_graphql_api_id": order["id"],
        "name": order["name"],
        "number": order["number"] - 1000,
        "order_number": order["number"],
        "browser_ip": order["clientIp"],
        "buyer_accepts_marketing": order["customerAcceptsMarketing"],
        "cancel_reason": order["cancelReason"] and order["cancelReason"].lower(),
        "cancelled_at": instant(shop, order["cancelledAt"]),
        "cart_token": order["cartToken"],
        "checkout_token": order["checkoutToken"],
        "closed_at": instant(shop, order["closedAt"]),
        "confirmation_number": order["confirmationNumber"],
        "confirmed": order["confirmed"],
        "contact_email": order["email"],
        "email": order["email"],
        "phone": order["phone"],
        "created_at": instant(shop, order["createdAt"]),
        "processed_at": instant(shop, order["processedAt"]),
        "updated_at": instant(shop, order["updatedAt"]),
        "currency": order["currencyCode"],
        "presentment_currency": order["presentmentCurrencyCode"],
        "customer_locale": order["customerLocale"],
        "duties_included": order["dutiesIncluded"],
        "estimated_taxes": order["estimatedTaxes"],
        "financial_status": order["displayFinancialStatus"].lower(),
        "fulfillment_status": _STATUS.get(order["displayFulfillmentStatus"]),
        "location_id": order["retailLocationId"] and ids.number(order["retailLocationId"]),
        "merchant_business_entity_id": "MTY0MjE1MzIx",
        "note": order["note"],
        "note_attributes": [{"name": pair["key"], "value": pair["value"]} for pair in order["customAttributes"]],
        "order_status_url": status_url,
        "payment_gateway_names": order["paymentGatewayNames"],
        "po_number": order["poNumber"],
        "source_identifier": order["sourceIdentifier"],
        "source_name": order["sourceName"],
        "source_url": order["registeredSourceUrl"],
        "tags": ", ".join(order["tags"]),
        "tax_exempt": order["taxExempt"],
        "taxes_included": order["taxesIncluded"],
        "test": order["test"],
        "token": order["statusToken"],
        "total_weight": order["totalWeight"],
    }


def _order_amounts(order):
    rounding = order["totalCashRoundingAdjustment"]
    return {
        "current_shipping_price_set": money_set(order["currentShippingPriceSet"]),
        **amount_and_set("current_subtotal_price", order["currentSubtotalPriceSet"]),
        "current_total_additional_fees_set": None,
        **amount_and_set("current_total_discounts", order["currentTotalDiscountsSet"]),
        "current_total_duties_set": money_set(order["currentTotalDutiesSet"]),
        **amount_and_set("current_total_price", order["currentTotalPriceSet"]),
        **amount_and_set("current_total_tax", order["currentTotalTaxSet"]),
        "original_total_additional_fees_set": None,
        "original_total_duties_set": money_set(order["originalTotalDutiesSet"]),
        **amount_and_set("subtotal_price", order["subtotalPriceSet"]),
        "total_cash_rounding_payment_adjustment_set": money_set(rounding["paymentSet"]),
        "total_cash_rounding_refund_adjustment_set": money_set(rounding["refundSet"]),
        **amount_and_set("total_discounts", order["totalDiscountsSet"]),
        **amount_and_set("total_line_items_price", order["_lineItemsPriceSet"]),
        "total_outstanding": amount_text(order["totalOutstandingSet"].shopMoney),
        **amount_and_set("total_price", order["totalPriceSet"]),
        "total_shipping_price_set": money_set(order["totalShippingPriceSet"]),
        **amount_and_set("total_tax", order["totalTaxSet"]),
        "total_tip_received": amount_text(order["totalTipReceivedSet"].shopMoney),
    }


def _redact(values):
    """Without approval for protected customer data the customer's fields are null."""
    values.update(dict.fromkeys(("email", "contact_email", "phone", "browser_ip")))
    for name in ("billing_address", "shipping_address"):
        if values[name]:
            kept = ("city", "province", "country", "country_code", "province_code", "company")
            values[name] = {key: value if key in kept else None for key, value in values[name].items()}
