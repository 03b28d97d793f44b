"""Shows that a transfer's reservation is on its way; puts off what is done once per batch of orders."""

from odoo import api, fields, models

from .order_batch import CONTEXT_KEY
from .retail_reservation import STATES


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "retail.timeline.mixin"]

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

    def _get_retail_related(self):
        return [self, self.sale_id]

    # ---------------------------------------------------------------- done once per batch

    def action_confirm(self):
        """Put off what is left to do for transfers whose moves are confirmed: see :meth:`_finish_batch`."""
        batch = self.env.context.get(CONTEXT_KEY)
        if not batch or batch.is_finishing or any(move.state == "draft" for move in self.move_ids):
            return super().action_confirm()
        batch.pickings.update(self.ids)
        return True

    @api.model
    def _finish_batch(self):
        """Do for all transfers of the batch what Odoo does order by order: check companies, trigger reordering."""
        batch = self.env.context[CONTEXT_KEY]
        batch.is_finishing = True
        self.browse(sorted(batch.pickings)).exists().action_confirm()

    def message_post_with_source(self, source_ref, **kwargs):
        """Leave out the note *created from S00042*: the transfer's source document says so."""
        if self.env.context.get(CONTEXT_KEY) and source_ref == "mail.message_origin_link":
            return self.env["mail.message"]
        return super().message_post_with_source(source_ref, **kwargs)
