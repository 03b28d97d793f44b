"""What the wizards that mend an exception have in common."""

from odoo import api, fields, models


class RetailFix(models.AbstractModel):
    """Mend the cause of an exception, then try again: this one, or all that wait for the same reason."""

    _name = "retail.fix"
    _description = "Mend an exception"

    exception_id = fields.Many2one("retail.exception", required=True, readonly=True, ondelete="cascade")
    backend_id = fields.Many2one(related="exception_id.backend_id")
    company_id = fields.Many2one(related="exception_id.company_id")
    name = fields.Char("What Happened", related="exception_id.name")
    apply_to_all = fields.Boolean("Apply to All With This Cause", default=True)
    same_cause_count = fields.Integer(compute="_compute_same_cause_count")

    @api.depends("exception_id")
    def _compute_same_cause_count(self):
        for wizard in self:
            wizard.same_cause_count = len(wizard.exception_id._with_same_cause())

    def _get_facts(self):
        return self.exception_id.facts or {}

    def _get_exceptions(self):
        """Return the exceptions to mend. What another backend met needs its own mapping."""
        if not self.apply_to_all:
            return self.exception_id
        same = self.exception_id._with_same_cause()
        return same.filtered(lambda exception: exception.backend_id == self.backend_id) | self.exception_id

    def _replay(self, note):
        self._get_exceptions()._fix_and_replay(note)
        return {"type": "ir.actions.act_window_close"}
