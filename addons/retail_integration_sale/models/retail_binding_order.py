"""The link between a sales order and the channel's order."""

from odoo import fields, models


class RetailBindingOrder(models.Model):
    _name = "retail.binding.order"
    _inherit = "retail.binding"
    _description = "Link of a sales order to a channel"
    _order = "id desc"

    _record_field = "order_id"

    order_id = fields.Many2one(
        "sale.order", "Sales Order", required=True, index=True, ondelete="cascade", readonly=True
    )
    # What the channel last said of these parts. Only a part that changed *there* is brought to the order, so a
    # correction somebody made in Odoo outlives the channel's next message about something else.
    lines_digest = fields.Char(readonly=True)
    billing_digest = fields.Char(readonly=True)
    shipping_digest = fields.Char(readonly=True)
    external_name = fields.Char("Channel Order", related="order_id.retail_external_name")

    _record_unique = models.Constraint(
        "UNIQUE(backend_id, order_id)", "This sales order is linked already: one channel order per sales order."
    )
