"""A payment's timeline is that of what it paid, too."""

from odoo import models


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "retail.timeline.mixin"]

    def _get_retail_related(self):
        invoices = self.sudo().invoice_ids | self.sudo().reconciled_invoice_ids
        orders = invoices.invoice_line_ids.sale_line_ids.order_id
        return [self, invoices.sudo(False), orders.sudo(False)]
