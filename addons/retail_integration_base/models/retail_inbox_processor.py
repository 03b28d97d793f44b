"""From claimed messages to Odoo records. How each of them ends is said in ``retail_inbox_ending.py``.

One group is the messages of one backend and entity. Its documents are fetched outside any transaction; the effect on
Odoo and the end of each message are one transaction.
"""

import random
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2

from odoo import models
from odoo.exceptions import LockError

from ..engine import claim_sql, lock_sql, telemetry
from ..engine.errors import MalformedMessage, RetailError, RetryLater, VendorChanged
from ..engine.lanes import shared_lock_of
from ..engine.messages import BACKFILL_HEADER, ImportResult, InboundMessage
from ..engine.pace import MOST, Pace
from .retail_importer import HISTORY, REAPPLY
from .retail_processor import (
    MAX_CONFLICTS,
    MAX_DEATHS,
    as_transient,
    is_conflict,
    is_out_of_resources,
    is_unique_violation,
)
from .retail_undo import undone

#: database → Pace of this process
_paces = defaultdict(Pace)


@dataclass
class Item:
    """A leading message with what it stands for and how it ended."""

    row: dict
    #: older unfinished messages of the subject, claimed ones and such as wait or are held
    followers: list
    #: known before any work was done: a newer message stands for it
    verdict: ImportResult | None = None
    result: ImportResult | None = None
    document: dict | None = None

    @property
    def claimed(self):
        """The rows of this item that were claimed."""
        return [self.row, *(row for row in self.followers if "topic" in row)]

    @property
    def message(self):
        row = self.row
        return InboundMessage(
            id=row["inbox_id"],
            topic=row["topic"],
            entity=row["entity"],
            subject_key=row["subject_key"],
            version=row["version"],
            headers=row["headers"] or {},
            body=row["body"],
            trace_id=row["trace_id"],
            origin=row["origin"],
            problem=row["problem"],
            asks_channel=bool(row["asks_channel"]),
            is_replay=bool(row["is_replay"]),
        )

    @property
    def is_replay(self):
        """Whether a person wants this, or what it stands for, applied again."""
        return any(row["is_replay"] for row in self.claimed)

    @property
    def is_history(self):
        """Whether a backfill brought this, or what it stands for."""
        return any(BACKFILL_HEADER in (row["headers"] or {}) for row in self.claimed)


