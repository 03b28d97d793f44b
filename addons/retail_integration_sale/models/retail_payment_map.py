"""Which journal stands for a payment gateway of the channel."""

from odoo import fields, models


class RetailPaymentMap(models.Model):
    _name = "retail.payment.map"
    _description = "Payment mapping of a channel"
    _order = "backend_id, gateway"
    _check_company_auto = True

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    gateway = fields.Char(required=True, help="As the channel names it, e.g. shopify_payments or gift_card.")
    journal_id = fields.Many2one(
        "account.journal",
        required=True,
        check_company=True,
        domain="[('type', 'in', ('bank', 'cash', 'credit', 'general'))]",
    )

    _gateway_unique = models.Constraint("UNIQUE(backend_id, gateway)", "This gateway is mapped already.")
