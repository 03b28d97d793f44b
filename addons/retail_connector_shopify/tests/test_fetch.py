"""Objects are fetched whole, in as few queries as their cost allows."""

import json

import pytest

from odoo.addons.retail_connector_shopify.shopify import batches, const, mapper_order, object_fetch, order_fetch
from odoo.addons.retail_connector_shopify.shopify.client import Answer, Throttle, TooExpensive
from odoo.addons.retail_integration_base.engine.errors import (
    RateLimited,
    RetryLater,
    VendorChanged,
    VendorUnavailable,
)
from odoo.addons.retail_integration_base.engine.http import VendorResponse

from . import pure


@pytest.fixture(scope="module")
def running():
    with pure.simulator(orders=60) as one:
        yield one


@pytest.fixture
def client(running):
    running.world.bucket.configure(10**7, 10**7)
    running.world.engine.operations.clear()
    yield pure.connect(running)
    running.world.faults.clear()
    running.world.bucket.configure(10**7, 10**7)


def of_kind(running, kind):
    return next(order for order in running.world.shop.all("Order") if order["_kind"] == kind)


def lengthen(order, monkeypatch):
    """Give an order more shipping lines than come with the first page."""
    own = order["shippingLines"]
    more = [dict(own[0], id="%s%d" % (own[0]["id"], number)) for number in range(6)]
    monkeypatch.setitem(order, "shippingLines", own + more)


def test_an_order_of_260_lines_comes_with_all_of_them(running, client):
    giant = of_kind(running, "many_lines")
    node = order_fetch.fetch_orders(client, [giant["id"]])[giant["id"]]
    assert [line["id"] for line in node["lineItems"]["nodes"]] == [line["id"] for line in giant["lineItems"]]
    document = mapper_order.map_order(node)
    assert len(document["lines"]) == 260
    assert pure.parts_total(document) == pure.amount(document["totals"]["total"])


def test_many_orders_take_few_queries(running, client):
    orders = [order["id"] for order in running.world.shop.all("Order")]
    found = order_fetch.fetch_orders(client, orders)
    assert list(found) == orders
    assert all(isinstance(node, dict) for node in found.values())
    assert running.world.engine.operations["OrdersByIds"] <= len(orders) / 4


def test_shipping_lines_beyond_the_first_page_are_fetched(running, client):
    order = of_kind(running, "simple")
    own = list(order["shippingLines"])
    try:
        order["shippingLines"] += [dict(own[0], id="%s%d" % (own[0]["id"], number)) for number in range(6)]
        node = order_fetch.fetch_orders(client, [order["id"]])[order["id"]]
        assert len(node["shippingLines"]["nodes"]) == 7
        assert len(mapper_order.map_order(node)["shipping_lines"]) == 7
    finally:
        order["shippingLines"] = own


def test_payments_beyond_the_first_ten_are_fetched(running, client):
    order = of_kind(running, "simple")
    own = list(order["transactions"])
    try:
        order["transactions"] += [dict(own[0], id="%s%d" % (own[0]["id"], number)) for number in range(30)]
        node = order_fetch.fetch_orders(client, [order["id"]])[order["id"]]
        assert len(mapper_order.map_order(node)["payments"]) == 31
    finally:
        order["transactions"] = own


def test_an_object_that_is_gone_is_none_and_does_not_shift_the_others(running, client):
    first, second = (order["id"] for order in running.world.shop.all("Order")[:2])
    gone = "gid://shopify/Order/1"
    found = order_fetch.fetch_orders(client, [first, gone, second, first])
    assert found[gone] is None
    assert found[first]["id"] == first and found[second]["id"] == second


def test_a_budget_that_ends_in_between_keeps_what_was_fetched(running, client):
    orders = [order["id"] for order in running.world.shop.all("Order")]
    from simulators.shopify.faults import Fault

    answers = []
    own = client.run

    def run(name, variables=None, **options):
        answers.append(name)
        if len(answers) == 3:
            running.world.faults.add(Fault("throttle", count=1))
        return own(name, variables, **options)

    client.run = run
    found = batches.fetch_nodes(client, "orders_by_ids", orders, {"lines": 5})
    states = [type(found[gid]) for gid in orders]
    assert set(states) == {dict, RateLimited}
    assert states == sorted(states, key=lambda kind: kind is RateLimited)


def test_a_query_that_costs_too_much_is_asked_in_smaller_parts():
    """The simulator's damping is gentle, so the limit is played here: 100 points per object, 1,000 allowed."""
    asked = []

    class Dear:
        def run(self, name, variables, is_by_node):
            ids = variables["ids"]
            asked.append(len(ids))
            if len(ids) * 100 > const.MAX_QUERY_COST:
                raise TooExpensive("too dear", share=const.MAX_QUERY_COST / (len(ids) * 100))
            return Answer({"nodes": [{"id": gid} for gid in ids]}, Throttle(requested=100 * len(ids)))

    batches.sizes._sizes["dear"] = 50
    gids = ["gid://shopify/Order/%d" % number for number in range(1, 101)]
    found = batches.fetch_nodes(Dear(), "dear", gids)
    assert list(found) == gids and all(found.values())
    assert asked[0] == 50 and max(asked[1:]) <= 10 and len(asked) <= 16


def test_one_object_that_alone_costs_too_much_is_an_error():
    class Dear:
        def run(self, name, variables, is_by_node):
            raise TooExpensive("too dear", share=0.5)

    with pytest.raises(TooExpensive):
        batches.fetch_nodes(Dear(), "dearer", ["gid://shopify/Order/1", "gid://shopify/Order/2"])


