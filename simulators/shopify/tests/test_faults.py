"""Misbehaviour on command."""

import time

import pytest
import requests

QUERY = "{ shop { name } }"


def test_a_429_carries_retry_after_and_lasts_as_long_as_told(api):
    api.control("POST", "/faults", fault="http_429", count=2, retry_after=3)
    for _position in range(2):
        response = api.post(QUERY)
        assert (response.status_code, response.headers["Retry-After"]) == (429, "3")
    assert api.post(QUERY).status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_no_json(api, status):
    api.control("POST", "/faults", fault="http_500", count=1, status=status)
    response = api.post(QUERY)
    assert response.status_code == status
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_throttling_on_command_empties_the_bucket(api):
    api.control("POST", "/settings", bucket={"maximum": 100, "restore_rate": 0})
    api.control("POST", "/faults", fault="throttle", count=1)
    answer = api.run(QUERY)
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 0


def test_a_timeout_gives_no_answer(api):
    api.control("POST", "/faults", fault="timeout", count=1, seconds=30)
    with pytest.raises(requests.Timeout):
        api.post(QUERY, timeout=0.2)
    assert api.post(QUERY).status_code == 200


def test_a_timed_out_mutation_has_happened_all_the_same(api, receiver):
    api.control("POST", "/faults", fault="timeout", count=1, seconds=30)
    mutation = """mutation($hook: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: $hook) { userErrors { message } } }"""
    with pytest.raises(requests.Timeout):
        api.post(mutation, {"hook": {"uri": receiver.uri}}, timeout=0.5)
    assert len(api.control("GET", "/webhooks")["subscriptions"]) == 1


def test_a_truncated_body_breaks_off(api):
    api.control("POST", "/faults", fault="truncated", count=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.post(QUERY)
    assert api.post(QUERY).status_code == 200


def test_a_fault_of_one_operation_leaves_the_others_alone(api):
    api.control("POST", "/faults", fault="http_500", count=1, operation="productsCount")
    assert api.post(QUERY).status_code == 200
    assert api.post("{ productsCount { count } }").status_code == 500
    assert api.post("{ productsCount { count } }").status_code == 200


def test_a_slow_body_arrives_whole(api):
    api.control("POST", "/faults", fault="slow_body", count=1, seconds=0.2)
    assert api.data(QUERY) == {"shop": {"name": "Harbour & Vale"}}


def test_a_fault_of_the_token_endpoint_leaves_the_api_alone(api):
    api.control("POST", "/faults", fault="http_500", count=1, on="oauth")
    assert api.post(QUERY).status_code == 200
    assert api.grant().status_code == 500
    assert api.grant().status_code == 200


def test_a_probability_strikes_sometimes_and_the_same_way_for_the_same_seed(api):
    def draw():
        api.control("POST", "/reset")
        api.token = api.grant().json()["access_token"]
        api.control("POST", "/faults", fault="http_500", probability=0.5)
        return [api.post(QUERY).status_code for _position in range(30)]

    first = draw()
    assert {200, 500} == set(first)
    assert draw() == first


def test_cleared_faults_strike_no_more(api):
    api.control("POST", "/faults", fault="http_500")
    assert api.post(QUERY).status_code == 500
    assert api.control("DELETE", "/faults") == {"faults": []}
    assert api.post(QUERY).status_code == 200


def test_an_unknown_fault_is_refused_with_the_known_ones(api):
    response = api.session.post(f"{api.url}/_sim/faults", json={"fault": "earthquake"})
    assert response.status_code == 400
    assert "http_429" in response.json()["error"]


def test_dropped_webhooks_never_arrive_but_the_order_is_there(hooked, receiver, settled):
    hooked.control("POST", "/faults", fault="drop_webhooks", count=1)
    lost, found = hooked.place(), hooked.place()
    settled()
    assert [body.find(found["name"].encode()) > 0 for _headers, body in receiver.seen] == [True]
    names = hooked.data("{ orders(first: 5) { nodes { name } } }")["orders"]["nodes"]
    assert {entry["name"] for entry in names} == {lost["name"], found["name"]}
    assert hooked.control("GET", "/deliveries")["counts"]["dropped"] == 1


def test_a_duplicate_repeats_event_and_body_with_another_webhook_id(hooked, receiver, settled):
    hooked.control("POST", "/faults", fault="duplicate_webhooks", count=1)
    hooked.place()
    settled()
    (first, body), (second, same_body) = receiver.seen
    assert body == same_body
    assert first["X-Shopify-Event-Id"] == second["X-Shopify-Event-Id"]
    assert first["X-Shopify-Webhook-Id"] != second["X-Shopify-Webhook-Id"]


def test_a_reordered_webhook_is_overtaken_by_the_next_of_its_subscription(hooked, receiver, settled):
    hooked.control("POST", "/faults", fault="reorder_webhooks", count=1, seconds=20)
    first, second = hooked.place(), hooked.place()
    settled()
    order = [body.find(first["name"].encode() + b'"') > 0 for _headers, body in receiver.seen]
    assert order == [False, True]
    assert second["name"] != first["name"]


def test_a_reordered_webhook_without_a_follower_still_arrives(hooked, receiver, settled):
    hooked.control("POST", "/faults", fault="reorder_webhooks", count=1, seconds=0.1)
    hooked.place()
    settled()
    assert receiver.topics() == ["orders/create"]


def test_a_delayed_webhook_is_overtaken(hooked, receiver, settled):
    hooked.control("POST", "/faults", fault="delay_webhooks", count=1, seconds=0.5)
    first = hooked.place()
    hooked.place()
    settled()
    assert first["name"].encode() + b'"' in receiver.seen[-1][1]


def test_a_slow_receiver_is_cut_off_and_tried_again(hooked, receiver, settled):
    hooked.control("POST", "/settings", answer_seconds=0.2)
    calls = []

    def answer(headers, body):
        calls.append(headers)
        if len(calls) == 1:
            time.sleep(0.6)
        return 200

    receiver.answer = answer
    hooked.place()
    settled()
    (delivery,) = hooked.control("GET", "/deliveries")["deliveries"]
    assert [entry["status"] for entry in delivery["attempts"]] == [None, 200]
