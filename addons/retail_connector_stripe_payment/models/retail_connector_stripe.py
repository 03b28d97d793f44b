"""Events of Odoo's own payments as a flow of a Stripe backend."""

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.payment_stripe.const import HANDLED_WEBHOOK_EVENTS
from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import MalformedMessage, RetailError, RetryLater

from ..stripe import payment_event
from .retail_stripe_payment_gate import HEADER_PROVIDERS


class RetailConnectorStripe(models.AbstractModel):
    _inherit = "retail.connector.stripe"

    def _get_flows(self):
        flow = {"entity": payment_event.ENTITY, "sequence": 5, "direction": "in", "latency": "realtime"}
        # Nothing lists them yet: Stripe sends them again itself.
        return [*super()._get_flows(), dict(flow, poll_interval_minutes=0)]

    def _list_pages(self, backend, flow, since, checkpoint=None):
        if flow.entity == payment_event.ENTITY:
            return ()
        return super()._list_pages(backend, flow, since, checkpoint)

    def _get_replay_sources(self, backend, entity):
        if entity == payment_event.ENTITY:
            return ("stored",)
        return super()._get_replay_sources(backend, entity)

    def _get_documents(self, backend, messages):
        if messages[0].entity != payment_event.ENTITY:
            return super()._get_documents(backend, messages)
        backend._require_armed()
        return {message.id: self._make_payment_event(message) for message in messages}

    def _make_payment_event(self, message):
        """Return the document of one event, or the error that is its alone."""
        try:
            event = payment_event.read_event(message.body, HANDLED_WEBHOOK_EVENTS)
            if event is None:
                raise MalformedMessage("Odoo does not handle this event.")
            transaction = self.env["payment.transaction"]._retail_find(event)
            if transaction:
                transaction._retail_complete(event)
            return registry.validate(
                {
                    "schema": "payment_event.v1",
                    "external_id": message.external_id,
                    "version": max(event["created"], 0),
                    "kind": event["type"],
                    "event": event,
                    "is_complete": bool(transaction),
                    "provider_ids": [int(one) for one in message.headers.get(HEADER_PROVIDERS, "").split(",") if one],
                }
            )
        except ValidationError as error:
            # What Odoo's client makes of any failure of a call.
            return RetryLater("Stripe did not answer Odoo's payment provider: %s" % error)
        except RetailError as error:
            return error
