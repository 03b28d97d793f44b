"""Odoo's own webhook of Stripe: what is let in, what is refused, and that nothing makes it fail."""

import json
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.retail_connector_stripe.tests.test_signatures import letters, ours, sign
from odoo.addons.retail_integration_base.engine.errors import Refused

from .common import SECRET, PaymentCase

GATE = "odoo.addons.retail_connector_stripe_payment.models.retail_stripe_payment_gate"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("id", "object", "status", "refunds", "data", "amount", "description")), inner
        )
    ),
    max_leaves=10,
)


@tagged("post_install", "-at_install")
class TestPaymentWebhook(PaymentCase):
    @mute_logger(GATE)
    def test_no_unsigned_event_is_processed_with_or_without_a_secret(self):
        transaction = self.transaction()
        event = self.event("payment_intent.succeeded")
        body, now = json.dumps(event).encode(), int(time.time())
        headers = (
            "",
            "t=%d" % now,
            "t=%d,v0=%s" % (now, sign(SECRET, body, now)),
            "t=%d,v1=%s" % (now, sign("whsec_stranger", body, now)),
            "t=%d,v1=%s" % (now - 400, sign(SECRET, body, now - 400)),
            "v1=%s" % sign(SECRET, body, now),
            "é=1,,=,v1",
        )
        for secret in (SECRET, False):
            self.provider.stripe_webhook_secret = secret
            for header in headers:
                self.assertIn(self.tell(event, header=header), (400, 401, 403), header)
        self.assertIn(self.tell(event, header="t=%d,v1=%s" % (now, sign("", body, now))), (400, 401, 403))
        self.assertEqual(transaction.state, "draft")
        self.assertFalse(self.events())

    @mute_logger(GATE)
    def test_the_verdict_is_the_settlements_own(self):
        gate = self.env["retail.stripe.payment.gate"].sudo()
        self.provider.stripe_webhook_secret = "whsec_current"
        self.make_provider("whsec_retiring", name="Another")

        @settings(deadline=None, max_examples=150)
        @given(letters())
        def check(letter):
            header, body = letter
            try:
                gate._verify(header, body)
                accepted = True
            except Refused:
                accepted = False
            self.assertEqual(accepted, ours(header, body))

        check()

    @mute_logger(GATE)
    def test_whatever_is_signed_is_answered_with_2xx_or_4xx(self):
        self.transaction()
        kinds = st.sampled_from(("payment_intent.succeeded", "charge.refunded", "charge.refund.updated", "x", 5, None))

        @settings(deadline=None, max_examples=150)
        @given(st.one_of(st.binary(max_size=20), JSON, st.tuples(kinds, JSON), st.tuples(kinds, JSON, st.booleans())))
        def check(given_body):
            if isinstance(given_body, tuple):
                kind, obj = given_body[:2]
                if len(given_body) == 3:
                    obj = {**self.event("payment_intent.succeeded")["data"]["object"], "status": obj}
                given_body = {"id": "evt_1", "type": kind, "created": 1, "data": {"object": obj}}
            body = given_body if isinstance(given_body, bytes) else json.dumps(given_body).encode()
            for state in ("off", "live"):
                self.flow_of_events.state = state
                status = self.tell(body)
                self.assertTrue(200 <= status < 300 or 400 <= status < 500, status)

        check()

    def test_an_event_takes_effect_at_once_where_no_flow_is_live(self):
        self.flow_of_events.action_off()
        transaction = self.transaction()
        self.assertEqual(self.tell(self.event("payment_intent.succeeded")), 200)
        self.assertEqual((transaction.state, transaction.provider_reference), ("done", "pi_S00042"))

    @mute_logger(GATE, "odoo.addons.payment_stripe.models.payment_transaction")
    def test_without_a_flow_stripe_is_asked_to_send_it_again(self):
        self.flow_of_events.action_off()
        self.assertEqual(self.tell(self.event("payment_intent.succeeded")), 404)
        transaction = self.transaction()
        self.assertEqual(self.tell(self.event("payment_intent.succeeded")), 200)
        self.assertEqual(transaction.state, "done")
        self.assertEqual(self.tell(self.event("payment_intent.succeeded", description=None)), 200, "it is not Odoo's")

    @mute_logger(GATE)
    def test_nobody_tells_of_another_providers_payments(self):
        other = self.make_provider("whsec_other", name="Another")
        transaction = self.transaction()
        for state in ("off", "live"):
            self.flow_of_events.state = state
            self.tell(self.event("payment_intent.succeeded"), secret="whsec_other")
            self.drain()
        self.assertEqual(transaction.state, "draft")
        self.assertEqual(self.events().state, "held")
        self.assertNotEqual(transaction.provider_id, other)

    def test_an_event_that_odoo_does_not_handle_leaves_nothing(self):
        self.assertEqual(self.tell(self.event("customer.created")), 200)
        self.assertFalse(self.events())

    def test_a_provider_on_a_settlements_journal_books_on_a2(self):
        self.provider.journal_id = self.settlement.journal_id
        lines = self.env["account.payment.method.line"].search([("payment_provider_id", "=", self.provider.id)])
        self.assertEqual(lines.payment_account_id, self.settlement.awaiting_account_id)


@tagged("post_install", "-at_install")
class TestPaymentRoute(HttpCase):
    @mute_logger(GATE, "odoo.http")
    def test_the_route_answers_4xx_to_what_is_not_signed(self):
        cases = (
            ({}, b"{}"),
            ({"Stripe-Signature": "t=,v1"}, b"{}"),
            ({"Stripe-Signature": "=====,,,"}, b"\xff\xfe"),
            ({"Stripe-Signature": "t=1,v1=00"}, b""),
            ({"Stripe-Signature": "t=1,v1=00", "Content-Type": "application/x-www-form-urlencoded"}, b"%%%=&&"),
        )
        for headers, body in cases:
            answer = self.url_open("/payment/stripe/webhook", data=body or b" ", headers=headers, method="POST")
            self.assertTrue(400 <= answer.status_code < 500, (headers, answer.status_code))
