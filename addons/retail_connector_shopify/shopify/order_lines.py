"""The lines of an order as they stand now: goods, custom lines, gift cards, tips, fees, shipping, duties.

Shopify's ``discountAllocations`` and ``taxLines`` cover all units ever ordered ("including … refunded and removed
quantities", schema descriptions of ``LineItem``), ``currentQuantity`` the units that are left. What left the order is
in its refunds, exactly; where units went without a refund, their share is taken out in proportion.
"""

from dataclasses import dataclass
from decimal import Decimal

from .mapper_customer import clean
from .money import Purse

_ZERO = Decimal(0)


@dataclass
class Removed:
    """What refunds took out of a line or a shipping line."""

    quantity: int = 0
    net: Decimal = _ZERO
    tax: Decimal = _ZERO


def map_lines(node, purse):
    """Return ``(lines, shipping_lines, duties)`` of ``order.v1``.

    :param dict node: an order of the shape ``FULL_ORDER``
    :param Purse purse: of the order's currency
    """
    removed, removed_shipping, removed_duties = _removals(node["refunds"], purse)
    tip_ids = _find_tips(node, purse)
    lines = [
        _map_line(line, purse, removed.get(line["id"], Removed()), line["id"] in tip_ids)
        for line in node["lineItems"]["nodes"]
    ]
    lines += [_map_fee(fee, purse) for fee in node["additionalFees"]]
    shipping_lines = [
        _map_shipping(
            line,
            purse,
            removed_shipping.get(line["id"], Removed()),
            line["id"] or "%s#shipping-%d" % (node["id"], index),
        )
        for index, line in enumerate(node["shippingLines"]["nodes"], 1)
    ]
    duties = _map_duties(node, purse, removed_duties)
    if not tip_ids:
        lines += _loose_tip(node, purse, _total(lines, shipping_lines, duties, node["taxesIncluded"]))
    return lines, shipping_lines, duties


def map_attributes(attributes):
    """Return the canonical name/value pairs of ``customAttributes``; one without a name says nothing."""
    pairs = [(clean(attribute["key"]), clean(attribute["value"])) for attribute in attributes]
    return [{"name": name, "value": value} for name, value in pairs if name]


# -------------------------------------------------------------------- goods


def _map_line(line, purse, removed, is_tip):
    quantity = line["currentQuantity"]
    unit_price = purse.read(line["originalUnitPriceSet"])
    discounts, taxes = _stand_now(line, purse, removed)
    return {
        "external_id": line["id"],
        "kind": "tip" if is_tip else _kind(line),
        "variant_external_id": line["variant"] and line["variant"]["id"],
        "product_external_id": line["product"] and line["product"]["id"],
        "sku": clean(line["sku"]),
        "barcode": clean(line["variant"]["barcode"]) if line["variant"] else None,
        "title": clean(line["title"]) or line["id"],
        "variant_title": clean(line["variantTitle"]),
        "quantity": str(quantity),
        "ordered_quantity": str(line["quantity"]),
        "unit_price": purse.write(unit_price),
        "discounts": discounts,
        "taxes": taxes,
        "requires_shipping": line["requiresShipping"],
        "properties": map_attributes(line["customAttributes"]),
    }


def _kind(line):
    if line["isGiftCard"]:
        return "gift_card"
    # A deleted product leaves its vendor behind; what staff typed in has none.
    if line["product"] or line["variant"] or line["variantTitle"] or line["vendor"]:
        return "product"
    return "custom"


def _stand_now(line, purse, removed):
    """Return the line's discounts and taxes for the units that are left."""
    ordered, left = line["quantity"], line["currentQuantity"]
    discounts = _discounts(line["discountAllocations"], purse)
    taxes = _taxes(line["taxLines"], purse)
    if left == ordered and not removed.quantity:
        return discounts, taxes
    if not left:
        return [], []
    unit_price = purse.read(line["originalUnitPriceSet"])
    net = unit_price * ordered - _sum(discounts)
    tax = _sum(taxes)
    if removed.quantity <= ordered - left:
        net, tax, ordered = net - removed.net, tax - removed.tax, ordered - removed.quantity
    net = _share(net, left, ordered, purse)
    tax = _share(tax, left, ordered, purse)
    return _spread(discounts, unit_price * left - net, purse), _spread(taxes, tax, purse)


