"""What retention took away: how much, of which class, how old. The one thing that nothing is ever taken from."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import retention_sql


class RetailPurge(models.Model):
    """One row per portion. Of log lines the database writes it, whoever deletes them (``engine/retention_sql.py``)."""

    _name = "retail.purge"
    _description = "Record of what retention took away"
    _log_access = False
    _order = "id desc"
    _rec_name = "what"

    at = fields.Datetime(required=True, readonly=True)
    backend_id = fields.Many2one("retail.backend", readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="backend_id.company_id")
    what = fields.Selection(
        [
            ("log", "Log lines"),
            ("message", "Messages"),
            ("body", "Bodies of messages"),
            ("content", "Contents of intents"),
            ("exception", "Exceptions"),
        ],
        required=True,
        readonly=True,
    )
    retention_class = fields.Selection(
        [("body", "Bodies"), ("message", "Finished messages"), ("failure", "Failures"), ("exception", "Exceptions")],
        "Class",
        readonly=True,
    )
    until_at = fields.Datetime("Older than", readonly=True)
    count = fields.Integer(readonly=True)
    first_at = fields.Datetime("First", readonly=True, help="When the oldest of it came.")
    last_at = fields.Datetime("Last", readonly=True, help="When the newest of it came.")
    database_user = fields.Char(readonly=True, help="Who was connected to PostgreSQL.")

    def init(self):
        retention_sql.guard(self.env.cr, "retail_purge")

    def write(self, vals):
        raise UserError(self.env._("What was taken away stays on record."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was taken away stays on record."))
