"""Refunds of an order: what is taken off it, what goes back into stock, and what is paid back.

Source: the schema's descriptions of ``Refund``, ``RefundLineItem`` and ``OrderAdjustment``, and Shopify, "Refund": what
is paid back may differ from what the parts make; the difference is an order adjustment, positive in the merchant's
favour (``Order.refundDiscrepancySet``).
"""

from decimal import Decimal

from . import fulfilments, stock, totals
from .not_possible import NotPossible
from .payments import add_transaction

RESTOCK_TYPES = ("RETURN", "CANCEL", "NO_RESTOCK", "LEGACY_RESTOCK")


def make(shop, order, parts, shipping=(), duties=(), note=None, return_id=None):
    """A new ``Refund`` record, not yet among the order's.

    :param list parts: ``(line, units, restock type)`` or ``(line, units, restock type, location id)``
    :param list shipping: ``(shipping line, Bag or None for all that is left of it)``
    :param list duties: ``Duty`` records
    """
    now, zero = shop.clock.now(), totals.currencies_of(order).zero
    number = shop.new_number("Refund")
    return shop.add(
        {
            "__typename": "Refund",
            "id": f"gid://shopify/Refund/{number}",
            "legacyResourceId": number,
            "orderId": order["id"],
            "createdAt": now,
            "processedAt": now,
            "updatedAt": now,
            "note": note,
            "returnId": return_id,
            "staffMember": None,
            "totalRefundedSet": zero,
            "refundLineItems": [_part(shop, order, *part) for part in parts],
            "refundShippingLines": [_shipping_part(shop, order, line, amount) for line, amount in shipping],
            "duties": [
                {"__typename": "RefundDuty", "amountSet": duty["price"], "originalDuty": duty} for duty in duties
            ],
            "orderAdjustments": [],
            "transactions": [],
        }
    )


def all_charges(order):
    """Everything an order charges besides its lines, as :func:`make` takes it."""
    return {
        "shipping": [(line, None) for line in order["shippingLines"]],
        "duties": [duty for line in order["lineItems"] for duty in line["duties"]],
    }


def refund(
    shop,
    order,
    parts,
    shipping=(),
    duties=(),
    paid=None,
    note=None,
    return_id=None,
    reason=None,
    gateway=None,
    sources=None,
):
    """Refund in the shop: take off, restock, pay back.

    :param list parts: ``(line, units, restock type, location id or None)``
    :param Bag paid: what is paid back; None: what the parts make, as far as something was paid
    :param str reason: why the two differ, one of ``OrderAdjustmentDiscrepancyReason``
    :param str gateway: pays back; None: the one that was paid with
    :param list sources: ``(transaction, Bag)``: what of ``paid`` goes back to which payment; None: to the first ones
    :return: the ``Refund`` record
    :raises NotPossible: more than there is
    """
    for line, count, restock_type, _location_id in parts:
        _check(line, count, restock_type)
    made = make(shop, order, parts, shipping, duties, note, return_id)
    worth = worth_of(order, made)
    for source, amount in sources or ():
        if amount.shopMoney.amount > _left_of(order, source).shopMoney.amount:
            shop.remove(made)
            raise NotPossible("Refund amount cannot be greater than the amount of the parent transaction.")
    if paid and paid.shopMoney.amount > order["netPaymentSet"].shopMoney.amount:
        shop.remove(made)
        raise NotPossible(f"{order['name']}: more than was paid cannot be paid back")
    order["refunds"].append(made)
    for line, count, restock_type, location_id in parts:
        _move(shop, order, line, count, restock_type, location_id, is_returned=return_id is not None)
    totals.settle(order)
    _pay(shop, order, made, worth, paid, reason, gateway, sources)
    totals.settle(order)
    fulfilments.settle(shop, order)
    shop.touch(order)
    return made


def worth_of(order, refund):
    """What the parts of a refund take off the order's total.

    :rtype: Bag
    """
    total = totals.currencies_of(order).total
    worth = total(part["subtotalSet"] for part in refund["refundLineItems"])
    worth += total(part["subtotalAmountSet"] for part in refund["refundShippingLines"])
    worth += total(part["amountSet"] for part in refund["duties"])
    if not order["taxesIncluded"]:
        worth += total(part["totalTaxSet"] for part in refund["refundLineItems"])
        worth += total(part["taxAmountSet"] for part in refund["refundShippingLines"])
    return worth


def _check(line, count, restock_type):
    if restock_type not in RESTOCK_TYPES:
        raise NotPossible(f"unknown restock type {restock_type!r}; known: {', '.join(RESTOCK_TYPES)}")
    open_units = line["unfulfilledQuantity"]
    possible = {"CANCEL": open_units, "RETURN": line["currentQuantity"] - open_units}
    if not 0 < count <= possible.get(restock_type, line["currentQuantity"]):
        raise NotPossible(f"{count} of {line['name']} cannot be refunded as {restock_type}")