@pytest.mark.parametrize("nodes", [None, [], [{"id": "gid://shopify/Order/2"}], ["text"], [{}]])
def test_an_answer_with_other_nodes_than_asked_is_a_change_of_the_vendor(nodes):
    class Odd:
        def run(self, name, variables, is_by_node):
            return Answer({"nodes": nodes}, Throttle())

    with pytest.raises(VendorChanged):
        batches.fetch_nodes(Odd(), "odd", ["gid://shopify/Order/1"])


def test_an_order_that_changes_while_its_pages_are_read_is_read_again_later(running, client):
    giant = of_kind(running, "many_lines")
    before, own = giant["updatedAt"], client.run

    def run(name, variables=None, **options):
        if name == "order_line_items":
            from datetime import timedelta

            giant["updatedAt"] = before + timedelta(seconds=1)
        return own(name, variables, **options)

    client.run = run
    try:
        assert isinstance(order_fetch.fetch_orders(client, [giant["id"]])[giant["id"]], RetryLater)
    finally:
        giant["updatedAt"] = before


@pytest.mark.parametrize("fault", ["throttle", "timeout"])
def test_a_shop_that_throttles_or_does_not_answer_is_not_asked_for_every_other_order(
    running, client, fault, monkeypatch
):
    from simulators.shopify.faults import Fault

    giant = of_kind(running, "many_lines")
    whole, *long = [order for order in running.world.shop.all("Order") if order["_kind"] == "simple"][:4]
    assert long
    for order in long:
        lengthen(order, monkeypatch)
    asked, own = [], client.run
    client.http.timeout = 0.5

    def run(name, variables=None, **options):
        asked.append(name)
        if name != "orders_by_ids":
            running.world.faults.add(Fault(fault, count=1, seconds=1))
        return own(name, variables, **options)

    client.run = run
    gids = [giant["id"], *(order["id"] for order in long), whole["id"]]
    found = order_fetch.fetch_orders(client, gids)
    assert [name for name in asked if name != "orders_by_ids"] == ["order_line_items"]
    assert isinstance(found[giant["id"]], RetryLater)
    assert {found[order["id"]] for order in long} == {found[giant["id"]]}
    assert isinstance(found[whole["id"]], dict), "it came whole and needs no further answer"


def test_an_order_that_changed_meanwhile_keeps_no_other_from_being_read(running, client, monkeypatch):
    giant, long = of_kind(running, "many_lines"), of_kind(running, "simple")
    lengthen(long, monkeypatch)
    own = client.run

    def run(name, variables=None, **options):
        answer = own(name, variables, **options)
        if name == "order_line_items":
            answer.data["node"]["updatedAt"] = "2020-01-01T00:00:00Z"
        return answer

    client.run = run
    found = order_fetch.fetch_orders(client, [giant["id"], long["id"]])
    assert isinstance(found[giant["id"]], RetryLater)
    assert len(found[long["id"]]["shippingLines"]["nodes"]) == 7


def test_a_shape_that_changed_is_named_with_its_path_and_stops_that_order_alone(running, client):
    first, second = (order["id"] for order in running.world.shop.all("Order")[:2])
    own = client.run

    def run(name, variables=None, **options):
        answer = own(name, variables, **options)
        node = answer.data["nodes"][0]
        del node["lineItems"]["nodes"][0]["originalUnitPriceSet"]
        node["test"] = "no"
        return answer

    client.run = run
    found = order_fetch.fetch_orders(client, [first, second])
    assert isinstance(found[second], dict)
    assert found[first].differences == [
        "lineItems.nodes.0.originalUnitPriceSet: required field",
        "test: must be of boolean type",
    ]


def test_a_product_with_many_variants_and_a_customer_with_many_addresses_are_whole(running, client):
    shop = running.world.shop
    product, customer = shop.all("Product")[0], shop.all("Customer")[0]
    addresses = list(customer["addresses"])
    try:
        customer["addresses"] += [dict(addresses[0], id="%s%d" % (addresses[0]["id"], n)) for n in range(12)]
        found = object_fetch.fetch_customers(client, [customer["id"], "gid://shopify/Customer/1"])
        assert len(found[customer["id"]]["addressesV2"]["nodes"]) == len(addresses) + 12
        assert found["gid://shopify/Customer/1"] is None
    finally:
        customer["addresses"] = addresses
    products, currency = object_fetch.fetch_products(client, [product["id"]])
    assert currency == "EUR"
    assert len(products[product["id"]]["variants"]["nodes"]) == len(product["variants"])


def test_an_error_inside_one_order_stops_that_one_alone(running, client):
    """Shopify fails at one customer: the order would look like a guest's, and the others are fine."""
    orders = [order["id"] for order in running.world.shop.all("Order")[:3]]
    own = client.http.request

    def request(*args, **options):
        response = own(*args, **options)
        answer = json.loads(response.body)
        answer["data"]["nodes"][1]["customer"] = None
        error = {"message": "Internal error", "path": ["nodes", 1, "customer"]}
        answer["errors"] = [dict(error, extensions={"code": "INTERNAL_SERVER_ERROR"})]
        return VendorResponse(200, response.headers, json.dumps(answer).encode())

    client.run("shop")
    client.http.request = request
    found = order_fetch.fetch_orders(client, orders)
    assert [type(found[gid]) for gid in orders] == [dict, VendorUnavailable, dict]


@pytest.mark.parametrize("cursors", [["same", "same"], [None], ["a", "b", "a"]])
def test_the_pages_of_one_order_that_do_not_end_are_stopped(cursors):
    pages = iter(cursors)

    class Endless:
        def run(self, name, variables):
            page = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": next(pages)}}
            return Answer({"node": {"updatedAt": "now", "lineItems": page}}, Throttle())

    first = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "first"}}
    with pytest.raises(VendorChanged):
        batches.complete(
            Endless(), "order_line_items", {"id": "x", "updatedAt": "now", "lineItems": first}, "lineItems"
        )
