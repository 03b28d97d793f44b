"""Shows that a transfer's reservation is on its way, or what keeps it."""

from odoo import api, fields, models

from .retail_reservation import STATES


class StockPicking(models.Model):
    _inherit = "stock.picking"

    retail_reservation_state = fields.Selection(
        STATES,
        "Channel Reservation",
        compute="_compute_retail_reservation_state",
        search="_search_retail_reservation_state",
        help="Of an order of a channel whose flow defers reservation. Empty: nothing is outstanding.",
    )

    @api.depends_context("uid")
    def _compute_retail_reservation_state(self):
        states = self.env["retail.reservation"]._find_states("picking_id", self)
        for picking in self:
            picking.retail_reservation_state = states.get(picking.id, False)

    def _search_retail_reservation_state(self, operator, value):
        return self.env["retail.reservation"]._search_states("picking_id", operator, value)
