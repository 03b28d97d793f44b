"""The official SDK against the simulator: pages, filters, keys used twice, faults, webhooks."""

import pytest
import stripe


def test_the_sdk_pages_through_everything_once(account, client, simulator):
    made = [account.pay(100 + number)["balance_transaction"] for number in range(237)]
    seen = [one.id for one in client.v1.balance_transactions.list({"limit": 100}).auto_paging_iter()]
    assert seen == made[::-1]
    assert simulator.world.requests["GET /v1/balance_transactions"] == 3


def test_the_sdk_pages_backwards(account, client):
    made = [account.pay(100 + number)["id"] for number in range(25)]
    first = client.v1.charges.list({"limit": 10, "ending_before": made[0]})
    assert [one.id for one in first.auto_paging_iter()] == made[1:]


def test_filters_leave_out_the_rest(account, client, simulator):
    old = account.pay(500)
    simulator.world.clock.advance(100)
    new = account.pay(600)
    later = client.v1.charges.list({"created": {"gt": old["created"]}})
    assert [one.id for one in later] == [new["id"]]
    own = client.v1.balance_transactions.list({"source": old["id"], "expand": ["data.source"]})
    assert [one.source.id for one in own] == [old["id"]]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.charges.list({"limit": 101})
    events = client.v1.events.list({"types": ["charge.succeeded"]})
    assert {one.type for one in events} == {"charge.succeeded"}


def test_a_key_used_twice_refunds_once(account, client):
    charge = account.pay(1000)
    parameters, options = {"charge": charge["id"], "amount": 400}, {"idempotency_key": "k1"}
    first = client.v1.refunds.create(parameters, options)
    again = client.v1.refunds.create(parameters, options)
    assert (first.id, charge["amount_refunded"]) == (again.id, 400)
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({"charge": charge["id"], "amount": 401}, options)


def test_a_payment_through_the_api_ends_as_the_till_would(client):
    intent = client.v1.payment_intents.create(
        {"amount": 2000, "currency": "eur", "capture_method": "manual", "metadata": {"order": "S1"}}
    )
    client.v1.payment_intents.confirm(intent.id)
    captured = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1500})
    assert (captured.status, captured.amount_received, captured.metadata["order"]) == ("succeeded", 1500, "S1")
    booked = list(client.v1.balance_transactions.list())
    assert [(one.reporting_category, one.amount) for one in booked] == [
        ("partial_capture_reversal", -500),
        ("charge", 2000),
    ]


@pytest.mark.parametrize(
    ("fault", "error"), [("http_429", stripe.RateLimitError), ("http_500", stripe.APIError), ("truncated", Exception)]
)
def test_a_fault_strikes_once(account, client, simulator, fault, error):
    account.pay(100)
    simulator.world.faults.add(fault, path="/v1/charges")
    with pytest.raises(error):
        client.v1.charges.list()
    assert len(client.v1.charges.list().data) == 1


def test_an_answer_that_is_lost_has_taken_effect(account, client, simulator):
    charge = account.pay(1000)
    simulator.world.faults.add("http_500", is_late=True)
    with pytest.raises(stripe.APIError):
        client.v1.refunds.create({"charge": charge["id"]}, {"idempotency_key": "k"})
    assert client.v1.refunds.create({"charge": charge["id"]}, {"idempotency_key": "k"}).amount == 1000
    assert len(account.all("refund")) == 1


def test_a_test_account_answers_25_requests_a_second(client, simulator):
    simulator.world.bucket.configure(25, 0)
    for _number in range(25):
        client.v1.balance.retrieve()
    with pytest.raises(stripe.RateLimitError):
        client.v1.balance.retrieve()


def test_wrong_keys_and_missing_permissions_are_refused(client, simulator):
    simulator.world.denied.add("payout_read")
    with pytest.raises(stripe.PermissionError):
        client.v1.payouts.list()
    wrong = stripe.StripeClient("rk_test_other", base_addresses={"api": simulator.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.balance.retrieve()


def test_the_sdk_accepts_the_webhooks(account, client, simulator):
    endpoint = client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/x", "enabled_events": ["charge.succeeded"]}
    )
    charge = account.pay(100)
    [(url, headers, body)] = simulator.world.sender.take()
    event = client.construct_event(body, headers["stripe-signature"], endpoint.secret)
    assert (url, event.type, event.data.object.id) == (endpoint.url, "charge.succeeded", charge["id"])
    assert not hasattr(client.v1.webhook_endpoints.retrieve(endpoint.id), "secret")