class RetailInboxProcessor(models.AbstractModel):
    _name = "retail.inbox.processor"
    _inherit = "retail.processor"
    _description = "Retail message processor"

    def _look(self, lanes, backend_ids):
        """Return ``(lane, priority)`` of the most urgent due message of each lane."""
        return claim_sql.look(self.env.cr, lanes, backend_ids)

    def _look_aged(self, lanes, backend_ids):
        """Return ``(lane, priority)`` of what has waited for long, the longest first."""
        return claim_sql.look_aged(self.env.cr, lanes, backend_ids)

    def _look_urgent(self, lanes, backend_ids, below):
        """Return ``(lane, priority)`` of what is more urgent than ``below``."""
        return claim_sql.look(self.env.cr, lanes, backend_ids, below)

    def _claim(self, lanes, least=0, floor=0):
        """Count an attempt on the next messages of ``lanes`` and return their rows. The caller commits.

        :param int least: leave out what is more urgent than this priority
        :param int floor: of this priority, leave out work with smaller ids
        """
        backend_ids = self.env["retail.backend"]._armed().ids
        return claim_sql.claim(self.env.cr, lanes, backend_ids, MOST, least, floor, _paces[self.env.cr.dbname].cut)

    def _next_due(self, lanes):
        """Return the seconds until the first message of ``lanes`` is due (0 or less: now), or ``None``."""
        return claim_sql.next_due(self.env.cr, lanes, self.env["retail.backend"]._armed().ids)

    def _process(self, rows):
        """Work through claimed messages until each has an end, a next attempt or an exception.

        :param list[dict] rows: as returned by :func:`claim_sql.claim`, the claim committed
        """
        if not self._log_lost_attempts(rows):
            return
        groups = {}
        for item in self._collapse(rows):
            # Each class of work by itself: it is paid for from its own share of the vendor's budget.
            key = tuple(item.row[name] for name in ("backend_id", "entity", "flow_id", "priority"))
            groups.setdefault(key, []).append(item)
        for (backend_id, _entity, flow_id, _priority), items in groups.items():
            backend = self.env["retail.backend"].browse(backend_id)._as_service()
            flow = self.env["retail.flow"].browse(flow_id or [])
            started = time.monotonic()
            with self._step("import", items):
                self._process_group(backend, flow, items)
            _paces[self.env.cr.dbname].note(flow_id, len(items), time.monotonic() - started)

    def _step(self, name, items):
        return telemetry.Step(name, [row for item in items for row in item.claimed], self.env.cr.dbname)

    def _collapse(self, rows):
        """Group the messages that stand for one state: the newest leads, the others follow it into its end.

        :return: list of :class:`Item`, oldest first
        """
        by_subject = {}
        for row in rows + claim_sql.siblings(self.env.cr, rows):
            alone = None if row.get("is_state", True) else row["inbox_id"]
            by_subject.setdefault((row["backend_id"], row["subject_key"], alone), []).append(row)
        items = []
        for same in by_subject.values():
            claimed = [row for row in same if "topic" in row]
            if not claimed:
                continue
            leader, newest = max(claimed, key=_age), max(same, key=_age)
            item = Item(leader, [row for row in same if _age(row) < _age(leader)])
            if newest is not leader:
                # A newer one came after the claim, waits for its time or is held: its turn comes, ours is over.
                item.verdict = ImportResult("superseded", note=self.env._("A newer message of its subject waits."))
            items.append(item)
        return items

    # ---------------------------------------------------------------- one group

    def _release(self, items, not_before=None):
        claim_sql.release_claims(self.env.cr, [row["work_id"] for item in items for row in item.claimed], not_before)

    def _unclaim(self, rows, not_before):
        claim_sql.unclaim(self.env.cr, rows, not_before)

    def _work_through(self, backend, flow, items):
        started = time.monotonic()
        for item in items:
            item.result = item.verdict
        waiting = self._end_early(backend, flow, items)
        if waiting:
            self._fetch_documents(backend, flow, waiting)
            items = self._give_back_unpaid(items)
            waiting = [item for item in waiting if item.result is None]
        with self._alone_on_shared(backend, flow, waiting), self._step("apply", waiting):
            self._apply_and_finish(backend, flow, items, waiting, started)

    def _apply_and_finish(self, backend, flow, items, waiting, started):
        """Bring the effect and the end of each message into one transaction, anew if somebody got in between."""
        is_last = False
        for attempt in range(MAX_CONFLICTS + 1):
            try:
                results = self._apply(backend, flow, waiting, is_last) if waiting else []
                if len(waiting) > 1:
                    results = [_as_met_in_batch(result) for result in results]
                for item, result in zip(waiting, results, strict=True):
                    item.result = result
                self._finish(backend, flow, items, started)
                self.env["retail.drain"]._commit()
                return
            except (psycopg2.Error, LockError) as error:
                if is_last or not is_conflict(error):
                    raise
                # Nothing of this batch was written; with a fresh snapshot it may work. The last time, what looks like
                # a conflict is the error of the message that has it; a key that exists twice gets one more try.
                self.env["retail.drain"]._rollback()
                if waiting:
                    self.env["retail.importer.%s" % flow.entity]._note_conflict(backend, error)
                for item in waiting:
                    item.result = None
                is_last = attempt == MAX_CONFLICTS - 1 or is_unique_violation(error)
                time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 jitter is no secret

    @contextmanager
    def _alone_on_shared(self, backend, flow, items):
        """Keep other batches off what the documents of ``items`` share with theirs."""
        numbers = set()
        if items:
            importer = backend.env["retail.importer.%s" % flow.entity]
            names = importer._get_shared_names(backend, [item.document for item in items])
            numbers = {shared_lock_of(backend.id, name) for name in names}
        if not numbers:
            yield
            return
        try:
            lock_sql.lock_shared(self.env.cr, numbers)
            self.env["retail.drain"]._commit()
            yield
        except BaseException:
            self.env["retail.drain"]._rollback()
            raise
        finally:
            lock_sql.unlock_shared(self.env.cr, numbers)
            self.env["retail.drain"]._commit()

    def _end_early(self, backend, flow, items):
        """Give an end to what need not be looked at; return the items that do."""
        for item in items:
            row = item.row
            if item.result:
                continue
            if row["deaths"] >= MAX_DEATHS:
                item.result = ImportResult.failed(self._death_error(row, "worker_killed:%s" % row["entity"]))
            elif row["problem"]:
                item.result = ImportResult.failed(MalformedMessage(row["problem"]))
            elif not flow:
                item.result = ImportResult(
                    "ignored", note=self.env._("The backend has no flow for this."), code="no_flow"
                )
            elif flow.state == "off":
                item.result = ImportResult("ignored", note=self.env._("The flow is off."), code="flow_off")
        waiting = [item for item in items if item.result is None]
        if waiting:
            self._end_stale(backend, flow, waiting)
        return [item for item in waiting if item.result is None]

    def _end_stale(self, backend, flow, items):
        """End what is older than what is bound, without asking the vendor again. A replay is looked at all the same."""
        importer = self.env["retail.importer.%s" % flow.entity]
        bound = importer._get_bound_versions(backend, [item.message.external_id for item in items])
        for item in items:
            known = bound.get(item.message.external_id)
            version = item.row["version"]
            if known and version is not None and version < known and not item.row["is_replay"]:
                item.result = ImportResult("superseded", note=self.env._("A newer version has been applied."))

    def _fetch_documents(self, backend, flow, items):
        """Ask the connector for the documents, outside any transaction."""
        self.env["retail.drain"]._commit()
        try:
            with self._step("fetch", items):
                caller = backend._calling_for(flow, self._latency(items))
                documents = caller._get_handler()._get_documents(caller, [item.message for item in items])
        except Exception as error:  # noqa: BLE001 one of the places that turn any failure into a record
            documents = {item.row["inbox_id"]: error for item in items}
        finally:
            self.env["retail.drain"]._commit()
        self.env["retail.circuit"]._note(flow, list(documents.values()))
        self.env["retail.drain"]._commit()
        for item in items:
            document = documents.get(item.row["inbox_id"])
            if isinstance(document, Exception):
                item.result = ImportResult.failed(document)
            elif document is None:
                item.result = ImportResult.failed(
                    VendorChanged("The connector made no document of this message.", differences=["document: missing"])
                )
            else:
                item.document = document

    def _apply(self, backend, flow, items, is_last=False):
        """Import the documents; on an error halve the batch until the one at fault is alone.

        :param bool is_last: a conflict with somebody else is an error like any other
        :return: list of :class:`ImportResult`, one per item
        """
        importer = self._get_importer(backend, flow, items)
        documents = [item.document for item in items]
        try:
            if flow.state == "shadow":
                return self._apply_shadow(importer, backend, documents)
            with self.env.cr.savepoint():
                results = importer._import_batch(backend, documents)
                if len(results) != len(documents):
                    raise RetailError("The importer answered %d of %d documents." % (len(results), len(documents)))
                return results
        except Exception as error:
            if (is_conflict(error) and not is_last) or is_out_of_resources(error):
                raise
            if len(items) == 1:
                return [ImportResult.failed(as_transient(error))]
            middle = len(items) // 2
            halves = items[:middle], items[middle:]
            return [result for half in halves for result in self._apply(backend, flow, half, is_last)]

    def _get_importer(self, backend, flow, items):
        """Return the importer of ``flow``, which knows what of ``items`` is replayed, and what a backfill brought."""
        importer = backend.env["retail.importer.%s" % flow.entity]
        replayed = frozenset(item.document["external_id"] for item in items if item.is_replay)
        history = frozenset(item.document["external_id"] for item in items if item.is_history)
        context = {key: ids for key, ids in ((REAPPLY, replayed), (HISTORY, history)) if ids}
        return importer.with_context(**context) if context else importer

    def _apply_shadow(self, importer, backend, documents):
        """Import and undo; the results say what would have happened."""
        with undone(self.env):
            results = importer._import_batch(backend, documents)
            self.env.flush_all()
        return [
            result
            if result.outcome == "failed"
            else ImportResult("ignored", note=self.env._("Shadow run: it would be %s.", result.outcome), code="shadow")
            for result in results
        ]


def _as_met_in_batch(result):
    """Return the result of a document of several in one transaction.

    A key that somebody else has created since the batch began exists, but the batch's snapshot does not show it. The
    document alone finds it, or is found to be at fault.
    """
    if result.error is not None and is_unique_violation(result.error):
        return ImportResult.failed(RetryLater("A record of this message was just created by somebody else."))
    return result


def _age(row):
    """Sort key of messages of one subject: by the vendor's version, then by arrival."""
    return (-1 if row["version"] is None else row["version"], row["inbox_id"])
