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
            wizard.order_id = wizard._find_order()

    def _find_order(self):
        """Return the order that is linked to what the exception is about, in its backend.

        Not the one its facts name: the order is written with more rights than the user has.
        """
        entity, _colon, external_id = (self.exception_id.subject_key or "").partition(":")
        if entity != "order" or self.exception_id.kind != "order_changed_after_delivery":
            return self.env["sale.order"]
        bindings = self.env["retail.binding.order"]._find_by_external(self.exception_id.backend_id, [external_id])
        return bindings[external_id].order_id if bindings else self.env["sale.order"]

    def _check(self):
        if not self._find_order():
            raise UserError(self.env._("No order is linked to this exception. Ignore it."))

    def _mend(self, exceptions):
        """Take the order's lines, addresses and state out of the channel's hands."""
        order = self._find_order()
        # The operator decides about the link to the channel; that is no right to edit sales orders.
        order = order.sudo()
        order.retail_keep_lines = True
        order._message_log(
            body=self.env._(
                "%(user)s keeps this order as it is, whatever its channel says: %(reason)s",
                user=self.env.user.name,
                reason=self.reason.strip(),
            )
        )

    def _get_note(self):
        return self.env._("The order is kept as it is: %s", self.reason.strip())
