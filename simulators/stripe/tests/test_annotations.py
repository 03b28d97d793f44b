"""Every object fits the official SDK's annotations, in every state it can be in."""

import pytest
import stripe

from .annotations import deviations

CLASSES = {
    "balance_transactions": stripe.BalanceTransaction,
    "charges": stripe.Charge,
    "disputes": stripe.Dispute,
    "events": stripe.Event,
    "payment_intents": stripe.PaymentIntent,
    "payouts": stripe.Payout,
    "refunds": stripe.Refund,
    "webhook_endpoints": stripe.WebhookEndpoint,
}


def live_a_month(world):
    """Let everything happen that can."""
    account, clock = world.account, world.clock
    world.options.tax_bps = 1900
    account.create_endpoint("http://127.0.0.1:9/", ["*"])
    charges = [account.pay(amount) for amount in (5000, 12345, 99)]
    account.pay(1000, "usd", settles_in="eur", rate="0.9")
    account.confirm(account.create_intent(700, "eur"), fails=True)
    held = account.create_intent(3000, "eur", capture_method="manual")
    account.confirm(held)
    account.capture(held, 2500)
    account.cancel(account.create_intent(800, "eur"))
    account.fail_refund(account.refund(charges[0], 1000))
    account.refund(charges[0])
    account.close_dispute(account.dispute(charges[1]), won=True, returns_fee=True)
    account.close_dispute(account.dispute(charges[2]), won=False)
    account.dispute(charges[1], is_inquiry=True)
    for kind in ("reserve_hold", "reserve_release", "topup", "stripe_fee", "tax_fee", "contribution"):
        account.book(kind, -10, "eur")
    clock.advance(3 * 86400)
    account.fail_payout(account.arrive(account.run_payout()))
    account.arrive(account.pay_out(100))


@pytest.mark.parametrize("collection", CLASSES)
def test_what_is_listed_fits_the_sdks_annotations(simulator, client, collection):
    live_a_month(simulator.world)
    answer = client.raw_request("get", f"/v1/{collection}?limit=100")
    data = client.deserialize(answer, api_mode="V1").to_dict()["data"]
    assert data
    assert [found for one in data for found in deviations(one, CLASSES[collection])] == []


def test_balance_and_account_fit_the_sdks_annotations(simulator, client):
    live_a_month(simulator.world)
    for path, cls in (("balance", stripe.Balance), ("account", stripe.Account)):
        value = client.deserialize(client.raw_request("get", f"/v1/{path}"), api_mode="V1").to_dict()
        assert deviations(value, cls) == []


def test_a_wrong_object_is_seen():
    assert deviations({"object": "balance", "livemode": 1, "available": [{}], "colour": "x"}, stripe.Balance)


def test_the_balance_is_the_sum_of_its_transactions(simulator, client):
    live_a_month(simulator.world)
    balance = client.v1.balance.retrieve()
    total = sum(one.amount for one in [*balance.available, *balance.pending])
    assert total == sum(one.net for one in client.v1.balance_transactions.list().auto_paging_iter())


def test_an_automatic_payout_is_the_sum_of_what_it_carries(simulator, client):
    live_a_month(simulator.world)
    payout = next(one for one in client.v1.payouts.list().auto_paging_iter() if one.automatic)
    carried = client.v1.balance_transactions.list({"payout": payout.id, "limit": 100})
    assert sum(one.net for one in carried.auto_paging_iter() if one.type != "payout") == payout.amount
