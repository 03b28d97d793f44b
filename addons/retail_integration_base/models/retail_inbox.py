"""Inbound messages: what came, when, and what became of it."""

import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import inbox_sql
from ..engine.lanes import lane_of
from ..engine.redact import redact
from . import retail_record_link  # noqa: F401 the model this one builds on has to be there
from .fields import BigInteger

#: What the form shows of a body; the whole is a download away.
_SHOWN_CHARACTERS = 20_000


class RetailInbox(models.Model):
    """One message as it was received, written by ``engine/inbox_sql.py``.

    The body is a column outside the ORM: Odoo keeps Binary columns in base64, and the bytes a signature was made over
    have to stay what they were.
    """

    _name = "retail.inbox"
    _inherit = "retail.record.link"
    _description = "Retail message"
    _order = "id desc"
    _rec_name = "subject_key"
    _log_access = False

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="backend_id.company_id")
    flow_id = fields.Many2one("retail.flow", readonly=True, index="btree_not_null", ondelete="set null")
    credential_id = fields.Many2one(
        "retail.credential", "Signed with", readonly=True, index="btree_not_null", ondelete="set null"
    )
    endpoint = fields.Char(readonly=True)
    origin = fields.Selection(
        [("webhook", "Webhook"), ("poll", "Poll"), ("manual", "Manual"), ("api", "API")], required=True, readonly=True
    )
    topic = fields.Char(readonly=True)
    entity = fields.Char(readonly=True)
    subject_key = fields.Char(required=True, readonly=True)
    subject_name = fields.Char("Subject", compute="_compute_subject_name")
    version = BigInteger(readonly=True)
    is_state = fields.Boolean(
        readonly=True, help="The message tells how its subject is, so that the newest one stands for all."
    )
    dedupe_key = fields.Char(required=True, readonly=True)
    trace_id = fields.Char(readonly=True, index="btree_not_null")
    headers = fields.Json(readonly=True, groups="retail_integration_base.group_retail_manager")
    body_size = fields.Integer("Size (bytes)", readonly=True, aggregator=None)
    problem = fields.Char(readonly=True)
    occurred_at = fields.Datetime(readonly=True)
    received_at = fields.Datetime("Received", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("retry", "Will be retried"),
            ("held", "Held by an exception"),
            ("done", "Done"),
            ("superseded", "Superseded"),
            ("ignored", "Ignored"),
            ("quarantined", "Quarantined"),
        ],
        required=True,
        readonly=True,
        default="pending",
    )
    reason = fields.Char(readonly=True)
    attempts = fields.Integer(readonly=True, aggregator=None)
    next_attempt_at = fields.Datetime("Next attempt", readonly=True)
    error_class = fields.Char(readonly=True, help="What failed, or why nobody looked at it, for machines.")
    exception_id = fields.Many2one("retail.exception", readonly=True, index="btree_not_null", ondelete="set null")
    log_ids = fields.One2many("retail.sync.log", "inbox_id", "Sync log")
    body_dropped_at = fields.Datetime("Content dropped", readonly=True)
    body_redacted = fields.Text("Content", compute="_compute_body_redacted")
    body_raw = fields.Text(
        "Raw content", compute="_compute_body_raw", groups="retail_integration_base.group_retail_manager"
    )

    # Two deliveries of one event are one message.
    _dedupe_unique = models.Constraint("UNIQUE(backend_id, dedupe_key)", "This message has been received already.")
    # The timeline of a subject, on exception and message forms.
    _subject_index = models.Index("(backend_id, subject_key, id)")
    # Dashboards and flows count what is unfinished; finished rows are millions and never looked up by state.
    _unfinished_index = models.Index("(flow_id, state) WHERE state IN ('pending', 'retry', 'held', 'quarantined')")
    _backend_index = models.Index("(backend_id, id DESC)")
    # Dead letters: few among millions, the newest first.
    _dead_index = models.Index("(id DESC) WHERE state IN ('held', 'quarantined', 'ignored')")

    # The timeline of an Odoo record.
    _record_index = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")

    def init(self):
        self.env.cr.execute("ALTER TABLE retail_inbox ADD COLUMN IF NOT EXISTS body bytea")
        # ``_BODIES`` of ``engine/retention_sql.py``: those that are still there, the oldest first.
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS retail_inbox_body_index ON retail_inbox (backend_id, id) WHERE body IS NOT NULL"
        )

    @api.depends("subject_key")
    def _compute_subject_name(self):
        for message in self:
            message.subject_name = short_subject(message.subject_key)

    def _read_bodies(self):
        """Return dict id → raw bytes."""
        self.env.cr.execute("SELECT id, body FROM retail_inbox WHERE id = ANY(%s)", (self.ids,))
        return {message_id: bytes(body) for message_id, body in self.env.cr.fetchall() if body is not None}

    def _compute_body_redacted(self):
        bodies = self.sudo()._read_bodies()
        for message in self:
            if message.body_dropped_at:
                message.body_redacted = message._get_dropped_text()
            else:
                keys = message.backend_id._get_redacted_keys()
                message.body_redacted = pretty_redacted(bodies.get(message.id, b""), keys)

    def _compute_body_raw(self):
        bodies = self._read_bodies()
        for message in self:
            if message.body_dropped_at:
                message.body_raw = message._get_dropped_text()
                continue
            text = bodies.get(message.id, b"").decode("utf-8", "backslashreplace").replace("\x00", "␀")
            message.body_raw = text[:_SHOWN_CHARACTERS]

    def _get_dropped_text(self):
        return self.env._(
            "The content was dropped on %s, as the backend's retention says.",
            fields.Datetime.to_string(self.body_dropped_at),
        )

    # ---------------------------------------------------------------- buttons

    def action_replay(self):
        """Work through these messages again: few at once, many in a run with progress."""
        return self.env["retail.bulk.run"]._start_messages("replay_messages", self)

    def action_open_replay(self):
        """Choose how to replay these messages, or see first what that would change."""
        return self.env["retail.replay"]._open(self)

    def _requeue(self, asks_channel=False, priority=None):
        """Make work of these messages again and wake the drain after the commit.

        :param bool asks_channel: instead of taking the stored bytes, where the connector can do both
        :param int priority: of the work; ``None``: that of the flow
        """
        self._check_content(asks_channel)
        lanes = {message.id: lane_of(message.backend_id.id, message.subject_key) for message in self.sudo()}
        self.env["retail.drain"]._wake_after_commit(
            inbox_sql.requeue(self.env.cr, lanes, asks_channel=asks_channel, priority=priority)
        )
        self.invalidate_model()

    def _check_content(self, asks_channel=False):
        """Make sure that there is something to replay: the content, or a channel that is asked again.

        :raises UserError: neither is there for some of these messages
        """
        dropped = self.sudo().filtered("body_dropped_at")
        lost = dropped.filtered(lambda message: "channel" not in message._get_replay_sources())
        untold = (dropped - lost).filtered(lambda message: message._get_replay_sources()[0] != "channel")
        if untold and not asks_channel:
            raise UserError(
                self.env._(
                    "The content of %(count)s of these messages was dropped as the backend's retention says "
                    "(%(subject)s, on %(date)s). Ask the channel again instead.",
                    count=len(untold),
                    subject=untold[0].subject_name,
                    date=fields.Datetime.to_string(untold[0].body_dropped_at),
                )
            )
        if lost:
            raise UserError(
                self.env._(
                    "The content of %(count)s of these messages was dropped as the backend's retention says "
                    "(%(subject)s, on %(date)s), and this channel cannot be asked for it. Have it sent again.",
                    count=len(lost),
                    subject=lost[0].subject_name,
                    date=fields.Datetime.to_string(lost[0].body_dropped_at),
                )
            )

    def _get_replay_sources(self):
        """Return where a replay of this message may take its document from, the usual way first."""
        self.ensure_one()
        return self.backend_id._get_handler()._get_replay_sources(self.backend_id, self.entity)

    # ---------------------------------------------------------------- for people and files

    @api.model
    def _receive_manual(self, backend, key, body, origin="manual"):
        """Store a message a person, a file or an API call brings; return it, or the one that was there already.

        :param MessageKey key: who it is about
        :param bytes body: what was brought
        """
        from ..engine.receive import message_row
        from ..engine.trace import new_trace_id

        flow = backend.flow_ids.filtered(lambda flow: flow.entity == key.entity and flow.direction == "in")
        row = message_row(
            backend.id,
            key,
            flow=(flow.id, flow.latency) if flow else None,
            body=body,
            headers={},
            origin=origin,
            trace_id=new_trace_id(),
        )
        inbox_id = inbox_sql.insert_message(self.env.cr, row)
        if inbox_id:
            self.env["retail.drain"]._wake_after_commit({row["lane"]})
            return self.browse(inbox_id)
        return self.search([("backend_id", "=", backend.id), ("dedupe_key", "=", row["dedupe_key"])])


def short_subject(subject_key):
    """Return a subject as a list shows it: ``order:gid://shopify/Order/77`` is ``order 77``."""
    entity, _colon, external_id = (subject_key or "").partition(":")
    return ("%s %s" % (entity, external_id.rpartition("/")[2]))[:60]


def pretty_redacted(body, keys=frozenset()):
    """Return a JSON body, indented and without personal data; for anything else say only what it is.

    :param bytes body: raw
    :param frozenset keys: what the backend masks beside the usual
    """
    try:
        value = json.loads(body)
        text = json.dumps(redact(value, keys=keys), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "%d bytes that are not JSON" % len(body)
    return text.replace("\x00", "␀").encode("utf-8", "replace").decode()[:_SHOWN_CHARACTERS]