def _share(amount, left, ordered, purse):
    return amount if left == ordered else (amount * left / ordered).quantize(purse.unit)


def _spread(parts, amount, purse):
    """Return ``parts`` (discounts or taxes) scaled so that they sum to ``amount``."""
    if not parts or amount < 0:
        return parts if not amount else []
    shares = purse.split(amount, [Decimal(part["amount"]["amount"]) for part in parts])
    return [dict(part, amount=purse.write(share)) for part, share in zip(parts, shares, strict=True)]


def _discounts(allocations, purse):
    found = []
    for allocation in allocations:
        amount = purse.read(allocation["allocatedAmountSet"])
        if amount:
            application = allocation["discountApplication"]
            code = clean(application.get("code"))
            title = code or clean(application.get("title")) or "Discount"
            found.append({"title": title, "code": code, "amount": purse.write(amount)})
    return found


def _taxes(tax_lines, purse):
    return [
        {
            "title": clean(line["title"]) or "Tax",
            "rate": _rate(line["rate"]),
            "amount": purse.write(purse.read(line["priceSet"])),
        }
        for line in tax_lines
    ]


def _rate(rate):
    """Return a tax rate (a fraction) as a decimal string; ``null`` is none."""
    return format(Decimal(rate or 0).quantize(Decimal("1e-10")).normalize(), "f")


def _sum(parts):
    return sum((Decimal(part["amount"]["amount"]) for part in parts), _ZERO)


# --------------------------------------------------------------- tips, fees


def _find_tips(node, purse):
    """Return the ids of the lines that are the order's tips.

    A tip is a line without product and without a mark of its own; only its amount is known, as the order's
    ``totalTipReceivedSet``. Among several that fit, the last counts: a checkout adds the tip after the goods.
    """
    total = purse.read(node["totalTipReceivedSet"])
    if total <= 0:
        return frozenset()
    candidates = [
        line
        for line in node["lineItems"]["nodes"]
        if _kind(line) == "custom" and not line["requiresShipping"] and not line["taxLines"]
    ]
    amounts = [purse.read(line["originalUnitPriceSet"]) * line["quantity"] for line in candidates]
    for line, amount in zip(reversed(candidates), reversed(amounts), strict=True):
        if amount == total:
            return frozenset((line["id"],))
    if sum(amounts, _ZERO) == total:
        return frozenset(line["id"] for line in candidates)
    return frozenset()


def _loose_tip(node, purse, total_of_lines):
    """Return a line for a tip that no line of the order stands for, where the order's total says one is missing."""
    tip = purse.read(node["totalTipReceivedSet"])
    if tip <= 0 or total_of_lines + tip != purse.read(node["currentTotalPriceSet"]):
        return []
    return [_simple_line("%s#tip" % node["id"], "tip", "Tip", tip, [], purse)]


def _total(lines, shipping_lines, duties, taxes_included):
    """Return what the parts of an order sum to, as its customer pays it."""
    total = sum((Decimal(line["unit_price"]["amount"]) * int(line["quantity"]) for line in lines), _ZERO)
    total += sum((Decimal(part["price"]["amount"]) for part in [*shipping_lines, *duties]), _ZERO)
    total -= sum((_sum(part["discounts"]) for part in [*lines, *shipping_lines]), _ZERO)
    if not taxes_included:
        total += sum((_sum(part["taxes"]) for part in [*lines, *shipping_lines, *duties]), _ZERO)
    return total


def _map_fee(fee, purse):
    return _simple_line(
        fee["id"],
        "custom",
        clean(fee["name"]) or "Fee",
        purse.read(fee["price"]),
        _taxes(fee["taxLines"], purse),
        purse,
    )


