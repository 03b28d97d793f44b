"""What several exceptions have in common."""

from odoo import fields, models


class RetailExceptionCause(models.Model):
    _name = "retail.exception.cause"
    _description = "Cause of exceptions"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    fingerprint = fields.Char(required=True, readonly=True)
    exception_ids = fields.One2many("retail.exception", "cause_id")
    open_count = fields.Integer("Open", compute="_compute_open_count")

    _fingerprint_unique = models.Constraint("UNIQUE(company_id, fingerprint)", "One record per cause and company.")

    def _compute_open_count(self):
        counts = dict(
            self.env["retail.exception"]._read_group(
                [("cause_id", "in", self.ids), ("state", "=", "open")], ["cause_id"], ["__count"]
            )
        )
        for cause in self:
            cause.open_count = counts.get(cause, 0)
