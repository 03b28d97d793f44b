"""What the channel says was paid, authorised, voided or refunded for an order."""

from odoo import fields, models

KINDS = [
    ("authorization", "Authorization"),
    ("capture", "Capture"),
    ("sale", "Sale"),
    ("void", "Void"),
    ("refund", "Refund"),
]
STATUSES = [("pending", "Pending"), ("success", "Success"), ("failure", "Failure"), ("error", "Error")]


class RetailOrderPayment(models.Model):
    """One transaction of the channel. A record of fact: posting it to accounting is another addon's work.

    A gift card pays like money does: it never lowers the order's total.
    """

    _name = "retail.order.payment"
    _description = "Payment in a channel"
    _order = "processed_at, id"
    _rec_name = "external_id"

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="restrict", readonly=True)
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    order_id = fields.Many2one(
        "sale.order", "Sales Order", required=True, index=True, ondelete="cascade", readonly=True
    )
    external_id = fields.Char("Channel Id", required=True, readonly=True)
    parent_external_id = fields.Char("Belongs To", readonly=True, help="The authorization that a capture draws on.")
    gateway = fields.Char(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    status = fields.Selection(STATUSES, required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    processed_at = fields.Datetime("Date", readonly=True)
    is_gift_card = fields.Boolean("Gift Card", readonly=True)
    journal_id = fields.Many2one("account.journal", readonly=True, help="From the backend's payment mappings.")

    _external_unique = models.Constraint("UNIQUE(backend_id, external_id)", "This payment is recorded already.")
