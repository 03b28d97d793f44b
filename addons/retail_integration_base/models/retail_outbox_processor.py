"""From claimed intents to the vendor and back. The counterpart of ``retail_inbox_processor.py``.

Three transactions, and the vendor is called between them: the claim is committed, the documents are read, the vendor is
called outside any transaction, its answers are kept, and what they mean for Odoo is one transaction with the end of the
intents. Whatever dies in between, the next attempt finds how far it came.
"""

import random
import time
from dataclasses import dataclass

import psycopg2

from odoo import models
from odoo.exceptions import LockError

from ..canonical import registry
from ..engine import outbox_sql, telemetry
from ..engine.errors import NeedsHuman, Refused, RetailError, RetryLater, VendorChanged, VendorUnavailable
from ..engine.messages import ImportResult, Intent, Outbound, Sent
from ..engine.text import clean_value
from .retail_processor import MAX_CONFLICTS, MAX_DEATHS, as_transient, is_conflict, is_out_of_resources

#: More marks than this wait for the next round: one statement must not hold a lane for minutes.
_MARKS_AT_ONCE = 5000


@dataclass
class Item:
    """An intent, how far it has come, and how it ended."""

    row: dict
    document: dict | None = None
    checksum: str | None = None
    sent: Sent | None = None
    result: ImportResult | None = None
    #: the vendor may have acted on it although no answer is known
    is_unknown: bool = False

    @property
    def claimed(self):
        return [self.row]

    @property
    def intent(self):
        row = self.row
        return Intent(
            id=row["outbox_id"],
            entity=row["entity"],
            key=row["subject_key"].partition(":odoo/")[2],
            operation=row["operation"],
            idempotency_key=row["idempotency_key"],
            payload=row["payload"],
            external_id=row["external_id"],
            trace_id=row["trace_id"],
            is_unknown=row["is_unknown"],
        )


