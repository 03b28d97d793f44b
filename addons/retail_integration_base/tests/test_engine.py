"""The pure parts: no database, no Odoo."""

import base64
import json
import random
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from odoo.addons.retail_integration_base.engine import (
    backoff,
    crypto,
    fingerprint,
    lanes,
    money,
    pace,
    redact,
    standard_webhooks,
    trace,
)
from odoo.addons.retail_integration_base.engine.errors import Refused
from odoo.addons.retail_integration_base.engine.http import retry_after
from odoo.addons.retail_integration_base.engine.messages import Secret

KEY = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


# ---------------------------------------------------------------- back-off


@given(st.integers(1, 1000), st.integers())
def test_a_delay_is_never_negative_and_never_above_the_cap(attempts, seed):
    delay = backoff.next_delay(attempts, rng=random.Random(seed))
    assert timedelta(0) <= delay <= backoff.MAX_DELAY


@given(st.integers(1, 50), st.integers(0, 7200), st.integers())
def test_a_delay_honours_what_the_vendor_asks(attempts, seconds, seed):
    wish = timedelta(seconds=seconds)
    assert backoff.next_delay(attempts, at_least=wish, rng=random.Random(seed)) >= wish


def test_delays_grow_with_the_attempts():
    class Most:
        @staticmethod
        def uniform(_low, high):
            return high

    delays = [backoff.next_delay(attempts, rng=Most) for attempts in range(1, 14)]
    assert delays == sorted(delays)
    assert delays[0] == timedelta(seconds=4)
    assert delays[-1] == backoff.MAX_DELAY


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2),
        ("2.5", 2.5),
        ("0", 0),
        ("-3", 0),
        ("nonsense", None),
        ("", None),
        ("1e9", 6 * 3600),
        ("1e400", None),
        ("nan", None),
    ],
)
def test_retry_after_is_read_in_every_form(header, seconds):
    delay = retry_after({"retry-after": header})
    assert (delay.total_seconds() if delay is not None else None) == seconds


