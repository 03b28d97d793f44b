"""The small, hot side of the inbox: one row per unfinished message."""

from odoo import fields, models

from .fields import BigInteger


class RetailInboxWork(models.Model):
    """Declared for its table and constraints; written by ``engine/inbox_sql.py`` and ``claim_sql.py`` alone."""

    _name = "retail.inbox.work"
    _description = "Retail work item"
    _log_access = False
    _order = "id"

    inbox_id = fields.Many2one("retail.inbox", required=True, readonly=True, ondelete="cascade")
    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="cascade")
    flow_id = fields.Many2one("retail.flow", readonly=True, ondelete="set null")
    lane = fields.Integer(required=True, readonly=True)
    subject_key = fields.Char(required=True, readonly=True)
    version = BigInteger(readonly=True)
    is_state = fields.Boolean(readonly=True)
    priority = fields.Integer(required=True, readonly=True)
    attempts = fields.Integer(required=True, readonly=True)
    deaths = fields.Integer(required=True, readonly=True, help="Attempts whose worker died.")
    not_before = fields.Datetime(required=True, readonly=True)
    waiting_since = fields.Datetime(readonly=True, help="What has waited for long gets a turn (ageing).")
    claimed_at = fields.Datetime(readonly=True)
    is_held = fields.Boolean(readonly=True)
    is_replay = fields.Boolean(readonly=True)
    asks_channel = fields.Boolean(
        readonly=True, help="A person wants the channel asked again instead of the stored bytes."
    )

    _inbox_unique = models.Constraint("UNIQUE(inbox_id)", "A message has one work item.")
    # The classes of ``PRIORITY``: ageing looks at each by itself.
    _priority_known = models.Constraint("CHECK(priority IN (10, 20, 30, 40))", "There is no such class of work.")
    # ``DUE``: the next messages of a lane, most urgent and oldest first.
    _due_index = models.Index("(lane, priority, id) WHERE NOT is_held")
    # ``DUE`` and ``_SIBLINGS``: the unfinished messages of one subject.
    _subject_index = models.Index("(backend_id, subject_key, id)")

    def init(self):
        # The database says when the wait began, so that no statement that makes work has to.
        self.env.cr.execute(
            "ALTER TABLE retail_inbox_work "
            "ALTER COLUMN waiting_since SET DEFAULT (clock_timestamp() AT TIME ZONE 'UTC')"
        )


class RetailDrainGroup(models.Model):
    """Whether a drain job is on its way to a group of lanes, so that only the first message has to call one."""

    _name = "retail.drain.group"
    _description = "Retail drain group"
    _log_access = False
    _rec_name = "number"

    number = fields.Integer(required=True, readonly=True)
    is_awake = fields.Boolean(readonly=True)
    woken_at = fields.Datetime(readonly=True)
    alarm_at = fields.Datetime(readonly=True, help="When a job was ordered to look again.")

    _number_unique = models.Constraint("UNIQUE(number)", "One row per group.")
