"""Webhook subscriptions of a backend: created where missing, mended where they would not do, never stolen."""

from odoo import fields, models

from odoo.addons.retail_integration_base.engine.errors import Refused

from ..shopify import domains, subscriptions
from .shopify_access import open_client


class RetailConnectorShopify(models.AbstractModel):
    _inherit = "retail.connector.shopify"

    def _register_webhooks(self, backend):
        """Subscribe this backend's address to the topics of its flows that are not off. Safe to repeat.

        A repetition after a crash finds what was created before. Subscriptions to other addresses are left alone:
        they may be those of another server.

        :return: str, what was done
        :raises Refused: disarmed, no public address, or Shopify does not accept it
        """
        backend.ensure_one()
        client = open_client(backend)
        uri = backend.sudo().webhook_url
        self._require_callable(backend, uri)
        topics = self._get_topics(backend)
        if not topics:
            raise Refused(
                self.env._("All flows are off: there is nothing to subscribe to. Let a flow go live first."),
                reason="no_topics",
                status=403,
            )
        comparison = subscriptions.compare(subscriptions.list_all(client), topics, uri)
        for topic in comparison.missing:
            subscriptions.create(client, topic, uri)
        for topic, subscription in comparison.wrong.items():
            subscriptions.mend(client, topic, subscription, uri)
        backend.sudo().shopify_webhooks_at = fields.Datetime.now()
        return self._report(comparison)

    def _require_callable(self, backend, uri):
        is_simulated = bool(backend.sudo().shopify_api_url)
        if domains.is_public_https(uri) or (is_simulated and domains.is_loopback(uri)):
            return
        raise Refused(
            self.env._(
                "Shopify cannot call %s: it needs a public address with https. Set the system parameter web.base.url to "
                "the address this server has on the internet.",
                uri.split("/retail/")[0],
            ),
            reason="no_public_address",
            status=403,
        )

    def _report(self, comparison):
        _ = self.env._
        parts = [_("%s were there.", len(comparison.good))]
        if comparison.missing:
            parts.append(_("Created: %s.", ", ".join(comparison.missing)))
        if comparison.wrong:
            parts.append(_("Mended: %s.", ", ".join(comparison.wrong)))
        if comparison.foreign:
            parts.append(_("%s go to other addresses and were left alone.", len(comparison.foreign)))
        return " ".join(parts)
