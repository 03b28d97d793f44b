"""A replay that is undone: each message alone, through the same steps as a real one, to see what it would change."""

import psycopg2

from odoo import models
from odoo.exceptions import LockError

from ..engine import claim_sql, outbox_sql
from ..engine.errors import RateLimited, RetryLater, VendorUnavailable
from ..engine.messages import ImportResult
from ..engine.redact import redact
from . import retail_bulk_messages  # noqa: F401 the model this file goes on with has to be there
from .retail_changes import MAX_RECORDS
from .retail_inbox_processor import Item as InboundItem
from .retail_outbox_processor import Item as OutboundItem
from .retail_processor import as_transient
from .retail_undo import undone

#: Messages per transaction, and per call to the channel.
STEP_SIZE = 20
_MAX_ATTEMPTS = 3
_MAX_NOTE = 250


class RetailBulkRun(models.Model):
    _inherit = "retail.bulk.run"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _step(self):
        if self.operation != "dry_run":
            return super()._step()
        items = self.env["retail.bulk.item"].search(
            [("run_id", "=", self.id), ("state", "=", "pending")], order="attempts desc, id", limit=STEP_SIZE
        )
        if not items:
            return False
        if items[0].attempts:
            items = items[0]  # whatever its last attempt died of takes no other with it
        if items[0].attempts >= _MAX_ATTEMPTS:
            note = self.env._("%s attempts came to no end: it kills its worker, or somebody holds its records.")
            items.write({"state": "failed", "outcome": "exception", "note": note % _MAX_ATTEMPTS})
            return True
        for item in items:
            item.attempts += 1
        self.env["retail.drain"]._commit()
        for flow, same in (items.inbox_id | self.env["retail.inbox"]).grouped("flow_id").items():
            self._try_messages(flow, items.filtered(lambda item, same=same: item.inbox_id in same))
        for flow, same in items.outbox_id.grouped("flow_id").items():
            self._try_intents(flow, items.filtered(lambda item, same=same: item.outbox_id in same))
        return True

    # ---------------------------------------------------------------- messages

    def _try_messages(self, flow, items):
        """Work a few messages of one flow through, and undo each."""
        backend = items.inbox_id[0].backend_id._as_service()
        processor = self.env["retail.inbox.processor"]
        rows = {row["inbox_id"]: row for row in claim_sql.read_messages(self.env.cr, items.inbox_id.ids)}
        works = {
            item.id: InboundItem(dict(rows[item.inbox_id.id], asks_channel=self.is_asking_channel), [])
            for item in items
        }
        self._leave_to_newer(items, works)
        waiting = processor._end_early(backend, flow, list(works.values()))
        if waiting:
            self._fetch(processor, backend, flow, items, waiting)
        for item in items:
            work = works[item.id]
            changes = []
            if work.result is None:
                work.result, changes = self._try_one(processor, backend, flow, work)
            item.write(self._describe(processor, work.result, changes))

    def _leave_to_newer(self, items, works):
        """End messages that a newer one of the same subject stands for: of this run, or one that waits."""
        newer = claim_sql.find_newer(self.env.cr, self.id, items.inbox_id.ids)
        for item in items:
            if item.inbox_id.id in newer:
                note = self.env._("A newer message of its subject stands for it.")
                works[item.id].result = ImportResult("superseded", note=note)

    def _fetch(self, processor, backend, flow, items, waiting):
        """Ask the connector, as the drain does.

        :raises RetryLater: the channel cannot be asked at all now; the run goes on later
        """
        error = None
        if flow and self.env["retail.circuit"]._admit(flow) == 0:
            error = RetryLater(self.env._("The channel does not answer, or wants us to slow down."))
        else:
            processor._fetch_documents(backend, flow, waiting)
            errors = [work.result.error for work in waiting if work.result]
            if len(errors) == len(waiting) and all(isinstance(one, VendorUnavailable | RateLimited) for one in errors):
                error = errors[0]
        if error:
            items.attempts = 0
            self.env["retail.drain"]._commit()
            raise error

    def _try_one(self, processor, backend, flow, work):
        """Import one document and undo it; return ``(ImportResult, changes)``."""
        importer, reader = processor._get_importer(backend, flow, [work]), self._get_reader()
        try:
            with undone(self.env) as touched:
                [result] = importer._import_batch(backend, [work.document])
                self.env.flush_all()
                result.record = None  # it may not exist any more in a moment
                after = reader._shoot(touched)
            return result, reader._compare(touched, reader._shoot(touched), after)
        except (psycopg2.OperationalError, LockError):
            raise  # somebody works on the same records: the whole step again
        except Exception as error:  # noqa: BLE001 one of the places that turn any failure into a record
            return ImportResult.failed(as_transient(error)), []

    def _get_reader(self):
        user = self.user_id
        return self.env["retail.changes"].with_context(
            lang=user.lang, tz=user.tz, allowed_company_ids=self.company_id.ids
        )

    # ---------------------------------------------------------------- intents

    def _try_intents(self, flow, items):
        """Say what a few intents of one flow would tell the channel. Nobody is called."""
        backend = flow.backend_id._as_service()
        processor = self.env["retail.outbox.processor"]
        rows = {row["outbox_id"]: row for row in outbox_sql.read_intents(self.env.cr, items.outbox_id.ids)}
        works = {item.id: OutboundItem(rows[item.outbox_id.id]) for item in items}
        processor._end_early(flow, list(works.values()))
        processor._take_up_answers(list(works.values()))
        for item in items:
            work = works[item.id]
            if work.sent:
                note = self.env._("The channel has answered it: only what that means is noted again.")
                work.result = ImportResult("unchanged", note=note)
            changes = []
            if work.result is None:
                changes = self._read_intent(processor, backend, flow, work)
            item.write(self._describe(processor, work.result, changes))

    def _read_intent(self, processor, backend, flow, work):
        """Set the result of one intent; return what it would tell, as a change."""
        exporter = backend.env["retail.exporter.%s" % flow.entity]
        try:
            with undone(self.env):
                document = exporter._get_documents(backend, flow, [work.intent]).get(work.intent.id)
        except (psycopg2.OperationalError, LockError):
            raise
        except Exception as error:  # noqa: BLE001 one of the places that turn any failure into a record
            document = error
        if isinstance(document, Exception):
            work.result = ImportResult.failed(document)
        elif document is None:
            work.result = ImportResult("ignored", note=self.env._("There is nothing to tell this channel."))
        else:
            processor._check_document(exporter, work, document)
        if work.result:
            return []
        work.result = ImportResult("sent", note=self._get_sending_note(work))
        told = [{"label": key, "old": "", "new": str(value)} for key, value in redact(work.document).items()]
        return [
            {
                "kind": "sent",
                "model": flow.entity,
                "model_name": flow.entity,
                "record": work.row["subject_key"],
                "res_id": None,
                "fields": told,
                "fields_left_out": 0,
            }
        ]

    def _get_sending_note(self, work):
        if not work.row["is_state"]:
            return self.env._("It is looked for at the channel first, and sent if it is not there.")
        if work.checksum == work.row["checksum"]:
            return self.env._("The channel was told exactly this the last time.")
        return ""

    # ---------------------------------------------------------------- what is kept

    def _describe(self, processor, result, changes):
        """Return the values of an item that was worked through."""
        outcome, note = result.outcome, result.note
        if outcome == "failed":
            outcome = "retry" if isinstance(result.error, RetryLater) else "exception"
            note = str(result.error)
            if outcome == "exception":
                kind = processor._read_error(result.error)[0]["kind"]
                kinds = dict(self.env["retail.exception"]._fields["kind"]._description_selection(self.env))
                note = "%s: %s" % (kinds.get(kind, kind), note or type(result.error).__name__)
        elif outcome in ("created", "updated", "unchanged"):
            outcome = ("created" if outcome == "created" else "changed") if changes else "unchanged"
        return {
            "state": "done",
            "outcome": outcome,
            "note": (note or self._sum_up_changes(changes))[:_MAX_NOTE],
            "changes": {"records": changes[:MAX_RECORDS], "left_out": max(len(changes) - MAX_RECORDS, 0)}
            if changes
            else False,
            "attempts": 0,
        }

    def _sum_up_changes(self, changes):
        """Return one line such as ``1 × new Sales Order, 2 × new Sales Order Line``."""
        words = {"created": self.env._("new"), "changed": self.env._("changed"), "removed": self.env._("removed")}
        counts = {}
        for change in changes:
            key = (words.get(change["kind"], ""), change["model_name"])
            counts[key] = counts.get(key, 0) + 1
        return ", ".join("%d × %s %s" % (count, *key) for key, count in counts.items())
