"""inventorySetQuantities: idempotent, compare-and-set, all or nothing; and what orders do to stock."""

import pytest

from simulators.shopify.state.stock import level_of

SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason changes { name delta quantityAfterChange item { id } location { id } } }
    userErrors { code field message } } }"""


@pytest.fixture
def stock(api):
    """``(variant, location id)`` of something with a known quantity: 10."""
    variant = api.control("GET", "/products")["variants"][0]
    api.control("POST", "/inventory", sku=variant["sku"], available=10)
    location = api.data("{ locations(first: 1, query: \"name:'Warehouse Hamburg'\") { nodes { id } } }")["locations"][
        "nodes"
    ][0]
    return variant, location["id"]


def wanted(stock, to, change_from, name="available", **changes):
    variant, location = stock
    line = {
        "inventoryItemId": variant["inventory_item_id"],
        "locationId": location,
        "quantity": to,
        "changeFromQuantity": change_from,
    }
    return {"name": name, "reason": "correction", "quantities": [{**line, **changes}]}


def send(api, value, key):
    return api.data(SET, {"input": value, "key": key})["inventorySetQuantities"]


def available(api, stock, name="available"):
    query = """query($id: ID!, $location: ID!, $names: [String!]!) { inventoryItem(id: $id) {
      inventoryLevel(locationId: $location) { quantities(names: $names) { quantity } } } }"""
    values = {"id": stock[0]["inventory_item_id"], "location": stock[1], "names": [name]}
    return api.data(query, values)["inventoryItem"]["inventoryLevel"]["quantities"][0]["quantity"]


def test_a_quantity_is_set_when_the_expected_one_is_there(api, stock):
    answer = send(api, wanted(stock, 7, 10), "a")
    assert answer["userErrors"] == []
    changes = {entry["name"]: entry["delta"] for entry in answer["inventoryAdjustmentGroup"]["changes"]}
    assert changes == {"available": -3, "on_hand": -3}
    assert available(api, stock) == 7


def test_a_stale_expectation_changes_nothing(api, stock):
    answer = send(api, wanted(stock, 7, 9), "a")
    assert [error["code"] for error in answer["userErrors"]] == ["CHANGE_FROM_QUANTITY_STALE"]
    assert answer["userErrors"][0]["field"] == ["input", "quantities", "0", "changeFromQuantity"]
    assert available(api, stock) == 10


def test_null_sets_without_comparing(api, stock):
    assert send(api, wanted(stock, 3, None), "a")["userErrors"] == []
    assert available(api, stock) == 3


def test_the_expectation_must_be_passed_even_if_null(api, stock):
    value = wanted(stock, 3, None)
    del value["quantities"][0]["changeFromQuantity"]
    (error,) = api.errors(SET, {"input": value, "key": "a"})
    assert "changeFromQuantity must be passed" in error["message"]
    assert available(api, stock) == 10


def test_the_same_key_and_parameters_act_once_and_answer_the_same(api, stock):
    first = send(api, wanted(stock, 7, 10), "a")
    assert send(api, wanted(stock, 7, 10), "a") == first
    assert available(api, stock) == 7


def test_the_same_key_with_other_parameters_is_refused(api, stock):
    send(api, wanted(stock, 7, 10), "a")
    answer = send(api, wanted(stock, 5, 7), "a")
    assert [error["code"] for error in answer["userErrors"]] == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert available(api, stock) == 7


def test_a_key_whose_attempt_failed_needs_a_new_one(api, stock):
    send(api, wanted(stock, 7, 9), "a")
    again = send(api, wanted(stock, 7, 9), "a")
    assert [error["code"] for error in again["userErrors"]] == ["IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"]
    assert send(api, wanted(stock, 7, 10), "b")["userErrors"] == []


def test_without_the_directive_nothing_is_done(api, stock):
    bare = SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "")
    (error,) = api.errors(bare, {"input": wanted(stock, 7, 10)})
    assert "@idempotent" in error["message"]
    assert available(api, stock) == 10


def test_one_bad_line_stops_all(api, stock):
    value = wanted(stock, 7, 10)
    value["quantities"].append({**value["quantities"][0], "inventoryItemId": "gid://shopify/InventoryItem/1"})
    assert [error["code"] for error in send(api, value, "a")["userErrors"]] == ["INVALID_INVENTORY_ITEM"]
    assert available(api, stock) == 10


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION"),
    ],
)
def test_a_wrong_line_is_refused(api, stock, changes, code):
    assert [error["code"] for error in send(api, wanted(stock, 7, 10, **changes), "a")["userErrors"]] == [code]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "incoming", "INVALID_NAME"),
        ("reason", "because", "INVALID_REASON"),
        ("referenceDocumentUri", "x", "INVALID_REFERENCE_DOCUMENT"),
    ],
)
def test_a_wrong_head_is_refused(api, stock, field, value, code):
    answer = send(api, {**wanted(stock, 7, 10), field: value}, "a")
    assert [error["code"] for error in answer["userErrors"]] == [code]


def test_the_same_item_twice_is_refused(api, stock):
    value = wanted(stock, 7, 10)
    value["quantities"] *= 2
    codes = [error["code"] for error in send(api, value, "a")["userErrors"]]
    assert codes == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"]


def test_more_than_250_lines_are_refused(api, stock):
    value = wanted(stock, 7, 10)
    value["quantities"] *= 251
    (error,) = api.errors(SET, {"input": value, "key": "a"})
    assert "250" in error["message"]


def test_an_order_commits_stock_and_its_cancellation_returns_it(api, stock):
    order = api.place(lines=[{"sku": stock[0]["sku"], "quantity": 3}])
    assert (available(api, stock), available(api, stock, "committed"), available(api, stock, "on_hand")) == (7, 3, 10)
    edited = {"quantities": [{"line": 0, "quantity": 1}]}
    api.control("POST", f"/orders/{order['number']}/edit", **edited)
    assert (available(api, stock), available(api, stock, "committed")) == (9, 1)
    api.control("POST", f"/orders/{order['number']}/cancel")
    assert (available(api, stock), available(api, stock, "committed")) == (10, 0)


def test_a_sale_between_reading_and_writing_makes_the_write_stale(api, stock):
    assert available(api, stock) == 10
    api.place(lines=[{"sku": stock[0]["sku"], "quantity": 1}])
    assert [e["code"] for e in send(api, wanted(stock, 20, 10), "a")["userErrors"]] == ["CHANGE_FROM_QUANTITY_STALE"]
    assert available(api, stock) == 9


def test_on_hand_is_set_with_what_is_committed_left_alone(api, stock):
    api.place(lines=[{"sku": stock[0]["sku"], "quantity": 4}])
    assert send(api, wanted(stock, 12, 10, name="on_hand"), "a")["userErrors"] == []
    assert (available(api, stock), available(api, stock, "committed"), available(api, stock, "on_hand")) == (8, 4, 12)


ACTIVATE = """mutation Activate($item: ID!, $location: ID!, $available: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { id quantities(names: ["available"]) { quantity } }
    userErrors { field message } } }"""


def activate(api, stock, available, key):
    values = {"item": stock[0]["inventory_item_id"], "location": stock[1], "available": available, "key": key}
    return api.data(ACTIVATE, values)["inventoryActivate"]


@pytest.fixture
def not_stocked(api, simulator, stock):
    shop = simulator.world.shop
    shop.remove(level_of(shop, stock[0]["inventory_item_id"], stock[1]))
    return stock


def test_an_item_that_is_not_stocked_is_refused_until_it_is_activated(api, not_stocked):
    answer = send(api, wanted(not_stocked, 7, 0), "a")
    assert [error["code"] for error in answer["userErrors"]] == ["ITEM_NOT_STOCKED_AT_LOCATION"]
    answer = activate(api, not_stocked, 5, "b")
    assert (answer["userErrors"], answer["inventoryLevel"]["quantities"]) == ([], [{"quantity": 5}])
    assert activate(api, not_stocked, 5, "b") == answer, "the same key answers the same"
    assert available(api, not_stocked) == 5


def test_activating_what_is_stocked_changes_no_quantity(api, stock):
    assert activate(api, stock, 99, "a")["userErrors"]
    assert activate(api, stock, None, "b")["userErrors"] == []
    assert available(api, stock) == 10
