"""A Stripe backend, a payment provider of the same company, and Stripe's events about its payments."""

import json
import time

from odoo import Command

from odoo.addons.retail_connector_stripe.tests.common import StripeCase
from odoo.addons.retail_connector_stripe.tests.test_signatures import sign

SECRET = "whsec_odoos_own"


class PaymentCase(StripeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.method = cls.env.ref("payment.payment_method_card")
        cls.provider = cls.make_provider(SECRET)
        cls.method.active = True
        cls.flow_of_events = cls.backend.flow_ids.filtered(lambda flow: flow.entity == "payment_event")
        cls.partner = cls.env["res.partner"].create({"name": "Ada"})

    @classmethod
    def make_provider(cls, secret, **values):
        return cls.env["payment.provider"].create(
            {
                "name": "Stripe",
                "code": "stripe",
                "state": "test",
                "company_id": cls.company.id,
                "stripe_publishable_key": "pk_test_1",
                "stripe_secret_key": "sk_test_1",
                "stripe_webhook_secret": secret,
                "payment_method_ids": [Command.set(cls.method.ids)],
                **values,
            }
        )

    def transaction(self, reference="S00042", provider=None, **values):
        return self.env["payment.transaction"].create(
            {
                "provider_id": (provider or self.provider).id,
                "payment_method_id": self.method.id,
                "reference": reference,
                "amount": 49.90,
                "currency_id": self.env.ref("base.EUR").id,
                "partner_id": self.partner.id,
                "operation": "online_direct",
                **values,
            }
        )

    def event(self, kind, number=1, reference="S00042", **obj):
        """Return an event about a payment of 49.90, or about its charge."""
        about = {"id": "pi_%s" % reference, "object": "payment_intent", "amount": 4990, "currency": "eur"}
        if kind == "charge.refunded":
            refund = {"id": "re_%s" % reference, "amount": 1000, "currency": "eur", "status": "succeeded", "created": 1}
            about.update(id="ch_%s" % reference, object="charge", refunds={"data": [refund], "has_more": False})
        statuses = {
            "payment_intent.processing": "processing",
            "payment_intent.payment_failed": "requires_payment_method",
            "payment_intent.canceled": "canceled",
        }
        about.update({"description": reference, "status": statuses.get(kind, "succeeded"), **obj})
        return {
            "id": "evt_%s_%d" % (kind.replace(".", "_"), number),
            "object": "event",
            "type": kind,
            "created": int(time.time()) + number,
            "livemode": False,
            "data": {"object": about},
        }

    def tell(self, event, secret=SECRET, header=None):
        """Let the webhook have an event (dict or bytes); return the HTTP status."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        now = int(time.time())
        header = "t=%d,v1=%s" % (now, sign(secret, body, now)) if header is None else header
        return self.env["retail.stripe.payment.gate"].sudo()._take(header, body)

    def drain_all(self):
        """Drain, what waits for its next attempt included."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE retail_inbox_work SET not_before = now() AT TIME ZONE 'UTC' - interval '1 second'")
        return self.drain()

    def events(self):
        return self.messages().filtered(lambda message: message.entity == "payment_event")
