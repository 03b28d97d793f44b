"""Refunds: what the shop's staff pays back, and what the API tells of it."""

from decimal import Decimal

import pytest

from . import arithmetic

BAG = "{ shopMoney { amount } }"
REFUNDS = f"""query($id: ID!) {{ order(id: $id) {{ currentTotalPriceSet {BAG} refundDiscrepancySet {BAG}
  totalOutstandingSet {BAG} displayFinancialStatus lineItems(first: 5) {{ nodes {{ currentQuantity }} }}
  refunds(first: 5) {{ id note totalRefundedSet {BAG} return {{ id }}
    refundLineItems(first: 5) {{ nodes {{ quantity restockType restocked location {{ id }} subtotalSet {BAG} }} }}
    refundShippingLines(first: 5) {{ nodes {{ subtotalAmountSet {BAG} taxAmountSet {BAG} }} }}
    orderAdjustments(first: 5) {{ nodes {{ reason amountSet {BAG} taxAmountSet {BAG} }} }}
    transactions(first: 5) {{ nodes {{ kind status amountSet {BAG} }} }} }} }} }}"""


@pytest.fixture
def api(api):
    scopes = api.control("GET", "/settings")["scopes"]
    api.control("POST", "/settings", scopes=[*scopes, "read_returns"])
    return api


@pytest.fixture
def order(api):
    """Two units of one product, four of another, to Germany."""
    skus = [variant["sku"] for variant in api.control("GET", "/products")["variants"][:2]]
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in zip(skus, (2, 4), strict=True)]
    return api.control("POST", "/orders", lines=lines, country="DE")["orders"][0]


def look(api, order):
    return api.data(REFUNDS, {"id": order["id"]})["order"]


def amount(bag):
    return Decimal(bag["shopMoney"]["amount"])


def available(api, order):
    sku = order["lines"][0]["sku"]
    return next(one for one in api.control("GET", "/products")["variants"] if one["sku"] == sku)["available"]


def test_everything_is_paid_back_and_what_was_shipped_is_back_in_stock(api, order):
    before = available(api, order)
    api.control("POST", f"/orders/{order['number']}/fulfil", lines=[{"line": 0, "quantity": 1}])
    api.control("POST", f"/orders/{order['number']}/refund")
    seen = look(api, order)
    assert amount(seen["currentTotalPriceSet"]) == amount(seen["totalOutstandingSet"]) == 0
    assert seen["displayFinancialStatus"] == "REFUNDED"
    (refund,) = seen["refunds"]
    assert amount(refund["totalRefundedSet"]) == Decimal(order["total"]["amount"])
    assert {(one["restockType"], one["quantity"]) for one in refund["refundLineItems"]["nodes"]} == {
        ("RETURN", 1),
        ("CANCEL", 1),
        ("CANCEL", 4),
    }
    assert sum(available(api, order).values()) == sum(before.values()) + 2


def test_a_part_is_refunded_and_the_rest_adds_up(api, order):
    lines = [{"line": 1, "quantity": 1, "restock": "CANCEL"}]
    api.control("POST", f"/orders/{order['number']}/refund", lines=lines, shipping="2.00")
    api.control("POST", f"/orders/{order['number']}/refund", lines=[], shipping=True)
    seen = look(api, order)
    assert [line["currentQuantity"] for line in seen["lineItems"]["nodes"]] == [2, 3]
    shipping = [one["refundShippingLines"]["nodes"][0] for one in seen["refunds"]]
    assert [amount(one["subtotalAmountSet"]) for one in shipping] == [Decimal("2.00"), Decimal("2.90")]
    assert amount(seen["totalOutstandingSet"]) == 0
    assert arithmetic.problems(arithmetic.fetch(api, order["id"])) == []


@pytest.mark.parametrize(("paid", "expected"), [("5.00", "-5.00"), ("0.01", "-0.01")])
def test_what_is_paid_beyond_the_parts_is_an_adjustment(api, order, paid, expected):
    api.control("POST", f"/orders/{order['number']}/refund", lines=[], paid=paid, reason="CUSTOMER")
    seen = look(api, order)
    (adjustment,) = seen["refunds"][0]["orderAdjustments"]["nodes"]
    assert (adjustment["reason"], amount(adjustment["amountSet"])) == ("CUSTOMER", Decimal(expected))
    assert amount(seen["refundDiscrepancySet"]) == Decimal(expected)
    assert amount(seen["totalOutstandingSet"]) == 0
    assert amount(seen["currentTotalPriceSet"]) == Decimal(order["total"]["amount"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": [{"line": 0, "quantity": 3, "restock": "CANCEL"}]},
        {"lines": [{"line": 0, "quantity": 1, "restock": "RETURN"}]},
        {"lines": [{"line": 0, "quantity": 1, "restock": "SOMEHOW"}]},
        {"lines": [], "shipping": "99.00"},
        {"lines": [], "paid": "9999.00"},
    ],
)
def test_more_than_there_is_cannot_be_refunded(api, order, wrong):
    answer = api.session.post(f"{api.url}/_sim/orders/{order['number']}/refund", json=wrong)
    assert answer.status_code == 400, answer.text
    assert look(api, order)["refunds"] == []
