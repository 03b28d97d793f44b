"""The control API, the page, the process."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from simulators.shopify import ShopifySimulator
from simulators.shopify.control import RULES
from simulators.shopify.state.kinds import KINDS

from .conftest import START, Api

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ROOT = Path(__file__).parents[3]


def test_every_command_is_in_the_readme():
    commands = {f"{min(rule.methods - {'HEAD'})} {rule.rule}" for rule in RULES}
    told = set(re.findall(r"`([A-Z]+ /_sim[^`]*)`", README))
    assert {re.sub(r"<(?:[a-z]+:)?[a-z]+>", "{}", command) for command in commands} == {
        re.sub(r"\{[a-z]+\}", "{}", command) for command in told
    }


def test_every_kind_of_order_is_in_the_readme():
    assert [kind for kind in KINDS if f"`{kind}`" not in README] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/orders", {"kind": "nonsense"}, 400),
        ("POST", "/orders", {"colour": "red"}, 400),
        ("POST", "/orders", {"lines": [{"sku": "nonsense"}]}, 404),
        ("GET", "/orders/4711", None, 404),
        ("POST", "/orders/4711/cancel", {}, 404),
        ("POST", "/orders/1001/edit", {"quantities": [{"line": 0, "quantity": -1}]}, 400),
        ("POST", "/orders/1001/edit", {"quantities": [{"sku": "nonsense", "quantity": 1}]}, 404),
        ("POST", "/orders/1001/cancel", {"reason": "boredom"}, 400),
        ("POST", "/orders/1001/pay", {}, 400),
        ("POST", "/orders/1001/send", {"topic": "products/update"}, 400),
        ("POST", "/customers/1/edit", {}, 404),
        ("POST", "/webhooks", {"uri": "http://example.com"}, 400),
        ("POST", "/scenario", {"orders": 1, "colour": "red"}, 400),
        ("POST", "/settings", {"colour": "red"}, 400),
        ("POST", "/clock", {"seconds": -1}, 400),
        ("GET", "/nonsense", None, 404),
        ("DELETE", "/orders", None, 405),
    ],
)
def test_a_wrong_command_is_answered_with_a_sentence(api, method, path, body, status):
    api.place()
    response = api.session.request(method, f"{api.url}/_sim{path}", json=body)
    assert response.status_code == status, response.text
    assert response.json()


def test_an_order_is_found_by_name_number_and_id(api):
    order = api.place()
    for reference in (order["name"][1:], order["number"], order["id"]):
        assert api.control("GET", f"/orders/{reference}")["id"] == order["id"]


def test_an_order_of_wanted_lines_is_placed_without_a_webhook(hooked, receiver, settled):
    sku = hooked.control("GET", "/products")["variants"][3]["sku"]
    order = hooked.place(lines=[{"sku": sku, "quantity": 4}], webhooks=False, note="by hand")
    settled()
    assert order["lines"][0] == {"sku": sku, "name": order["lines"][0]["name"], "quantity": 4, "current": 4}
    assert receiver.seen == []


def test_an_order_edit_keeps_what_was_ordered_and_tells_what_is_left(api):
    order = api.place("many_lines")
    edited = api.control(
        "POST", f"/orders/{order['number']}/edit", quantities=[{"line": 0, "quantity": 0}], tags=["edited"]
    )
    assert (edited["lines"][0]["quantity"], edited["lines"][0]["current"]) == (1, 0)
    assert edited["total"] == order["total"]
    assert edited["current_total"] != order["current_total"]


def test_a_topic_is_sent_again_with_copies(hooked, receiver, settled):
    order = hooked.place(webhooks=False)
    hooked.control("POST", f"/orders/{order['number']}/send", topic="orders/create", copies=2)
    settled()
    assert receiver.topics() == ["orders/create"] * 3


def test_requests_and_operations_are_counted(api):
    api.data("query ShopName { shop { name } }")
    api.data("query ShopName { shop { name } }")
    stats = api.control("GET", "/stats")
    assert stats["operations"] == {"ShopName": 2}
    assert stats["requests"]["POST /admin/api/2026-07/graphql.json"] == 2


def test_reset_begins_anew(hooked):
    hooked.place()
    answer = hooked.control("POST", "/reset")
    assert (answer["records"]["Order"], answer["records"]["WebhookSubscription"]) == (0, 0)
    assert hooked.post("{ shop { name } }").status_code == 401


def test_the_same_seed_and_start_make_the_same_shop_and_another_seed_another():
    def shop(seed):
        with ShopifySimulator(seed=seed, start=START) as simulator:
            api = Api(simulator)
            return api.control("GET", "/orders"), api.control("GET", "/products")

    first = shop(7)
    assert shop(7) == first
    assert shop(8) != first


def test_the_shop_has_a_catalogue_worth_the_name(full):
    api = Api(full)
    variants = api.control("GET", "/products")["variants"]
    assert len({entry["product_id"] for entry in variants}) == 60
    assert len({entry["sku"] for entry in variants}) == len({entry["barcode"] for entry in variants}) == len(variants)


def test_the_page_shows_orders_and_its_buttons_work(hooked, receiver, settled):
    session, url = hooked.session, hooked.url
    session.post(f"{url}/act", data={"action": "place", "kind": "tip", "count": "2"})
    session.post(f"{url}/act", data={"action": "cancel", "order": "1001"})
    session.post(f"{url}/act", data={"action": "note", "order": "1002"})
    session.post(f"{url}/act", data={"action": "misbehave", "fault": "http_500", "count": "3"})
    settled()
    page = session.get(f"{url}/").text
    for text in ("#1001", "#1002", "cancelled", "orders/updated", "delivered", "http_500 ×3"):
        assert text in page
    session.post(f"{url}/act", data={"action": "behave"})
    assert hooked.control("GET", "/faults") == {"faults": []}
    assert "Not possible" in session.post(f"{url}/act", data={"action": "cancel", "order": "1001"}).text


def test_the_page_shows_what_customers_wrote_as_text(api):
    api.place(guest_email="<script>alert(1)</script>", kind="guest")
    assert "<script>" not in api.session.get(f"{api.url}/").text
    assert "<script>" not in api.session.get(f"{api.url}/?said=<script>").text


def _start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "simulators.shopify", "--port", "0", "--orders", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_where_it_listens_and_ends_cleanly(number):
    process = _start("--seed", "3", "--start", "2026-10-01T08:00:00Z")
    line = process.stdout.readline()
    url = re.search(r"http://127\.0\.0\.1:\d+", line).group()
    assert requests.get(f"{url}/_sim/stats", timeout=10).json()["now"].startswith("2026-10-01T08:00:")
    process.send_signal(number)
    rest, _nothing = process.communicate(timeout=30)
    assert (process.returncode, rest) == (0, "")


def test_it_listens_on_this_machine_only_unless_told_otherwise(simulator):
    assert simulator.url.startswith("http://127.0.0.1:")


def test_lines_can_be_custom_or_of_a_product_that_is_gone(api):
    sku = api.control("GET", "/products")["variants"][0]["sku"]
    lines = [
        {"sku": sku, "quantity": 2, "price": "1.01"},
        {"title": "Engraving", "price": "7.50"},
        {"title": "Old lamp", "price": 3, "sku": "GONE-1"},
    ]
    order = api.control("POST", "/orders", lines=lines, country="FR")["orders"][0]
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(sku, 2), (None, 1), ("GONE-1", 1)]
    assert (order["country"], order["subtotal"]["amount"]) == ("FR", "12.52")


def test_a_new_customer_is_told_before_the_order(hooked, receiver, settled):
    hooked.place("new_customer")
    settled()
    assert sorted(receiver.topics()) == ["customers/create", "orders/create"]


def test_a_port_that_is_taken_is_said_in_one_sentence(simulator):
    port = simulator.url.rpartition(":")[2]
    process = _start("--port", port)
    output, _nothing = process.communicate(timeout=30)
    assert process.returncode == 1
    assert output.startswith(f"Cannot listen on 127.0.0.1:{port}") and "Traceback" not in output
