"""The work of a backfill: wait for the channel's file, read it page by page, take what is missing.

What if the worker dies here? Before the channel was asked: nothing happened. After it was asked and before its answer
was kept: ``is_asking`` is set, so that the file is looked for before another is asked for. While reading: lines and the
byte up to which they go are one transaction. While taking: so are the messages and the last subject taken.
"""

from datetime import timedelta

from odoo import fields, models

from ..engine import backfill_sql
from ..engine.errors import ExportGone, MalformedMessage, RetailError, RetryLater, StillRunning
from ..engine.jsonl import Lines
from ..engine.messages import BACKFILL_HEADER, ExportRequest
from . import retail_backfill  # noqa: F401 the model this file goes on with has to be there
from .retail_recovery import LACKING

#: Subjects per transaction while they are taken, and how many bytes of theirs are held at most (one, if it is larger).
TAKE_SIZE = 100
TAKE_BYTES = 8 * 1024 * 1024
#: A larger subject becomes a hint: the channel is asked for it page by page.
MAX_SUBJECT_BYTES = 4 * 1024 * 1024
#: Files that were lost one after the other before a person is asked.
MAX_LOST = 3
_LEAST_WAIT, _MOST_WAIT = timedelta(seconds=2), timedelta(seconds=60)


class RetailBackfill(models.Model):
    _inherit = "retail.backfill"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _steps(self):
        yield False
        if self.phase != "take":
            yield from self._read_steps()
        if self.phase == "fetch":
            self.write({"phase": "take", "taken_count": 0, "known_count": 0, "left_out_count": 0})
            yield True
        if self.phase == "take":
            yield from self._take_steps()

    def _finish_run(self):
        state = "counted" if self.phase == "count" else "done"
        self.write({"state": state, "finished_at": fields.Datetime.now(), "wait_until": False})

    def _postpone(self, error):
        if not isinstance(error, StillRunning):
            super()._postpone(error)
            return
        self.write({"wait_until": fields.Datetime.now() + error.delay, "error": False, "retries": 0})
        self._enqueue(error.delay)

    # ---------------------------------------------------------------- the file

    def _read_steps(self):
        export = self._get_export()
        yield False
        drain = self.env["retail.drain"]
        try:
            for page in self._pages(export):
                self._note_page(page)
                yield True
                # The next page is waited for with no transaction open.
                drain._commit()
        except ExportGone as error:
            drain._rollback()
            self._ask_anew(str(error))
        self._check_complete(export)
        yield True

    def _get_export(self):
        """Return the channel's :class:`Export`, ready.

        :raises StillRunning: it is not
        """
        request = self._get_request()
        handler, flow = self.backend_id._get_handler(), self.flow_id
        if not self.export_id:
            if self.phase == "count" and not self.exports:
                self.note = self._ask(lambda caller: handler._get_export_note(caller, flow, request))
            found = self._ask(lambda caller: handler._find_export(caller, flow, request)) if self.is_asking else None
            self.is_asking = True
            self.env["retail.drain"]._commit()
            started = found or self._ask(lambda caller: handler._start_export(caller, flow, request))
            self.write(
                {
                    "export_id": started,
                    "asked_at": fields.Datetime.now(),
                    "is_asking": False,
                    "exports": self.exports + 1,
                }
            )
            self.env["retail.drain"]._commit()
        export = self._ask(lambda caller: handler._get_export(caller, flow, self.export_id))
        if export.state == "lost":
            self._ask_anew(export.reason)
        self.write({"object_count": export.object_count, "wait_until": False})
        if export.state == "running":
            self.env["retail.drain"]._commit()
            waited = fields.Datetime.now() - self.asked_at
            raise StillRunning(
                self.env._("The channel is writing its file."), delay=min(max(waited / 4, _LEAST_WAIT), _MOST_WAIT)
            )
        return export

    def _get_request(self):
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return ExportRequest(
            since=self.since,
            is_whole=self.phase != "count",
            is_open_only=self.phase != "count" and self.scope == "open",
            # Named by how many were asked for before: a file that was lost is not taken up again.
            key="backfill/%s/%d/%d" % (uuid, self.id, self.exports + 1),
        )

    def _ask(self, call):
        """Return ``call(backend)``, made outside any transaction; the circuit learns how it ended.

        :raises RetryLater: the channel does not answer, or is not to be asked now
        """
        drain, circuit, flow = self.env["retail.drain"], self.env["retail.circuit"], self.flow_id
        if circuit._admit(flow) == 0:
            raise RetryLater(self.env._("The channel does not answer, or wants us to slow down."))
        # A year of history must leave the calls to those who sell now.
        caller = flow.backend_id._calling_for(flow, "backfill")
        drain._commit()
        try:
            answer = call(caller)
        except RetailError as error:
            drain._rollback()
            circuit._note(flow, [error])
            drain._commit()
            raise
        drain._commit()
        circuit._note(flow, [None])
        return answer

    def _ask_anew(self, reason):
        """Forget a file that is lost and have another one made.

        :raises StillRunning: in a moment
        :raises RetailError: that happened several times in a row
        """
        lost = self.lost_exports + 1
        self._forget_file()
        if self.phase == "count":
            self.write(dict.fromkeys(self._get_report_fields(), 0))
        self.lost_exports = lost
        self.env["retail.drain"]._commit()
        if lost >= MAX_LOST:
            raise RetailError(
                self.env._("The channel's file was lost %(times)s times: %(reason)s", times=lost, reason=reason)
            )
        raise StillRunning(reason, delay=_LEAST_WAIT)

    def _pages(self, export):
        if export.url is None:
            return
        drain = self.env["retail.drain"]
        caller = self.flow_id.backend_id._calling_for(self.flow_id, "backfill")
        handler = caller._get_handler()
        offset = self.file_offset
        drain._commit()
        for page in Lines(offset).pages(handler._open_export(caller, self.flow_id, export, offset)):
            if page.is_tail and self.line_count + len(page.lines) != export.object_count:
                return  # the beginning of a line: the file was cut off there
            yield page

    def _note_page(self, page):
        handler, flow = self.backend_id._get_handler(), self.flow_id
        read, unreadable = [], 0
        for number, line in enumerate(page.lines, self.line_count + 1):
            try:
                if line is None:
                    raise MalformedMessage("The line is too long.")
                read.append((number, line, handler._read_export_line(flow, line)))
            except MalformedMessage:
                unreadable += 1
        roots = [parsed for _number, _line, parsed in read if parsed.change]
        if self.phase == "count":
            self._count(roots)
        else:
            backfill_sql.stage(
                self.env.cr,
                self.id,
                [(number, parsed.subject, bool(parsed.change), line) for number, line, parsed in read],
            )
        self.write(
            {
                "file_offset": page.end,
                "line_count": self.line_count + len(page.lines),
                "root_count": self.root_count + len(roots),
                "unreadable_count": self.unreadable_count + unreadable,
            }
        )

    def _count(self, roots):
        """Add what one page names to the report."""
        statuses = self.flow_id._find_statuses([root.change.key for root in roots])
        counts = {"total": len(roots)}
        for root in roots:
            status = statuses[root.change.key.dedupe_key]
            if status == "missing":
                status = "missing_done" if root.is_done else "missing_open"
            name = "%s_count" % status
            counts[name] = counts.get(name, 0) + 1
        self.write({name: self[name] + count for name, count in counts.items()})

    def _get_report_fields(self):
        kinds = ("applied", "waiting", "ignored", "older", "missing_open", "missing_done")
        return ["total", *("%s_count" % kind for kind in kinds)]

    def _check_complete(self, export):
        """Make sure that the file held what the channel announced.

        :raises StillRunning: it did not; another one is asked for
        """
        lacks_roots = not self.unreadable_count and self.root_count != export.root_count
        if self.line_count != export.object_count or lacks_roots:
            self._ask_anew(
                self.env._(
                    "the channel announced %(announced)s lines, and %(read)s came",
                    announced=export.object_count,
                    read=self.line_count,
                )
            )
        self.lost_exports = 0
        if self.unreadable_count and self.phase == "fetch":
            self._note_unreadable()

    def _note_unreadable(self):
        message = self.env._(
            "%(count)s lines of the file of %(backfill)s could not be read. Of which records they are is not known, so "
            "each record of the file is asked for one by one. Use “Recover…” on the flow from %(since)s on for those "
            "whose own line was lost.",
            count=self.unreadable_count,
            backfill=self.display_name,
            since=fields.Datetime.to_string(self.since),
        )
        self.env["retail.exception"].sudo()._open(
            self.backend_id,
            "backfill:%d" % self.id,
            MalformedMessage(message),
            kind="vendor_changed",
            cause_key="backfill:unreadable_line",
            cause_title=self.env._("Lines of a file of history cannot be read"),
            flow=self.flow_id,
        )

    # ---------------------------------------------------------------- what is missing here

    def _take_steps(self):
        while True:
            subjects = self._next_subjects()
            if not subjects:
                return
            self.flow_id._require_room()
            self._take(subjects)
            yield True

    def _next_subjects(self):
        """Return the next subjects, list of ``(subject, size)``: as many as may be held at once."""
        chosen, held = [], 0
        for subject, size in backfill_sql.next_subjects(self.env.cr, self.id, self.taken_subject or "", TAKE_SIZE):
            is_hint = size > MAX_SUBJECT_BYTES
            if chosen and held + size > TAKE_BYTES and not is_hint:
                break
            held += 0 if is_hint else size
            chosen.append((subject, size))
        return chosen

    def _take(self, subjects):
        """Make messages of what is not here. What came by itself since it was counted is left alone."""
        found = self._join(subjects)
        statuses = self.flow_id._find_statuses([change.key for change, _is_done in found])
        headers = {BACKFILL_HEADER: str(self.id)}
        taken = known = left_out = 0
        lanes = set()
        for change, is_done in found:
            if statuses[change.key.dedupe_key] not in LACKING:
                known += 1
            elif is_done and self.scope == "open":
                left_out += 1
            else:
                _inbox_id, lane = self.flow_id._store_behind(change.key, change.body, headers)
                lanes.add(lane)
                taken += 1
        backfill_sql.drop(self.env.cr, self.id, [subject for subject, _size in subjects])
        self.write(
            {
                "taken_subject": subjects[-1][0],
                "taken_count": self.taken_count + taken,
                "known_count": self.known_count + known,
                "left_out_count": self.left_out_count + left_out,
            }
        )
        self.env["retail.drain"]._wake_after_commit(lanes)

    def _join(self, subjects):
        """Return list of ``(Change, whether it is done)``, each a subject with its parts or a hint."""
        handler, flow = self.backend_id._get_handler(), self.flow_id
        # A line that could not be read may be a part of any subject: then nothing of the file is believed but ids.
        whole = [] if self.unreadable_count else [subject for subject, size in subjects if size <= MAX_SUBJECT_BYTES]
        families = backfill_sql.read(self.env.cr, self.id, whole)
        others = [subject for subject, _size in subjects if subject not in families]
        roots = backfill_sql.read_roots(self.env.cr, self.id, others)
        found = []
        for subject, _size in subjects:
            root, parts = families.get(subject, (roots.get(subject), None))
            line = handler._read_export_line(flow, root) if root else None
            is_hint = line and parts is None
            change = line.change if is_hint else handler._join_export(flow, subject, root, parts or [])
            found.append((change, bool(line and line.is_done)))
        return found
