"""Fulfilment orders and fulfilments: what the API and the shop's staff do to them."""

import json

import pytest

ORDERS = """query($id: ID!) { order(id: $id) { displayFulfillmentStatus
  fulfillmentOrders(first: 10) { nodes { id status supportedActions { action } assignedLocation { location { id } }
    fulfillmentHolds { id reason }
    lineItems(first: 10) { nodes { id remainingQuantity totalQuantity lineItem { id } } } } }
  fulfillments(first: 10) { id name status displayStatus totalQuantity trackingInfo { company number url }
    fulfillmentLineItems(first: 10) { nodes { quantity lineItem { id } } } } } }"""
CREATE = """mutation($wanted: FulfillmentInput!) { fulfillmentCreate(fulfillment: $wanted) {
  fulfillment { id status } userErrors { field message } } }"""
MOVE = """mutation($id: ID!, $to: ID!) { fulfillmentOrderMove(id: $id, newLocationId: $to) {
  movedFulfillmentOrder { id } remainingFulfillmentOrder { id } userErrors { message } } }"""
RELEASE = """mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) {
  fulfillmentOrder { status } userErrors { message } } }"""
CANCEL = "mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { message } } }"
TRACK = """mutation($id: ID!, $info: FulfillmentTrackingInput!) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $info) {
  fulfillment { trackingInfo { number url company } } userErrors { message } } }"""
EVENT = """mutation($event: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $event) {
  fulfillmentEvent { status } userErrors { message } } }"""


@pytest.fixture
def api(api):
    scopes = api.control("GET", "/settings")["scopes"]
    api.control("POST", "/settings", scopes=[*scopes, "write_fulfillments"])
    return api


@pytest.fixture
def order(api):
    """Two units of one product, four of another."""
    skus = [variant["sku"] for variant in api.control("GET", "/products")["variants"][:2]]
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in zip(skus, (2, 4), strict=True)]
    return api.control("POST", "/orders", lines=lines, country="DE")["orders"][0]


def look(api, order):
    return api.data(ORDERS, {"id": order["id"]})["order"]


def create(api, fulfilment_order, units=None, **more):
    entry = {"fulfillmentOrderId": fulfilment_order["id"]}
    if units is not None:
        nodes = fulfilment_order["lineItems"]["nodes"]
        entry["fulfillmentOrderLineItems"] = [{"id": nodes[i]["id"], "quantity": n} for i, n in units.items()]
    return api.data(CREATE, {"wanted": {"lineItemsByFulfillmentOrder": [entry], **more}})["fulfillmentCreate"]


def test_an_order_is_one_open_fulfilment_order_of_the_warehouse(api, order):
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    assert one["status"] == "OPEN"
    assert [line["remainingQuantity"] for line in one["lineItems"]["nodes"]] == [2, 4]
    assert {"CREATE_FULFILLMENT", "MOVE"} <= {entry["action"] for entry in one["supportedActions"]}


def test_a_part_is_shipped_then_the_rest(api, order):
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    assert create(api, one, {1: 3})["userErrors"] == []
    seen = look(api, order)
    (one,) = seen["fulfillmentOrders"]["nodes"]
    assert (seen["displayFulfillmentStatus"], one["status"]) == ("PARTIALLY_FULFILLED", "IN_PROGRESS")
    assert [line["remainingQuantity"] for line in one["lineItems"]["nodes"]] == [2, 1]
    assert create(api, one)["userErrors"] == []
    seen = look(api, order)
    assert seen["displayFulfillmentStatus"] == "FULFILLED"
    assert seen["fulfillmentOrders"]["nodes"][0]["status"] == "CLOSED"
    assert [one["totalQuantity"] for one in seen["fulfillments"]] == [3, 3]


def test_no_more_than_remains_is_shipped(api, order):
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    assert create(api, one, {0: 3})["userErrors"]
    assert create(api, one)["userErrors"] == []
    assert "status= closed" in create(api, one)["userErrors"][0]["message"]
    assert len(look(api, order)["fulfillments"]) == 1


def test_several_numbers_are_several_parcels(api, order):
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    create(api, one, trackingInfo={"company": "UPS", "numbers": ["1Z1", "1Z2"]})
    parcels = look(api, order)["fulfillments"][0]["trackingInfo"]
    assert [parcel["number"] for parcel in parcels] == ["1Z1", "1Z2"]
    assert all(parcel["url"].startswith("https://www.ups.com/") for parcel in parcels)


def test_tracking_is_replaced(api, order):
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    gid = create(api, one)["fulfillment"]["id"]
    answer = api.data(TRACK, {"id": gid, "info": {"number": "N1", "url": "https://example.com/N1"}})
    parcels = answer["fulfillmentTrackingInfoUpdate"]["fulfillment"]["trackingInfo"]
    assert parcels == [{"number": "N1", "url": "https://example.com/N1", "company": None}]


def test_what_is_on_hold_is_not_shipped_until_it_is_released(api, order):
    api.control("POST", f"/orders/{order['number']}/hold", reason="HIGH_RISK_OF_FRAUD")
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    assert [entry["reason"] for entry in one["fulfillmentHolds"]] == ["HIGH_RISK_OF_FRAUD"]
    assert "on_hold" in create(api, one)["userErrors"][0]["message"]
    assert api.data(RELEASE, {"id": one["id"]})["fulfillmentOrderReleaseHold"]["fulfillmentOrder"]["status"] == "OPEN"
    assert create(api, one)["userErrors"] == []


