"""Payloads in the REST shape: the keys and their order come from Shopify's example, every value from the record.

A key of the example that no rule here fills is an error, so no example value ever reaches a receiver.
"""

import functools
import json
from pathlib import Path
from zoneinfo import ZoneInfo

from ..scalars import money_text
from ..state import ids

TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/cancelled",
    "orders/paid",
    "customers/create",
    "customers/update",
    "products/update",
)


@functools.cache
def example(topic):
    """The file of the example: ``response``, ``access_scopes``, …"""
    path = Path(__file__).parent / "examples" / f"{topic}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def build(shop, topic, record):
    """The payload of ``topic`` about ``record``.

    :return: a dict that :mod:`json` can write
    """
    shape = example(topic)["response"]
    kind = topic.partition("/")[0]
    makers = {"orders": _order, "customers": _customer, "products": _product}
    return makers[kind](shop, shape, record)


def _fill(shape, values):
    """Take the keys of ``shape``, in its order, from ``values``."""
    missing = set(shape) - set(values)
    if missing:
        raise KeyError(f"no rule fills {sorted(missing)}")
    return {key: values[key] for key in shape}


def _instant(shop, value):
    """``2026-10-01T10:00:00+02:00``: second precision, in the shop's time zone."""
    return None if value is None else value.astimezone(ZoneInfo(shop.settings.timezone)).isoformat(timespec="seconds")


def _bag(bag):
    if bag is None:
        return None
    return {
        "shop_money": {"amount": money_text(bag.shopMoney.amount), "currency_code": bag.shopMoney.currencyCode},
        "presentment_money": {
            "amount": money_text(bag.presentmentMoney.amount),
            "currency_code": bag.presentmentMoney.currencyCode,
        },
    }


def _both(name, bag):
    """``{name: "1.00", name_set: {…}}``; the plain amount is in the shop's currency."""
    return {name: money_text(bag.shopMoney.amount), f"{name}_set": _bag(bag)}


def _order(shop, shape, order):
    customer = shop.get(order["customerId"])
    values = {
        **_order_head(shop, order),
        **_order_amounts(order),
        "customer": _customer(shop, shape["customer"], customer) if customer else None,
        "billing_address": _address(shape["billing_address"], order["billingAddress"]),
        "shipping_address": _address(shape["shipping_address"], order["shippingAddress"]),
        "line_items": [_line(shop, shape["line_items"][0], line) for line in order["lineItems"]],
        "shipping_lines": [_shipping(shape["shipping_lines"][0], line) for line in order["shippingLines"]],
        "tax_lines": [_tax(tax) for tax in order["taxLines"]],
        "discount_applications": [_application(application) for application in order["discountApplications"]],
        "discount_codes": _codes(order),
        "refunds": [_refund(shop, order, refund) for refund in order["refunds"]],
        "fulfillments": [],
        "returns": [],
        "line_item_groups": [],
        "payment_terms": None,
    }
    if not shop.settings.protected_customer_data:
        _redact(values)
    return _fill(shape, values)


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
        "cancelled_at": _instant(shop, order["cancelledAt"]),
        "cart_token": order["cartToken"],
        "checkout_token": order["checkoutToken"],
        "closed_at": _instant(shop, order["closedAt"]),
        "confirmation_number": order["confirmationNumber"],
        "confirmed": order["confirmed"],
        "contact_email": order["email"],
        "email": order["email"],
        "phone": order["phone"],
        "created_at": _instant(shop, order["createdAt"]),
        "processed_at": _instant(shop, order["processedAt"]),
        "updated_at": _instant(shop, order["updatedAt"]),
        "currency": order["currencyCode"],
        "presentment_currency": order["presentmentCurrencyCode"],
        "customer_locale": order["customerLocale"],
        "duties_included": order["dutiesIncluded"],
        "estimated_taxes": order["estimatedTaxes"],
        "financial_status": order["displayFinancialStatus"].lower(),
        "fulfillment_status": None,
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
        "current_shipping_price_set": _bag(order["currentShippingPriceSet"]),
        **_both("current_subtotal_price", order["currentSubtotalPriceSet"]),
        "current_total_additional_fees_set": None,
        **_both("current_total_discounts", order["currentTotalDiscountsSet"]),
        "current_total_duties_set": _bag(order["currentTotalDutiesSet"]),
        **_both("current_total_price", order["currentTotalPriceSet"]),
        **_both("current_total_tax", order["currentTotalTaxSet"]),
        "original_total_additional_fees_set": None,
        "original_total_duties_set": _bag(order["originalTotalDutiesSet"]),
        **_both("subtotal_price", order["subtotalPriceSet"]),
        "total_cash_rounding_payment_adjustment_set": _bag(rounding["paymentSet"]),
        "total_cash_rounding_refund_adjustment_set": _bag(rounding["refundSet"]),
        **_both("total_discounts", order["totalDiscountsSet"]),
        **_both("total_line_items_price", order["_lineItemsPriceSet"]),
        "total_outstanding": money_text(order["totalOutstandingSet"].shopMoney.amount),
        **_both("total_price", order["totalPriceSet"]),
        "total_shipping_price_set": _bag(order["totalShippingPriceSet"]),
        **_both("total_tax", order["totalTaxSet"]),
        "total_tip_received": money_text(order["totalTipReceivedSet"].shopMoney.amount),
    }


