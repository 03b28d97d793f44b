"""Lines, shipping, taxes, duties and discounts of an order in the REST shape."""

from ..state import ids
from .shapes import amount_and_set, amount_text, fill, money_set


def line_payload(shop, shape, line):
    variant = shop.get(line["variantId"])
    values = {
        "id": ids.number(line["id"]),
        "admin_graphql_api_id": line["id"],
        "attributed_staffs": [],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": line["unfulfilledQuantity"],
        "fulfillment_service": "manual",
        "fulfillment_status": _status(line),
        "gift_card": line["isGiftCard"],
        "grams": line["_grams"],
        "name": line["name"],
        **amount_and_set("price", line["originalUnitPriceSet"]),
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
        **amount_and_set("total_discount", line["totalDiscountSet"]),
        "variant_id": line["variantId"] and ids.number(line["variantId"]),
        "variant_inventory_management": "shopify" if variant else None,
        "variant_title": line["variantTitle"],
        "vendor": line["vendor"],
        "tax_lines": [tax_payload(tax) for tax in line["taxLines"]],
        "duties": [_duty(duty) for duty in line["duties"]],
        "discount_allocations": [_allocation(allocation) for allocation in line["discountAllocations"]],
    }
    return fill(shape, values)


def _status(line):
    left = line["unfulfilledQuantity"]
    shipped = line["requiresShipping"] and line["currentQuantity"] - left
    return None if not shipped or shipped < 0 else "partial" if left else "fulfilled"


def shipping_payload(shape, line):
    values = {
        "id": ids.number(line["id"]),
        "carrier_identifier": line["carrierIdentifier"],
        "code": line["code"],
        "current_discounted_price_set": money_set(line["currentDiscountedPriceSet"]),
        **amount_and_set("discounted_price", line["discountedPriceSet"]),
        "is_removed": line["isRemoved"],
        "phone": line["phone"],
        **amount_and_set("price", line["originalPriceSet"]),
        "requested_fulfillment_service_id": None,
        "source": line["source"],
        "title": line["title"],
        "tax_lines": [tax_payload(tax) for tax in line["taxLines"]],
        "discount_allocations": [_allocation(allocation) for allocation in line["discountAllocations"]],
    }
    return fill(shape, values)


def tax_payload(tax):
    return {
        "channel_liable": tax["channelLiable"],
        **amount_and_set("price", tax["priceSet"]),
        "rate": tax["rate"],
        "title": tax["title"],
    }


def _duty(duty):
    return {
        "id": str(ids.number(duty["id"])),
        "harmonized_system_code": duty["harmonizedSystemCode"],
        "country_code_of_origin": duty["countryCodeOfOrigin"],
        "shop_money": money_set(duty["price"])["shop_money"],
        "presentment_money": money_set(duty["price"])["presentment_money"],
        "tax_lines": [],
        "admin_graphql_api_id": duty["id"],
    }


def _allocation(allocation):
    return {
        **amount_and_set("amount", allocation["allocatedAmountSet"]),
        "discount_application_index": allocation["discountApplication"]["index"],
    }


def application_payload(application):
    value = application["value"]
    is_percentage = isinstance(value, dict)
    types = {
        "DiscountCodeApplication": "discount_code",
        "ManualDiscountApplication": "manual",
        "AutomaticDiscountApplication": "automatic",
    }
    words = {
        "title": application.get("title"),
        "description": application.get("description"),
        "code": application.get("code"),
    }
    return {
        "target_type": application["targetType"].lower(),
        "type": types[application["__typename"]],
        "value": str(value["percentage"]) if is_percentage else amount_text(value),
        "value_type": "percentage" if is_percentage else "fixed_amount",
        "allocation_method": application["allocationMethod"].lower(),
        "target_selection": application["targetSelection"].lower(),
        **{key: word for key, word in words.items() if word is not None},
    }


def code_payloads(order):
    codes = []
    for application in order["discountApplications"]:
        if application["__typename"] == "DiscountCodeApplication":
            parts = (a for line in order["lineItems"] for a in line["discountAllocations"])
            amounts = [a["allocatedAmountSet"] for a in parts if a["discountApplication"] is application]
            kind = "percentage" if isinstance(application["value"], dict) else "fixed_amount"
            total = order["_currencies"].total(amounts)
            codes.append({"code": application["code"], "amount": amount_text(total.shopMoney), "type": kind})
    return codes
