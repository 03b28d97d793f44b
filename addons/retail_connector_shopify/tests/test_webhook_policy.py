"""Who may put a message into the inbox, and what is read from it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.retail_connector_shopify.shopify import const, webhook
from odoo.addons.retail_integration_base.engine.errors import MalformedMessage, Refused

from . import pure

POLICY = webhook.ShopifyWebhookPolicy()
ORDER = {
    "id": 5600001703936,
    "admin_graphql_api_id": "gid://shopify/Order/5600001703936",
    "updated_at": "2026-10-01T10:00:00+02:00",
}


def refusal(request, endpoint=None):
    with pytest.raises(Refused) as caught:
        POLICY.verify(request, endpoint or pure.endpoint())
    return caught.value.reason, caught.value.status


def describe(payload, topic="orders/create", **headers):
    return POLICY.describe(pure.request(payload, topic, **headers), pure.endpoint())


# ------------------------------------------------------------------ verify


def test_a_signed_message_is_accepted_and_names_the_secret_that_signed_it():
    two = pure.endpoint(secrets=(b"old secret", b"new secret"))
    assert POLICY.verify(pure.request(ORDER, secret=b"old secret"), two) == 1
    assert POLICY.verify(pure.request(ORDER, secret=b"new secret"), two) == 2


@pytest.mark.parametrize("signature", [None, "", "AAAA", "ä", "\x00", "=" * 44])
def test_a_wrong_or_missing_signature_is_refused_with_401(signature):
    assert refusal(pure.request(ORDER, hmac=signature)) == ("bad_signature", 401)


def test_an_access_token_is_no_key_to_sign_with():
    assert refusal(pure.request(ORDER, secret=b"shpat_no_key_to_sign_with")) == ("bad_signature", 401)


def test_without_any_secret_nothing_is_accepted():
    assert refusal(pure.request(ORDER, secret=b""), pure.endpoint(secrets=())) == ("bad_signature", 401)


def test_another_shop_is_refused_with_403():
    assert refusal(pure.request(ORDER, shop="other.myshopify.com")) == ("wrong_shop", 403)
    assert refusal(pure.request(ORDER, shop=None)) == ("wrong_shop", 403)
    assert refusal(pure.request(ORDER, shop=""), pure.endpoint(shop="")) == ("wrong_shop", 403)


@pytest.mark.parametrize("topic", ["orders/delete", "customers/create", "", "ORDERS/CREATE", "app/uninstalled"])
def test_a_topic_nobody_subscribed_to_is_refused_with_404(topic):
    assert refusal(pure.request(ORDER, topic), pure.endpoint(topics=("orders/create",))) == ("unknown_topic", 404)


def test_an_unsigned_caller_learns_neither_shop_nor_topic():
    forged = pure.request(ORDER, "no/topic", hmac="AAAA", shop="other.myshopify.com")
    assert refusal(forged) == ("bad_signature", 401)


@settings(deadline=None)
@given(body=st.binary(max_size=300), flip=st.integers(0, 299))
def test_a_changed_byte_is_noticed(body, flip):
    signed = pure.request(body)
    POLICY.verify(signed, pure.endpoint())
    changed = bytearray(body or b"x")
    changed[flip % len(changed)] ^= 1
    tampered = pure.request(bytes(changed), hmac=signed.headers[const.HEADER_HMAC])
    assert refusal(tampered) == ("bad_signature", 401)


# ---------------------------------------------------------------- describe


@pytest.mark.parametrize(
    ("topic", "kind", "entity"),
    [
        ("orders/cancelled", "Order", "order"),
        ("customers/update", "Customer", "customer"),
        ("products/update", "Product", "product"),
    ],
)
def test_the_subject_is_the_global_id(topic, kind, entity):
    key = describe({"admin_graphql_api_id": "gid://shopify/%s/7" % kind, "id": 9}, topic)
    assert (key.entity, key.subject_key, key.topic) == (entity, "%s:gid://shopify/%s/7" % (entity, kind), topic)


def test_the_numeric_id_is_read_exactly_where_the_global_id_is_missing():
    body = b'{"id": 9007199254740993, "updated_at": null}'  # 2^53 + 1: a float would say …992
    assert describe(body).subject_key == "order:gid://shopify/Order/9007199254740993"


@pytest.mark.parametrize(
    "gid",
    ["gid://shopify/Customer/7", "gid://shopify/Order/", "gid://shopify/Order/7\n", "Order/7", "", 7, [], {"a": 1}],
)
def test_a_global_id_of_another_kind_is_quarantined(gid):
    with pytest.raises(MalformedMessage):
        describe({"admin_graphql_api_id": gid, "id": 7})


@pytest.mark.parametrize("number", [None, 0, -1, True, 7.5, "7", 10**31, [1]])
def test_an_unusable_numeric_id_is_quarantined(number):
    with pytest.raises(MalformedMessage):
        describe({"id": number})


def test_the_version_is_the_instant_whatever_the_offset():
    utc = describe({**ORDER, "updated_at": "2026-10-01T08:00:00Z"}).version
    assert utc == 1790841600000000
    assert describe(ORDER).version == utc
    assert describe({**ORDER, "updated_at": "2026-10-01T04:00:00.000001-04:00"}).version == utc + 1


@pytest.mark.parametrize(
    "text", [None, "", "yesterday", 5, "2026-10-01T08:00:00", "0001-01-01T00:00:00+14:00", "1950-01-01T00:00:00Z"]
)
def test_without_a_readable_instant_the_version_is_unknown(text):
    assert describe({**ORDER, "updated_at": text}).version is None


def test_all_deliveries_of_an_event_share_a_dedupe_key():
    first = describe(ORDER, event="event-1", delivery="delivery-1")
    assert describe(ORDER, event="event-1", delivery="delivery-2").dedupe_key == first.dedupe_key
    assert describe(ORDER, event="event-2", delivery="delivery-1").dedupe_key != first.dedupe_key
    assert describe(ORDER, "orders/updated", event="event-1").dedupe_key != first.dedupe_key


def test_without_an_event_id_the_delivery_and_then_the_body_tell_events_apart():
    by_delivery = describe(ORDER, event=None).dedupe_key
    assert by_delivery.endswith("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043")
    by_body = describe(ORDER, event="\x00 not an id", delivery=None).dedupe_key
    assert by_body.startswith("orders/create:sha256-")
    assert (
        by_body
        == describe(ORDER, event=None, delivery="").dedupe_key
        != describe({**ORDER, "x": 1}, event=None, delivery="").dedupe_key
    )


def test_the_time_of_the_event_is_naive_utc():
    moment = describe(ORDER).occurred_at
    assert moment.tzinfo is None and moment.isoformat() == "2026-10-01T08:00:00.123456"
    assert describe(ORDER, triggered="soon").occurred_at is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'[{"id": 1}]',
        b'"text"',
        b"{",
        b"<html>",
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf{}",
        b'{"id": 1, "note": "\x00"}',
        b'{"id": 1, "note": "a\\u0000b"}',
        b'{"id": 1, "\\u0000": 1}',
        b'{"id": 1, "price": NaN}',
        b'{"id": 1, "price": -Infinity}',
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"id": 1, "deep": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"deep": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b"{}",
    ],
    ids=range(18),
)
def test_a_signed_body_that_says_nothing_is_malformed_and_nothing_else(body):
    request = pure.request(body)
    POLICY.verify(request, pure.endpoint())
    with pytest.raises(MalformedMessage):
        POLICY.describe(request, pure.endpoint())


def test_a_text_that_only_looks_like_an_escaped_nul_is_fine():
    assert describe(json.dumps({**ORDER, "note": r"C:\u0000"}).encode()).version


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
_PAYLOAD = st.fixed_dictionaries(
    {}, optional={"id": _JSON, "admin_graphql_api_id": _JSON, "updated_at": _JSON, "x": _JSON}
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=200) | _PAYLOAD.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_signed_is_described_or_malformed(body):
    request = pure.request(body)
    try:
        key = POLICY.describe(request, pure.endpoint())
    except MalformedMessage:
        return
    assert key.subject_key.startswith("order:gid://shopify/Order/")
    assert key.version is None or key.version >= 0
