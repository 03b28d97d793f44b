"""Events of Odoo's own payments: each once, in whatever order, and none forgotten."""

import itertools
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PaymentCase

TRANSACTION = "odoo.addons.payment_stripe.models.payment_transaction"
KINDS = ("payment_intent.processing", "payment_intent.payment_failed", "payment_intent.succeeded", "charge.refunded")


@tagged("post_install", "-at_install")
class TestPaymentEvents(PaymentCase):
    def test_an_event_is_kept_once_and_takes_effect_once(self):
        transaction = self.transaction()
        event = self.event("payment_intent.succeeded")
        self.assertEqual([self.tell(event), self.tell(event)], [200, 200])
        self.assertEqual(len(self.events()), 1)
        self.drain()
        self.assertEqual((transaction.state, self.events().state), ("done", "done"))

    @mute_logger(TRANSACTION)
    def test_an_event_that_comes_before_its_transaction_waits_for_it(self):
        self.assertEqual(self.tell(self.event("payment_intent.succeeded")), 200)
        self.drain()
        self.assertEqual(self.events().state, "retry")
        transaction = self.transaction()
        self.drain_all()
        self.assertEqual((transaction.state, self.events().state), ("done", "done"))

    @mute_logger(TRANSACTION, "odoo.addons.retail_integration_base.models.retail_processor")
    def test_an_event_whose_transaction_never_comes_ends_as_an_exception(self):
        self.tell(self.event("payment_intent.succeeded"))
        for _attempt in range(20):
            self.drain_all()
        self.assertEqual(self.events().state, "held")
        self.assertTrue(self.events().exception_id)

    def test_a_payment_that_is_not_odoos_is_left_alone(self):
        self.tell(self.event("payment_intent.succeeded", description=None))
        self.drain()
        self.assertEqual(self.events().state, "ignored")

    @mute_logger(TRANSACTION, "odoo.addons.payment.models.payment_transaction")
    def test_all_orders_of_arrival_with_repetitions_end_the_same(self):
        ends = set()
        for number, order in enumerate(itertools.permutations(range(len(KINDS)))):
            reference = "S%05d" % number
            transaction = self.transaction(reference)
            for place in (*order, *order[::2]):
                event = self.event(KINDS[place], place, reference)
                event["id"] += reference
                self.tell(event)
                self.drain()
            self.assertEqual(transaction.provider_reference, "pi_" + reference)
            refund = transaction.child_transaction_ids
            self.assertEqual(refund.mapped("provider_reference"), ["re_" + reference])
            ends.add((transaction.state, refund.state, refund.amount))
        self.assertEqual(ends, {("done", "done", -10.0)})
        self.assertFalse(self.events().filtered(lambda one: one.state not in ("done", "superseded")))

    def test_a_refund_that_odoo_may_be_ordering_just_now_waits(self):
        transaction = self.transaction()
        event = self.event("charge.refunded")
        event["data"]["object"]["refunds"]["data"][0]["created"] = event["created"]
        self.tell(event)
        self.drain()
        self.assertEqual(self.events().state, "retry")
        self.assertFalse(transaction.child_transaction_ids)

    def test_refunds_that_the_event_leaves_out_are_asked_for(self):
        transaction = self.transaction()
        event = self.event("charge.refunded")
        [refund] = event["data"]["object"].pop("refunds")["data"]
        asked = []

        def answer(record, method, endpoint, *, params=None, **_options):
            asked.append((method, endpoint, params))
            return {"data": [refund], "has_more": False}

        self.tell(event)
        with patch.object(type(transaction), "_send_api_request", answer):
            self.drain()
        self.assertEqual(asked, [("GET", "refunds", {"charge": "ch_S00042", "limit": 100})])
        self.assertEqual(transaction.child_transaction_ids.provider_reference, "re_S00042")

    @mute_logger("odoo.addons.retail_integration_base.models.retail_processor")
    def test_a_call_that_fails_is_tried_again(self):
        transaction = self.transaction()
        event = self.event("charge.refunded")
        event["data"]["object"].pop("refunds")

        def fail(*_arguments, **_options):
            raise ValidationError(self.env._("Could not establish the connection to the payment provider."))

        self.tell(event)
        with patch.object(type(transaction), "_send_api_request", fail):
            self.drain()
        self.assertEqual(self.events().state, "retry")

    def test_client_secrets_and_buyers_are_masked(self):
        self.tell(
            self.event("payment_intent.succeeded", client_secret="pi_1_secret_x", receipt_email="ada@example.org")
        )
        shown = self.events().body_redacted
        self.assertIn("pi_S00042", shown)
        for secret in ("pi_1_secret_x", "ada@example.org"):
            self.assertNotIn(secret, shown)
