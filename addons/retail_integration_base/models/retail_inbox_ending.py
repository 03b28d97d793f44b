"""How each message ends: its state, its log line, its exception. The one place that says what an error means."""

import logging
import time
import traceback
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..engine import backoff, inbox_sql
from ..engine.errors import MalformedMessage, NeedsHuman, RateLimited, Refused, RetailError, RetryLater, VendorChanged
from ..engine.fingerprint import text_cause_key
from ..engine.text import clean_text, clean_value
from . import retail_inbox_processor  # noqa: F401 the model this file goes on with has to be there
from .retail_exception import evidence_text

_logger = logging.getLogger(__name__)

_REASON_CHARACTERS = 500


class RetailInboxProcessor(models.AbstractModel):
    _inherit = "retail.inbox.processor"

    def _finish(self, backend, flow, items, started):
        """Write the end of each message, its log line and its exception."""
        endings, log, finished_work, held_work, gone_through = [], [], [], [], []
        duration_ms = int((time.monotonic() - started) * 1000 / max(len(items), 1))
        for item in items:
            row, result = item.row, item.result
            ending = self._ending(backend, flow, item)
            endings.append(dict(ending, id=row["inbox_id"], attempts=row["attempts"]))
            evidence = getattr(result.error, "evidence", None)
            log.append(
                self._log_values(
                    row,
                    ending["state"],
                    message=ending["reason"],
                    error_class=ending.get("error_class"),
                    duration_ms=duration_ms,
                    evidence=evidence,
                )
            )
            state = ending["state"]
            if state == "retry":
                inbox_sql.postpone_work(self.env.cr, row["work_id"], ending["next_attempt_at"])
            elif state == "held":
                held_work.append(row["work_id"])
            else:
                finished_work.append(row["work_id"])
                if self._is_gone_through(item, state):
                    gone_through.append(row["subject_key"])
            for follower, follower_ending in self._follower_endings(item, state, ending["reason"]):
                endings.append(follower_ending)
                log.append(self._log_values(follower, follower_ending["state"], message=follower_ending["reason"]))
                finished_work.append(follower["work_id"])
        self._keep_records(items, endings)
        inbox_sql.finish_messages(self.env.cr, endings)
        inbox_sql.drop_work(self.env.cr, finished_work)
        inbox_sql.hold_work(self.env.cr, held_work)
        self._log(log)
        self.env["retail.exception"].sudo()._resolve_subjects(backend, gone_through)
        self.env["retail.inbox"].invalidate_model()

    def _follower_endings(self, item, state, reason):
        """Return ``(row, ending)`` of the older messages that end with a leader that ended in ``state``.

        What took effect, or will, stands for all of them. A leader that was only put aside stands for those that were
        claimed with it; such as are held keep their exception.
        """
        if state in ("ignored", "superseded"):
            return [(row, {"id": row["inbox_id"], "state": state, "reason": reason}) for row in item.claimed[1:]]
        reason = self.env._("A newer message of the same subject stands for it.")
        return [(row, {"id": row["inbox_id"], "state": "superseded", "reason": reason}) for row in item.followers]

    def _is_gone_through(self, item, state):
        """Return whether nothing of the subject is left for a person. What stands for a superseded one may be held."""
        return state == "done" or (state == "ignored" and len(item.claimed) == len(item.followers) + 1)

    def _keep_records(self, items, endings):
        """Note on each message which Odoo record it ended in."""
        by_id = {ending["id"]: ending for ending in endings}
        for item in items:
            record = item.result.record
            if record:
                by_id[item.row["inbox_id"]].update(res_model=record._name, res_id=record.id)

    def _ending(self, backend, flow, item):
        """Return the end of one message: state, reason and what goes with it. The one place that reads errors."""
        result = item.result
        if result.outcome in ("superseded", "ignored"):
            return {"state": result.outcome, "reason": _short(result.note)}
        if result.outcome != "failed":
            return {"state": "done", "reason": _short(result.note or result.outcome)}
        error = result.error
        is_patient = isinstance(error, RateLimited) or item.row["attempts"] < backoff.MAX_ATTEMPTS
        if isinstance(error, RetryLater) and is_patient:
            delay = backoff.next_delay(item.row["attempts"], at_least=error.delay)
            return {
                "state": "retry",
                "reason": _short(str(error)),
                "error_class": error.code,
                "next_attempt_at": fields.Datetime.now() + delay + timedelta(milliseconds=1),
            }
        exception = self._open_exception(backend, flow, item, error)
        return {
            "state": "quarantined" if isinstance(error, MalformedMessage) else "held",
            "reason": _short(str(error)),
            "error_class": getattr(error, "code", type(error).__name__),
            "exception_id": exception.id,
        }

    def _open_exception(self, backend, flow, item, error):
        evidence = dict(getattr(error, "evidence", {}))
        values = {"cause_key": text_cause_key(error), "cause_title": str(error) or type(error).__name__}
        if isinstance(error, NeedsHuman):
            values.update(
                kind=error.kind,
                cause_key=clean_text(error.cause_key),
                cause_title=error.cause_title,
                facts=clean_value(error.facts),
                amount=error.amount,
            )
        elif isinstance(error, RetryLater):
            values["kind"] = "retries_exhausted"
        elif isinstance(error, Refused):
            values["kind"] = "vendor_refused"
        elif isinstance(error, VendorChanged):
            values.update(kind="vendor_changed", cause_key="|".join(error.differences[:5]) or values["cause_key"])
            evidence["differences"] = error.differences
        elif isinstance(error, MalformedMessage):
            values["kind"] = "unreadable_message"
        elif isinstance(error, (UserError, ValidationError, AccessError)):
            values["kind"] = "odoo_refused"
        else:
            values["kind"] = "unexpected_error"
            _logger.error("%s failed: %s", item.row["subject_key"], type(error).__name__, exc_info=error)
        if not isinstance(error, RetailError):
            evidence["traceback"] = "".join(traceback.format_exception(error)[-12:])
        return (
            self.env["retail.exception"]
            .sudo()
            ._open(
                backend.sudo(), item.row["subject_key"], error, flow=flow, evidence=evidence_text(evidence), **values
            )
        )

    def _log_values(self, row, outcome, *, attempt=None, message=None, error_class=None, duration_ms=0, evidence=None):
        return {
            "backend_id": row["backend_id"],
            "flow_id": row.get("flow_id"),
            "inbox_id": row.get("inbox_id"),
            "entity": row.get("entity") or row["subject_key"].partition(":")[0],
            "subject_key": row["subject_key"],
            "attempt": row.get("attempts", 0) if attempt is None else attempt,
            "outcome": outcome,
            "error_class": error_class,
            "message": message,
            "duration_ms": duration_ms,
            "trace_id": row.get("trace_id"),
            "evidence": evidence or False,
        }

    def _log(self, values):
        if values:
            self.env["retail.sync.log"].sudo().create(values)


def _short(text):
    return clean_text(text or "")[:_REASON_CHARACTERS]
