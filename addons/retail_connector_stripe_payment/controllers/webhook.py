"""Stripe's webhook of Odoo's own payments, behind the suite's signature policy."""

from odoo import http
from odoo.http import request

from odoo.addons.payment_stripe.controllers.main import StripeController


class RetailStripeController(StripeController):
    @http.route()
    def stripe_webhook(self):
        """Check, keep and answer: 2xx once it is stored or has taken effect, 4xx for everything else that may come."""
        incoming = request.httprequest
        status = (
            request.env["retail.stripe.payment.gate"]
            .sudo()
            ._take(incoming.headers.get("Stripe-Signature"), incoming.get_data())
        )
        return request.make_json_response("", status=status)