def test_what_is_left_of_a_fulfilment_order_is_moved(api, order):
    places = api.data("{ locations(first: 5) { nodes { id name } } }")["locations"]["nodes"]
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    here = one["assignedLocation"]["location"]["id"]
    there = next(place["id"] for place in places if place["id"] != here)
    create(api, one, {1: 1})
    answer = api.data(MOVE, {"id": one["id"], "to": there})["fulfillmentOrderMove"]
    assert answer["userErrors"] == [] and answer["movedFulfillmentOrder"]["id"] != one["id"]
    nodes = look(api, order)["fulfillmentOrders"]["nodes"]
    assert [node["assignedLocation"]["location"]["id"] for node in nodes] == [here, there]
    assert [line["remainingQuantity"] for line in nodes[1]["lineItems"]["nodes"]] == [2, 3]
    assert nodes[0]["status"] == "CLOSED"


def test_a_part_of_a_fulfilment_order_is_moved(api, order):
    places = api.data("{ locations(first: 5) { nodes { id name } } }")["locations"]["nodes"]
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    there = next(place["id"] for place in places if place["id"] != one["assignedLocation"]["location"]["id"])
    text = """mutation Move($id: ID!, $to: ID!, $lines: [FulfillmentOrderLineItemInput!]) {
      fulfillmentOrderMove(id: $id, newLocationId: $to, fulfillmentOrderLineItems: $lines) {
        movedFulfillmentOrder { id } userErrors { message } } }"""
    line = one["lineItems"]["nodes"][1]
    variables = {"id": one["id"], "to": there, "lines": [{"id": line["id"], "quantity": 99}]}
    assert api.data(text, variables)["fulfillmentOrderMove"]["userErrors"]
    variables["lines"][0]["quantity"] = 1
    assert api.data(text, variables)["fulfillmentOrderMove"]["userErrors"] == []
    left = [
        [part["remainingQuantity"] for part in node["lineItems"]["nodes"]]
        for node in look(api, order)["fulfillmentOrders"]["nodes"]
    ]
    assert left == [[2, 3], [1]]


def test_a_cancelled_fulfilment_can_be_shipped_again(api, order):
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    gid = create(api, one)["fulfillment"]["id"]
    assert api.data(CANCEL, {"id": gid})["fulfillmentCancel"]["fulfillment"]["status"] == "CANCELLED"
    assert api.data(CANCEL, {"id": gid})["fulfillmentCancel"]["userErrors"]
    seen = look(api, order)
    assert seen["displayFulfillmentStatus"] == "UNFULFILLED"
    assert create(api, seen["fulfillmentOrders"]["nodes"][1])["userErrors"] == []


def test_a_carriers_event_shows_on_the_fulfilment(api, order):
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    gid = create(api, one)["fulfillment"]["id"]
    api.data(EVENT, {"event": {"fulfillmentId": gid, "status": "DELIVERED"}})
    assert look(api, order)["fulfillments"][0]["displayStatus"] == "DELIVERED"


def test_an_order_that_is_cancelled_or_edited_has_less_to_ship(api, order):
    api.control("POST", f"/orders/{order['number']}/edit", quantities=[{"line": 1, "quantity": 1}])
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    assert [line["remainingQuantity"] for line in one["lineItems"]["nodes"]] == [2, 1]
    api.control("POST", f"/orders/{order['number']}/cancel")
    (one,) = look(api, order)["fulfillmentOrders"]["nodes"]
    assert one["status"] == "CANCELLED"
    assert "cancelled" in create(api, one)["userErrors"][0]["message"]


def test_the_webhooks_tell_what_the_api_and_the_staff_did(hooked, receiver, settled):
    first, second = hooked.place(), hooked.place()
    (one,) = look(hooked, first)["fulfillmentOrders"]["nodes"]
    gid = create(hooked, one)["fulfillment"]["id"]
    made = hooked.control("POST", f"/orders/{second['number']}/fulfil", service="Packers")
    hooked.control("POST", f"/fulfilments/{made['id'].rpartition('/')[2]}/cancel")
    settled()
    seen = [(headers["X-Shopify-Topic"], json.loads(body)) for headers, body in receiver.seen]
    told = [(topic, body["admin_graphql_api_id"], body["status"]) for topic, body in seen if topic.startswith("fulf")]
    assert sorted(told) == sorted(
        [
            ("fulfillments/create", gid, "success"),
            ("fulfillments/create", made["id"], "success"),
            ("fulfillments/update", made["id"], "cancelled"),
        ]
    )


def test_shipping_takes_the_units_from_what_is_committed(api, order, simulator):
    def levels():
        return [(level["available"], level["committed"]) for level in simulator.world.shop.all("InventoryLevel")]

    before = levels()
    api.control("POST", f"/orders/{order['number']}/fulfil")
    changed = [(a[0] - b[0], a[1] - b[1]) for a, b in zip(levels(), before, strict=True) if a != b]
    assert sorted(changed) == [(0, -4), (0, -2)]
