"""Where Odoo books what it believes was paid."""

from odoo import models


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _ensure_payment_method_line(self, allow_create=True):
        """On the journal of a settlement account, payments wait on A2 for their movement, whoever chose the journal."""
        result = super()._ensure_payment_method_line(allow_create=allow_create)
        settlement = self.env["retail.settlement"].sudo().search([("journal_id", "=", self.journal_id.id)], limit=1)
        if settlement and self.id:
            lines = self.env["account.payment.method.line"].search([("payment_provider_id", "=", self.id)])
            lines.sudo().payment_account_id = settlement.awaiting_account_id
        return result
