"""Close exceptions by hand, with a reason."""

from odoo import fields, models
from odoo.exceptions import UserError


class RetailExceptionClose(models.TransientModel):
    _name = "retail.exception.close"
    _description = "Close exceptions"

    exception_ids = fields.Many2many("retail.exception", required=True)
    state = fields.Selection([("resolved", "Resolved"), ("ignored", "Ignored")], required=True)
    reason = fields.Char(required=True)
    held_count = fields.Integer(compute="_compute_held_count")

    def _compute_held_count(self):
        for wizard in self:
            wizard.held_count = len(
                wizard.exception_ids.sudo().inbox_ids.filtered(lambda message: message.state == "held")
            )

    def action_close(self):
        """Close, and give the messages that were held the same reason."""
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Say why: whoever looks at this later will want to know."))
        self.exception_ids._close_by_hand(self.state, self.reason.strip())
        return {"type": "ir.actions.act_window_close"}
