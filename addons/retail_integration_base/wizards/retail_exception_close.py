"""Close exceptions by hand, with a reason."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailExceptionClose(models.TransientModel):
    _name = "retail.exception.close"
    _description = "Close exceptions"

    exception_ids = fields.Many2many("retail.exception")
    cause_ids = fields.Many2many("retail.exception.cause", help="All that is open with these causes.")
    state = fields.Selection([("resolved", "Resolved"), ("ignored", "Ignored")], required=True)
    reason = fields.Char(required=True)
    held_count = fields.Integer(compute="_compute_preview")
    preview = fields.Text("What would happen", compute="_compute_preview")

    @api.depends("exception_ids", "cause_ids")
    def _compute_preview(self):
        for wizard in self:
            exceptions = wizard._get_exceptions()
            wizard.preview = self.env["retail.bulk.run"]._describe_preview(exceptions)
            wizard.held_count = (
                self.env["retail.inbox"]
                .sudo()
                .search_count([("exception_id", "in", exceptions.ids), ("state", "=", "held")])
            )

    def _get_exceptions(self):
        return self.exception_ids | self.cause_ids._get_open()

    def action_close(self):
        """Close, and give the messages that were held the same reason."""
        self.ensure_one()
        if not self.reason.strip():
            raise UserError(self.env._("Say why: whoever looks at this later will want to know."))
        return self.env["retail.bulk.run"]._start(self.state, self._get_exceptions(), reason=self.reason.strip())
