"""Stock levels of a Shopify shop, out of Odoo. What is asked and told is in ``shopify/stock.py``."""

from odoo import models

from ..shopify import const, stock
from . import retail_connector_shopify  # noqa: F401 the handler this file goes on with has to be there
from .shopify_access import open_client


class RetailConnectorShopify(models.AbstractModel):
    _inherit = "retail.connector.shopify"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _get_flows(self):
        flow = {"entity": "stock_level", "direction": "out", "latency": "realtime", "sequence": 40}
        return [*super()._get_flows(), flow]

    def _get_push_size(self, flow):
        return const.MAX_PAGE if flow.entity == "stock_level" else super()._get_push_size(flow)

    def _push(self, backend, flow, outbound):
        if flow.entity != "stock_level":
            return super()._push(backend, flow, outbound)
        uri = "gid://odoo/RetailBackend/%d" % backend.id
        return stock.StockPush(open_client(backend), uri).run(outbound)

    def _list_locations(self, backend):
        return stock.list_locations(open_client(backend))

    def _read_stock(self, backend, location_id, item_ids):
        return stock.read_levels(open_client(backend), location_id, item_ids)

    def _find_sold_variants(self, backend, order_ids):
        return stock.find_sold_variants(open_client(backend), order_ids)
