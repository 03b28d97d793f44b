"""Work out an order's amounts from its lines; called again after every change of the order.

Names and meaning are those of the schema's descriptions (Admin API 2026-07, ``Order`` and ``LineItem``): ``total*`` is
before returns and removals, ``current*`` after them; tips count in the total and not in the subtotal.
"""

from decimal import ROUND_HALF_UP, Decimal

from .money import rounded


def currencies_of(order):
    return order["_currencies"]


def tax_lines(base, rates, included):
    """Tax of ``base`` (a Bag) at ``rates``, each tax line rounded on its own.

    :param tuple rates: ``(title, Decimal fraction)``
    :param bool included: whether ``base`` contains the tax
    :rtype: list[dict]
    """
    whole = sum((rate for _title, rate in rates), Decimal(1)) if included else Decimal(1)
    return [
        {
            "__typename": "TaxLine",
            "title": title,
            "rate": float(rate),
            "ratePercentage": float(rate * 100),
            "priceSet": base.map(lambda amount, rate=rate: amount * rate / whole),
            "channelLiable": False,
            "source": "Shopify",
        }
        for title, rate in rates
    ]


def settle(order):
    """Recompute every derived amount and status of ``order`` in place."""
    for line in order["lineItems"]:
        _settle_line(order, line)
    for shipping in order["shippingLines"]:
        _settle_shipping(order, shipping)
    _settle_totals(order)
    _settle_current(order)
    _settle_payment(order)


def after_discounts(line):
    """The line's amount after every discount, for all units ever ordered.

    :rtype: Bag
    """
    total = line["originalTotalSet"]
    for allocation in line["discountAllocations"]:
        total -= allocation["allocatedAmountSet"]
    return total


def _settle_line(order, line):
    zero = currencies_of(order).zero
    line["originalTotalSet"] = line["originalUnitPriceSet"] * line["quantity"]
    own = [a["allocatedAmountSet"] for a in line["discountAllocations"] if not a["discountApplication"]["_is_code"]]
    line["totalDiscountSet"] = sum(own, zero)
    line["discountedTotalSet"] = line["originalTotalSet"] - line["totalDiscountSet"]
    line["discountedUnitPriceSet"] = _per_unit(line["discountedTotalSet"], line["quantity"])
    base = after_discounts(line)
    line["discountedUnitPriceAfterAllDiscountsSet"] = _per_unit(base, line["quantity"])
    line["taxLines"] = tax_lines(base, line["_tax_rates"], order["taxesIncluded"])
    line["currentQuantity"] = line["quantity"] - sum(
        part["quantity"]
        for refund in order["refunds"]
        for part in refund["refundLineItems"]
        if part["lineItem"] is line
    )
    line["refundableQuantity"] = line["currentQuantity"]
    # ``fulfilments.settle`` knows what is left to ship, once the order has its fulfilment orders
    line.setdefault("unfulfilledQuantity", line["currentQuantity"] if line["requiresShipping"] else 0)
    line["nonFulfillableQuantity"] = line["quantity"] - line["unfulfilledQuantity"]


def current_price_before_taxes(order, line):
    """What is left of the line after discounts and removals, without tax.

    :rtype: Bag
    """
    removed = [part for refund in order["refunds"] for part in refund["refundLineItems"] if part["lineItem"] is line]
    total = currencies_of(order).total
    price = after_discounts(line) - total(part["subtotalSet"] for part in removed)
    if order["taxesIncluded"]:
        tax = total(tax["priceSet"] for tax in line["taxLines"]) - total(part["totalTaxSet"] for part in removed)
        price -= tax
    return price


def _per_unit(total, quantity):
    return total.map(lambda amount: amount / quantity)


def _settle_shipping(order, shipping):
    price = shipping["originalPriceSet"]
    for allocation in shipping["discountAllocations"]:
        price -= allocation["allocatedAmountSet"]
    shipping["discountedPriceSet"] = shipping["currentDiscountedPriceSet"] = price
    shipping["taxLines"] = tax_lines(price, shipping["_tax_rates"], order["taxesIncluded"])


def _settle_totals(order):
    total = currencies_of(order).total
    goods = [line for line in order["lineItems"] if not line["_is_tip"]]
    shipping = order["shippingLines"]
    order["subtotalPriceSet"] = total(after_discounts(line) for line in goods)
    order["_lineItemsPriceSet"] = total(line["originalTotalSet"] for line in goods)
    allocations = [a["allocatedAmountSet"] for owner in goods + shipping for a in owner["discountAllocations"]]
    order["totalDiscountsSet"] = total(allocations)
    order["cartDiscountAmountSet"] = total(
        a["allocatedAmountSet"]
        for line in goods
        for a in line["discountAllocations"]
        if a["discountApplication"]["_is_code"]
    )
    order["totalShippingPriceSet"] = total(line["originalPriceSet"] for line in shipping)
    order["_shippingAfterDiscountSet"] = total(line["discountedPriceSet"] for line in shipping)
    order["totalTipReceivedSet"] = total(line["originalTotalSet"] for line in order["lineItems"] if line["_is_tip"])
    order["originalTotalDutiesSet"] = _duties(order)
    order["taxLines"] = _merged_tax_lines(order["lineItems"] + shipping)
    order["totalTaxSet"] = total(tax["priceSet"] for tax in order["taxLines"])
    order["totalPriceSet"] = (
        order["subtotalPriceSet"]
        + order["_shippingAfterDiscountSet"]
        + order["totalTipReceivedSet"]
        + (order["originalTotalDutiesSet"] or total(()))
        + (total(()) if order["taxesIncluded"] else order["totalTaxSet"])
    )
    order["subtotalLineItemsQuantity"] = sum(line["quantity"] for line in goods)
    order["totalWeight"] = sum(line["_grams"] * line["quantity"] for line in goods)


