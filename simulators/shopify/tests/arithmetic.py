"""An accountant who knows orders only from the API's answers and adds them up again.

Shares no code with the simulator: exact fractions, and the vendor's descriptions of the fields.
"""

from decimal import Decimal
from fractions import Fraction

_SIDES = "shopMoney { amount currencyCode } presentmentMoney { amount currencyCode }"
_BAG = f"{{ {_SIDES} }}"
_TAXES = f"taxLines {{ title rate priceSet {_BAG} }}"
_ALLOCATIONS = f"""discountAllocations {{
  allocatedAmountSet {_BAG}
  discountApplication {{ index targetType ... on DiscountCodeApplication {{ code }}
    value {{ ... on PricingPercentageValue {{ percentage }} ... on MoneyV2 {{ amount }} }} }} }}"""
_LINE = f"""id title quantity currentQuantity originalUnitPriceSet {_BAG} originalTotalSet {_BAG}
  discountedTotalSet {_BAG} totalDiscountSet {_BAG} duties {{ price {_BAG} }} {_TAXES} {_ALLOCATIONS}"""
_TOTALS = """
  subtotalPriceSet totalDiscountsSet totalShippingPriceSet totalTaxSet totalPriceSet totalTipReceivedSet
  originalTotalDutiesSet currentSubtotalPriceSet currentTotalTaxSet currentTotalPriceSet currentTotalDiscountsSet
  currentTotalDutiesSet currentShippingPriceSet totalReceivedSet totalRefundedSet netPaymentSet totalOutstandingSet
""".split()

_REFUND_LINES = f"""nodes {{ quantity lineItem {{ id title }} subtotalSet {_BAG} totalTaxSet {_BAG} }}
  pageInfo {{ hasNextPage endCursor }}"""

REFUND = f"""query Refund($id: ID!, $after: String) {{ node(id: $id) {{
  ... on Refund {{ refundLineItems(first: 100, after: $after) {{ {_REFUND_LINES} }} }} }} }}"""

ORDER = f"""query Order($id: ID!, $after: String) {{ order(id: $id) {{
  id name taxesIncluded edited cancelledAt displayFinancialStatus currencyCode presentmentCurrencyCode
  {" ".join(f"{name} {_BAG}" for name in _TOTALS)}
  {_TAXES} currentTaxLines {{ title rate priceSet {_BAG} }}
  totalCashRoundingAdjustment {{ paymentSet {_BAG} }}
  lineItems(first: 100, after: $after) {{ nodes {{ {_LINE} }} pageInfo {{ hasNextPage endCursor }} }}
  shippingLines(first: 5) {{ nodes {{ originalPriceSet {_BAG} discountedPriceSet {_BAG} {_TAXES} {_ALLOCATIONS} }} }}
  transactions {{ kind status amountSet {_BAG} amountRoundingSet {_BAG} }}
  refunds {{ id duties {{ amountSet {_BAG} }} refundLineItems(first: 100) {{ {_REFUND_LINES} }}
    refundShippingLines(first: 5) {{ nodes {{ subtotalAmountSet {_BAG} taxAmountSet {_BAG} }} }} }} }} }}"""


def fetch(api, gid):
    """The whole order, every page of its lines and of its refunds' lines."""
    order = api.data(ORDER, {"id": gid})["order"]
    page = order["lineItems"]
    while page["pageInfo"]["hasNextPage"]:
        page = api.data(ORDER, {"id": gid, "after": page["pageInfo"]["endCursor"]})["order"]["lineItems"]
        order["lineItems"]["nodes"] += page["nodes"]
    for refund in order["refunds"]:
        page = refund["refundLineItems"]
        while page["pageInfo"]["hasNextPage"]:
            cursor = page["pageInfo"]["endCursor"]
            page = api.data(REFUND, {"id": refund["id"], "after": cursor})["node"]["refundLineItems"]
            refund["refundLineItems"]["nodes"] += page["nodes"]
    return order


def problems(order):
    """Everything that does not add up, on either currency's side.

    :rtype: list[str]
    """
    found = []
    for side in ("shopMoney", "presentmentMoney"):
        found += [f"{order['name']} {side}: {text}" for text in _Audit(order, side).run()]
    return found


