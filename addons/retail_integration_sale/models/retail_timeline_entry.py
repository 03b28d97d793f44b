"""Orders, transfers, invoices and payments in the timeline."""

from odoo import api, fields, models

from ..engine.timeline_sql import SALES


class RetailTimelineEntry(models.Model):
    _inherit = "retail.timeline.entry"

    kind = fields.Selection(
        selection_add=[("done", "Done"), ("paid", "Paid in the channel"), ("reserving", "Reservation on its way")],
        ondelete={"done": "cascade", "paid": "cascade", "reserving": "cascade"},
    )

    @api.model
    def _get_sources(self):
        return super()._get_sources() + SALES

    @api.model
    def _get_record_models(self):
        return super()._get_record_models() | {"sale.order", "stock.picking", "account.move", "account.payment"}
