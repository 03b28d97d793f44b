"""Refunds and returns of a Shopify shop, as ``shopify/refund_read`` and ``shopify/return_read`` read them."""

from odoo import models

from ..shopify import refund_read, return_read
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
