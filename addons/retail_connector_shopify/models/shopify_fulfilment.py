"""Fulfilments of a Shopify shop, both ways. What is asked and told is in ``shopify/fulfilment_*``."""

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import RetailError

from ..shopify import fulfilment_lookup, fulfilment_push, fulfilment_read
from . import retail_connector_shopify  # noqa: F401 the handler this file goes on with has to be there
from .shopify_access import open_client


class RetailConnectorShopify(models.AbstractModel):
    _inherit = "retail.connector.shopify"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _get_flows(self):
        return [
            *super()._get_flows(),
            {
                "entity": "fulfilment",
                "direction": "in",
                "latency": "standard",
                "sequence": 50,
                "poll_interval_minutes": 15,
            },
            {
                "entity": "fulfilment",
                "direction": "out",
                "latency": "standard",
                "sequence": 51,
                "poll_interval_minutes": 0,
            },
        ]

    def _fetch(self, client, entity, gids):
        if entity == "fulfilment":
            return fulfilment_read.fetch_fulfilments(client, gids), fulfilment_read.map_fulfilment
        return super()._fetch(client, entity, gids)

    def _list_changes(self, backend, flow, since):
        if flow.entity == "fulfilment":
            return fulfilment_read.list_changes(open_client(backend), since)
        return super()._list_changes(backend, flow, since)

    def _get_push_size(self, flow):
        return 1 if flow.entity == "fulfilment" else super()._get_push_size(flow)

    def _push(self, backend, flow, outbound):
        if flow.entity != "fulfilment":
            return super()._push(backend, flow, outbound)
        answers = {}
        for item in outbound:
            bound = self._find_bound(backend, item.document["order_external_id"])
            push = fulfilment_push.FulfilmentPush(open_client(backend), self.env._, bound)
            try:
                answers[item.id] = push.run(item.intent.operation, item.document)
            except RetailError as error:
                answers[item.id] = error
        return answers

    def _find_sent(self, backend, flow, intents):
        if flow.entity != "fulfilment":
            return super()._find_sent(backend, flow, intents)
        found = {}
        for intent in intents:
            sent = self._find_one_sent(backend, intent)
            if sent:
                found[intent.id] = sent
        return found

    def _find_one_sent(self, backend, intent):
        """Return what became of a command whose attempt came to no certain end, ``None`` if it has no effect.

        A tracking that is told again changes nothing but may send the customer a second mail.
        """
        payload = intent.payload
        if intent.operation == "create":
            bound = self._find_bound(backend, payload["order"])
            given_at = self.env["retail.outbox"].sudo().browse(intent.id).created_at
            lines = {external_id: int(float(units)) for external_id, units in payload["lines"].items()}
            client = open_client(backend)
            return fulfilment_lookup.find_created(client, payload["order"], lines, given_at, bound)
        external_id, numbers = payload.get("fulfilment"), None
        if intent.operation == "tracking":
            picking = self.env["stock.picking"].sudo().browse(payload["picking_id"])
            external_id = picking.retail_fulfilment_id.external_id
            numbers = [parcel["number"] for parcel in picking._get_parcels(backend.sudo())]
        found = external_id and fulfilment_lookup.find_changed(open_client(backend), external_id)
        if not found:
            return None
        sent, is_cancelled = found
        if intent.operation == "cancel":
            return sent if is_cancelled else None
        return sent if [parcel["number"] for parcel in sent.answer["parcels"]] == numbers else None

    def _find_bound(self, backend, order_external_id):
        """Return the ids of the order's fulfilments that Odoo knows already."""
        order = self.env["retail.binding.order"].sudo()._find_by_external(backend, [order_external_id])
        if not order:
            return frozenset()
        fulfilments = (
            self.env["retail.binding.fulfilment"]
            .sudo()
            .search([("backend_id", "=", backend.id), ("order_id", "=", order[order_external_id].order_id.id)])
        )
        return frozenset(fulfilments.mapped("external_id"))
