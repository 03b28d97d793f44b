"""The link between a sales order and the channel's order."""

from odoo import fields, models


class RetailBindingOrder(models.Model):
    """The binding outlives every message about the order, so its order must outlive them too: ``restrict``.

    Were both deleted, the channel's next message, even one about a payment or a cancellation, would find nothing and
    make the order anew, confirmed. A tombstone without order would prevent that as well, but leave every later message
    about money or goods without a place, and nobody would see what became of it. A cancelled order costs nothing, and
    Odoo itself keeps invoiced ones the same way. ``sale.order`` says so in words before the database does.
    """

    _name = "retail.binding.order"
    _inherit = "retail.binding"
    _description = "Link of a sales order to a channel"
    _order = "id desc"

    _record_field = "order_id"

    order_id = fields.Many2one(
        "sale.order", "Sales Order", required=True, index=True, ondelete="restrict", readonly=True
    )
    # What the channel last said of these parts. Only a part that changed *there* is brought to the order, so a
    # correction somebody made in Odoo outlives the channel's next message about something else.
    lines_digest = fields.Char(readonly=True)
    billing_digest = fields.Char(readonly=True)
    shipping_digest = fields.Char(readonly=True)
    # What the mapping made of them then: a replay with another mapping changes what is still so, and nothing else.
    applied = fields.Json(readonly=True)
    external_name = fields.Char("Channel Order", related="order_id.retail_external_name")

    _record_unique = models.Constraint(
        "UNIQUE(backend_id, order_id)", "This sales order is linked already: one channel order per sales order."
    )
