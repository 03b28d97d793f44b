"""Who may tell of Odoo's payments, and where an event goes."""

import logging

import psycopg2

from odoo import models

from odoo.addons.payment_stripe.const import HANDLED_WEBHOOK_EVENTS
from odoo.addons.payment_stripe.utils import get_webhook_secret
from odoo.addons.retail_connector_stripe.stripe import const, signature
from odoo.addons.retail_integration_base.engine import inbox_sql
from odoo.addons.retail_integration_base.engine.errors import MalformedMessage, Refused
from odoo.addons.retail_integration_base.engine.messages import Secret
from odoo.addons.retail_integration_base.engine.receive import MAX_PARSE_BYTES, message_row
from odoo.addons.retail_integration_base.engine.trace import new_trace_id

from ..stripe import payment_event

_logger = logging.getLogger(__name__)

#: Kept with a message: ids of the providers whose secret signed it.
HEADER_PROVIDERS = "retail-providers"


class RetailStripePaymentGate(models.AbstractModel):
    """One event in, one HTTP status out. Called as superuser; nothing of an event is believed before its signature."""

    _name = "retail.stripe.payment.gate"
    _description = "Gate of Stripe's payment events"

    def _take(self, header, body):
        """Check one event; store it, or let it take effect.

        :param str header: ``Stripe-Signature`` as received, or ``None``
        :param bytes body: as received
        :return: int, the HTTP status: 2xx or 4xx
        """
        try:
            providers = self._verify(header, body)
            if len(body) > MAX_PARSE_BYTES:
                raise MalformedMessage("The body is too long.")
            event = payment_event.read_event(body, HANDLED_WEBHOOK_EVENTS)
        except Refused as refusal:
            _logger.warning("An event at Stripe's payment webhook is refused: %s", refusal.reason)
            return refusal.status
        except MalformedMessage as error:
            _logger.warning("A signed event at Stripe's payment webhook cannot be read: %s", error)
            return 400
        if event is None:
            return 200
        flow = self._get_flow(providers, event)
        return self._store(flow, providers, event, body) if flow else self._apply(providers, event)

    def _verify(self, header, body):
        """Return the providers whose secret signed ``body``.

        :raises Refused: by none, or by none that has one
        """
        providers = self.env["payment.provider"].sudo().search([("code", "=", "stripe")])
        secrets = [
            Secret(provider.id, const.SIGNING_KIND, value.encode())
            for provider in providers
            if (value := get_webhook_secret(provider))
        ]
        signer = signature.verify(header, body, secrets)
        [value] = [secret.value for secret in secrets if secret.id == signer]
        return providers.browse([secret.id for secret in secrets if secret.value == value])

    def _get_flow(self, providers, event):
        """Return the flow that keeps the events of ``providers``, or none."""
        transaction = self.env["payment.transaction"]._retail_find(event)
        companies = transaction.company_id or providers.company_id
        backends = (
            self.env["retail.backend"]
            ._armed()
            .filtered(
                lambda backend: (
                    backend.connector == "stripe"
                    and backend.company_id in companies
                    and backend.stripe_is_live is bool(event.get("livemode"))
                )
            )
        )
        return backends.flow_ids.filtered(
            lambda flow: flow.entity == payment_event.ENTITY and flow.state in ("live", "paused")
        )[:1]

    def _store(self, flow, providers, event, body):
        """Keep the event; the drain works on it. One that is here already is not kept twice."""
        row = message_row(
            flow.backend_id.id,
            payment_event.key_of(event),
            flow=(flow.id, flow.latency),
            body=body,
            headers={HEADER_PROVIDERS: ",".join(map(str, providers.ids))},
            origin="webhook",
            endpoint_name="payment/stripe/webhook",
            trace_id=new_trace_id(),
        )
        if inbox_sql.insert_message(self.env.cr, row) and flow.state == "live":
            self.env["retail.drain"]._wake_after_commit({row["lane"]})
        return 200

    def _apply(self, providers, event):
        """Let the event take effect at once. Where it cannot, Stripe is refused, so that it comes again."""
        transaction = self.env["payment.transaction"]._retail_find(event)
        if not transaction:
            return 404 if payment_event.may_be_odoos(event) else 200
        if transaction.provider_id not in providers:
            _logger.warning("An event of Stripe is signed by another provider than its transaction's.")
            return 403
        try:
            with self.env.cr.savepoint():
                transaction._retail_complete(event)
                transaction._retail_apply(event)
        except psycopg2.Error:
            raise  # Odoo begins anew where somebody else was at the same rows
        except Exception as error:
            _logger.warning("An event of Stripe could not be processed; Stripe sends it again.", exc_info=error)
            return 409
        return 200
