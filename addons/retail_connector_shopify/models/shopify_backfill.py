"""The history of a Shopify shop: orders in bulk. What is asked and read is in ``shopify/bulk.py``."""

from odoo import fields, models

from odoo.addons.retail_integration_base.engine.errors import ExportGone, Refused, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import BACKFILL_HEADER

from ..shopify import bulk, const
from ..shopify.mapper_order import map_order
from . import retail_connector_shopify  # noqa: F401 the handler this file goes on with has to be there
from .shopify_access import open_client, open_file

#: What a storage host says of an address whose time is over.
_GONE = (400, 403, 404, 410)


class RetailConnectorShopify(models.AbstractModel):
    _inherit = "retail.connector.shopify"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    _exported_entities = ("order",)

    def _get_export_note(self, backend, flow, request):
        if fields.Datetime.now() - request.since <= const.ORDERS_SHOWN:
            return False
        data = open_client(backend).run("shop").data
        granted = {scope["handle"] for scope in data["currentAppInstallation"]["accessScopes"]}
        if const.SCOPE_ALL_ORDERS in granted:
            return False
        return self.env._(
            "Shopify shows this app the orders of the last %(days)s days only. Older ones need the permission "
            "%(scope)s.",
            days=const.ORDERS_SHOWN.days,
            scope=const.SCOPE_ALL_ORDERS,
        )

    def _start_export(self, backend, flow, request):
        return bulk.start(open_client(backend), request)

    def _find_export(self, backend, flow, request):
        return bulk.find(open_client(backend), request)

    def _get_export(self, backend, flow, export_id):
        return bulk.look(open_client(backend), export_id)

    def _open_export(self, backend, flow, export, offset):
        http, path = open_file(backend, export.url)
        try:
            yield from http.stream(path, offset=offset)
        except (Refused, VendorChanged) as error:
            if error.evidence.get("status") in _GONE:
                raise ExportGone("its address leads nowhere any more") from error
            raise

    def _read_export_line(self, flow, line):
        return bulk.read_line(line)

    def _join_export(self, flow, subject, root, parts):
        return bulk.join(subject, root, parts)

    def _fetch_for(self, backend, messages):
        """Take orders from the messages that a backfill brought whole; ask for all others.

        A replay asks: what the file said may have changed since.
        """
        known = {}
        for message in messages:
            if BACKFILL_HEADER in message.headers and not message.is_replay:
                order = bulk.whole_order(message.body)
                if order:
                    known[message.external_id] = order
        asked = [message for message in messages if message.external_id not in known]
        if not asked:
            return known, map_order
        fetched, map_node = super()._fetch_for(backend, asked)
        return fetched | known, map_node
