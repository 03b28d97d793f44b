"""Recover since T: what the channel has since then, what of it is here, and taking what is missing."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ..engine import recovery_sql
from ..engine.errors import RetailError, RetryLater
from ..engine.lanes import RECOVERY_LOCK_SPACE
from ..engine.messages import MessageKey
from . import retail_long_run  # noqa: F401 the model this one builds on has to be there
from .fields import BigInteger
from .retail_inbox import short_subject

#: Lines per transaction while what is missing is taken.
TAKE_SIZE = 200
_KEPT_DAYS = 30
STATUSES = [
    ("applied", "Here and applied"),
    ("waiting", "Here and waiting"),
    ("ignored", "Left out by a rule or a person"),
    ("missing", "Missing here"),
    ("older", "Older here"),
    ("taken", "Taken"),
]
#: What is not here as the channel has it.
LACKING = ("missing", "older")


class RetailRecovery(models.Model):
    """One look at what a channel has since a moment. It never touches the flow's own watermark.

    Each page of the channel's list is committed with how far it has come (watermark, checkpoint), so that a killed
    worker or a channel that stops answering costs one page. What is missing is taken as messages behind live work.
    """

    _name = "retail.recovery"
    _inherit = "retail.long.run"
    _description = "Recovery"
    _order = "id desc"
    _lock_space = RECOVERY_LOCK_SPACE

    flow_id = fields.Many2one("retail.flow", required=True, readonly=True, index=True, ondelete="cascade")
    backend_id = fields.Many2one(related="flow_id.backend_id")
    company_id = fields.Many2one(related="flow_id.company_id", store=True, index=True)
    since = fields.Datetime("Changed since", required=True, readonly=True)
    watermark = fields.Datetime("Listed up to", readonly=True)
    checkpoint = fields.Json(readonly=True)
    phase = fields.Selection([("list", "List"), ("take", "Take")], required=True, readonly=True, default="list")
    state = fields.Selection(
        [
            ("queued", "Waits for its turn"),
            ("running", "Under way"),
            ("listed", "Listed"),
            ("done", "Taken"),
            ("failed", "Stopped"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="queued",
        index=True,
    )
    line_ids = fields.One2many("retail.recovery.line", "recovery_id", readonly=True)
    lacking_line_ids = fields.One2many(
        "retail.recovery.line",
        "recovery_id",
        "Missing or older here",
        domain=[("status", "in", (*LACKING, "taken"))],
        readonly=True,
    )
    total = fields.Integer("Changed in the channel", compute="_compute_counts")
    applied_count = fields.Integer("Here and applied", compute="_compute_counts")
    waiting_count = fields.Integer("Here and waiting", compute="_compute_counts")
    ignored_count = fields.Integer("Left out by a rule or a person", compute="_compute_counts")
    missing_count = fields.Integer("Missing here", compute="_compute_counts")
    older_count = fields.Integer("Older here", compute="_compute_counts")
    taken_count = fields.Integer("Taken", compute="_compute_counts")
    lacking_count = fields.Integer("To be taken", compute="_compute_counts")

    @api.depends("flow_id", "since")
    def _compute_display_name(self):
        for recovery in self:
            since = format_datetime(self.env, recovery.since, dt_format="short")
            recovery.display_name = self.env._(
                "%(flow)s since %(since)s", flow=recovery.flow_id.display_name, since=since
            )

    def _compute_counts(self):
        counts = {
            (recovery.id, status): count
            for recovery, status, count in self.env["retail.recovery.line"]._read_group(
                [("recovery_id", "in", self.ids)], ["recovery_id", "status"], ["__count"]
            )
        }
        for recovery in self:
            for status, _label in STATUSES:
                recovery["%s_count" % status] = counts.get((recovery.id, status), 0)
            recovery.lacking_count = sum(recovery["%s_count" % status] for status in LACKING)
            recovery.total = sum(recovery["%s_count" % status] for status, _label in STATUSES)

    # ---------------------------------------------------------------- begin and end

    @api.model
    def _begin(self, flows, since):
        """Begin to list what the channels of ``flows`` have since ``since`` (naive UTC); return the recoveries."""
        flows.check_access("read")
        self._check_operator()
        for flow in flows:
            if not flow.can_recover:
                raise UserError(self.env._("%s cannot be asked what has changed.", flow.display_name))
        if since > fields.Datetime.now():
            raise UserError(self.env._("Choose a moment that has passed."))
        recoveries = self.sudo().create(
            [{"flow_id": flow.id, "since": since, "user_id": self.env.uid} for flow in flows]
        )
        for recovery in recoveries:
            recovery._enqueue()
        return recoveries.with_env(self.env)

    def action_take(self):
        """Take what is missing or older here."""
        self._check_step(("listed",), self.env._("Take what is missing once the list is complete."))
        if self.flow_id.state == "off":
            raise UserError(self.env._("The flow is off: what is taken would be ignored. Set it to live first."))
        self.sudo().write({"state": "queued", "phase": "take", "finished_at": False})
        self.sudo()._enqueue()
        return True

    def action_list_again(self):
        """List anew from the beginning."""
        self._check_step(("listed", "done", "cancelled"), self.env._("It is under way."))
        recovery = self.sudo()
        recovery.line_ids.unlink()
        recovery.write(
            {"state": "queued", "phase": "list", "watermark": False, "checkpoint": False, "finished_at": False}
        )
        recovery._enqueue()
        return True

    def action_cancel(self):
        """Stop. What was taken stays taken."""
        self._check_step(("queued", "running", "failed"), self.env._("It has ended already."))
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

    def action_view_lines(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "retail.recovery.line",
            "view_mode": "list",
            "domain": [("recovery_id", "=", self.id)],
        }

    def action_view_taken(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_inbox")
        return dict(action, domain=[("id", "in", self.line_ids.inbox_id.ids)])

    # ---------------------------------------------------------------- work

    def _steps(self):
        yield False
        yield from self._take_steps() if self.phase == "take" else self._list_steps()

    def _finish_run(self):
        state = "done" if self.phase == "take" else "listed"
        self.write({"state": state, "finished_at": fields.Datetime.now()})

    def _list_steps(self):
        """List page after page. A job ends only where it got further: what is listed twice must not go on for ever."""
        drain, flow = self.env["retail.drain"], self.flow_id
        began = (self.watermark, self.checkpoint)
        if self.env["retail.circuit"]._admit(flow) == 0:
            raise RetryLater(self.env._("The channel does not answer, or wants us to slow down."))
        for page in self._ask(self.watermark or self.since, self.checkpoint or None):
            self._note_page(page.changes)
            self.write(
                {"watermark": max(page.watermark, self.watermark or page.watermark), "checkpoint": page.checkpoint}
            )
            yield (self.watermark, self.checkpoint) != began
            # The channel is called for the next page with no transaction open.
            drain._commit()

    def _ask(self, since, checkpoint):
        """Yield the channel's pages since ``since``; the circuit learns how each call ended."""
        drain, circuit, flow = self.env["retail.drain"], self.env["retail.circuit"], self.flow_id
        # The list of a year must leave the calls to those who sell now.
        caller = flow.backend_id._calling_for(flow, "backfill")
        pages = iter(caller._get_handler()._list_pages(caller, flow, since, checkpoint))
        while True:
            drain._commit()
            try:
                page = next(pages, None)
            except RetailError as error:
                drain._rollback()
                circuit._note(flow, [error])
                raise
            drain._commit()
            circuit._note(flow, [None])
            if page is None:
                return
            yield page

    def _note_page(self, changes):
        newest = {}
        for change in sorted(changes, key=lambda change: -1 if change.key.version is None else change.key.version):
            newest[change.key.subject_key if change.key.is_state else change.key.dedupe_key] = change
        statuses = self.flow_id._find_statuses([change.key for change in newest.values()])
        recovery_sql.note_lines(
            self.env.cr,
            [
                {
                    "recovery_id": self.id,
                    "line_key": line_key,
                    "subject_key": change.key.subject_key,
                    "topic": change.key.topic,
                    "entity": change.key.entity,
                    "dedupe_key": change.key.dedupe_key,
                    "version": change.key.version,
                    "is_state": change.key.is_state,
                    "occurred_at": change.key.occurred_at,
                    "status": statuses[change.key.dedupe_key],
                    "body": change.body if statuses[change.key.dedupe_key] in LACKING else None,
                }
                for line_key, change in newest.items()
            ],
        )
        self.env["retail.recovery.line"].invalidate_model()

    def _take_steps(self):
        while True:
            lines = self.line_ids.search(
                [("recovery_id", "=", self.id), ("status", "in", LACKING)], order="id", limit=TAKE_SIZE
            )
            if not lines:
                return
            self.flow_id._require_room()
            self._take(lines)
            yield True

    def _take(self, lines):
        """Make messages of what is still not here. What came by itself since the list was made is left alone."""
        keys = {line: line._get_key() for line in lines}
        statuses = self.flow_id._find_statuses(list(keys.values()))
        bodies = recovery_sql.read_bodies(self.env.cr, lines.ids)
        lanes = set()
        for line, key in keys.items():
            status = statuses[key.dedupe_key]
            if status not in LACKING:
                line.status = status
                continue
            inbox_id, lane = self.flow_id._store_behind(key, bodies[line.id])
            line.write({"status": "taken", "inbox_id": inbox_id})
            lanes.add(lane)
        self.env["retail.drain"]._wake_after_commit(lanes)

    @api.autovacuum
    def _gc_lines(self):
        """Forget what was listed; the recovery and the messages it took stay."""
        before = fields.Datetime.now() - timedelta(days=_KEPT_DAYS)
        self.search([("finished_at", "<", before), ("state", "in", ("listed", "done", "cancelled"))]).line_ids.unlink()


