"""An invoice's timeline is that of its orders, too."""

from odoo import models


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "retail.timeline.mixin"]

    def _get_retail_related(self):
        orders = self.sudo().invoice_line_ids.sale_line_ids.order_id.sudo(False)
        return [self, orders, self.sudo().reconciled_payment_ids.sudo(False)]
