"""Webhooks: who gets them, what they carry, and what happens when nobody answers."""

import json

import pytest

from simulators.shopify import ShopifySimulator, live_fulfilments, live_refunds
from simulators.shopify.webhooks import payloads

from .conftest import START, Api

CREATE = """mutation Create($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) {
    webhookSubscription { id topic uri name includeFields format apiVersion { handle } }
    userErrors { field message } } }"""


def subscribe(api, topic, uri, **options):
    return api.data(CREATE, {"topic": topic, "hook": {"uri": uri, **options}})["webhookSubscriptionCreate"]


def test_a_subscription_is_created_listed_and_deleted(api, receiver):
    made = subscribe(api, "ORDERS_CREATE", receiver.uri)
    assert made["userErrors"] == []
    gid = made["webhookSubscription"]["id"]
    listed = api.data("{ webhookSubscriptions(first: 10) { nodes { id topic uri } } }")["webhookSubscriptions"]["nodes"]
    assert listed == [{"id": gid, "topic": "ORDERS_CREATE", "uri": receiver.uri}]
    delete = """mutation($id: ID!) { webhookSubscriptionDelete(id: $id) {
      deletedWebhookSubscriptionId userErrors { message } } }"""
    assert api.data(delete, {"id": gid})["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"] == gid
    assert api.data(delete, {"id": gid})["webhookSubscriptionDelete"]["userErrors"]
    assert api.control("GET", "/webhooks")["subscriptions"] == []


def test_the_same_topic_and_address_is_taken_once(api, receiver):
    subscribe(api, "ORDERS_CREATE", receiver.uri)
    again = subscribe(api, "ORDERS_CREATE", receiver.uri)
    assert [error["message"] for error in again["userErrors"]] == ["Address for this topic has already been taken"]


@pytest.mark.parametrize("uri", ["http://example.com/hook", "ftp://example.com", "nonsense"])
def test_an_address_without_https_is_refused_except_on_this_machine(api, uri):
    assert subscribe(api, "ORDERS_CREATE", uri)["userErrors"]


def test_a_topic_needs_the_scope_that_reads_its_record(api, receiver):
    api.control("POST", "/settings", scopes=["read_products"])
    assert "do not have permission" in subscribe(api, "ORDERS_CREATE", receiver.uri)["userErrors"][0]["message"]
    assert subscribe(api, "PRODUCTS_UPDATE", receiver.uri)["userErrors"] == []


def test_an_update_moves_a_subscription(api, receiver):
    gid = subscribe(api, "ORDERS_CREATE", "https://example.com/old")["webhookSubscription"]["id"]
    update = """mutation($id: ID!, $hook: WebhookSubscriptionInput!) {
      webhookSubscriptionUpdate(id: $id, webhookSubscription: $hook) {
      webhookSubscription { uri } userErrors { message } } }"""
    answer = api.data(update, {"id": gid, "hook": {"uri": receiver.uri}})["webhookSubscriptionUpdate"]
    assert answer == {"webhookSubscription": {"uri": receiver.uri}, "userErrors": []}


def test_only_subscribed_topics_are_sent(api, receiver, settled):
    subscribe(api, "ORDERS_CANCELLED", receiver.uri)
    order = api.place()
    api.control("POST", f"/orders/{order['number']}/cancel")
    settled()
    assert receiver.topics() == ["orders/cancelled"]


def test_every_header_of_the_vendor_is_there(hooked, receiver, settled):
    hooked.place()
    settled()
    headers, _body = receiver.seen[0]
    assert headers["X-Shopify-Topic"] == "orders/create"
    assert headers["X-Shopify-Shop-Domain"] == "harbour-vale.myshopify.com"
    assert headers["X-Shopify-API-Version"] == "2026-07"
    assert headers["X-Shopify-Triggered-At"].startswith("2026-10-01T08:00:")
    assert headers["Content-Type"] == "application/json"
    for name in ("X-Shopify-Hmac-Sha256", "X-Shopify-Webhook-Id", "X-Shopify-Event-Id"):
        assert headers[name]
    assert "X-Shopify-Name" not in headers