class RetailRecoveryLine(models.Model):
    """One subject as the channel lists it. Written by ``engine/recovery_sql.py``; the body is outside the ORM."""

    _name = "retail.recovery.line"
    _description = "Line of a recovery"
    _log_access = False
    _order = "id"
    _rec_name = "subject_key"

    recovery_id = fields.Many2one("retail.recovery", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="recovery_id.company_id")
    line_key = fields.Char(required=True, readonly=True)
    subject_key = fields.Char(required=True, readonly=True)
    subject_name = fields.Char("Subject", compute="_compute_subject_name")
    topic = fields.Char(readonly=True)
    entity = fields.Char(readonly=True)
    dedupe_key = fields.Char(required=True, readonly=True)
    version = BigInteger(readonly=True)
    is_state = fields.Boolean(readonly=True)
    occurred_at = fields.Datetime("Changed in the channel", readonly=True)
    status = fields.Selection(STATUSES, required=True, readonly=True)
    inbox_id = fields.Many2one("retail.inbox", "Message", readonly=True, index="btree_not_null", ondelete="set null")
    message_state = fields.Selection(related="inbox_id.state", string="State of the message")

    _line_unique = models.Constraint("UNIQUE(recovery_id, line_key)", "A recovery lists a subject once.")
    # What is left to be taken, and the counts.
    _status_index = models.Index("(recovery_id, status, id)")

    def init(self):
        self.env.cr.execute("ALTER TABLE retail_recovery_line ADD COLUMN IF NOT EXISTS body bytea")

    @api.depends("subject_key")
    def _compute_subject_name(self):
        for line in self:
            line.subject_name = short_subject(line.subject_key)

    def _get_key(self):
        return MessageKey(
            topic=self.topic,
            entity=self.entity,
            subject_key=self.subject_key,
            dedupe_key=self.dedupe_key,
            version=self.version or None,
            occurred_at=self.occurred_at or None,
            is_state=self.is_state,
        )
