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


# ------------------------------------------------------------------ refundCreate

CREATE = f"""mutation($input: RefundInput!, $key: String!) {{ refundCreate(input: $input) @idempotent(key: $key) {{
  refund {{ id note totalRefundedSet {BAG} }} userErrors {{ field message }} }} }}"""
SEEN = """query($id: ID!) { order(id: $id) { lineItems(first: 5) { nodes { id } }
  transactions(first: 5) { id gateway kind } } }"""


def create(api, order, key="k1", paid="10.00", lines=(), **more):
    """Refund through the API; return the payload."""
    seen = api.data(SEEN, {"id": order["id"]})["order"]
    ids, sale = [line["id"] for line in seen["lineItems"]["nodes"]], seen["transactions"][0]
    wanted = {"orderId": order["id"], "note": "RINV/1", **more}
    if lines:
        wanted["refundLineItems"] = [
            {"lineItemId": ids[line], "quantity": quantity, "restockType": restock} for line, quantity, restock in lines
        ]
    if paid:
        wanted["transactions"] = [
            {
                "orderId": order["id"],
                "parentId": sale["id"],
                "gateway": sale["gateway"],
                "kind": "REFUND",
                "amount": paid,
            }
        ]
    return api.data(CREATE, {"input": wanted, "key": key})["refundCreate"]


def test_a_refund_through_the_api_happens_once_per_key(api, order):
    first = create(api, order, lines=[(0, 1, "CANCEL")], paid="12.90")
    assert first["userErrors"] == []
    assert create(api, order, lines=[(0, 1, "CANCEL")], paid="12.90")["refund"] == first["refund"]
    seen = look(api, order)
    (refund,) = seen["refunds"]
    assert (refund["note"], amount(refund["totalRefundedSet"])) == ("RINV/1", Decimal("12.90"))
    assert seen["lineItems"]["nodes"][0]["currentQuantity"] == 1
    assert amount(seen["totalOutstandingSet"]) == 0
    assert arithmetic.problems(arithmetic.fetch(api, order["id"])) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"paid": "9999.00"},
        {"lines": [(0, 3, "CANCEL")]},
        {"lines": [(0, 1, "RETURN")]},
        {"shipping": {"amount": "99.00"}},
        {"paid": None},
    ],
)
def test_what_cannot_be_refunded_is_refused_and_its_key_is_spent(api, order, wrong):
    for _time in range(2):
        answer = create(api, order, **wrong)
        assert answer["refund"] is None and answer["userErrors"][0]["message"]
    assert "idempotency key failed" in answer["userErrors"][0]["message"]
    assert look(api, order)["refunds"] == []


def test_without_the_permission_to_write_orders_nothing_is_refunded(api, order):
    scopes = api.control("GET", "/settings")["scopes"]
    api.control("POST", "/settings", scopes=[scope for scope in scopes if scope != "write_orders"])
    (error,) = api.errors(CREATE, {"input": {"orderId": order["id"]}, "key": "k1"})
    assert error["extensions"]["code"] == "ACCESS_DENIED"
