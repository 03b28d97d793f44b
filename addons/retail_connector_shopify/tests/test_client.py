"""The GraphQL client against the running simulator: every way in which Shopify says no, and what we make of it."""

from datetime import timedelta

import pytest

from odoo.addons.retail_connector_shopify.shopify import client as client_module
from odoo.addons.retail_connector_shopify.shopify import const
from odoo.addons.retail_integration_base.engine.errors import Refused, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.http import VendorHttp

from . import pure


@pytest.fixture(scope="module")
def running():
    with pure.simulator(orders=3) as one:
        yield one


@pytest.fixture
def world(running):
    """The simulator's world, well behaved again afterwards."""
    world = running.world
    scopes, settings = set(world.app.scopes), dict(vars(world.shop.settings))
    yield world
    world.faults.clear()
    world.app.scopes = scopes
    vars(world.shop.settings).update(settings)
    world.bucket.configure(10**7, 10**7)


def misbehave(world, fault, **options):
    from simulators.shopify.faults import Fault

    world.faults.add(Fault(fault, **{"count": 1, **options}))


def ask(running, **options):
    return pure.connect(running, **options).run("shop")


@pytest.mark.parametrize("version", const.API_VERSIONS)
def test_an_answer_holds_data_and_the_servers_own_cost(running, world, version):
    answer = ask(running, version=version)
    assert answer.data["shop"]["myshopifyDomain"] == pure.SHOP
    assert answer.served_version == version
    assert answer.throttle.requested > 0 and answer.throttle.maximum == 10**7


def test_throttled_means_later_and_says_when_the_query_can_be_afforded(running, world):
    world.bucket.configure(100, 10)
    misbehave(world, "throttle")
    with pytest.raises(RetryLater) as caught:
        ask(running)
    assert timedelta(seconds=1) <= caught.value.delay <= timedelta(minutes=2)


def test_an_emptied_bucket_throttles_a_dear_query(running, world):
    """Nothing is faked here: the budget is spent by queries, and the delay comes from the server's figures."""
    world.bucket.configure(60, 1)
    client = pure.connect(running)
    with pytest.raises(RetryLater) as caught:
        for _number in range(50):
            client.run("webhook_subscriptions")
    throttle = client.throttle
    assert throttle.restore_rate == 1
    wanted = float(throttle.requested - throttle.available)
    assert caught.value.delay == timedelta(seconds=max(wanted, 1))


def test_the_delay_of_a_throttled_query_is_what_is_missing_over_the_rate():
    extensions = {
        "cost": {
            "requestedQueryCost": 502,
            "actualQueryCost": None,
            "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 102, "restoreRate": 100},
        }
    }
    assert client_module.Throttle.of(extensions).delay() == timedelta(seconds=4)
    for nothing in (None, {}, {"cost": None}, {"cost": {"requestedQueryCost": "many", "throttleStatus": []}}):
        assert client_module.Throttle.of(nothing).delay() == timedelta(seconds=1)


def test_429_means_later_with_the_vendors_own_delay(running, world):
    misbehave(world, "http_429", retry_after=7.5)
    with pytest.raises(RetryLater) as caught:
        ask(running)
    assert caught.value.delay == timedelta(seconds=7.5)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_5xx_means_later(running, world, status):
    misbehave(world, "http_500", status=status)
    with pytest.raises(RetryLater):
        ask(running)


@pytest.mark.parametrize("fault", ["timeout", "truncated"])
def test_an_answer_that_does_not_come_or_ends_early_means_later(running, world, fault):
    misbehave(world, fault, seconds=3)
    with pytest.raises(RetryLater):
        ask(running, timeout=0.5)


def test_a_slow_body_is_read_to_its_end(running, world):
    misbehave(world, "slow_body", seconds=0.2)
    assert ask(running).data["shop"]


def test_a_host_that_is_away_means_later():
    http = VendorHttp("http://127.0.0.1:9", timeout=1)
    with pytest.raises(RetryLater):
        client_module.grant_token(http, "id", "secret")


def test_an_expired_token_is_renewed_once_and_the_query_succeeds(running, world):
    client = pure.connect(running)
    client.run("shop")
    world.clock.advance(25 * 3600)
    assert client.run("shop").data["shop"]
    assert len(client.tokens.granted) == 2


def test_a_token_that_stays_refused_is_renewed_once_and_then_refused(running, world):
    client = pure.connect(running)
    client.run("shop")
    renewals = []

    class Stubborn:
        def get(self):
            return "shpat_gone"

        def renew(self, stale):
            renewals.append(stale)
            return "shpat_gone_too"

    client.tokens = Stubborn()
    with pytest.raises(Refused) as caught:
        client.run("shop")
    assert caught.value.reason == "invalid_token"
    assert renewals == ["shpat_gone"]


@pytest.mark.parametrize(("client_id", "secret"), [("nobody", None), (None, "wrong")])
def test_a_wrong_client_id_or_secret_is_refused_by_name(running, world, client_id, secret):
    app = world.app
    with pytest.raises(Refused) as caught:
        client_module.grant_token(VendorHttp(running.url), client_id or app.client_id, secret or app.client_secret)
    assert caught.value.reason == "wrong_client"


