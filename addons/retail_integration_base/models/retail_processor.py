"""What working off messages and telling intents have in common: one group of work, and what its errors mean."""

import logging
import random
import time
import traceback
from datetime import timedelta

import psycopg2
from psycopg2 import errorcodes

from odoo import fields, models
from odoo.exceptions import AccessError, LockError, UserError, ValidationError
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY

from ..engine import backoff
from ..engine.errors import (
    BudgetSpent,
    MalformedMessage,
    NeedsHuman,
    RateLimited,
    Refused,
    RetailError,
    RetryLater,
    VendorChanged,
)
from ..engine.fingerprint import text_cause_key
from ..engine.messages import PRIORITY, ImportResult
from ..engine.text import clean_text, clean_value
from ..engine.trace import served, serving
from .retail_exception import evidence_text

_logger = logging.getLogger(__name__)

#: Work whose worker died this often is kept apart.
MAX_DEATHS = 3
MAX_CONFLICTS = 5
_REASON_CHARACTERS = 500
#: While PostgreSQL has no room, work is looked at again after so long; each look may cost a call to the vendor.
_NO_ROOM_SECONDS = (10, 20)
_LATENCY = {priority: latency for latency, priority in PRIORITY.items()}


class RetailProcessor(models.AbstractModel):
    """Base of ``retail.inbox.processor`` and ``retail.outbox.processor``.

    An *item* has ``row`` (what was claimed), ``claimed`` (all rows it stands for) and ``result``.
    """

    _name = "retail.processor"
    _description = "Retail processor"

    def _work_through(self, backend, flow, items):
        """Bring items of one backend and flow to their ends, each written and committed."""
        raise NotImplementedError

    def _finish(self, backend, flow, items, started):
        """Write the end of each item, its log line and its exception."""
        raise NotImplementedError

    def _release(self, items, not_before=None):
        """Give claimed items back as if they had not been claimed.

        :param datetime not_before: naive UTC; ``None``: as it was
        """
        raise NotImplementedError

    def _unclaim(self, rows, not_before):
        """Undo the claim of ``rows`` whole, so that what is to be said of an attempt before it can still be said."""
        raise NotImplementedError

    def _note_interrupted(self, items):
        """Keep what is known of items whose group failed as a whole, before they are looked at again."""

    # ---------------------------------------------------------------- one group

    def _process_group(self, backend, flow, items):
        """Work through a group; if that fails as a whole, through each of its items alone."""
        try:
            with serving([item.row["trace_id"] for item in items]):
                self._try_group(backend, flow, items)
        except psycopg2.OperationalError as error:
            if not is_out_of_resources(error):
                raise  # the database is away; the claims are taken up again when it is back
            # No end without its log line: both are one transaction, which is gone. What the vendor answered is kept.
            _logger.error("PostgreSQL has no room for the ends of %d messages: %s", len(items), error)
            self.env["retail.drain"]._rollback()
            self._note_interrupted(items)
            self._release(items, _room_is_looked_for_at())
            self.env["retail.drain"]._commit()

    def _try_group(self, backend, flow, items):
        drain = self.env["retail.drain"]
        if not backend.sudo().is_armed:
            # Disarmed since the claim: they wait until it is armed again.
            self._release(items)
            drain._commit()
            return
        items = self._admitted(flow, items)
        if not items:
            return
        try:
            self._work_through(backend, flow, items)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 one of the places that turn any failure into a record
            drain._rollback()
            self._note_interrupted(items)
            if len(items) > 1:
                for item in items:
                    self._process_group(backend, flow, [item])
            else:
                self._record_failure(backend, flow, items[0], error)

    def _admitted(self, flow, items):
        """Return the items that may go on: all, or one where a vendor that did not answer is tried again."""
        limit = self.env["retail.circuit"]._admit(flow) if flow else None
        if limit is None:
            return items
        self._release(items[limit:])
        self.env["retail.drain"]._commit()
        return items[:limit]

    def _give_back_unpaid(self, items):
        """Give back what our own budget of calls did not allow, as if nobody had claimed it; return the rest.

        When it is claimed again is said by ``retail_budget_wait``.
        """
        unpaid = [item for item in items if _is_unpaid(item)]
        if not unpaid:
            return items
        self._release(unpaid)
        self.env["retail.drain"]._commit()
        return [item for item in items if not _is_unpaid(item)]

    def _latency(self, items):
        """Return the class of the most urgent of ``items``."""
        # What only looks (a dry run) was not claimed, and can wait.
        return _LATENCY[min(item.row.get("priority", PRIORITY["batch"]) for item in items)]

    def _record_failure(self, backend, flow, item, error):
        """Hold an item that fails outside its import or its sending, or while its end is written."""
        _logger.error("%s could not be worked through", item.row["subject_key"], exc_info=error)
        item.result = ImportResult.failed(error)
        self._finish(backend, flow, [item], time.monotonic())
        self.env["retail.drain"]._commit()

    def _log_lost_attempts(self, rows):
        """Record the attempts that nobody finished: their worker was killed, so nobody else could.

        :return: whether that was possible; otherwise the claim is undone, and whoever claims next records them
        """
        try:
            self._log([self._lost_values(row, row["attempts"] - 1) for row in rows if row["lost_at"]])
            self.env["retail.drain"]._commit()
        except psycopg2.OperationalError as error:
            if not is_out_of_resources(error):
                raise
            _logger.error("PostgreSQL has no room for the log: %s", error)
            self.env["retail.drain"]._rollback()
            self._unclaim(rows, _room_is_looked_for_at())
            self.env["retail.drain"]._commit()
            return False
        return True

    def _lost_values(self, row, attempt):
        return self._log_values(
            row, "lost", attempt=attempt, message=self.env._("The worker died during this attempt.")
        )

    def _death_error(self, row, cause_key):
        """Return the error of work that kills its workers."""
        return NeedsHuman(
            self.env._(
                "%(subject)s: %(count)s attempts ended with the death of the worker process.",
                subject=row["subject_key"],
                count=row["deaths"],
            ),
            kind="worker_killed",
            cause_key=cause_key,
        )

    # ---------------------------------------------------------------- what an error means

    def _ending(self, backend, flow, item):
        """Return the end of one message: state, reason and what goes with it. The one place that reads errors."""
        result = item.result
        if result.outcome in ("superseded", "ignored"):
            return {"state": result.outcome, "reason": _short(result.note), "error_class": result.code}
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
        values, evidence = self._read_error(error)
        if values["kind"] == "unexpected_error":
            _logger.error("%s failed: %s", item.row["subject_key"], type(error).__name__, exc_info=error)
        return (
            self.env["retail.exception"]
            .sudo()
            ._open(
                backend.sudo(),
                item.row["subject_key"],
                error,
                flow=flow,
                evidence=evidence_text(evidence, backend._get_redacted_keys()),
                **values,
            )
        )

    def _read_error(self, error):
        """Return ``(values of the exception that error makes, evidence)``."""
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
        if not isinstance(error, RetailError):
            evidence["traceback"] = "".join(traceback.format_exception(error)[-12:])
        return values, evidence

    def _log_values(self, row, outcome, *, attempt=None, message=None, error_class=None, duration_ms=0, evidence=None):
        trace = served()
        return {
            "backend_id": row["backend_id"],
            "flow_id": row.get("flow_id"),
            "inbox_id": row.get("inbox_id"),
            "outbox_id": row.get("outbox_id"),
            "direction": "in" if row.get("inbox_id") else "out",
            "entity": row.get("entity") or row["subject_key"].partition(":")[0],
            "subject_key": row["subject_key"],
            "attempt": row.get("attempts", 0) if attempt is None else attempt,
            "outcome": outcome,
            "error_class": error_class,
            "message": message,
            "duration_ms": duration_ms,
            "trace_id": row.get("trace_id"),
            "batch_trace_id": trace.id if trace and trace.is_shared else None,
            "evidence": evidence or None,
        }

    def _log(self, lines):
        self.env["retail.sync.log"].sudo()._append(lines)