def _redact(values):
    """Without approval for protected customer data the customer's fields are null."""
    values.update(dict.fromkeys(("email", "contact_email", "phone", "browser_ip")))
    for name in ("billing_address", "shipping_address"):
        if values[name]:
            kept = ("city", "province", "country", "country_code", "province_code", "company")
            values[name] = {key: value if key in kept else None for key, value in values[name].items()}


def _line(shop, shape, line):
    variant = shop.get(line["variantId"])
    values = {
        "id": ids.number(line["id"]),
        "admin_graphql_api_id": line["id"],
        "attributed_staffs": [],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": line["unfulfilledQuantity"],
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": line["isGiftCard"],
        "grams": line["_grams"],
        "name": line["name"],
        **_both("price", line["originalUnitPriceSet"]),
        "product_exists": variant is not None,
        "product_id": line["productId"] and ids.number(line["productId"]),
        "properties": [{"name": pair["key"], "value": pair["value"]} for pair in line["customAttributes"]],
        "quantity": line["quantity"],
        "requires_shipping": line["requiresShipping"],
        "sales_line_item_group_id": None,
        "sku": line["sku"],
        "taxable": line["taxable"],
        "title": line["title"],
        # Shopify leaves code discounts out of it, as the schema does of totalDiscountSet
        **_both("total_discount", line["totalDiscountSet"]),
        "variant_id": line["variantId"] and ids.number(line["variantId"]),
        "variant_inventory_management": "shopify" if variant else None,
        "variant_title": line["variantTitle"],
        "vendor": line["vendor"],
        "tax_lines": [_tax(tax) for tax in line["taxLines"]],
        "duties": [_duty(duty) for duty in line["duties"]],
        "discount_allocations": [_allocation(allocation) for allocation in line["discountAllocations"]],
    }
    return _fill(shape, values)


def _shipping(shape, line):
    values = {
        "id": ids.number(line["id"]),
        "carrier_identifier": line["carrierIdentifier"],
        "code": line["code"],
        "current_discounted_price_set": _bag(line["currentDiscountedPriceSet"]),
        **_both("discounted_price", line["discountedPriceSet"]),
        "is_removed": line["isRemoved"],
        "phone": line["phone"],
        **_both("price", line["originalPriceSet"]),
        "requested_fulfillment_service_id": None,
        "source": line["source"],
        "title": line["title"],
        "tax_lines": [_tax(tax) for tax in line["taxLines"]],
        "discount_allocations": [_allocation(allocation) for allocation in line["discountAllocations"]],
    }
    return _fill(shape, values)


def _tax(tax):
    return {
        "channel_liable": tax["channelLiable"],
        **_both("price", tax["priceSet"]),
        "rate": tax["rate"],
        "title": tax["title"],
    }


def _duty(duty):
    return {
        "id": str(ids.number(duty["id"])),
        "harmonized_system_code": duty["harmonizedSystemCode"],
        "country_code_of_origin": duty["countryCodeOfOrigin"],
        "shop_money": _bag(duty["price"])["shop_money"],
        "presentment_money": _bag(duty["price"])["presentment_money"],
        "tax_lines": [],
        "admin_graphql_api_id": duty["id"],
    }


def _allocation(allocation):
    return {
        **_both("amount", allocation["allocatedAmountSet"]),
        "discount_application_index": allocation["discountApplication"]["index"],
    }


def _application(application):
    value = application["value"]
    is_percentage = isinstance(value, dict)
    types = {
        "DiscountCodeApplication": "discount_code",
        "ManualDiscountApplication": "manual",
        "AutomaticDiscountApplication": "automatic",
    }
    words = {"title": application.get("title"), "description": application.get("description"), "code": application.get("code")}
    return {
        "target_type": application["targetType"].lower(),
        "type": types[application["__typename"]],
        "value": str(value["percentage"]) if is_percentage else money_text(value.amount),
        "value_type": "percentage" if is_percentage else "fixed_amount",
        "allocation_method": application["allocationMethod"].lower(),
        "target_selection": application["targetSelection"].lower(),
        **{key: word for key, word in words.items() if word is not None},
    }


def _codes(order):
    codes = []
    for application in order["discountApplications"]:
        if application["__typename"] == "DiscountCodeApplication":
            parts = (a for line in order["lineItems"] for a in line["discountAllocations"])
            amounts = [a["allocatedAmountSet"] for a in parts if a["discountApplication"] is application]
            kind = "percentage" if isinstance(application["value"], dict) else "fixed_amount"
            total = order["_currencies"].total(amounts)
            codes.append({"code": application["code"], "amount": money_text(total.shopMoney.amount), "type": kind})
    return codes


