"""An accountant's word that one order's total or taxes may differ from what Odoo works out."""

from odoo import fields, models


class RetailAcceptedDifference(models.Model):
    """Kept apart from the order, which does not exist while its total does not add up."""

    _name = "retail.accepted.difference"
    _description = "Accepted difference of an order's total"
    _order = "id desc"
    _rec_name = "order_external_id"

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    order_external_id = fields.Char("Channel Order", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True, help="The channel's total less Odoo's.")
    tax_amount = fields.Monetary(
        "Taxes", readonly=True, help="The channel's taxes less Odoo's. They are booked as Odoo works them out."
    )
    reason = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "Accepted By", required=True, readonly=True, default=lambda self: self.env.user
    )

    _order_unique = models.Constraint(
        "UNIQUE(backend_id, order_external_id)", "A difference of this order is accepted already."
    )