def _move(shop, order, line, count, restock_type, location_id, is_returned):
    """Units that were not shipped are shipped no more; those that were come back to stock if they shall."""
    shipped = line["quantity"] - line["unfulfilledQuantity"] - _removed(order, line) + count
    is_open = restock_type == "CANCEL" or (restock_type == "NO_RESTOCK" and not is_returned and shipped < count)
    if is_open:
        stock.commit(shop, order, line, -count)
        fulfilments.adjust(shop, order, line, -count)
    elif restock_type in ("RETURN", "LEGACY_RESTOCK") and line["variantId"] is not None and not is_returned:
        place = location_id or next(one["id"] for one in shop.all("Location") if one["fulfillsOnlineOrders"])
        level = stock.level_of(shop, shop.get(line["variantId"])["inventoryItemId"], place)
        level["available"] += count
        shop.touch(level)


def _removed(order, line):
    return sum(
        part["quantity"]
        for refund in order["refunds"]
        for part in refund["refundLineItems"]
        if part["lineItem"] is line
    )


def payments_of(order):
    """The transactions by which an order was paid."""
    return [t for t in order["transactions"] if t["status"] == "SUCCESS" and t["kind"] in ("SALE", "CAPTURE")]


def _left_of(order, source):
    """What of a payment was not paid back yet."""
    return source["amountSet"] - totals.currencies_of(order).total(
        t["amountSet"] for t in order["transactions"] if t["parentTransaction"] is source and t["kind"] == "REFUND"
    )


def _pay(shop, order, made, worth, paid, reason, gateway, chosen=None):
    zero = totals.currencies_of(order).zero
    sources = payments_of(order)
    if paid is None:
        # What the customer has not paid is not paid back: they owe less.
        paid = min(worth, order["netPaymentSet"], key=lambda bag: bag.shopMoney.amount) if sources else zero
    elif paid != worth and (paid or sources):
        made["orderAdjustments"].append(_adjustment(shop, order, worth - paid, reason))
    if gateway and paid:
        made["transactions"].append(add_transaction(shop, order, "REFUND", gateway, paid, shop.clock.now()))
        paid = zero
    for source, wanted in chosen or [(source, None) for source in sources]:
        if not paid:
            break
        left = _left_of(order, source) if wanted is None else wanted
        part = left if left.shopMoney.amount < paid.shopMoney.amount else paid
        if part:
            transaction = add_transaction(
                shop, order, "REFUND", source["gateway"], part, shop.clock.now(), parent=source
            )
            made["transactions"].append(transaction)
            paid -= part
    made["totalRefundedSet"] = totals.currencies_of(order).total(t["amountSet"] for t in made["transactions"])


def _adjustment(shop, order, amount, reason):
    return shop.add(
        {
            "__typename": "OrderAdjustment",
            "id": shop.new_id("OrderAdjustment"),
            "amountSet": amount,
            "taxAmountSet": totals.currencies_of(order).zero,
            "reason": reason or "REFUND_DISCREPANCY",
        }
    )


def _part(shop, order, line, count, restock_type, location_id=None):
    earlier = [part for refund in order["refunds"] for part in refund["refundLineItems"] if part["lineItem"] is line]
    removed_before = sum(part["quantity"] for part in earlier)

    def share(bag, done):
        """The part of ``bag`` for ``count`` units; the last units take what rounding left."""
        if removed_before + count == line["quantity"]:
            return bag - sum(done, totals.currencies_of(order).zero)
        return bag * (Decimal(count) / line["quantity"])

    subtotal = share(totals.after_discounts(line), [part["subtotalSet"] for part in earlier])
    taxes = [
        {**tax, "priceSet": share(tax["priceSet"], [part["_taxLines"][index]["priceSet"] for part in earlier])}
        for index, tax in enumerate(line["taxLines"])
    ]
    discount = line["originalTotalSet"] - totals.after_discounts(line)
    return {
        "__typename": "RefundLineItem",
        "id": shop.new_id("RefundLineItem"),
        "lineItem": line,
        "location": shop.get(location_id),
        "quantity": count,
        "restockType": restock_type,
        "restocked": restock_type != "NO_RESTOCK",
        "priceSet": line["discountedUnitPriceAfterAllDiscountsSet"],
        "subtotalSet": subtotal,
        "totalTaxSet": sum((tax["priceSet"] for tax in taxes), totals.currencies_of(order).zero),
        "_taxLines": taxes,
        "_discountSet": share(discount, [part["_discountSet"] for part in earlier]),
    }


def _shipping_part(shop, order, line, amount=None):
    zero = totals.currencies_of(order).zero
    earlier = [
        part for refund in order["refunds"] for part in refund["refundShippingLines"] if part["shippingLine"] is line
    ]
    left = line["discountedPriceSet"] - sum((part["subtotalAmountSet"] for part in earlier), zero)
    amount = left if amount is None else amount
    if amount.shopMoney.amount > left.shopMoney.amount:
        raise NotPossible(f"no more than {left.shopMoney.amount} of the shipping can be refunded")
    taxes = totals.tax_lines(amount, line["_tax_rates"], order["taxesIncluded"])
    if amount == left:
        taxes = [
            {**tax, "priceSet": tax["priceSet"] - sum((part["_taxLines"][index]["priceSet"] for part in earlier), zero)}
            for index, tax in enumerate(line["taxLines"])
        ]
    return {
        "__typename": "RefundShippingLine",
        "id": shop.new_id("RefundShippingLine"),
        "shippingLine": line,
        "subtotalAmountSet": amount,
        "taxAmountSet": sum((tax["priceSet"] for tax in taxes), zero),
        "_taxLines": taxes,
    }