def _simple_line(external_id, kind, title, amount, taxes, purse):
    return {
        "external_id": external_id,
        "kind": kind,
        "variant_external_id": None,
        "product_external_id": None,
        "sku": None,
        "barcode": None,
        "title": title,
        "variant_title": None,
        "quantity": "1",
        "ordered_quantity": "1",
        "unit_price": purse.write(amount),
        "discounts": [],
        "taxes": taxes,
        "requires_shipping": False,
        "properties": [],
    }


# --------------------------------------------------------- shipping, duties


def _map_shipping(line, purse, removed, external_id):
    price = purse.read(line["originalPriceSet"]) - removed.net
    discounts, taxes = _discounts(line["discountAllocations"], purse), _taxes(line["taxLines"], purse)
    if removed.net or removed.tax:
        taxes = _spread(taxes, _sum(taxes) - removed.tax, purse)
        if price == _sum(discounts):
            price, discounts, taxes = _ZERO, [], []
    return {
        "external_id": external_id,
        "title": clean(line["title"]) or "Shipping",
        "code": clean(line["code"]),
        "carrier": clean(line["carrierIdentifier"]) or clean(line["source"]),
        "price": purse.write(price),
        "discounts": discounts,
        "taxes": taxes,
    }


def _map_duties(node, purse, removed):
    """Return the duties still charged. Where they are part of the prices (``dutiesIncluded``) none is charged apart."""
    if node["dutiesIncluded"]:
        return []
    found = []
    for duty in (duty for line in node["lineItems"]["nodes"] for duty in line["duties"]):
        charged = purse.read(duty["price"])
        left = charged - removed.get(duty["id"], _ZERO)
        if left <= 0:
            continue
        taxes = _taxes(duty["taxLines"], purse)
        if left != charged:
            taxes = _spread(taxes, (_sum(taxes) * left / charged).quantize(purse.unit), purse)
        about = ", ".join(filter(None, (duty["harmonizedSystemCode"], duty["countryCodeOfOrigin"])))
        found.append(
            {
                "external_id": duty["id"],
                "title": "Duty (%s)" % about if about else "Duty",
                "price": purse.write(left),
                "taxes": taxes,
            }
        )
    return found


def _removals(refunds, purse: Purse):
    """Return what all refunds took out: by line id, by shipping line id, and the amount by duty id."""
    lines, shipping, duties = {}, {}, {}
    for refund in refunds:
        for part in refund["refundLineItems"]["nodes"]:
            removed = lines.setdefault(part["lineItem"]["id"], Removed())
            removed.quantity += part["quantity"]
            removed.net += purse.read(part["subtotalSet"])
            removed.tax += purse.read(part["totalTaxSet"])
        for part in refund["refundShippingLines"]["nodes"]:
            removed = shipping.setdefault(part["shippingLine"]["id"], Removed())
            removed.net += purse.read(part["subtotalAmountSet"])
            removed.tax += purse.read(part["taxAmountSet"])
        for part in refund["duties"] or ():
            if part["originalDuty"]:
                gid = part["originalDuty"]["id"]
                duties[gid] = duties.get(gid, _ZERO) + purse.read(part["amountSet"])
    return lines, shipping, duties


def refunded_total(refund, purse, taxes_included):
    """Return the Decimal that a refund took off the order's total; adjustments are no part of it."""
    parts, shipping = refund["refundLineItems"]["nodes"], refund["refundShippingLines"]["nodes"]
    total = sum((purse.read(part["subtotalSet"]) for part in parts), _ZERO)
    total += sum((purse.read(part["subtotalAmountSet"]) for part in shipping), _ZERO)
    total += sum((purse.read(part["amountSet"]) for part in refund["duties"] or ()), _ZERO)
    if not taxes_included:
        total += sum((purse.read(part["totalTaxSet"]) for part in parts), _ZERO)
        total += sum((purse.read(part["taxAmountSet"]) for part in shipping), _ZERO)
    return total
