"""Keep an order as it is although its channel changed it."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailFixOrder(models.TransientModel):
    _name = "retail.fix.order"
    _inherit = "retail.fix"
    _description = "Keep order as it is"

    apply_to_all = fields.Boolean(default=False)
    order_id = fields.Many2one("sale.order", compute="_compute_order_id")
    reason = fields.Char(required=True)

    @api.depends("exception_id")
    def _compute_order_id(self):
        for wizard in self:
            wizard.order_id = self.env["sale.order"].browse(wizard._get_facts().get("order_id")).exists()

    def action_apply(self):
        """Take the order's lines, addresses and state out of the channel's hands, and replay."""
        self.ensure_one()
        if not self.order_id:
            raise UserError(self.env._("The order does not exist any more. Ignore this exception."))
        # The operator decides about the link to the channel; that is no right to edit sales orders.
        order = self.order_id.sudo()
        order.retail_keep_lines = True
        order._message_log(
            body=self.env._(
                "%(user)s keeps this order as it is, whatever its channel says: %(reason)s",
                user=self.env.user.name,
                reason=self.reason.strip(),
            )
        )
        return self._replay(self.env._("The order is kept as it is: %s", self.reason.strip()))
