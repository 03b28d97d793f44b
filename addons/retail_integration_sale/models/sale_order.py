"""What a sales order knows of the channel it came from."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .retail_reservation import STATES


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "retail.timeline.mixin"]

    retail_backend_id = fields.Many2one("retail.backend", "Channel", index="btree_not_null", readonly=True, copy=False)
    retail_is_history = fields.Boolean(
        "History",
        readonly=True,
        copy=False,
        help="It was done in the channel before Odoo took the channel over. It is a record of what was: nothing is "
        "reserved, shipped or invoiced for it here.",
    )
    retail_external_name = fields.Char("Channel Order", index="btree_not_null", readonly=True, copy=False)
    retail_placed_at = fields.Datetime("Placed", readonly=True, copy=False, help="When the customer placed the order.")
    retail_updated_at = fields.Datetime("Last Change in Channel", readonly=True, copy=False)
    retail_cancelled_at = fields.Datetime("Cancelled in Channel", readonly=True, copy=False)
    retail_cancel_reason = fields.Char("Cancel Reason", readonly=True, copy=False)
    retail_financial_status = fields.Char("Payment in Channel", readonly=True, copy=False)
    retail_fulfilment_status = fields.Char("Fulfilment in Channel", readonly=True, copy=False)
    retail_source_name = fields.Char("Sold Through", readonly=True, copy=False, help="E.g. web, pos, a marketplace.")
    retail_note = fields.Text("Customer's Note", readonly=True, copy=False)
    retail_attributes = fields.Text("Further Details", readonly=True, copy=False)
    retail_tags = fields.Char("Channel Tags", readonly=True, copy=False)
    retail_total = fields.Monetary(
        "Total in Channel", readonly=True, copy=False, help="What the channel says the customer owes."
    )
    retail_presentment_currency_id = fields.Many2one(
        "res.currency", "Currency the Customer Saw", readonly=True, copy=False
    )
    retail_presentment_total = fields.Monetary(
        "Total the Customer Saw", currency_field="retail_presentment_currency_id", readonly=True, copy=False
    )
    retail_keep_lines = fields.Boolean(
        "Lines Kept as in Odoo",
        readonly=True,
        copy=False,
        tracking=True,
        help="Somebody decided that later changes of the channel do not change this order's lines, addresses or state.",
    )
    retail_payment_ids = fields.One2many("retail.order.payment", "order_id", "Channel Payments", readonly=True)
    retail_paid_amount = fields.Monetary("Paid in Channel", compute="_compute_retail_paid_amount")
    retail_reservation_state = fields.Selection(
        STATES,
        "Channel Reservation",
        compute="_compute_retail_reservation_state",
        search="_search_retail_reservation_state",
        help="Where the channel's flow defers reservation. Empty: nothing is outstanding.",
    )

    @api.depends("retail_payment_ids.amount", "retail_payment_ids.kind", "retail_payment_ids.status")
    def _compute_retail_paid_amount(self):
        signs = {"sale": 1, "capture": 1, "refund": -1}
        for order in self:
            order.retail_paid_amount = sum(
                signs.get(payment.kind, 0) * payment.amount
                for payment in order.retail_payment_ids
                if payment.status == "success" and payment.currency_id == order.currency_id
            )

    @api.depends_context("uid")
    def _compute_retail_reservation_state(self):
        states = self.env["retail.reservation"]._find_states("order_id", self)
        for order in self:
            order.retail_reservation_state = states.get(order.id, False)

    def _search_retail_reservation_state(self, operator, value):
        return self.env["retail.reservation"]._search_states("order_id", operator, value)

    def action_confirm(self):
        """Confirm channel orders apart from others: they keep their own date (see below)."""
        from_channel = self.filtered("retail_placed_at")
        if from_channel and from_channel != self:
            super(SaleOrder, self - from_channel).action_confirm()
            return super(SaleOrder, from_channel).action_confirm()
        return super().action_confirm()

    def _prepare_confirmation_values(self):
        """Keep the channel's time: Odoo would set the date of confirmation, which is only when the import ran."""
        values = super()._prepare_confirmation_values()
        if self and all(order.retail_placed_at for order in self):
            values.pop("date_order", None)
        return values

    @api.ondelete(at_uninstall=False)
    def _unlink_except_from_channel(self):
        """Refuse to delete orders that a channel has: see ``retail.binding.order``."""
        # As superuser: who may delete sales orders need not see the links.
        bindings = self.env["retail.binding.order"].sudo().search([("order_id", "in", self.ids)], limit=1)
        if bindings:
            order = bindings.order_id
            raise UserError(
                self.env._(
                    "%(order)s is order %(name)s of %(backend)s. Were it deleted, the channel's next message about it "
                    "would bring it back. Cancel it and leave it cancelled: then it stays so.",
                    order=order.name,
                    name=order.retail_external_name or bindings.external_id,
                    backend=bindings.backend_id.name,
                )
            )

    def _get_retail_related(self):
        return [self, self.picking_ids, self.invoice_ids, self.invoice_ids.sudo().reconciled_payment_ids.sudo(False)]

    def _follows_channel(self):
        """Return whether one order's lines, addresses and state still follow its channel.

        Not if somebody decided to keep it as it is, or cancelled it in Odoo.
        """
        self.ensure_one()
        return not self.retail_keep_lines and (self.state != "cancel" or bool(self.retail_cancelled_at))

    def _has_left_the_shelf(self):
        """Return whether something of one order was delivered or invoiced: its lines are history then."""
        self.ensure_one()
        return (
            self.retail_is_history
            or any(line.qty_invoiced or line.qty_delivered for line in self.order_line if not line.display_type)
            or any(picking.state == "done" for picking in self.picking_ids)
        )