class _Audit:
    def __init__(self, order, side):
        self.order, self.side, self.found = order, side, []
        self.lines, self.shipping = order["lineItems"]["nodes"], order["shippingLines"]["nodes"]

    def run(self):
        self._lines()
        self._codes()
        self._totals()
        self._current()
        self._payments()
        return self.found

    def amount(self, bag):
        return Decimal(bag[self.side]["amount"]) if bag else Decimal(0)

    def total(self, bags):
        return sum((self.amount(bag) for bag in bags), Decimal(0))

    def equal(self, what, is_, should_be):
        if is_ != should_be:
            self.found.append(f"{what} is {is_}, should be {should_be}")

    def field(self, name):
        return self.amount(self.order[name])

    def allocated(self, owner):
        return self.total(part["allocatedAmountSet"] for part in owner["discountAllocations"])

    def after(self, line):
        return self.amount(line["originalTotalSet"]) - self.allocated(line)

    def _cent(self, exact):
        currency = self.order["currencyCode" if self.side == "shopMoney" else "presentmentCurrencyCode"]
        unit = Fraction(1) if currency == "JPY" else Fraction(1, 100)
        return Decimal(int(exact / unit + Fraction(1, 2))) * Decimal(unit.numerator) / Decimal(unit.denominator)

    def _lines(self):
        for line in self.lines:
            name, quantity = line["title"], line["quantity"]
            self.equal(
                f"{name} total",
                self.amount(line["originalTotalSet"]),
                self.amount(line["originalUnitPriceSet"]) * quantity,
            )
            own = [p for p in line["discountAllocations"] if "code" not in p["discountApplication"]]
            self.equal(
                f"{name} discount",
                self.amount(line["totalDiscountSet"]),
                self.total(p["allocatedAmountSet"] for p in own),
            )
            discounted = self.amount(line["originalTotalSet"]) - self.amount(line["totalDiscountSet"])
            self.equal(f"{name} discounted", self.amount(line["discountedTotalSet"]), discounted)
            if self.after(line) < 0:
                self.found.append(f"{name} is discounted below zero")
            self._taxes(name, self.after(line), line["taxLines"])
        for line in self.shipping:
            price = self.amount(line["originalPriceSet"]) - self.allocated(line)
            self.equal("discounted shipping", self.amount(line["discountedPriceSet"]), price)
            self._taxes("shipping", price, line["taxLines"])

    def _taxes(self, name, base, taxes):
        rates = [Fraction(str(tax["rate"])) for tax in taxes]
        whole = 1 + sum(rates) if self.order["taxesIncluded"] else Fraction(1)
        for tax, rate in zip(taxes, rates, strict=True):
            self.equal(
                f"{tax['title']} on {name}", self.amount(tax["priceSet"]), self._cent(Fraction(base) * rate / whole)
            )

    def _codes(self):
        """A percentage code is exact on the whole, and its cents are all given to lines."""
        if self.order["edited"]:
            return
        parts = [(line, part) for line in self.lines for part in line["discountAllocations"]]
        codes = {
            p["discountApplication"]["index"]: p["discountApplication"]
            for _l, p in parts
            if "code" in p["discountApplication"]
        }
        goods = [line for line in self.lines if line["title"] != "Tip"]
        base = self.total(line["discountedTotalSet"] for line in goods)
        for index, code in codes.items():
            given = self.total(p["allocatedAmountSet"] for _l, p in parts if p["discountApplication"]["index"] == index)
            if "percentage" in code["value"]:
                share = Fraction(str(code["value"]["percentage"])) / 100
                self.equal(f"code {code['code']}", given, self._cent(Fraction(base) * share))

    def _totals(self):
        goods = [line for line in self.lines if line["title"] != "Tip"]
        tips = self.total(line["originalTotalSet"] for line in self.lines if line["title"] == "Tip")
        duties = self.total(duty["price"] for line in self.lines for duty in line["duties"])
        taxes = self.total(tax["priceSet"] for owner in self.lines + self.shipping for tax in owner["taxLines"])
        freight = self.total(line["originalPriceSet"] for line in self.shipping)
        freight_off = sum((self.allocated(line) for line in self.shipping), Decimal(0))
        subtotal = sum((self.after(line) for line in goods), Decimal(0))
        self.equal("subtotal", self.field("subtotalPriceSet"), subtotal)
        self.equal("shipping", self.field("totalShippingPriceSet"), freight)
        self.equal("tips", self.field("totalTipReceivedSet"), tips)
        self.equal("duties", self.field("originalTotalDutiesSet"), duties)
        self.equal("tax", self.field("totalTaxSet"), taxes)
        self.equal("merged tax", self.total(tax["priceSet"] for tax in self.order["taxLines"]), taxes)
        discounts = sum((self.allocated(line) for line in goods), Decimal(0)) + freight_off
        self.equal("discounts", self.field("totalDiscountsSet"), discounts)
        extra = Decimal(0) if self.order["taxesIncluded"] else taxes
        self.equal("total", self.field("totalPriceSet"), subtotal + freight - freight_off + extra + duties + tips)

    def _current(self):
        refunds = self.order["refunds"]
        parts = [part for refund in refunds for part in refund["refundLineItems"]["nodes"]]
        freight = [part for refund in refunds for part in refund["refundShippingLines"]["nodes"]]
        duties = self.total(duty["amountSet"] for refund in refunds for duty in refund["duties"])
        goods = self.total(part["subtotalSet"] for part in parts if part["lineItem"]["title"] != "Tip")
        everything = self.total(part["subtotalSet"] for part in parts)
        carriage = self.total(part["subtotalAmountSet"] for part in freight)
        tax = self.total(part["totalTaxSet"] for part in parts) + self.total(part["taxAmountSet"] for part in freight)
        self.equal("current subtotal", self.field("currentSubtotalPriceSet"), self.field("subtotalPriceSet") - goods)
        self.equal("current tax", self.field("currentTotalTaxSet"), self.field("totalTaxSet") - tax)
        lines = self.total(entry["priceSet"] for entry in self.order["currentTaxLines"])
        self.equal("current tax lines", lines, self.field("currentTotalTaxSet"))
        gone = everything + carriage + duties + (Decimal(0) if self.order["taxesIncluded"] else tax)
        self.equal("current total", self.field("currentTotalPriceSet"), self.field("totalPriceSet") - gone)
        for line in self.lines:
            mine = [part for part in parts if part["lineItem"]["id"] == line["id"]]
            removed = sum(part["quantity"] for part in mine)
            self.equal(f"{line['title']} units left", line["currentQuantity"], line["quantity"] - removed)
            if removed == line["quantity"]:
                self.equal(
                    f"{line['title']} all gone", self.total(part["subtotalSet"] for part in mine), self.after(line)
                )
        if self.order["cancelledAt"]:
            self.equal("total of a cancelled order", self.field("currentTotalPriceSet"), Decimal(0))

    def _payments(self):
        done = [entry for entry in self.order["transactions"] if entry["status"] == "SUCCESS"]
        received = self.total(entry["amountSet"] for entry in done if entry["kind"] in ("SALE", "CAPTURE"))
        refunded = self.total(entry["amountSet"] for entry in done if entry["kind"] == "REFUND")
        rounding = self.total(entry["amountRoundingSet"] for entry in done)
        self.equal("received", self.field("totalReceivedSet"), received)
        self.equal("refunded", self.field("totalRefundedSet"), refunded)
        self.equal("net payment", self.field("netPaymentSet"), received - refunded)
        self.equal("rounding", self.amount(self.order["totalCashRoundingAdjustment"]["paymentSet"]), rounding)
        owed = self.field("currentTotalPriceSet") + rounding - (received - refunded)
        if not self.order["cancelledAt"]:
            self.equal("outstanding", self.field("totalOutstandingSet"), owed)
        if self.order["displayFinancialStatus"] == "PAID" and not self.order["edited"]:
            self.equal("payment", received, self.field("totalPriceSet") + rounding)
