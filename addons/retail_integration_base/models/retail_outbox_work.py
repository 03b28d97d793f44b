"""The small, hot side of the outbox: what is dirty, and one row per unfinished intent."""

from odoo import fields, models


class RetailOutboxMark(models.Model):
    """A record that a business transaction has changed. Only ever added to there; gone when a drain has seen it.

    Without foreign keys: checking one would lock the flow's row in every sale. Marks of a flow that is gone are dropped
    by the drain.
    """

    _name = "retail.outbox.mark"
    _description = "Retail dirty mark"
    _log_access = False
    _order = "id"

    flow_id = fields.Integer(required=True, readonly=True)
    lane = fields.Integer(required=True, readonly=True)
    res_key = fields.Char(required=True, readonly=True)
    trace_id = fields.Char(readonly=True)
    marked_at = fields.Datetime(required=True, readonly=True)

    # ``_ABSORB`` and ``next_due`` of ``engine/outbox_sql.py``.
    _lane_index = models.Index("(lane, id)")


class RetailOutboxWork(models.Model):
    """Declared for its table and constraints; read and written by ``engine/outbox_sql.py`` alone."""

    _name = "retail.outbox.work"
    _description = "Retail outbound work item"
    _log_access = False
    _order = "id"

    outbox_id = fields.Many2one("retail.outbox", required=True, readonly=True, ondelete="cascade")
    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="cascade")
    flow_id = fields.Many2one("retail.flow", required=True, readonly=True, ondelete="cascade")
    lane = fields.Integer(required=True, readonly=True)
    subject_key = fields.Char(required=True, readonly=True)
    is_state = fields.Boolean(readonly=True)
    priority = fields.Integer(required=True, readonly=True)
    attempts = fields.Integer(required=True, readonly=True)
    deaths = fields.Integer(required=True, readonly=True, help="Attempts whose worker died.")
    not_before = fields.Datetime(required=True, readonly=True)
    waiting_since = fields.Datetime(readonly=True, help="What has waited for long gets a turn (ageing).")
    claimed_at = fields.Datetime(readonly=True)
    is_held = fields.Boolean(readonly=True)
    is_unknown = fields.Boolean(readonly=True, help="The vendor may have acted on it: it is asked before a repetition.")
    is_replay = fields.Boolean(readonly=True)

    _outbox_unique = models.Constraint("UNIQUE(outbox_id)", "An intent has one work item.")
    # The classes of ``PRIORITY``: ageing looks at each by itself.
    _priority_known = models.Constraint("CHECK(priority IN (10, 20, 30, 40))", "There is no such class of work.")
    # ``FIRST_DUE`` and ``DUE``: the next intents of a lane, most urgent and oldest first.
    _due_index = models.Index("(lane, priority, id) WHERE NOT is_held")
    # The unfinished intents of one subject.
    _subject_index = models.Index("(flow_id, subject_key, id)")

    def init(self):
        # The database says when the wait began, so that no statement that makes work has to.
        self.env.cr.execute(
            "ALTER TABLE retail_outbox_work "
            "ALTER COLUMN waiting_since SET DEFAULT (clock_timestamp() AT TIME ZONE 'UTC')"
        )