def test_retry_after_takes_an_http_date():
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert retry_after({"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, now) == timedelta(minutes=1)
    assert retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, now) == timedelta(0)


# ---------------------------------------------------------------- lanes


@given(st.integers(1, 10**6), st.text(max_size=50))
def test_a_subject_has_one_lane_in_one_group(backend_id, subject):
    lane = lanes.lane_of(backend_id, subject)
    assert 0 <= lane < lanes.IN_LANES
    assert lane in lanes.lanes_of(lanes.group_of(lane))


def test_the_lane_of_a_subject_never_changes_between_releases():
    assert [lanes.lane_of(1, "order:gid://shopify/Order/%d" % n) for n in range(6)] == [5, 3, 9, 15, 12, 10]


def test_every_lane_has_a_group():
    assert sorted(lane for group in range(lanes.GROUPS) for lane in lanes.lanes_of(group)) == list(range(24))


@given(st.integers(1, 10**6), st.one_of(st.none(), st.text(max_size=50)))
def test_the_ways_in_and_out_share_no_lane_and_no_group(flow_id, subject):
    lane = lanes.out_lane_of(flow_id, subject)
    assert lanes.is_out(lane) and lane in lanes.lanes_of(lanes.group_of(lane))
    assert lanes.group_of(lane) >= lanes.IN_GROUPS
    assert not any(lanes.is_out(lane) for group in range(lanes.IN_GROUPS) for lane in lanes.lanes_of(group))


# ---------------------------------------------------------------- batches


def test_a_batch_of_what_was_never_measured_is_small():
    assert pace.Pace().cut([7] * pace.MOST) == pace.LEAST


def test_a_batch_of_what_is_light_is_large_and_of_what_is_heavy_is_small():
    known = pace.Pace()
    known.note("light", 50, 0.02)
    known.note("heavy", 50, 6.0)
    assert known.cut(["light"] * pace.MOST) == pace.MOST
    assert known.cut(["heavy"] * pace.MOST) == pace.LEAST


def test_what_is_heavy_does_not_travel_in_a_large_batch_of_what_is_light():
    known = pace.Pace()
    known.note("light", 50, 0.02)
    known.note("heavy", 50, 6.0)
    flows = ["light"] * 100 + ["heavy"] * 300
    assert 100 <= known.cut(flows) <= 105


def test_all_there_is_makes_a_batch_where_it_is_less():
    assert pace.Pace().cut([]) == 0
    assert pace.Pace().cut([7, 7, 8]) == 3


def test_a_flow_that_becomes_slow_is_heeded_at_once_and_one_message_alone_says_nothing():
    known = pace.Pace()
    known.note("light", 50, 0.02)
    known.note("light", 1, 0.05)
    assert known.cut(["light"] * pace.MOST) == pace.MOST
    known.note("light", 50, 6.0)
    assert known.cut(["light"] * pace.MOST) == pace.LEAST


# ---------------------------------------------------------------- money


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_money_round_trips_exactly(amount):
    assert money.to_decimal(money.to_money(amount, "EUR")) == amount


def test_money_is_never_a_float():
    with pytest.raises(TypeError):
        money.to_money(0.1, "EUR")
    with pytest.raises(ValueError):
        money.to_decimal({"amount": 0.1, "currency": "EUR"})
    for amount in ("NaN", "Infinity", "", "1,5"):
        with pytest.raises(ValueError):
            money.to_decimal({"amount": amount, "currency": "EUR"})


def test_no_money_is_zero():
    assert money.to_decimal(None) == Decimal(0)


# ---------------------------------------------------------------- fingerprints


def test_one_cause_has_one_fingerprint_whatever_the_ids():
    def cause(text):
        return fingerprint.cause_fingerprint("unexpected_error", fingerprint.text_cause_key(ValueError(text)))

    first = cause("Order 1042 of gid://shopify/Order/77 failed at 0x7f01")
    assert cause("Order 3 of  gid://shopify/Order/123456 failed at 0xdeadbeef") == first
    assert cause("Order 3 has no lines") != first


def test_a_named_cause_is_exact():
    assert fingerprint.cause_fingerprint("product_unknown", "sku:MUG-1") != fingerprint.cause_fingerprint(
        "product_unknown", "sku:MUG-2"
    )


# ---------------------------------------------------------------- redaction


def test_secrets_are_masked_wherever_they_stand():
    value = {"a": [{"access_token": "s3cret"}], "X-Shopify-Hmac-Sha256": "s3cret", "Authorization": "s3cret"}
    assert "s3cret" not in json.dumps(redact.redact(value, personal=False))


def test_personal_data_is_masked_and_the_rest_stays_readable():
    value = {
        "name": "#1042",
        "email": "ada@example.org",
        "customer": {"id": 7, "first_name": "Ada", "name": "Ada L."},
        "shipping_address": {"address1": "Side St 1", "city": "Paris", "country_code": "FR", "name": "Ada"},
        "line_items": [{"name": "Blue mug", "sku": "MUG"}],
    }
    shown = json.dumps(redact.redact(value))
    for hidden in ("ada@example.org", "Ada", "Side St", "Paris"):
        assert hidden not in shown
    for kept in ("#1042", "Blue mug", "MUG", "FR", "7"):
        assert kept in shown


def test_long_texts_are_cut():
    assert len(redact.redact({"x": "y" * 100_000})["x"]) < 3000


# ---------------------------------------------------------------- traces


def test_a_trace_goes_in_and_out_unchanged():
    trace_id = trace.new_trace_id()
    assert trace.trace_id_of({"traceparent": trace.traceparent(trace_id)}) == trace_id


@pytest.mark.parametrize(
    "header", ["", "x", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff-" + "a" * 32 + "-" + "b" * 16 + "-01"]
)
def test_an_invalid_traceparent_is_replaced(header):
    assert trace.trace_id_of({"traceparent": header}) != "0" * 32


# ---------------------------------------------------------------- secrets


def test_a_cipher_reads_what_an_older_key_wrote():
    from cryptography.fernet import Fernet

    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    written = crypto.encrypt(crypto.cipher_of(old), "s3cret ✓")
    assert crypto.decrypt(crypto.cipher_of("%s, %s" % (new, old)), written) == "s3cret ✓".encode()
    with pytest.raises(crypto.NoEncryptionKey):
        crypto.decrypt(crypto.cipher_of(new), written)


@pytest.mark.parametrize("keys", ["", " , ", "short", None])
def test_without_a_proper_key_there_is_no_cipher(keys):
    with pytest.raises(crypto.NoEncryptionKey):
        crypto.cipher_of(keys)


def test_a_secret_does_not_show_in_repr():
    assert "s3cret" not in repr(Secret(1, "k", b"s3cret"))


# ---------------------------------------------------------------- Standard Webhooks: the official library is the judge


def _verdicts(headers, body, now=None):
    """Return (official verdict, ours)."""
    try:
        Webhook(KEY).verify(body.decode(), headers)
        official = True
    except WebhookVerificationError:
        official = False
    try:
        ours = standard_webhooks.verify(headers, body, [Secret(7, "signing_key", KEY.encode())], now) == 7
    except Refused:
        ours = False
    return official, ours


def _signed(body, at, message_id="msg_1"):
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(KEY).sign(message_id, at, body.decode()),
    }


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4), st.integers(-900, 900))
def test_our_verdict_is_the_official_one_for_any_body_and_age(value, age_seconds):
    # Near the edge the two clocks may read different seconds.
    if abs(abs(age_seconds) - standard_webhooks.TOLERANCE_SECONDS) < 5:
        return
    body = json.dumps(value).encode()
    at = datetime.now(timezone.utc) - timedelta(seconds=age_seconds)
    official, ours = _verdicts(_signed(body, at), body)
    assert official == ours


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h.update({"webhook-signature": "v1,bm90IGl0 " + h["webhook-signature"]}),
        lambda h: h.update({"webhook-signature": h["webhook-signature"].replace("v1,", "v2,")}),
        lambda h: h.update({"webhook-signature": "v1,bm90IGl0"}),
        lambda h: h.update({"webhook-id": "msg_2"}),
        lambda h: h.update({"webhook-timestamp": "abc"}),
        lambda h: h.pop("webhook-signature"),
        lambda h: h.pop("webhook-id"),
        lambda h: h.pop("webhook-timestamp"),
        lambda h: None,
    ],
)
def test_our_verdict_is_the_official_one_for_changed_headers(change):
    body = b'{"a": 1}'
    headers = _signed(body, datetime.now(timezone.utc))
    change(headers)
    official, ours = _verdicts(headers, body)
    assert official == ours