def _duties(order):
    duties = [duty["price"] for line in order["lineItems"] for duty in line["duties"]]
    return currencies_of(order).total(duties) if duties else None


def _merged_tax_lines(owners):
    merged = {}
    for tax in (tax for owner in owners for tax in owner["taxLines"]):
        key = tax["title"], tax["rate"]
        merged[key] = {**tax, "priceSet": merged[key]["priceSet"] + tax["priceSet"]} if key in merged else dict(tax)
    return list(merged.values())


def _settle_current(order):
    """``current*``: what is left after refunds and removed units."""
    total = currencies_of(order).total
    parts = [part for refund in order["refunds"] for part in refund["refundLineItems"]]
    shipping = [part for refund in order["refunds"] for part in refund["refundShippingLines"]]
    duties = [duty["amountSet"] for refund in order["refunds"] for duty in refund["duties"]]
    goods = total(part["subtotalSet"] for part in parts if not part["lineItem"]["_is_tip"])
    tips = total(part["subtotalSet"] for part in parts if part["lineItem"]["_is_tip"])
    tax = total(part["totalTaxSet"] for part in parts) + total(part["taxAmountSet"] for part in shipping)
    freight = total(part["subtotalAmountSet"] for part in shipping)
    order["currentSubtotalPriceSet"] = order["subtotalPriceSet"] - goods
    order["currentShippingPriceSet"] = order["_shippingAfterDiscountSet"] - freight
    order["currentTotalTaxSet"] = order["totalTaxSet"] - tax
    order["currentTotalDutiesSet"] = order["originalTotalDutiesSet"] and order["originalTotalDutiesSet"] - total(duties)
    gone = goods + tips + freight + total(duties) + (total(()) if order["taxesIncluded"] else tax)
    order["currentTotalPriceSet"] = order["totalPriceSet"] - gone
    order["totalRefundedShippingSet"] = freight
    removed_discount = total(part["_discountSet"] for part in parts)
    order["currentTotalDiscountsSet"] = order["totalDiscountsSet"] - removed_discount
    order["currentCartDiscountAmountSet"] = order["cartDiscountAmountSet"]
    order["currentTaxLines"] = _current_tax_lines(order, parts, shipping)
    order["currentSubtotalLineItemsQuantity"] = sum(
        line["currentQuantity"] for line in order["lineItems"] if not line["_is_tip"]
    )
    order["currentTotalWeight"] = sum(line["_grams"] * line["currentQuantity"] for line in order["lineItems"])


def _current_tax_lines(order, parts, shipping):
    removed = _merged_tax_lines([{"taxLines": part["_taxLines"]} for part in parts + shipping])
    removed_by_key = {(tax["title"], tax["rate"]): tax["priceSet"] for tax in removed}
    zero = currencies_of(order).zero
    lines = [
        {**tax, "priceSet": tax["priceSet"] - removed_by_key.get((tax["title"], tax["rate"]), zero)}
        for tax in order["taxLines"]
    ]
    return [tax for tax in lines if tax["priceSet"]]


def cash_rounding(amount, currency, step):
    """What must be added to ``amount`` to pay it in coins of ``step``."""
    return rounded((amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step - amount, currency)


def _settle_payment(order):
    total, zero = currencies_of(order).total, currencies_of(order).zero
    done = [t for t in order["transactions"] if t["status"] == "SUCCESS"]
    order["totalReceivedSet"] = total(t["amountSet"] for t in done if t["kind"] in ("SALE", "CAPTURE"))
    order["totalRefundedSet"] = total(t["amountSet"] for t in done if t["kind"] == "REFUND")
    order["netPaymentSet"] = order["totalReceivedSet"] - order["totalRefundedSet"]
    adjustments = [one for refund in order["refunds"] for one in refund["orderAdjustments"]]
    order["refundDiscrepancySet"] = total(one["amountSet"] + one["taxAmountSet"] for one in adjustments)
    rounding = total(t["amountRoundingSet"] for t in done if t["amountRoundingSet"] is not None)
    order["totalCashRoundingAdjustment"] = {
        "__typename": "CashRoundingAdjustment",
        "paymentSet": rounding,
        "refundSet": zero,
    }
    authorized = total(t["amountSet"] for t in done if t["kind"] == "AUTHORIZATION")
    is_void = order["cancelledAt"] is not None and not order["totalReceivedSet"]
    captured = total(t["amountSet"] for t in done if t["kind"] == "CAPTURE")
    order["totalCapturableSet"] = zero if is_void else authorized - captured if authorized else zero
    order["totalOutstandingSet"] = (
        order["currentTotalPriceSet"] + rounding + order["refundDiscrepancySet"] - order["netPaymentSet"]
    )
    order["displayFinancialStatus"] = _financial_status(order, is_void)
    owed = order["totalOutstandingSet"].shopMoney.amount
    order["fullyPaid"] = owed <= 0
    order["unpaid"] = owed > 0
    order["capturable"] = bool(order["totalCapturableSet"])
    order["canMarkAsPaid"] = owed > 0 and order["cancelledAt"] is None
    order["refundable"] = bool(order["netPaymentSet"])
    order["paymentGatewayNames"] = list(dict.fromkeys(t["gateway"] for t in order["transactions"]))


def _financial_status(order, is_void):
    received, refunded = order["totalReceivedSet"].shopMoney.amount, order["totalRefundedSet"].shopMoney.amount
    if is_void:
        return "VOIDED"
    if refunded:
        return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
    if order["totalOutstandingSet"].shopMoney.amount <= 0:
        return "PAID"
    if order["totalCapturableSet"]:
        return "AUTHORIZED"
    return "PARTIALLY_PAID" if received else "PENDING"
