"""What an event is about, and that nothing but a refusal comes of what is not ours."""

import json
import time
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.retail_connector_stripe.stripe import const
from odoo.addons.retail_connector_stripe.stripe.webhook import NOTICE, StripeWebhookPolicy
from odoo.addons.retail_integration_base.engine.errors import MalformedMessage, Refused
from odoo.addons.retail_integration_base.engine.messages import Endpoint, Secret, WebhookRequest

from .test_signatures import SECRETS, sign

ENDPOINT = Endpoint(
    1,
    "stripe",
    True,
    (Secret(1, const.SIGNING_KIND, SECRETS[0].encode()), Secret(2, const.KEY_KIND, b"rk_test_1")),
    {"account": "acct_1", "is_live": False},
    {},
)


def request(body, secret=SECRETS[0], header=None):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    now = int(time.time())
    header = header or "t=%d,v1=%s" % (now, sign(secret, body, now))
    return WebhookRequest("token", "webhook", {"stripe-signature": header}, body)


def event(obj, **values):
    return {"object": "event", "id": "evt_1", "type": "x.y", "created": 1, "data": {"object": obj}, **values}


class TestPolicy(BaseCase):
    policy = StripeWebhookPolicy()

    def verify(self, body, **options):
        return self.policy.verify(request(body, **options), ENDPOINT)

    def subject(self, body):
        return self.policy.describe(request(body), ENDPOINT).subject_key

    def test_the_restricted_key_is_no_key_to_sign_with(self):
        with self.assertRaises(Refused):
            self.verify(event({}), secret="rk_test_1")

    def test_a_live_event_and_another_accounts_are_refused(self):
        self.assertEqual(self.verify(event({}, livemode=False, account="acct_1")), 1)
        for values in ({"livemode": True}, {"account": "acct_2"}, {"context": "acct_2"}):
            with self.assertRaises(Refused) as caught:
                self.verify(event({}, **values))
            self.assertEqual(caught.exception.status, 403)

    def test_an_event_names_the_transaction_or_payout_to_look_at(self):
        cases = {
            "payout:po_1": {"object": "payout", "id": "po_1"},
            "settlement_line:txn_1": {"object": "charge", "id": "ch_1", "balance_transaction": "txn_1"},
            "settlement_line:txn_2": {"object": "charge", "id": "ch_1", "balance_transaction": {"id": "txn_2"}},
            "settlement_line:txn_3": {
                "object": "refund",
                "balance_transaction": "txn_1",
                "failure_balance_transaction": "txn_3",
            },
            "settlement_line:txn_5": {"object": "dispute", "balance_transactions": [{"id": "txn_4"}, {"id": "txn_5"}]},
            NOTICE + ":evt_1": {"object": "charge", "id": "ch_1", "balance_transaction": None},
        }
        for subject, obj in cases.items():
            self.assertEqual(self.subject(event(obj)), subject)

    def test_a_thin_event_and_its_snapshot_are_one(self):
        thin = {
            "object": "v2.core.event",
            "id": "evt_thin",
            "snapshot_event": "evt_1",
            "type": "v1.payout.paid",
            "created": "2026-01-01T00:00:00Z",
            "related_object": {"id": "po_1", "type": "payout", "url": "/v1/payouts/po_1"},
        }
        snapshot = event({"object": "payout", "id": "po_1"})
        keys = [self.policy.describe(request(body), ENDPOINT) for body in (thin, snapshot)]
        self.assertEqual({key.dedupe_key for key in keys}, {"evt_1"})
        self.assertEqual({key.subject_key for key in keys}, {"payout:po_1"})

    JSON = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(("object", "data", "id", "type", "balance_transactions", "x")), inner)
        ),
        max_leaves=12,
    )

    @settings(deadline=None, max_examples=300)
    @given(st.one_of(st.binary(max_size=30), JSON, JSON.map(event)))
    def test_whatever_is_signed_is_described_or_malformed(self, body):
        letter = request(body if isinstance(body, bytes) else json.dumps(body).encode())
        with suppress(Refused, MalformedMessage):
            self.policy.verify(letter, ENDPOINT)
            self.policy.describe(letter, ENDPOINT)