def _refund(shop, order, refund):
    return {
        "id": ids.number(refund["id"]),
        "admin_graphql_api_id": refund["id"],
        "created_at": _instant(shop, refund["createdAt"]),
        "note": refund["note"],
        "order_id": order["legacyResourceId"],
        "processed_at": _instant(shop, refund["processedAt"]),
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
        **_both("subtotal", part["subtotalSet"]),
        **_both("total_tax", part["totalTaxSet"]),
    }


def _transaction(shop, order, transaction):
    return {
        "id": ids.number(transaction["id"]),
        "admin_graphql_api_id": transaction["id"],
        "amount": money_text(transaction["amountSet"].presentmentMoney.amount),
        "currency": transaction["amountSet"].presentmentMoney.currencyCode,
        "created_at": _instant(shop, transaction["createdAt"]),
        "gateway": transaction["gateway"],
        "kind": transaction["kind"].lower(),
        "order_id": order["legacyResourceId"],
        "status": transaction["status"].lower(),
        "test": transaction["test"],
    }


def _address(shape, address):
    if address is None:
        return None
    values = {
        "first_name": address["firstName"],
        "last_name": address["lastName"],
        "name": address["name"],
        "company": address["company"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "zip": address["zip"],
        "province": address["province"],
        "province_code": address["provinceCode"],
        "country": address["country"],
        "country_code": address["countryCodeV2"],
        "country_name": address["country"],
        "phone": address["phone"],
        "latitude": address["latitude"],
        "longitude": address["longitude"],
        "id": ids.number(address["id"]),
        "customer_id": None,
        "default": True,
    }
    return _fill(shape, values)


def _customer(shop, shape, customer):
    is_visible = shop.settings.protected_customer_data
    number = customer["legacyResourceId"]
    default = _address(shape["default_address"], customer["defaultAddress"])
    values = {
        "id": number,
        "admin_graphql_api_id": customer["id"],
        "created_at": _instant(shop, customer["createdAt"]),
        "updated_at": _instant(shop, customer["updatedAt"]),
        "first_name": customer["firstName"] if is_visible else None,
        "last_name": customer["lastName"] if is_visible else None,
        "email": customer["email"] if is_visible else None,
        "phone": customer["phone"] if is_visible else None,
        "state": customer["state"].lower(),
        "note": customer["note"],
        "verified_email": customer["verifiedEmail"],
        "multipass_identifier": None,
        "tax_exempt": customer["taxExempt"],
        "tax_exemptions": customer["taxExemptions"],
        "currency": shop.settings.currency,
        "addresses": [
            {**_address(shape["default_address"], address), "customer_id": number, "default": position == 0}
            for position, address in enumerate(customer["addresses"])
        ],
        "default_address": {**default, "customer_id": number} if is_visible else None,
    }
    return _fill(shape, values)


def _product(shop, shape, product):
    variants = [shop.get(gid) for gid in product["variants"]]
    values = {
        "id": product["legacyResourceId"],
        "admin_graphql_api_id": product["id"],
        "title": product["title"],
        "body_html": product["descriptionHtml"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "handle": product["handle"],
        "status": product["status"].lower(),
        "tags": ", ".join(product["tags"]),
        "published_scope": "global",
        "template_suffix": product["templateSuffix"],
        "created_at": _instant(shop, product["createdAt"]),
        "updated_at": _instant(shop, product["updatedAt"]),
        "published_at": _instant(shop, product["publishedAt"]),
        "variants": [_variant(shop, shape["variants"][0], variant) for variant in variants],
        "variant_gids": [
            {"admin_graphql_api_id": variant["id"], "updated_at": variant["updatedAt"].strftime("%Y-%m-%dT%H:%M:%S.000Z")}
            for variant in variants
        ],
        "options": [
            {
                "id": product["legacyResourceId"] + 11,
                "product_id": product["legacyResourceId"],
                "name": product["optionName"],
                "position": 1,
                "values": product["optionValues"],
            }
        ],
        "images": [],
        "image": None,
        "media": [],
        "category": None,
        "has_variants_that_requires_components": False,
    }
    return _fill(shape, values)


def _variant(shop, shape, variant):
    from ..resolvers.inventory import available_of

    available = available_of(shop, variant["inventoryItemId"])
    values = {
        "id": variant["legacyResourceId"],
        "admin_graphql_api_id": variant["id"],
        "product_id": ids.number(variant["productId"]),
        "inventory_item_id": ids.number(variant["inventoryItemId"]),
        "title": variant["title"],
        "option1": variant["title"],
        "option2": None,
        "option3": None,
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "price": money_text(variant["price"]),
        "compare_at_price": variant["compareAtPrice"] and money_text(variant["compareAtPrice"]),
        "position": variant["position"],
        "inventory_policy": variant["inventoryPolicy"].lower(),
        "inventory_quantity": available,
        "old_inventory_quantity": available,
        "taxable": variant["taxable"],
        "image_id": None,
        "created_at": _instant(shop, variant["createdAt"]),
        "updated_at": _instant(shop, variant["updatedAt"]),
    }
    return _fill(shape, values)
