"""Make an ``Order`` record from an :class:`OrderPlan`."""

from . import fulfilments, ids, payments, people, stock, totals
from .money import split


def place_order(shop, plan, rng):
    """Store a new order; does not emit an event.

    :param OrderPlan plan: what is ordered, by whom, how it is paid
    :param random.Random rng: makes the parts that the plan leaves open
    :return: the ``Order`` record, all amounts settled
    """
    number, order_number = shop.new_number("Order"), shop.next_order_number
    shop.next_order_number += 1
    created = plan.created_at or shop.clock.now()
    order = {
        **_identity(number, order_number, created, plan),
        **_circumstances(plan, rng, order_number),
        **_parties(shop, plan, rng),
        "_currencies": plan.currencies,
        "_kind": plan.kind,
        "refunds": [],
        "transactions": [],
        "lineItems": [_line(shop, plan, line) for line in plan.lines],
        "shippingLines": [_shipping_line(shop, plan, line) for line in plan.shipping],
        "discountApplications": [],
    }
    for line in order["lineItems"]:
        line["originalTotalSet"] = line["originalUnitPriceSet"] * line["quantity"]
    _apply_line_discounts(order, plan)
    _apply_free_shipping(order, plan)
    _apply_codes(order, plan)
    totals.settle(order)
    order["originalTotalPriceSet"] = order["totalPriceSet"]
    payments.pay(shop, order, plan, created)
    totals.settle(order)
    for line in order["lineItems"]:
        line["orderId"] = order["id"]
        shop.add(line)
        stock.commit(shop, order, line, line["quantity"])
    shop.add(order)
    fulfilments.route(shop, order)
    return order


def _identity(number, order_number, created, plan):
    return {
        "__typename": "Order",
        "id": ids.make("Order", number),
        "legacyResourceId": number,
        "name": f"#{order_number}",
        "number": order_number,
        "createdAt": created,
        "updatedAt": created,
        "processedAt": created,
        "cancelledAt": None,
        "cancelReason": None,
        "cancellation": None,
        "closedAt": None,
        "closed": False,
        "confirmed": True,
        "edited": False,
        "test": plan.is_test,
        "taxesIncluded": plan.taxes_included,
        "dutiesIncluded": False,
        "taxExempt": False,
        "estimatedTaxes": False,
        "currencyCode": plan.currencies.shop,
        "presentmentCurrencyCode": plan.currencies.presentment,
        "displayFulfillmentStatus": "UNFULFILLED",
        "returnStatus": "NO_RETURN",
        "sourceName": plan.source_name,
        "sourceIdentifier": None,
        "registeredSourceUrl": None,
    }


def _circumstances(plan, rng, order_number):
    token = f"{rng.getrandbits(128):032x}"
    return {
        "note": plan.note,
        "tags": sorted(plan.tags),
        "customAttributes": _attributes(plan.attributes),
        "poNumber": plan.po_number,
        "retailLocationId": plan.location_id,
        "confirmationNumber": f"{rng.getrandbits(40):09X}"[:9],
        "cartToken": token if plan.source_name == "web" else None,
        "checkoutToken": f"{rng.getrandbits(128):032x}" if plan.source_name == "web" else None,
        "clientIp": f"203.0.113.{rng.randrange(1, 255)}" if plan.source_name == "web" else None,
        "utm": plan.utm,
        "statusToken": token[:20],
        "customerOrderIndex": order_number % 4 + 1,
    }


def _parties(shop, plan, rng):
    customer = plan.customer
    email = customer["email"] if customer else plan.guest_email
    billing = shipping = None
    if plan.has_addresses:
        first, last = (customer["firstName"], customer["lastName"]) if customer else (None, None)
        billing = people.make_address(shop, rng, plan.country, first, last, plan.company)
        shipping = billing
        if plan.ships_elsewhere:
            shipping = people.make_address(shop, rng, plan.country)
    return {
        "customerId": customer["id"] if customer else None,
        "email": email,
        "phone": customer["phone"] if customer else None,
        "customerLocale": customer["locale"] if customer else "en",
        "customerAcceptsMarketing": bool(customer and customer["marketingState"] == "SUBSCRIBED"),
        "billingAddress": billing,
        "shippingAddress": shipping,
        "billingAddressMatchesShippingAddress": billing is shipping,
    }


