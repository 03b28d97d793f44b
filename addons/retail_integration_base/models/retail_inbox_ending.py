"""How each message ends: its state, its log line, its exception. ``retail_processor.py`` says what an error means."""

import time

from odoo import models

from ..engine import inbox_sql, retention_sql
from . import retail_inbox_processor  # noqa: F401 the model this file goes on with has to be there


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
                if "topic" not in follower and follower["lost_at"]:
                    # It goes with a newer one and is not claimed again: nobody else would say that its worker died.
                    log.append(self._lost_values(follower, follower["attempts"]))
                log.append(self._log_values(follower, follower_ending["state"], message=follower_ending["reason"]))
                finished_work.append(follower["work_id"])
        self._keep_records(items, endings)
        inbox_sql.finish_messages(self.env.cr, endings)
        if backend.sudo().body_policy == "done":
            took_effect = [ending["id"] for ending in endings if ending["state"] in ("done", "superseded")]
            retention_sql.drop_bodies_of(self.env.cr, took_effect)
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
