"""Lines and payments of an order."""

from decimal import Decimal

from ..state import totals
from ..state.money import Money
from . import common, connections
from .registry import resolver


@resolver("LineItem", "product")
def line_product(line, context, _args):
    return context.shop.get(line["productId"])


@resolver("LineItem", "variant")
def line_variant(line, context, _args):
    return context.shop.get(line["variantId"])


@resolver("LineItem", "taxLines")
def line_tax_lines(line, _context, args):
    return connections.first_of(line["taxLines"], args)


@resolver("LineItem", "discountedTotalSet")
def discounted_total(line, _context, args):
    return totals.after_discounts(line) if args.get("withCodeDiscounts") else line["discountedTotalSet"]


@resolver("LineItem", "weight")
def line_weight(line, _context, _args):
    return {"__typename": "Weight", "unit": "GRAMS", "value": line["_grams"]}


@resolver("LineItem", "priceAfterAllDiscountsBeforeTaxesSet")
def price_before_taxes(line, context, _args):
    return totals.current_price_before_taxes(context.shop.get(line["orderId"]), line)


@resolver("LineItem", "unfulfilledOriginalTotalSet")
def unfulfilled_original_total(line, _context, _args):
    return line["originalUnitPriceSet"] * line["unfulfilledQuantity"]


@resolver("LineItem", "unfulfilledDiscountedTotalSet")
def unfulfilled_discounted_total(line, _context, _args):
    return line["discountedTotalSet"] * (Decimal(line["unfulfilledQuantity"]) / line["quantity"])


resolver("LineItem", "suggestedReturnReasonDefinitions")(common.empty_connection)


@resolver("LineItem", "contract", "image", "lineItemGroup", "sellingPlan", "staffMember")
@resolver("OrderTransaction", "currencyExchangeAdjustment", "device", "paymentDetails", "paymentIcon", "receiptJson")
@resolver("OrderTransaction", "shopifyPaymentsSet", "totalUnsettledSet", "user")
def none(_record, _context, _args):
    """Optional at the vendor and never there in this shop."""
    return


@resolver("OrderTransaction", "order")
def transaction_order(transaction, context, _args):
    return context.shop.get(transaction["orderId"])


@resolver("OrderTransaction", "location")
def transaction_location(transaction, context, _args):
    return context.shop.get(context.shop.get(transaction["orderId"])["retailLocationId"])


@resolver("OrderTransaction", "maximumRefundableV2")
def maximum_refundable(transaction, context, _args):
    order = context.shop.get(transaction["orderId"])
    if transaction["kind"] not in ("SALE", "CAPTURE") or transaction["status"] != "SUCCESS":
        return None
    back = (
        t["amountSet"].presentmentMoney.amount for t in order["transactions"] if t["parentTransaction"] is transaction
    )
    paid = transaction["amountSet"].presentmentMoney
    return Money(paid.amount - sum(back, Decimal(0)), paid.currencyCode)