def _line(shop, plan, line):
    variant = line.variant
    product = shop.get(variant["productId"]) if variant else None
    item = shop.get(variant["inventoryItemId"]) if variant else None
    title = variant["title"] if variant and variant["title"] != "Default Title" else None
    record = {
        "__typename": "LineItem",
        "id": shop.new_id("LineItem"),
        "productId": product["id"] if product else None,
        "variantId": variant["id"] if variant else None,
        "title": line.title,
        "variantTitle": title,
        "name": f"{line.title} - {title}" if title else line.title,
        "sku": line.sku if line.sku is not None else variant["sku"] if variant else None,
        "vendor": product["vendor"] if product else line.vendor,
        "quantity": line.quantity,
        "taxable": bool(line.tax_rates),
        "requiresShipping": line.requires_shipping,
        "isGiftCard": line.is_gift_card,
        "restockable": variant is not None,
        "merchantEditable": not line.is_tip,
        "customAttributes": _attributes(line.attributes),
        "originalUnitPriceSet": plan.currencies.bag(line.price),
        "discountAllocations": [],
        "duties": [],
        "_tax_rates": line.tax_rates,
        "_is_tip": line.is_tip,
        "_discount_percent": line.discount_percent,
        "_grams": int(item["weight"] * 1000) if item else 0,
    }
    if line.duty is not None:
        record["duties"].append(_duty(shop, plan, line, item))
    return record


def _duty(shop, plan, line, item):
    return {
        "__typename": "Duty",
        "id": shop.new_id("Duty"),
        "price": plan.currencies.bag(line.duty),
        "taxLines": [],
        "harmonizedSystemCode": item and item["harmonizedSystemCode"],
        "countryCodeOfOrigin": item and item["countryCodeOfOrigin"],
    }


def _shipping_line(shop, plan, line):
    return {
        "__typename": "ShippingLine",
        "id": shop.new_id("ShippingLine"),
        "title": line.title,
        "code": line.code,
        "source": line.source,
        "carrierIdentifier": None,
        "custom": False,
        "deliveryCategory": None,
        "isRemoved": False,
        "phone": None,
        "shippingRateHandle": None,
        "originalPriceSet": plan.currencies.bag(line.price),
        "discountAllocations": [],
        "_tax_rates": line.tax_rates,
    }


def _attributes(values):
    return [{"__typename": "Attribute", "key": key, "value": value} for key, value in values.items()]


def _application(order, kind, value, **extra):
    application = {
        "__typename": kind,
        "index": len(order["discountApplications"]),
        "allocationMethod": "ACROSS",
        "targetSelection": "ALL",
        "targetType": "LINE_ITEM",
        "value": value,
        "_is_code": kind == "DiscountCodeApplication",
        **extra,
    }
    order["discountApplications"].append(application)
    return application


def _percentage(percent):
    return {"__typename": "PricingPercentageValue", "percentage": float(percent)}


def _allocate(owner, application, amount):
    allocation = {"__typename": "DiscountAllocation", "discountApplication": application, "allocatedAmountSet": amount}
    owner["discountAllocations"].append(allocation)


def _apply_line_discounts(order, plan):
    for line in order["lineItems"]:
        percent = line["_discount_percent"]
        if percent is not None:
            application = _application(
                order,
                "ManualDiscountApplication",
                _percentage(percent),
                title="Goodwill",
                description="Goodwill",
                allocationMethod="EACH",
                targetSelection="EXPLICIT",
            )
            _allocate(line, application, line["originalTotalSet"] * (percent / 100))


def _apply_free_shipping(order, plan):
    for line, wanted in zip(order["shippingLines"], plan.shipping, strict=True):
        if wanted.is_free:
            application = _application(
                order,
                "AutomaticDiscountApplication",
                _percentage(100),
                title="Free shipping",
                targetType="SHIPPING_LINE",
                allocationMethod="EACH",
            )
            _allocate(line, application, line["originalPriceSet"])


def _apply_codes(order, plan):
    for code in plan.codes:
        lines = [line for line in order["lineItems"] if not line["_is_tip"] and not line["isGiftCard"]]
        bases = [totals.after_discounts(line) for line in lines]
        base = plan.currencies.total(bases)
        if code.percent is not None:
            value, amount = _percentage(code.percent), base * (code.percent / 100)
        else:
            amount = plan.currencies.bag(min(code.amount, base.shopMoney.amount))
            value = amount.presentmentMoney
        application = _application(order, "DiscountCodeApplication", value, code=code.code)
        for line, part in zip(lines, split(amount, bases), strict=True):
            if part:
                _allocate(line, application, part)
    order["discountCodes"] = [code.code for code in plan.codes]