def test_a_token_tells_its_life_and_scopes(running, world):
    app = world.app
    token, seconds, scopes = client_module.grant_token(VendorHttp(running.url), app.client_id, app.client_secret)
    assert token and seconds == 86399 and "read_orders" in scopes


def test_a_missing_scope_is_refused_by_name(running, world):
    world.app.scopes = {"read_products"}
    gid = world.shop.all("Order")[0]["id"]
    with pytest.raises(Refused) as caught:
        pure.connect(running).run("orders_by_ids", {"ids": [gid], "lines": 1})
    assert caught.value.reason == "missing_scope"
    assert "read_orders" in str(caught.value)


def test_withheld_customer_data_is_no_error(running, world):
    world.shop.settings.protected_customer_data = False
    nodes = pure.connect(running).run("protected_data_probe").data["customers"]["nodes"]
    assert nodes[0]["firstName"] is None and nodes[0]["defaultEmailAddress"] is None


def test_an_error_about_protected_data_is_told_from_one_about_a_scope():
    def error(message, path):
        return {"message": message, "path": path, "extensions": {"code": "ACCESS_DENIED"}}

    page = "This app is not approved to use the email field. See https://shopify.dev/docs/apps/launch/protected-customer-data"
    assert client_module._is_withheld(error(page, ["nodes", 0, "email"]))
    assert client_module._is_withheld(error("Access denied for phone field.", ["nodes", 0, "customer", "phone"]))
    assert not client_module._is_withheld(
        error("Access denied for orders field. Required access: `read_orders` access scope.", ["orders"])
    )
    assert not client_module._is_withheld(
        {"message": page, "path": ["nodes"], "extensions": {"code": "undefinedField"}}
    )


def test_a_version_shopify_does_not_know_is_refused(running, world):
    with pytest.raises(Refused) as caught:
        ask(running, version="2019-04")
    assert caught.value.reason == "not_a_shop"


def test_a_version_shopify_serves_as_another_one_is_noticed():
    """Shopify answers a dropped version with the oldest it still has and says so in a header."""
    response = _Response({"x-shopify-api-version": "2026-07"}, b'{"data": {}}')
    with pytest.raises(VendorChanged) as caught:
        client_module.ShopifyClient(None, None, "2025-07")._read("shop", response, "2025-07")
    assert caught.value.evidence["served_version"] == "2026-07"


def test_a_document_the_schema_does_not_know_is_named_with_its_field(running, world, monkeypatch):
    monkeypatch.setattr(client_module.documents, "text", lambda name: "{ shop { colour } }")
    with pytest.raises(VendorChanged) as caught:
        ask(running)
    assert "colour" in caught.value.differences[0]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'"x"', b"[" * 100_000, b"{}", b'{"data": null}', b'{"data": []}', b"\xff"],
)
def test_an_answer_that_is_no_graphql_answer_is_a_change_of_the_vendor(body):
    with pytest.raises(VendorChanged):
        client_module.ShopifyClient(None, None, "2026-07")._read("shop", _Response({}, body), "2026-07")


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ('"[API] Service is not available"', VendorChanged),
        ('[{"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]', RetryLater),
        ('[{"message": "Timeout", "extensions": {"code": "TIMEOUT"}}]', RetryLater),
        ('[{"message": "Shop is inactive", "extensions": {"code": "SHOP_INACTIVE"}}]', Refused),
        ('[{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]', RetryLater),
        (
            '[{"message": "Too dear", "extensions": {"code": "MAX_COST_EXCEEDED", "cost": 4000, "maxCost": 1000}}]',
            client_module.TooExpensive,
        ),
        ('["just text"]', VendorChanged),
        ('[{"message": "m", "extensions": "x", "path": "y"}]', VendorChanged),
        ("{}", None),
    ],
)
def test_errors_are_read_by_their_code_whatever_their_shape(errors, kind):
    response = _Response({}, ('{"data": {}, "errors": %s}' % errors).encode())
    client = client_module.ShopifyClient(None, None, "2026-07")
    if kind is None:
        assert client._read("shop", response, "2026-07").data == {}
        return
    with pytest.raises(kind) as caught:
        client._read("shop", response, "2026-07")
    if kind is client_module.TooExpensive:
        assert caught.value.share == 0.25


def test_pages_that_do_not_end_are_stopped():
    """A connection that hands out one cursor for ever must not keep a worker."""

    class Endless(client_module.ShopifyClient):
        def run(self, name, variables=None, *, version=None):
            page = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "same"}}
            return client_module.Answer({"orders": page}, client_module.Throttle())

    with pytest.raises(VendorChanged):
        list(Endless(None, None, "2026-07").pages("orders_changed", {}, ("orders",)))


class _Response:
    """An answer as :class:`VendorHttp` gives it, for those that no simulator of a real vendor would send."""

    status = 200

    def __init__(self, headers, body):
        self.headers, self.body = headers, body