def _is_unpaid(item):
    error = item.result and item.result.error
    return isinstance(error, BudgetSpent) and not error.evidence.get("is_outcome_unknown")


def _short(text):
    return clean_text(text or "")[:_REASON_CHARACTERS]


def is_conflict(error):
    """Return whether ``error`` may only say that somebody else was at the same rows at the same time."""
    if isinstance(error, psycopg2.Error):
        # A key that somebody else has just created is found, not created, the next time.
        return error.pgcode in PG_CONCURRENCY_ERRORS_TO_RETRY or is_unique_violation(error)
    return isinstance(error, LockError)


def is_out_of_resources(error):
    """Return whether PostgreSQL is there and has no disk, memory or connection left for this statement."""
    # Class 53 of PostgreSQL's error codes, which psycopg2 takes for an OperationalError as it does a lost connection.
    return (getattr(error, "pgcode", None) or "").startswith("53")


def _room_is_looked_for_at():
    seconds = random.uniform(*_NO_ROOM_SECONDS)  # noqa: S311 jitter is no secret
    return fields.Datetime.now() + timedelta(seconds=seconds)


def is_unique_violation(error):
    return getattr(error, "pgcode", None) == errorcodes.UNIQUE_VIOLATION


def as_transient(error):
    """Return ``error``, or what to do about it where it is a conflict that did not go away."""
    if is_conflict(error) and not is_unique_violation(error):
        return RetryLater("Records of this message are being changed by somebody else.")
    return error
