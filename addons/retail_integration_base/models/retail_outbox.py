"""What Odoo has to tell a vendor: written in the transaction of the change it is about."""

import json
import uuid

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import UserError
from odoo.http import request

from ..engine import outbox_sql
from ..engine.lanes import out_lane_of
from ..engine.messages import PRIORITY
from ..engine.trace import new_trace_id, served, trace_id_of
from . import retail_record_link  # noqa: F401 the model this one builds on has to be there
from .retail_inbox import short_subject

#: Idempotency keys are UUIDs of version 5 in this namespace.
_NAMESPACE = uuid.UUID("6f1c3f5e-5f0e-4d0c-9a53-0f2d6f3f8a11")
_MARKS = "retail.outbox.marks"
_TRACE = "retail.outbox.trace"


class RetailOutbox(models.Model):
    """One intent. For state there is one row per subject for good, made unfinished again by each change."""

    _name = "retail.outbox"
    _inherit = "retail.record.link"
    _description = "Retail outbound intent"
    _order = "id desc"
    _rec_name = "subject_key"
    _log_access = False

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="backend_id.company_id")
    flow_id = fields.Many2one("retail.flow", required=True, readonly=True, ondelete="restrict")
    entity = fields.Char(required=True, readonly=True)
    operation = fields.Char(required=True, readonly=True)
    subject_key = fields.Char(required=True, readonly=True)
    subject_name = fields.Char("Subject", compute="_compute_subject_name")
    is_state = fields.Boolean(
        readonly=True, help="It tells how its subject is; what is sent is read when it is sent, and the newest stands."
    )
    idempotency_key = fields.Char(readonly=True, help="The same however often a command is tried.")
    payload = fields.Json(readonly=True)
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("retry", "Will be retried"),
            ("held", "Held by an exception"),
            ("done", "Done"),
            ("ignored", "Ignored"),
        ],
        required=True,
        readonly=True,
        default="pending",
    )
    reason = fields.Char(readonly=True)
    attempts = fields.Integer(readonly=True, aggregator=None)
    next_attempt_at = fields.Datetime("Next attempt", readonly=True)
    error_class = fields.Char(readonly=True)
    exception_id = fields.Many2one("retail.exception", readonly=True, index="btree_not_null", ondelete="set null")
    trace_id = fields.Char(readonly=True, index="btree_not_null")
    external_id = fields.Char("Id in the channel", readonly=True)
    answer = fields.Json(readonly=True, help="What the channel answered last.")
    checksum = fields.Char(readonly=True, help="Digest of what the channel was told last.")
    content_dropped_at = fields.Datetime("Content dropped", readonly=True)
    created_at = fields.Datetime("First ordered", readonly=True)
    dirty_at = fields.Datetime("Changed", readonly=True, help="When the change was made that is not sent yet.")
    sent_at = fields.Datetime("Last answer", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    log_ids = fields.One2many("retail.sync.log", "outbox_id", "Sync log")

    # However often a subject changes, at most one intent to tell about it is pending.
    _state_unique = models.UniqueIndex("(flow_id, subject_key) WHERE is_state", "This subject has an intent already.")
    # A command is given once.
    _command_unique = models.Constraint(
        "UNIQUE(backend_id, idempotency_key)", "This command has been given to the channel already."
    )
    _subject_index = models.Index("(backend_id, subject_key, id)")
    # Dashboards and flows count what is unfinished.
    _unfinished_index = models.Index("(flow_id, state) WHERE state IN ('pending', 'retry', 'held')")
    # ``_CONTENTS`` of ``engine/retention_sql.py``.
    _content_index = models.Index("(backend_id, id) WHERE payload IS NOT NULL OR answer IS NOT NULL")
    # The timeline of an Odoo record.
    _record_index = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")

    @api.depends("subject_key")
    def _compute_subject_name(self):
        for intent in self:
            intent.subject_name = short_subject(intent.subject_key)

    # ---------------------------------------------------------------- written by the business

    @api.model
    def _mark_dirty(self, entity, company, keys, backend_id=None):
        """Note that records changed, so that every live flow of ``entity`` out of Odoo tells its vendor.

        Costs no SQL now, and one statement for the whole transaction when it is flushed.

        :param str entity: e.g. ``stock_level``
        :param res.company company: of the records
        :param keys: iterable of str, what the exporter of the entity finds the records by
        :param int backend_id: only this backend is to be told; ``None``: all of the company's
        """
        flows = self._get_out_flows(entity, company.id, backend_id)
        if not flows:
            return
        trace_id = self._get_trace_id()
        precommit = self.env.cr.precommit
        marks = precommit.data.get(_MARKS)
        if marks is None:
            marks = precommit.data[_MARKS] = {}
            precommit.add(self.with_user(SUPERUSER_ID)._write_marks)
        for flow_id, lane in flows:
            # A dict is a set that keeps its order: what changed first goes first.
            marks.update(dict.fromkeys(((flow_id, lane, key) for key in keys), trace_id))

    def _write_marks(self):
        marks = self.env.cr.precommit.data.pop(_MARKS, None)
        if marks:
            outbox_sql.mark(self.env.cr, [(*mark, trace_id) for mark, trace_id in marks.items()])
            self.env["retail.drain"]._wake_after_commit({lane for _flow_id, lane, _key in marks})

    @api.model
    def _get_trace_id(self):
        """Return the trace that a change made now belongs to.

        While a message is worked on, the message's. Otherwise somebody begins something: one trace per transaction,
        the caller's own where the request brings a ``traceparent``.
        """
        trace = served()
        if trace:
            return trace.id
        data = self.env.cr.postcommit.data
        if _TRACE not in data:
            data[_TRACE] = trace_id_of(request.httprequest.headers) if request else new_trace_id()
        return data[_TRACE]

    @api.model
    @tools.ormcache("entity", "company_id", "backend_id")
    def _get_out_flows(self, entity, company_id, backend_id=None):
        """Return ``(flow id, lane)`` of the flows that take state of ``entity`` out of this company."""
        domain = [
            ("direction", "=", "out"),
            ("entity", "=", entity),
            ("state", "!=", "off"),
            ("backend_id.company_id", "=", company_id),
            ("backend_id.active", "=", True),
        ]
        if backend_id:
            domain.append(("backend_id", "=", backend_id))
        flows = self.env["retail.flow"].sudo().search(domain)
        return tuple((flow.id, out_lane_of(flow.id)) for flow in flows)

    @api.model
    def _command(self, flow, operation, key, payload, *, record=None, trace_id=None):
        """Order something to be done once at the vendor, in this transaction.

        :param retail.flow flow: one, out of Odoo
        :param str operation: name of the command, e.g. ``create``
        :param str key: the record's key; commands of one key are carried out in order
        :param payload: JSON-like, what the exporter needs besides the record. With ``flow``, ``operation`` and ``key``
            it decides whether this is the same command as one before: that one is returned
        :param record: the Odoo record it is about
        :param str trace_id: of the one message that causes it, for an importer that works on several at once
        :return: the intent; an empty one if the flow is off
        """
        flow.ensure_one()
        flow = flow.sudo()
        if flow.state == "off":
            return self.browse()
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        name = json.dumps([database, flow.id, operation, key, payload], sort_keys=True)
        subject_key = "%s:odoo/%s" % (flow.entity, key)
        idempotency_key = str(uuid.uuid5(_NAMESPACE, name))
        row = {
            "backend_id": flow.backend_id.id,
            "flow_id": flow.id,
            "entity": flow.entity,
            "operation": operation,
            "subject_key": subject_key,
            "idempotency_key": idempotency_key,
            "payload": payload,
            "res_model": record._name if record else None,
            "res_id": record.id if record else None,
            "trace_id": trace_id or self._get_trace_id(),
            "lane": out_lane_of(flow.id, subject_key),
            "priority": PRIORITY[flow.latency],
        }
        intent_id = outbox_sql.insert_command(self.env.cr, row)
        if intent_id:
            self.env["retail.drain"]._wake_after_commit({row["lane"]})
            return self.browse(intent_id)
        return self.search(
            [("backend_id", "=", flow.backend_id.id), ("idempotency_key", "=", idempotency_key)], limit=1
        )

    # ---------------------------------------------------------------- buttons

    def action_replay(self):
        """Tell the channel again: few at once, many in a run with progress. A command is looked for there first."""
        return self.env["retail.bulk.run"]._start_messages("replay_messages", self)

    def action_open_replay(self):
        """See what a replay would tell the channel, or replay."""
        return self.env["retail.replay"]._open(self)

    def _requeue(self):
        """Make work of these intents again and wake the drain after the commit."""
        lost = self.sudo().filtered(lambda intent: intent.content_dropped_at and not intent.is_state)
        if lost:
            raise UserError(
                self.env._(
                    "What %(count)s of these commands were given was dropped as the backend's retention says "
                    "(%(subject)s, on %(date)s). They cannot be sent again.",
                    count=len(lost),
                    subject=lost[0].subject_name,
                    date=fields.Datetime.to_string(lost[0].content_dropped_at),
                )
            )
        lanes = {
            intent.id: out_lane_of(intent.flow_id.id, None if intent.is_state else intent.subject_key)
            for intent in self.sudo()
        }
        self.env["retail.drain"]._wake_after_commit(outbox_sql.requeue(self.env.cr, lanes))
        self.invalidate_model()
