"""What of a channel's list is here: by versions of what is bound, what waits and what was done about it."""

from odoo import fields, models

from ..engine import inbox_sql, recovery_sql
from ..engine.lanes import lane_of
from ..engine.messages import PRIORITY
from ..engine.receive import message_row
from ..engine.trace import new_trace_id
from . import retail_recovery  # noqa: F401 its statuses are those meant here

#: Ends of messages that were no decision about what they say.
_UNDECIDED = ("flow_off", "no_flow", "shadow")


class RetailFlow(models.Model):
    _inherit = "retail.flow"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    can_recover = fields.Boolean(compute="_compute_can_recover", help="The channel lists what has changed.")

    def _compute_can_recover(self):
        for flow in self:
            handler = "retail.connector.%s" % flow.backend_id.connector
            flow.can_recover = flow.direction == "in" and handler in self.env and self.env[handler]._lists_changes

    def action_recover(self):
        """Choose since when to look for what is missing here."""
        return self.env["retail.recover"]._open(self)

    def _find_statuses(self, keys):
        """Return dict dedupe key → which of :data:`STATUSES` but the last what the channel has is in here.

        State is known by its version. An event is known by its dedupe key, which has to be the one its webhook has.

        :param list[MessageKey] keys: of the channel's list
        """
        self.ensure_one()
        events = [key for key in keys if not key.is_state]
        keys = [key for key in keys if key.is_state]
        subjects = [key.subject_key for key in keys]
        bound = self._get_bound_versions(subjects)
        waiting = recovery_sql.waiting_versions(self.env.cr, self.backend_id.id, subjects)
        settled = recovery_sql.settled(self.env.cr, self.backend_id.id, subjects)
        has_bindings = self.env["retail.importer.%s" % self.entity]._binding_model is not None
        known = recovery_sql.known_events(self.env.cr, self.backend_id.id, [key.dedupe_key for key in events])
        return {key.dedupe_key: _status_of_event(known.get(key.dedupe_key)) for key in events} | {
            key.dedupe_key: _status_of(
                -1 if key.version is None else key.version,
                bound.get(key.subject_key),
                waiting.get(key.subject_key),
                settled.get(key.subject_key),
                has_bindings,
            )
            for key in keys
        }

    def _store_behind(self, key, body, headers=None):
        """Store one message behind live work, or take up the one that is there; return ``(inbox id, lane)``.

        :param MessageKey key: who it is about
        :param bytes body: of the message
        """
        backend = self.backend_id
        lane = lane_of(backend.id, key.subject_key)
        row = message_row(
            backend.id,
            key,
            flow=(self.id, "backfill"),
            body=body,
            headers=headers or {},
            origin="poll",
            trace_id=new_trace_id(),
        )
        inbox_id = inbox_sql.insert_message(self.env.cr, row)
        if not inbox_id:
            # It came once and ended without effect, as when the flow was off.
            message = self.env["retail.inbox"].search(
                [("backend_id", "=", backend.id), ("dedupe_key", "=", row["dedupe_key"])]
            )
            inbox_id = message.id
            inbox_sql.requeue(self.env.cr, {inbox_id: lane}, priority=PRIORITY["backfill"])
            message.invalidate_recordset()
        return inbox_id, lane


def _status_of(version, bound, waiting, settled, has_bindings):
    """Return which of :data:`STATUSES` one subject is in.

    :param int version: the channel's
    :param int bound: the one applied last, or ``None``
    :param int waiting: the newest that is not finished, or ``None``
    :param tuple settled: as of :func:`recovery_sql.settled`, or ``None``
    :param bool has_bindings: whether what is applied has a binding
    """
    if waiting is not None and waiting >= version:
        return "waiting"
    if bound is not None and bound >= version:
        return "applied"
    if settled and settled[0] >= version:
        _version, state, code, by_person = settled
        if state == "done" and not has_bindings:
            return "applied"
        if state == "ignored" and (by_person or code not in _UNDECIDED):
            return "ignored"
    return "missing" if bound is None else "older"


def _status_of_event(known):
    """Return which of :data:`STATUSES` one event is in.

    :param tuple known: ``(state, error class, whether a person decided)`` of its message, or ``None``
    """
    if known is None:
        return "missing"
    state, code, by_person = known
    if state == "ignored":
        return "ignored" if by_person or code not in _UNDECIDED else "missing"
    return "applied" if state in ("done", "superseded") else "waiting"
