"""Refunds and returns of a Shopify shop, as ``shopify/refund_read`` and ``shopify/return_read`` read them."""

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import RetailError
from odoo.addons.retail_integration_sale.models.account_move_refund import mark_of

from ..shopify import refund_push, refund_read, return_read
from . import shopify_fulfilment  # noqa: F401 the handler this file goes on with has to be there
from .shopify_access import open_client


class RetailConnectorShopify(models.AbstractModel):
    _inherit = "retail.connector.shopify"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _get_flows(self):
        return [
            *super()._get_flows(),
            {
                "entity": "refund",
                "direction": "in",
                "latency": "standard",
                "sequence": 55,
                "poll_interval_minutes": 15,
            },
            {
                "entity": "return",
                "direction": "in",
                "latency": "standard",
                "sequence": 56,
                "poll_interval_minutes": 15,
            },
            {
                "entity": "refund",
                "direction": "out",
                "latency": "standard",
                "sequence": 57,
                "poll_interval_minutes": 0,
            },
        ]

    def _fetch(self, client, entity, gids):
        if entity == "refund":
            return refund_read.fetch_refunds(client, gids), refund_read.map_refund
        if entity == "return":
            return return_read.fetch_returns(client, gids), return_read.map_return
        return super()._fetch(client, entity, gids)

    def _list_changes(self, backend, flow, since):
        if flow.entity == "refund":
            return refund_read.list_changes(open_client(backend), since)
        if flow.entity == "return":
            return return_read.list_changes(open_client(backend), since)
        return super()._list_changes(backend, flow, since)

    def _get_push_size(self, flow):
        return 1 if flow.entity == "refund" else super()._get_push_size(flow)

    def _push(self, backend, flow, outbound):
        if flow.entity != "refund":
            return super()._push(backend, flow, outbound)
        answers, push = {}, self._make_refund_push(backend)
        for item in outbound:
            try:
                answers[item.id] = push.run(item.document, item.intent.idempotency_key, mark_of(item.intent))
            except RetailError as error:
                answers[item.id] = error
        return answers

    def _find_sent(self, backend, flow, intents):
        if flow.entity != "refund":
            return super()._find_sent(backend, flow, intents)
        push = self._make_refund_push(backend)
        found = {intent.id: push.find(intent.payload["order"], mark_of(intent)) for intent in intents}
        return {intent_id: sent for intent_id, sent in found.items() if sent}

    def _make_refund_push(self, backend):
        known = self.env["retail.binding.refund"].sudo()
        hears = bool(
            backend.sudo().flow_ids.filtered(
                lambda flow: flow.entity == "refund" and flow.direction == "in" and flow.state == "live"
            )
        )
        return refund_push.RefundPush(
            open_client(backend), self.env._, lambda order, gids: known._find_known(backend, order, gids), hears
        )
