"""Something done to many records at once, with its progress: resumable, and never twice to one record.

What is to be done to one record is a :class:`RetailBulkItem`; its end and the effect on the record are one transaction.
A killed worker leaves the rest pending, and whoever comes next goes on there.
"""

import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError

from ..engine.errors import RetailError
from . import retail_long_run  # noqa: F401 the model this one builds on has to be there

_logger = logging.getLogger(__name__)

#: Operations after which messages wait for the drain.
_MAKES_WORK = ("fix", "replay", "replay_messages")

#: Records per transaction.
STEP_SIZE = 50
#: So many are done while the person waits.
AT_ONCE = 20


class RetailBulkRun(models.Model):
    """One thing done to many records. What the operations do is said in ``retail_bulk_operation.py``."""

    _name = "retail.bulk.run"
    _description = "Bulk run"
    _inherit = ["retail.long.run", "mail.thread"]
    _order = "id desc"

    name = fields.Char("What is done", required=True, readonly=True)
    operation = fields.Selection(
        [
            ("fix", "Mend and replay"),
            ("replay", "Replay"),
            ("resolved", "Resolve"),
            ("ignored", "Ignore"),
            ("replay_messages", "Replay messages"),
            ("dry_run", "Dry run"),
        ],
        required=True,
        readonly=True,
    )
    params = fields.Json(readonly=True, copy=False, groups="retail_integration_base.group_retail_manager")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    cause_id = fields.Many2one("retail.exception.cause", readonly=True, index="btree_not_null", ondelete="set null")
    reason = fields.Char(readonly=True)
    amount = fields.Monetary("At risk", readonly=True, help="In the company's currency, when it was asked for.")
    unvalued_count = fields.Integer("Without rate", readonly=True)
    state = fields.Selection(
        [
            ("to_approve", "Waits for approval"),
            ("queued", "Waits for its turn"),
            ("running", "Under way"),
            ("done", "Done"),
            ("failed", "Stopped"),
            ("rejected", "Rejected"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="queued",
        tracking=True,
        index=True,
    )
    left_out = fields.Text(readonly=True, help="What was left out from the beginning, and why.")
    item_ids = fields.One2many("retail.bulk.item", "run_id", readonly=True)
    total = fields.Integer(readonly=True, aggregator=None)
    done_count = fields.Integer("Done", compute="_compute_progress")
    failed_count = fields.Integer("Failed", compute="_compute_progress")
    skipped_count = fields.Integer("Skipped", compute="_compute_progress")
    progress = fields.Float("Progress (%)", compute="_compute_progress")
    needs_approval = fields.Boolean("Two people decide", readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True, tracking=True)
    decided_at = fields.Datetime("Decided", readonly=True)
    can_decide = fields.Boolean(compute="_compute_can_decide")

    # The watchdog looks for what is under way; what has ended is history.
    _active_index = models.Index("(state) WHERE state IN ('queued', 'running')")

    def _compute_progress(self):
        counts = {}
        for run, state, count in self.env["retail.bulk.item"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "state"], ["__count"]
        ):
            counts[run.id, state] = count
        for run in self:
            for state in ("done", "failed", "skipped"):
                run["%s_count" % state] = counts.get((run.id, state), 0)
            ended = run.done_count + run.failed_count + run.skipped_count
            run.progress = 100.0 * ended / run.total if run.total else 100.0 * (run.state == "done")

    @api.depends("state", "user_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        is_accountant = self.env.user.has_group("retail_integration_base.group_retail_accountant")
        for run in self:
            run.can_decide = run.state == "to_approve" and is_accountant and run.user_id != self.env.user

    # ---------------------------------------------------------------- begin

    @api.model
    def _begin(self, values, model, items, at_once=False):
        """Create a run over ``items`` and get it going, unless a second person has to agree first.

        :param dict values: of the run
        :param str model: ``exception_id``, ``inbox_id`` or ``outbox_id``: what the items are
        :param list items: (record id, amount at risk) of each
        :param bool at_once: work through a small run before the answer
        :return: the run
        """
        run = self.sudo().create(dict(values, user_id=self.env.uid, total=len(items)))
        self.env["retail.bulk.item"]._insert(run, model, items)
        if run.needs_approval:
            run.state = "to_approve"
            run._ask_for_approval()
        elif at_once and len(items) <= AT_ONCE:
            run._work_at_once()
        else:
            run._enqueue()
        return run.with_env(self.env)

    def _work_at_once(self):
        """Work through a small run while the person waits."""
        self._set_running()
        while self._step():
            pass
        self._finish_run()

    # ---------------------------------------------------------------- the second person

    def action_approve(self):
        """Agree, as a second person. It begins at once."""
        self._check_decider()
        self.sudo().write({"state": "queued", "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()})
        self._say(self.env._("Approved by %s.", self.env.user.name))
        self.sudo()._enqueue()
        return True

    def action_reject(self):
        """Disagree: nothing is done, the exceptions stay open."""
        self._check_decider()
        self._decide_not("rejected", self.env._("Rejected by %s.", self.env.user.name))
        return True

    def action_cancel(self):
        """Stop what has not been done yet. Who asked for it, and every accountant, may."""
        self.ensure_one()
        self._check_operator()
        if self.user_id != self.env.user and not self.env.user.has_group(
            "retail_integration_base.group_retail_accountant"
        ):
            raise AccessError(self.env._("Only %s or an accountant can stop this.", self.user_id.name))
        if self.state not in ("to_approve", "queued", "running"):
            raise UserError(self.env._("This has ended already."))
        self._decide_not("cancelled", self.env._("Stopped by %s.", self.env.user.name))
        return True

    def _decide_not(self, state, note):
        self.sudo().write(
            {
                "state": state,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
                "finished_at": fields.Datetime.now(),
            }
        )
        self.sudo().item_ids.filtered(lambda item: item.state == "pending").write({"state": "skipped", "note": note})
        self._say(note)

    def _check_decider(self):
        self.ensure_one()
        self.check_access("read")
        # Two people may decide at the same moment: the second one sees what the first did.
        self.sudo().lock_for_update()
        self.invalidate_recordset(["state"])
        if not self.env.user.has_group("retail_integration_base.group_retail_accountant"):
            raise AccessError(self.env._("Only accountants decide about this."))
        if self.user_id == self.env.user:
            raise AccessError(self.env._("You asked for this yourself: a second person decides."))
        if self.state != "to_approve":
            raise UserError(self.env._("This does not wait for a decision any more."))

    def _ask_for_approval(self):
        note = self.env._("%(user)s asks: %(what)s", user=self.user_id.name, what=self.name)
        self._say(note)

    def _say(self, note):
        """Log a decision on the run, and on each exception it is about (a second person's decisions are few)."""
        author = self.env.user.partner_id.id
        run = self.sudo()
        run._message_log(body=note, author_id=author)
        exceptions = run.item_ids.exception_id
        if run.needs_approval and exceptions:
            exceptions._message_log_batch(bodies=dict.fromkeys(exceptions.ids, note), author_id=author)

    # ---------------------------------------------------------------- one step

    def _steps(self):
        has_more = True
        while has_more:
            self._require_room()
            has_more = self._step()
            yield has_more

    def _require_room(self):
        """Make sure that what comes next makes no work for a flow that has more than its limit already.

        :raises RetryLater: it does; the run goes on later
        """
        if self.operation in _MAKES_WORK:
            items = self.env["retail.bulk.item"].search(
                [("run_id", "=", self.id), ("state", "=", "pending")], order="id", limit=STEP_SIZE
            )
            flows = items.exception_id.flow_id | items.inbox_id.flow_id | items.outbox_id.flow_id
            flows._require_room()

    def _step(self):
        """Do the next few items; return whether there are more."""
        items = self.env["retail.bulk.item"].search(
            [("run_id", "=", self.id), ("state", "=", "pending")], order="id", limit=STEP_SIZE
        )
        if items:
            self._do(items)
        return len(items) == STEP_SIZE

    def _do(self, items):
        """Do ``items`` together; if that fails, halve them until the one at fault is alone."""
        try:
            with self.env.cr.savepoint():
                self._apply(items)
        except (psycopg2.OperationalError, LockError):
            raise  # a conflict: the whole step again
        except Exception as error:
            self.env.invalidate_all(flush=False)
            if len(items) == 1:
                known = isinstance(error, (UserError, RetailError))
                if not known:
                    _logger.error("Bulk run %s: item %s failed", self.id, items.id, exc_info=error)
                items.write({"state": "failed", "note": (str(error) if known else type(error).__name__)[:250]})
                return
            middle = len(items) // 2
            self._do(items[:middle])
            self._do(items[middle:])

    def _finish_run(self):
        result = super()._finish_run()
        if self.failed_count:
            self._message_log(body=self.env._("%s could not be done; the items say why.", self.failed_count))
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        # A dry run did nothing to anything.
        if any(run.operation != "dry_run" for run in self):
            raise UserError(self.env._("What was done to many records is history, and never deleted."))
