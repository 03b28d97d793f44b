"""One record of a bulk run, and what became of it."""

from psycopg2.extras import execute_values

from odoo import api, fields, models

from .retail_inbox import short_subject


class RetailBulkItem(models.Model):
    _name = "retail.bulk.item"
    _description = "Record of a bulk run"
    _log_access = False
    _order = "id"

    run_id = fields.Many2one("retail.bulk.run", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="run_id.company_id")
    exception_id = fields.Many2one("retail.exception", readonly=True, index="btree_not_null", ondelete="cascade")
    inbox_id = fields.Many2one("retail.inbox", "Message", readonly=True, index="btree_not_null", ondelete="cascade")
    outbox_id = fields.Many2one("retail.outbox", "Intent", readonly=True, index="btree_not_null", ondelete="cascade")
    subject_name = fields.Char("Subject", compute="_compute_subject_name")
    amount = fields.Float("At risk", readonly=True, aggregator=None, help="In the company's currency, when asked for.")
    state = fields.Selection(
        [("pending", "Waits"), ("done", "Done"), ("failed", "Failed"), ("skipped", "Skipped")],
        required=True,
        readonly=True,
    )
    note = fields.Char(readonly=True)

    # Nothing is done twice to one record of a run.
    _exception_unique = models.UniqueIndex("(run_id, exception_id) WHERE exception_id IS NOT NULL")
    _inbox_unique = models.UniqueIndex("(run_id, inbox_id) WHERE inbox_id IS NOT NULL")
    _outbox_unique = models.UniqueIndex("(run_id, outbox_id) WHERE outbox_id IS NOT NULL")
    # The next items, and the counts of a run's progress.
    _state_index = models.Index("(run_id, state, id)")

    @api.depends("exception_id", "inbox_id", "outbox_id")
    def _compute_subject_name(self):
        for item in self:
            record = item.exception_id or item.inbox_id or item.outbox_id
            item.subject_name = short_subject(record.subject_key)

    @api.model
    def _insert(self, run, column, rows):
        """Add ``rows`` of (record id, amount at risk) to ``run``: fifty thousand in a few statements."""
        if column not in ("exception_id", "inbox_id", "outbox_id"):
            raise ValueError(column)
        self.env.cr.flush()
        execute_values(
            self.env.cr._obj,
            "INSERT INTO retail_bulk_item (run_id, %s, amount, state, attempts) VALUES %%s" % column,  # noqa: S608 one of three
            [(run.id, record_id, amount) for record_id, amount in rows],
            template="(%s, %s, %s, 'pending', 0)",
            page_size=1000,
        )
        run.invalidate_recordset()
        self.invalidate_model()
