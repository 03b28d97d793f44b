"""A backfill: the history of a channel, counted first, then taken from a file that the channel makes of it.

What it does is said in ``retail_backfill_work.py``; this file is what people see and decide.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..engine import backfill_sql
from ..engine.lanes import BACKFILL_LOCK_SPACE
from . import retail_long_run  # noqa: F401 the model this one builds on has to be there
from .fields import BigInteger

#: What was fetched and not taken is full of personal data: it is kept so long for somebody who lets it go on.
_KEPT_DAYS = 7
_ACTIVE = ("queued", "running", "paused", "failed")


class RetailBackfill(models.Model):
    """One look at a channel's history, and what of it was taken. The flow's own watermark stays as it is.

    *Count* compares references with what is here. Once a person has confirmed, *fetch* keeps the lines of the whole
    file (``retail.backfill.part``), and *take* makes messages behind live work of what is still missing. Each
    transaction notes how far it came, so that a killed worker costs one page.
    """

    _name = "retail.backfill"
    _inherit = "retail.long.run"
    _description = "Backfill"
    _order = "id desc"
    _lock_space = BACKFILL_LOCK_SPACE
    _resumable_states = ("failed", "paused")

    flow_id = fields.Many2one("retail.flow", required=True, readonly=True, index=True, ondelete="cascade")
    backend_id = fields.Many2one(related="flow_id.backend_id", store=True, index=True)
    company_id = fields.Many2one(related="flow_id.company_id", store=True, index=True)
    since = fields.Datetime("Made since", required=True, readonly=True)
    scope = fields.Selection(
        [("open", "What is still open"), ("all", "All, what is done as history")],
        required=True,
        default="open",
        help="Open: what is done in the channel (shipped, closed, cancelled) is left out. All: it is taken too, as a "
        "record of what was: nothing is reserved, shipped or invoiced for it.",
    )
    phase = fields.Selection(
        [("count", "Count"), ("fetch", "Fetch"), ("take", "Take")], required=True, readonly=True, default="count"
    )
    state = fields.Selection(
        [
            ("queued", "Waits for its turn"),
            ("running", "Under way"),
            ("counted", "Counted: waits for you"),
            ("paused", "Paused"),
            ("done", "Taken"),
            ("failed", "Stopped"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="queued",
        index=True,
    )
    note = fields.Char("What the channel does not show", readonly=True)
    progress = fields.Float("Progress (%)", compute="_compute_progress")

    # The file
    export_id = fields.Char("File at the channel", readonly=True, copy=False)
    is_asking = fields.Boolean(
        readonly=True, help="The channel is being asked for a file; whether it was is not known."
    )
    asked_at = fields.Datetime("Asked for it", readonly=True)
    exports = fields.Integer("Files asked for", readonly=True, aggregator=None)
    lost_exports = fields.Integer("Files lost in a row", readonly=True, aggregator=None)
    file_offset = BigInteger("Bytes read", readonly=True)
    line_count = fields.Integer("Lines read", readonly=True, aggregator=None)
    root_count = fields.Integer(readonly=True, aggregator=None)
    unreadable_count = fields.Integer("Lines that could not be read", readonly=True, aggregator=None)
    object_count = fields.Integer("Lines of the file", readonly=True, aggregator=None)
    taken_subject = fields.Char(readonly=True)

    # The report
    total = fields.Integer("In the channel", readonly=True, aggregator=None)
    applied_count = fields.Integer("Here and applied", readonly=True, aggregator=None)
    waiting_count = fields.Integer("Here and waiting", readonly=True, aggregator=None)
    ignored_count = fields.Integer("Left out by a rule or a person", readonly=True, aggregator=None)
    older_count = fields.Integer("Older here", readonly=True, aggregator=None)
    missing_open_count = fields.Integer("New, still open", readonly=True, aggregator=None)
    missing_done_count = fields.Integer("New, done", readonly=True, aggregator=None)
    expected_count = fields.Integer("To be taken", compute="_compute_expected_count")

    # What was done
    taken_count = fields.Integer("Taken", readonly=True, aggregator=None)
    known_count = fields.Integer("Here already", readonly=True, aggregator=None)
    left_out_count = fields.Integer("Done, left out", readonly=True, aggregator=None)

    _one_active = models.UniqueIndex(
        "(flow_id) WHERE state IN ('queued', 'running')", "A backfill of this flow is under way already."
    )

    @api.depends("flow_id", "since")
    def _compute_display_name(self):
        for backfill in self:
            backfill.display_name = self.env._(
                "%(flow)s made since %(since)s",
                flow=backfill.flow_id.display_name,
                since=format_date(self.env, backfill.since),
            )

    @api.depends("scope", "older_count", "missing_open_count", "missing_done_count")
    def _compute_expected_count(self):
        for backfill in self:
            done = backfill.missing_done_count if backfill.scope == "all" else 0
            backfill.expected_count = backfill.older_count + backfill.missing_open_count + done

    @api.depends(
        "state", "phase", "line_count", "object_count", "root_count", "taken_count", "known_count", "export_id"
    )
    def _compute_progress(self):
        for backfill in self:
            read = backfill.line_count / backfill.object_count if backfill.object_count else 0.0
            handled = backfill.taken_count + backfill.known_count + backfill.left_out_count
            if backfill.state in ("counted", "done"):
                backfill.progress = 100.0
            elif backfill.phase == "count":
                backfill.progress = 100.0 * min(read, 1.0)
            elif backfill.phase == "fetch":
                backfill.progress = 50.0 * min(read, 1.0)
            else:
                backfill.progress = 50.0 + 50.0 * min(handled / max(backfill.root_count, 1), 1.0)

    # ---------------------------------------------------------------- begin and end

    @api.model
    def _begin(self, flow, since, scope="open"):
        """Begin to count what the channel of ``flow`` has since ``since`` (naive UTC); return the backfill."""
        flow.ensure_one()
        flow.check_access("read")
        self._check_operator()
        if not flow.can_backfill:
            raise UserError(self.env._("%s cannot be asked for its history.", flow.display_name))
        if since > fields.Datetime.now():
            raise UserError(self.env._("Choose a moment that has passed."))
        self._check_alone(flow)
        backfill = self.sudo().create({"flow_id": flow.id, "since": since, "scope": scope, "user_id": self.env.uid})
        backfill._enqueue()
        return backfill.with_env(self.env)

    def _check_alone(self, flow):
        if self.sudo().search_count([("flow_id", "=", flow.id), ("state", "in", _ACTIVE), ("id", "not in", self.ids)]):
            raise UserError(self.env._("Another backfill of %s is not finished. Cancel it first.", flow.display_name))

    def action_take(self):
        """Take what was counted: the person has read the report and confirms it."""
        self._check_step(("counted",), self.env._("It is taken once it is counted."))
        if self.flow_id.state == "off":
            raise UserError(self.env._("The flow is off: what is taken would be ignored. Set it to live first."))
        self._check_alone(self.flow_id)
        self.sudo()._forget_file()
        self.sudo().write({"state": "queued", "phase": "fetch", "finished_at": False, "lost_exports": 0})
        self.sudo()._enqueue()
        return True

    def action_set_open(self):
        return self._set_scope("open")

    def action_set_all(self):
        return self._set_scope("all")

    def _set_scope(self, scope):
        """Choose what of the report is taken, before it is."""
        self._check_step(("counted",), self.env._("What is taken is chosen before it is taken."))
        self.sudo().scope = scope
        return True

    def action_pause(self):
        """Stop for a while. What is under way at the channel goes on there."""
        self._check_step(("queued", "running"), self.env._("It is not under way."))
        self.sudo().write({"state": "paused", "wait_until": False})
        return True

    def action_resume(self):
        """Go on where it was paused or stopped."""
        self.ensure_one()
        self._check_alone(self.flow_id)
        result = super().action_resume()
        self.sudo().write({"lost_exports": 0, "retries": 0, "wait_until": False})
        return result

    def action_cancel(self):
        """End it. What was taken stays taken, and what was only fetched is forgotten."""
        self._check_step(("queued", "running", "paused", "failed", "counted"), self.env._("It has ended already."))
        self.sudo()._forget_file()
        self.sudo().write({"state": "cancelled", "finished_at": fields.Datetime.now(), "wait_until": False})
        return True

    def _check_step(self, states, text):
        self.ensure_one()
        self._check_operator()
        self.check_access("read")
        self.sudo().lock_for_update()
        self.invalidate_recordset(["state"])
        if self.state not in states:
            raise UserError(text)

    def action_open(self):
        return self._action_open()

    def action_view_taken(self):
        """Show the messages it brought."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_inbox")
        return dict(
            action,
            domain=[
                ("flow_id", "=", self.flow_id.id),
                ("topic", "=like", "backfill/%"),
                ("received_at", ">=", self.create_date),
            ],
        )

    def _forget_file(self):
        """Begin with another file: forget what was read of the last one."""
        for backfill in self:
            backfill_sql.drop(self.env.cr, backfill.id)
        self.write(
            {
                "export_id": False,
                "is_asking": False,
                "file_offset": 0,
                "line_count": 0,
                "root_count": 0,
                "unreadable_count": 0,
                "object_count": 0,
                "taken_subject": False,
            }
        )

    @api.autovacuum
    def _gc_fetched(self):
        """Forget what was fetched and nobody took: it is fetched again by whoever goes on."""
        before = fields.Datetime.now() - timedelta(days=_KEPT_DAYS)
        left = self.search(
            [("state", "in", ("paused", "failed")), ("phase", "!=", "count"), ("write_date", "<", before)]
        )
        left._forget_file()
        left.write({"phase": "fetch"})


class RetailBackfillPart(models.Model):
    """One line of a channel's file until its subject is taken. Written by ``engine/backfill_sql.py`` alone, which
    keeps the line itself outside the ORM.
    """

    _name = "retail.backfill.part"
    _description = "Line of a backfill's file"
    _log_access = False
    _order = "id"

    backfill_id = fields.Many2one("retail.backfill", required=True, readonly=True, ondelete="cascade")
    line_number = fields.Integer(required=True, readonly=True)
    subject = fields.Char(required=True, readonly=True)
    is_root = fields.Boolean(required=True, readonly=True)

    _line_unique = models.Constraint("UNIQUE(backfill_id, line_number)", "A line of a file is there once.")
    # The next subjects to be taken, and the lines of some.
    _subject_index = models.Index("(backfill_id, subject, line_number)")

    def init(self):
        self.env.cr.execute("ALTER TABLE retail_backfill_part ADD COLUMN IF NOT EXISTS body bytea")
