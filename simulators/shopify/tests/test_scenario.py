"""The paced stream of orders."""

import json
import threading
from collections import Counter

import pytest

from simulators.shopify.state.kinds import LATECOMER_SKU


def play(api, **script):
    """Start a scenario and wait for its end; return its progress."""
    started = api.control("POST", "/scenario", **script)
    assert started["state"] in ("running", "sent", "done")
    tick = threading.Event()
    for _attempt in range(3000):
        progress = api.control("GET", "/scenario")
        if progress["state"] not in ("running", "sent"):
            return progress
        tick.wait(0.02)
    raise AssertionError(progress)


@pytest.fixture
def played(hooked, receiver):
    """The demo's story in short: a fifth of the events comes twice, a tenth of the orders out of order."""
    progress = play(
        hooked,
        orders=50,
        seconds=0.5,
        duplicates=0.2,
        out_of_order=0.1,
        unknown_sku=2,
        updated=0.2,
        cancelled=0.04,
        seed=3,
    )
    assert progress["state"] == "done", progress
    return progress


def test_every_order_is_created_exactly_once_as_an_event(played, receiver):
    created = {}
    for headers, body in receiver.seen:
        if headers["X-Shopify-Topic"] == "orders/create":
            created.setdefault(json.loads(body)["name"], set()).add(headers["X-Shopify-Event-Id"])
    assert sorted(created) == sorted(played["names"])
    assert {len(events) for events in created.values()} == {1}


def test_the_duplicates_are_what_was_promised(played, receiver):
    seen = Counter(headers["X-Shopify-Event-Id"] for headers, _body in receiver.seen)
    assert sum(count - 1 for count in seen.values()) == played["duplicates"] > 0
    assert len(seen) == played["events"]


def test_a_tenth_of_the_orders_is_updated_before_it_is_created(played, receiver):
    first = {}
    for headers, body in receiver.seen:
        first.setdefault(json.loads(body)["name"], headers["X-Shopify-Topic"])
    assert Counter(first.values())["orders/updated"] == 5


def test_the_stale_payload_comes_after_the_newer_one(played, receiver):
    by_order = {}
    for headers, body in receiver.seen:
        payload = json.loads(body)
        by_order.setdefault(payload["name"], []).append((headers["X-Shopify-Triggered-At"], headers["X-Shopify-Topic"]))
    overtaken = [entries for entries in by_order.values() if entries[0][1] == "orders/updated"]
    for entries in overtaken:
        creation = next(moment for moment, topic in entries if topic == "orders/create")
        assert creation < entries[0][0]


def test_the_unknown_product_is_the_same_on_all_its_orders_and_exists_in_the_shop(played, hooked):
    orders = [
        o
        for o in hooked.control("GET", "/orders")["orders"]
        if any(line["sku"] == LATECOMER_SKU for line in o["lines"])
    ]
    assert len(orders) == 2
    found = hooked.data(
        '{ productVariants(first: 5, query: "sku:NEW-COMPASS-ROSE") { nodes { sku product { title } } } }'
    )
    assert found["productVariants"]["nodes"] == [{"sku": LATECOMER_SKU, "product": {"title": "Compass rose print"}}]


def test_ordinary_orders_never_sell_the_unknown_product(api):
    """It is in the shop from the first such order on, and drawn by none that was not called so."""
    api.control("POST", "/orders", kind="simple", unknown_sku=True, count=1)
    api.control("POST", "/orders", kind="code_percent", count=100)
    sold = [line["sku"] for order in api.control("GET", "/orders")["orders"] for line in order["lines"]]
    assert sold.count(LATECOMER_SKU) == 1


def test_some_orders_end_cancelled(played, hooked):
    assert sum(order["cancelled"] for order in hooked.control("GET", "/orders")["orders"]) == 2 == played["cancelled"]


def test_without_a_share_of_cancellations_none_is_cancelled(hooked):
    progress = play(hooked, orders=10, seconds=0)
    assert (progress["orders"], progress["cancelled"]) == (10, 0)


def test_one_scenario_at_a_time_and_it_can_be_stopped(api):
    api.control("POST", "/scenario", orders=1000, seconds=1000)
    second = api.session.post(f"{api.url}/_sim/scenario", json={"orders": 1})
    assert second.status_code == 400
    assert api.control("DELETE", "/scenario")["state"] == "stopped"
    assert play(api, orders=1, seconds=0)["state"] == "done"


def test_the_same_seed_streams_the_same_orders(api):
    def totals():
        api.control("POST", "/reset")
        play(api, orders=15, seconds=0, unknown_sku=1, seed=5)
        return [(order["name"], order["kind"], order["total"]) for order in api.control("GET", "/orders")["orders"]]

    assert totals() == totals()