def test_a_named_subscription_tells_its_name(api, receiver, settled):
    subscribe(api, "ORDERS_CREATE", receiver.uri, name="orders-in")
    api.place()
    settled()
    assert receiver.seen[0][0]["X-Shopify-Name"] == "orders-in"


def test_two_subscriptions_get_the_same_event_as_two_deliveries(api, receiver, settled):
    for path in ("/a", "/b"):
        subscribe(api, "ORDERS_CREATE", receiver.uri + path)
    api.place()
    settled()
    headers = [entry[0] for entry in receiver.seen]
    assert len({entry["X-Shopify-Event-Id"] for entry in headers}) == 1
    assert len({entry["X-Shopify-Webhook-Id"] for entry in headers}) == 2


def test_include_fields_and_filter_are_obeyed(api, receiver, settled):
    subscribe(api, "ORDERS_CREATE", receiver.uri, includeFields=["id", "name"], filter="source_name:pos")
    api.place("simple")
    till = api.place("pos_cash")
    settled()
    (entry,) = receiver.seen
    assert json.loads(entry[1]) == {"id": till["number"], "name": till["name"]}


KINDS = {
    "orders": "Order",
    "customers": "Customer",
    "products": "Product",
    "fulfillments": "Fulfillment",
    "refunds": "Refund",
    "returns": "Return",
}


def ship_some(world):
    """Fulfil every fifth order that can be, some in part, with tracking or without; return or refund some of them."""
    for position, order in enumerate(world.shop.all("Order")[::5]):
        if order["displayFulfillmentStatus"] == "UNFULFILLED" and order["cancelledAt"] is None:
            line = next((i for i, line in enumerate(order["lineItems"]) if line["unfulfilledQuantity"]), None)
            if line is None:
                continue
            lines = [{"line": line, "quantity": 1}] if position % 2 else None
            tracking = {"numbers": ["A1", "A2"], "company": "UPS"} if position % 3 else None
            live_fulfilments.fulfil(world, order, lines=lines, tracking=tracking)
            if position % 2:
                live_refunds.open_return(world, order, [{"line": line, "quantity": 1}])
                continue
            if position % 3:
                live_refunds.refund(world, order, paid="1.00" if position % 4 else None)


@pytest.mark.parametrize("topic", payloads.TOPICS)
def test_a_payload_has_exactly_the_keys_of_the_vendors_example(full, topic):
    shop = full.world.shop
    ship_some(full.world)
    example = payloads.example(topic)["response"]
    records = shop.all(KINDS[topic.partition("/")[0]])
    assert records
    for record in records:
        assert _shape_problems(example, payloads.build(shop, topic, record)) == []


def _shape_problems(example, payload, path=""):
    """Keys that differ, at any depth; a list is compared by its first example."""
    if isinstance(example, dict) and isinstance(payload, dict):
        found = [f"{path}.{key}" for key in set(example) ^ set(payload)]
        return found + [
            p
            for key in set(example) & set(payload)
            for p in _shape_problems(example[key], payload[key], f"{path}.{key}")
        ]
    if isinstance(example, list) and isinstance(payload, list) and example:
        return [problem for entry in payload for problem in _shape_problems(example[0], entry, f"{path}[]")]
    return []


@pytest.mark.parametrize("topic", payloads.TOPICS)
def test_no_value_of_the_example_reaches_a_receiver(full, topic):
    ship_some(full.world)
    text = json.dumps(
        [payloads.build(full.world.shop, topic, r) for r in full.world.shop.all(KINDS[topic.partition("/")[0]])]
    )
    for word in (
        "jsmith",
        "Shippington",
        "Steve",
        "jon@example.com",
        "bob@biller.com",
        "Example T-Shirt",
        "2021-12-31",
    ):
        assert word not in text


