"""Requests about personal data that Shopify passes on."""

import json

from odoo import models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetailError

from ..shopify import instants, privacy
from ..shopify.const import HEADER_TRIGGERED
from . import shopify_fulfilment  # noqa: F401 the handler this file goes on with has to be there


class RetailConnectorShopify(models.AbstractModel):
    _inherit = "retail.connector.shopify"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _get_flows(self):
        # Live from the start: what the law asks for waits for nobody's decision.
        flow = {
            "entity": privacy.ENTITY,
            "direction": "in",
            "latency": "standard",
            "sequence": 90,
            "poll_interval_minutes": 0,
            "state": "live",
        }
        return [*super()._get_flows(), flow]

    def _get_documents(self, backend, messages):
        """A compliance webhook is all there is: Shopify answers no question about it."""
        if messages[0].entity != privacy.ENTITY:
            return super()._get_documents(backend, messages)
        documents = {}
        for message in messages:
            try:
                documents[message.id] = registry.validate(self._read_privacy_request(message))
            except RetailError as error:
                documents[message.id] = error
        return documents

    def _read_privacy_request(self, message):
        if not message.body:
            raise NeedsHuman(
                self.env._("What was asked has been dropped. It was carried out before, or Shopify has to ask again."),
                kind="unreadable_message",
                cause_key="privacy:dropped",
            )
        return {
            "schema": "privacy_request.v1",
            "external_id": message.external_id,
            "version": 0,
            "requested_at": instants.canonical(message.headers.get(HEADER_TRIGGERED)),
            **privacy.read_request(message.topic, json.loads(message.body)),
        }

    def _list_changes(self, backend, flow, since):
        if flow.entity == privacy.ENTITY:
            return iter([([], since)])  # Shopify lists none
        return super()._list_changes(backend, flow, since)
