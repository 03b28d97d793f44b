"""One attempt at one message, for good."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import log_sql, retention_sql
from ..engine.redact import redact
from ..engine.text import clean_text, clean_value


class RetailSyncLog(models.Model):
    """Append-only: nobody changes or deletes a line, whatever the role, in Odoo or in SQL.

    Only retention deletes, by age, and the database records what (``engine/retention_sql.py``).
    """

    _name = "retail.sync.log"
    _description = "Retail sync log"
    _order = "id desc"
    _rec_name = "subject_key"
    _log_access = False

    at = fields.Datetime(required=True, readonly=True, default=lambda self: fields.Datetime.now(), index=True)
    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="backend_id.company_id")
    flow_id = fields.Many2one("retail.flow", readonly=True, index="btree_not_null", ondelete="restrict")
    inbox_id = fields.Many2one("retail.inbox", readonly=True, index="btree_not_null", ondelete="restrict")
    outbox_id = fields.Many2one("retail.outbox", readonly=True, index="btree_not_null", ondelete="restrict")
    direction = fields.Selection([("in", "In"), ("out", "Out")], required=True, readonly=True, default="in")
    entity = fields.Char(readonly=True)
    subject_key = fields.Char("Subject", readonly=True)
    attempt = fields.Integer(readonly=True, aggregator=None)
    outcome = fields.Selection(
        [
            ("done", "Done"),
            ("superseded", "Superseded"),
            ("ignored", "Ignored"),
            ("retry", "Will be retried"),
            ("held", "Held by an exception"),
            ("quarantined", "Quarantined"),
            ("lost", "Worker died"),
        ],
        required=True,
        readonly=True,
    )
    error_class = fields.Char(readonly=True)
    message = fields.Text("What happened", readonly=True)
    duration_ms = fields.Integer("Duration (ms)", readonly=True, aggregator="avg")
    trace_id = fields.Char(readonly=True, index="btree_not_null")
    batch_trace_id = fields.Char(
        "Trace of the batch",
        readonly=True,
        index="btree_not_null",
        help="Where several messages were worked on at once: the trace that calls and changes of this attempt carry.",
    )
    evidence = fields.Json(readonly=True)

    _backend_index = models.Index("(backend_id, id DESC)")

    def init(self):
        retention_sql.guard(self.env.cr, "retail_sync_log")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._to_clean(vals) for vals in vals_list])

    @api.model
    def _append(self, lines):
        """Write lines in one statement, which for a batch costs a tenth of :meth:`create`.

        :param list[dict] lines: with all of ``log_sql.COLUMNS``
        """
        if lines:
            log_sql.append(self.env.cr, fields.Datetime.now(), [self._to_clean(line) for line in lines])

    def _to_clean(self, vals):
        """Return ``vals`` without personal data, and without what PostgreSQL cannot store."""
        clean = dict(vals)
        if vals.get("evidence"):
            keys = self.env["retail.backend"].browse(vals["backend_id"])._get_redacted_keys()
            clean["evidence"] = clean_value(redact(vals["evidence"], keys=keys))
        if vals.get("message"):
            clean["message"] = clean_text(vals["message"])
        return clean

    def write(self, vals):
        raise UserError(self.env._("The sync log is never changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The sync log is never deleted from."))

    def action_view_trace(self):
        """Open everything that belongs to the trace of this attempt."""
        self.ensure_one()
        return self.env["retail.timeline.entry"]._action_timeline(
            self.env._("Trace of %s", self.subject_key or ""), [("trace", "=", self.trace_id)]
        )

    @api.model
    def _record_poll_failure(self, flow, error, trace_id):
        """Note that the vendor could not be asked what changed.

        :param str trace_id: that the calls were made under
        """
        return self.sudo().create(
            {
                "backend_id": flow.backend_id.id,
                "flow_id": flow.id,
                "entity": flow.entity,
                "subject_key": "poll",
                "outcome": "retry",
                "error_class": getattr(error, "code", type(error).__name__),
                "message": str(error),
                "trace_id": trace_id,
                "evidence": getattr(error, "evidence", False),
            }
        )