def test_ids_keep_their_precision_and_times_carry_the_shops_offset(hooked, receiver, settled):
    order = hooked.place()
    settled()
    payload = json.loads(receiver.seen[0][1])
    assert payload["admin_graphql_api_id"] == order["id"] == f"gid://shopify/Order/{payload['id']}"
    assert payload["updated_at"].startswith("2026-10-01T10:00:") and payload["updated_at"].endswith("+02:00")


def test_a_change_of_the_clock_to_winter_changes_the_offset():
    with ShopifySimulator(seed=1, start=START.replace(month=12), orders=0) as simulator:
        api = Api(simulator)
        payload = api.control("GET", f"/orders/{api.place()['number']}")["payload"]
        assert payload["created_at"].endswith("+01:00")


def test_a_refused_delivery_is_tried_again_with_the_original_payload(hooked, receiver, settled):
    refusals = iter([500, 503, 404])
    receiver.answer = lambda headers, body: next(refusals, 200)
    order = hooked.place()
    hooked.control("POST", f"/orders/{order['number']}/edit", note="later")
    settled()
    mine = [entry for entry in receiver.seen if entry[0]["X-Shopify-Topic"] == "orders/create"]
    assert len({body for _headers, body in mine}) == 1
    assert len({headers["X-Shopify-Event-Id"] for headers, _body in mine}) == 1
    assert len({headers["X-Shopify-Triggered-At"] for headers, _body in mine}) == 1
    counts = hooked.control("GET", "/deliveries")["counts"]
    assert (counts["delivered"], counts["attempts"]) == (2, 5)


def test_after_the_last_failure_the_subscription_is_gone_silently(hooked, receiver, settled):
    receiver.answer = lambda headers, body: 500 if headers["X-Shopify-Topic"] == "orders/create" else 200
    hooked.place()
    settled()
    assert receiver.topics().count("orders/create") == 1 + 8
    webhooks = hooked.control("GET", "/webhooks")
    assert [entry["topic"] for entry in webhooks["removed"]] == ["ORDERS_CREATE"]
    assert "orders/create" not in {entry["topic"] for entry in webhooks["subscriptions"]}
    receiver.seen.clear()
    hooked.place()
    settled()
    assert receiver.seen == []


def test_a_receiver_that_is_down_counts_as_a_failure(hooked, receiver, settled):
    receiver.close()
    hooked.place()
    settled()
    (delivery,) = hooked.control("GET", "/deliveries")["deliveries"]
    assert (delivery["state"], len(delivery["attempts"])) == ("failed", 9)
    assert "ConnectionRefused" in delivery["attempts"][0]["error"]


def test_customers_and_products_tell_their_changes(hooked, receiver, settled, simulator):
    customer, product = simulator.world.shop.all("Customer")[0], simulator.world.shop.all("Product")[0]
    hooked.control("POST", f"/customers/{customer['legacyResourceId']}/edit", note="Prefers a call")
    hooked.control("POST", f"/products/{product['legacyResourceId']}/edit", title="Azure mug")
    settled()
    sent = {headers["X-Shopify-Topic"]: json.loads(body) for headers, body in receiver.seen}
    assert sent["customers/update"]["note"] == "Prefers a call"
    assert sent["products/update"]["title"] == "Azure mug"


def test_an_unpaid_order_tells_when_it_is_paid(hooked, receiver, settled):
    order = hooked.place("unpaid")
    assert hooked.control("POST", f"/orders/{order['number']}/pay")["financial_status"] == "PAID"
    settled()
    sent = {headers["X-Shopify-Topic"]: json.loads(body) for headers, body in receiver.seen}
    assert sent["orders/create"]["financial_status"] == "pending"
    assert sent["orders/paid"]["financial_status"] == "paid"