class RetailOutboxProcessor(models.AbstractModel):
    _name = "retail.outbox.processor"
    _inherit = "retail.processor"
    _description = "Retail outbound processor"

    # ---------------------------------------------------------------- claiming

    def _look(self, lanes, backend_ids):
        """Return ``(lane, priority)`` of the most urgent due work of each lane."""
        return outbox_sql.look(self.env.cr, lanes, backend_ids)

    def _look_aged(self, lanes, backend_ids):
        """Return ``(lane, priority)`` of what has waited for long, the longest first."""
        return outbox_sql.look_aged(self.env.cr, lanes, backend_ids)

    def _claim(self, lanes, least=0, floor=0):
        """Count an attempt on the next intents of a lane, all of one flow; return their rows. The caller commits.

        :param list[int] lanes: one; a worker that waits for a vendor keeps nothing else from going out
        :param int least: leave out what is more urgent than this priority
        :param int floor: of no use here: intents are few
        """
        cr, (lane,) = self.env.cr, lanes
        outbox_sql.absorb(cr, lane, _MARKS_AT_ONCE)
        backend_ids = self.env["retail.backend"]._armed().ids
        flow_id = outbox_sql.first_due(cr, lane, backend_ids, least)
        if flow_id is None:
            return []
        flow = self.env["retail.flow"].browse(flow_id)
        return outbox_sql.claim(cr, lane, flow_id, backend_ids, flow.backend_id._get_handler()._get_push_size(flow))

    def _next_due(self, lanes):
        """Return the seconds until the first intent of ``lanes`` is due (0 or less: now), or ``None``."""
        backends = self.env["retail.backend"]._armed().ids
        return outbox_sql.next_due(self.env.cr, lanes, backends)

    # ---------------------------------------------------------------- one batch

    def _process(self, rows):
        """Work through claimed intents until each has an end, a next attempt or an exception.

        :param list[dict] rows: as returned by :func:`outbox_sql.claim`, the claim committed
        """
        if not self._log_lost_attempts(rows):
            return
        flow = self.env["retail.flow"].browse(rows[0]["flow_id"])
        backend = flow.backend_id._as_service()
        with telemetry.Step("export", rows, self.env.cr.dbname):
            self._process_group(backend, flow, [Item(row) for row in rows])

    def _release(self, items, not_before=None):
        outbox_sql.release_claims(self.env.cr, [item.row["work_id"] for item in items], not_before)

    def _unclaim(self, rows, not_before):
        outbox_sql.unclaim(self.env.cr, rows, not_before)

    def _note_interrupted(self, items):
        """What was under way to the vendor, or is there, is never sent again before the vendor was asked."""
        interrupted = [item for item in items if item.is_unknown or item.sent]
        outbox_sql.mark_unknown(self.env.cr, [item.row["work_id"] for item in interrupted])
        self.env["retail.drain"]._commit()
        for item in interrupted:
            item.row["is_unknown"] = item.is_unknown = True

    def _work_through(self, backend, flow, items):
        started = time.monotonic()
        for item in items:
            item.result = None
        self._end_early(flow, items)
        self._take_up_answers(items)
        self._ask_first(backend, flow, self._waiting(items))
        self._read_documents(backend, flow, self._waiting(items))
        if flow.state == "shadow":
            for item in self._waiting(items):
                item.result = ImportResult("ignored", note=self.env._("Shadow run: it would be sent."), code="shadow")
        self._push(backend, flow, self._waiting(items))
        items = self._give_back_unpaid(items)
        self._accept_and_finish(backend, flow, items, started)

    def _waiting(self, items):
        """Return the items that the vendor has not answered and that have no end."""
        return [item for item in items if item.result is None and item.sent is None]

    def _end_early(self, flow, items):
        for item in items:
            row = item.row
            if item.result or item.sent:
                continue
            if row["deaths"] >= MAX_DEATHS:
                item.is_unknown = True
                item.result = ImportResult.failed(self._death_error(row, "worker_killed:out:%s" % row["entity"]))
            elif flow.state == "off":
                item.result = ImportResult("ignored", note=self.env._("The flow is off."), code="flow_off")

    def _take_up_answers(self, items):
        """Go on where an attempt ended after the vendor's answer to a command."""
        for item in self._waiting(items):
            if not item.row["is_state"] and item.row["sent_at"]:
                item.sent = Sent(item.row["external_id"], item.row["answer"])

    def _ask_first(self, backend, flow, items):
        """Ask the vendor for the commands whose last attempt came to no certain end."""
        unknown = [item for item in items if item.row["is_unknown"] and not item.row["is_state"]]
        if not unknown or flow.state == "shadow":
            return
        self.env["retail.drain"]._commit()
        try:
            caller = backend._calling_for(flow, self._latency(unknown))
            found = caller._get_handler()._find_sent(caller, flow, [item.intent for item in unknown])
        except Exception as error:  # noqa: BLE001 one of the places that turn any failure into a record
            found = {item.row["outbox_id"]: error for item in unknown}
        finally:
            self.env["retail.drain"]._commit()
        for item in unknown:
            answer = found.get(item.row["outbox_id"])
            item.is_unknown = isinstance(answer, Exception)
            if item.is_unknown:
                item.result = ImportResult.failed(answer)
            else:
                item.sent = answer
        self._keep_answers([item for item in unknown if item.sent])
        self.env["retail.circuit"]._note(flow, list(found.values()) or [None])

    def _read_documents(self, backend, flow, items):
        """Say how things are now, in a transaction begun after the claim and ended before the call."""
        if not items:
            return
        exporter = backend.env["retail.exporter.%s" % flow.entity]
        documents = exporter._get_documents(backend, flow, [item.intent for item in items])
        for item in items:
            document = documents.get(item.row["outbox_id"])
            if isinstance(document, Exception):
                item.result = ImportResult.failed(document)
            elif isinstance(document, ImportResult):
                item.result = document
            elif document is None:
                item.result = ImportResult("ignored", note=self.env._("There is nothing to tell this channel."))
            else:
                self._check_document(exporter, item, document)
        self.env["retail.drain"]._commit()

    def _check_document(self, exporter, item, document):
        try:
            item.document = registry.validate(document)
        except RetailError as error:
            item.result = ImportResult.failed(error)
            return
        item.checksum = registry.checksum(item.document)
        row = item.row
        may_skip = exporter._skips_equal and row["is_state"] and not row["is_replay"] and not row["is_unknown"]
        if may_skip and item.checksum == row["checksum"]:
            item.result = ImportResult("unchanged", note=self.env._("The channel has been told this already."))

    # ---------------------------------------------------------------- the vendor

    def _push(self, backend, flow, items):
        """Send. Where the vendor does not accept a call of state as a whole, halve it until the one at fault is alone.

        Commands are not sent a second time for that: the vendor may have carried out some of them.
        """
        if not items:
            return
        for item in items:
            item.is_unknown = True
        self.env["retail.drain"]._commit()
        try:
            with telemetry.Step("push", [item.row for item in items], self.env.cr.dbname):
                caller = backend._calling_for(flow, self._latency(items))
                answers = caller._get_handler()._push(
                    caller, flow, [Outbound(item.intent, item.document) for item in items]
                )
        except Exception as error:  # noqa: BLE001 one of the places that turn any failure into a record
            self.env["retail.drain"]._rollback()
            is_fault_of_one = isinstance(error, VendorChanged | NeedsHuman) or not isinstance(error, RetailError)
            if len(items) > 1 and is_fault_of_one and all(item.row["is_state"] for item in items):
                middle = len(items) // 2
                self._push(backend, flow, items[:middle])
                self._push(backend, flow, items[middle:])
                return
            answers = {item.row["outbox_id"]: error for item in items}
        missing = VendorChanged("The connector gave no answer for this.", differences=["answer: missing"])
        for item in items:
            answer = answers.get(item.row["outbox_id"], missing)
            if isinstance(answer, Exception):
                item.is_unknown = _may_have_acted(answer)
                item.result = ImportResult.failed(answer)
            else:
                item.sent = answer
        self._keep_answers([item for item in items if item.sent])
        self.env["retail.circuit"]._note(flow, list(answers.values()))

    def _keep_answers(self, items):
        """Commit what the vendor answered before Odoo does anything about it."""
        outbox_sql.note_answers(
            self.env.cr,
            [(item.row["outbox_id"], item.sent.external_id, clean_value(item.sent.answer)) for item in items],
        )
        self.env["retail.drain"]._commit()
        for item in items:
            item.is_unknown = False

    # ---------------------------------------------------------------- the end

    def _accept_and_finish(self, backend, flow, items, started):
        """Bring what the answers mean and the ends into one transaction, anew if somebody got in between."""
        answered = [item for item in items if item.sent]
        for attempt in range(MAX_CONFLICTS + 1):
            is_last = attempt == MAX_CONFLICTS
            try:
                self._accept(backend, flow, answered, is_last)
                self._finish(backend, flow, items, started)
                self.env["retail.drain"]._commit()
                return
            except (psycopg2.Error, LockError) as error:
                if is_last or not is_conflict(error):
                    raise
                self.env["retail.drain"]._rollback()
                time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 jitter is no secret

    def _accept(self, backend, flow, items, is_last):
        """Note the answers in Odoo; on an error halve the batch until the one at fault is alone."""
        if not items:
            return
        exporter = backend.env["retail.exporter.%s" % flow.entity]
        try:
            with self.env.cr.savepoint():
                exporter._accept(backend, flow, [(item.intent, item.sent) for item in items])
                for item in items:
                    item.result = ImportResult("sent", note=self.env._("Sent."))
        except Exception as error:
            if (is_conflict(error) and not is_last) or is_out_of_resources(error):
                raise
            if len(items) == 1:
                items[0].result = ImportResult.failed(as_transient(error))
                return
            middle = len(items) // 2
            self._accept(backend, flow, items[:middle], is_last)
            self._accept(backend, flow, items[middle:], is_last)

    def _finish(self, backend, flow, items, started):
        """Write the end of each intent, its log line and its exception."""
        endings, log, finished_work, gone_through = [], [], [], []
        duration_ms = int((time.monotonic() - started) * 1000 / max(len(items), 1))
        records = backend.env["retail.exporter.%s" % flow.entity]._get_records([item.intent for item in items])
        for item in items:
            row = item.row
            ending = self._ending(backend, flow, item)
            record = records.get(row["outbox_id"])
            endings.append(
                dict(
                    ending,
                    id=row["outbox_id"],
                    attempts=row["attempts"],
                    checksum=item.checksum if item.sent else "" if item.is_unknown else None,
                    res_model=record._name if record else None,
                    res_id=record.id if record else None,
                )
            )
            log.append(
                self._log_values(
                    row,
                    ending["state"],
                    message=ending["reason"],
                    error_class=ending.get("error_class"),
                    duration_ms=duration_ms,
                    evidence=getattr(item.result.error, "evidence", None),
                )
            )
            if ending["state"] in ("retry", "held"):
                outbox_sql.give_back(
                    self.env.cr,
                    row["work_id"],
                    not_before=ending.get("next_attempt_at"),
                    is_held=ending["state"] == "held",
                    is_unknown=item.is_unknown or (row["is_unknown"] and not item.sent),
                )
            else:
                finished_work.append(row["work_id"])
                gone_through.append(row["subject_key"])
        outbox_sql.finish(self.env.cr, endings)
        outbox_sql.drop_work(self.env.cr, finished_work)
        self._log(log)
        self.env["retail.exception"].sudo()._resolve_subjects(backend, gone_through)
        self.env["retail.outbox"].invalidate_model()

    def _ending(self, backend, flow, item):
        ending = super()._ending(backend, flow, item)
        # A connector's message about an intent cannot be unreadable as a channel's can.
        return dict(ending, state="held") if ending["state"] == "quarantined" else ending


def _may_have_acted(error):
    """Return whether the vendor may have done what it was told although ``error`` came of it."""
    if isinstance(error, RetryLater):
        return error.evidence.get("is_outcome_unknown", isinstance(error, VendorUnavailable))
    # A refusal and a decision for a person are answers. Anything else may have come after the effect.
    return not isinstance(error, NeedsHuman | Refused)
