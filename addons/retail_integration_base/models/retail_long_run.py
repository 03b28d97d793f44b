"""Work of many steps behind one button: a job that goes on where it was, whatever happens to its worker."""

import logging
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError

from ..engine import backoff, lock_sql
from ..engine.errors import RetailError, RetryLater
from ..engine.lanes import RUN_LOCK_SPACE

_logger = logging.getLogger(__name__)

JOB_SECONDS = 20
CRON_SECONDS = 40
_MAX_CONFLICTS = 5
#: A job that nobody took for so long, or that began so long ago, is lost.
_JOB_PATIENCE = timedelta(seconds=60)
_REASON_CHARACTERS = 250


class RetailLongRun(models.AbstractModel):
    """Base of ``retail.bulk.run``, ``retail.recovery`` and ``retail.backfill``.

    A concrete model has ``state`` with at least ``queued``, ``running``, ``done`` and ``failed``, says what to do in
    :meth:`_steps`, and has a ``queue.job.function`` for :meth:`_job_work`. One worker at a time is at a run.
    """

    _name = "retail.long.run"
    _description = "Run of many steps"

    #: First key of the advisory lock that keeps two workers from one run.
    _lock_space = RUN_LOCK_SPACE
    #: States from which a person lets it go on.
    _resumable_states = ("failed",)

    user_id = fields.Many2one("res.users", "Asked by", required=True, readonly=True)
    error = fields.Char("What stopped it", readonly=True)
    retries = fields.Integer(readonly=True, aggregator=None, help="Attempts in a row that the channel did not answer.")
    wait_until = fields.Datetime("Goes on", readonly=True, help="The channel did not answer; it is asked again then.")
    started_at = fields.Datetime("Started", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)

    # ---------------------------------------------------------------- for the concrete model

    def _steps(self):
        """Do the work, yielding whenever what was done may be committed. Begun anew, it goes on after the last commit.

        Yields whether a job that is old enough may end there, to be continued by another.

        :raises RetryLater: it goes on later
        """
        raise NotImplementedError

    def _finish_run(self):
        """Note that nothing is left to do."""
        self.write({"state": "done", "finished_at": fields.Datetime.now()})

    # ---------------------------------------------------------------- work

    def _enqueue(self, delay=None):
        self.ensure_one()
        self.with_delay(
            channel="root.retail.batch",
            identity_key=self._job_key(),
            description=self.display_name,
            max_retries=0,
            eta=delay,
        )._job_work()

    def _job_key(self):
        return "%s.%d" % (self._name, self.id)

    def _set_running(self):
        if self.state == "queued":
            self.write({"state": "running", "started_at": self.started_at or fields.Datetime.now()})

    def _job_work(self):
        """Go on for a while; see that somebody comes back if work is left.

        :return: str for the job's result
        """
        self.ensure_one()
        run = self.sudo()
        if not run.exists() or not lock_sql.try_lock_run(self.env.cr, run.id, self._lock_space):
            return "somebody else is at it"
        drain = self.env["retail.drain"]
        try:
            drain._commit()  # a snapshot from after the lock
            return run._work_locked(time.monotonic() + JOB_SECONDS)
        finally:
            drain._commit()
            lock_sql.unlock_run(self.env.cr, run.id, self._lock_space)
            drain._commit()

    def _work_locked(self, deadline):
        drain = self.env["retail.drain"]
        conflicts = 0
        try:
            while True:
                try:
                    return self._work_until(deadline)
                except (psycopg2.OperationalError, LockError):
                    # Somebody changed one of these records, or cancelled the run: again, with what is there now.
                    drain._rollback()
                    conflicts += 1
                    if conflicts > _MAX_CONFLICTS:
                        raise
                    time.sleep(0.05 * conflicts)
        except (psycopg2.OperationalError, psycopg2.InterfaceError, LockError):
            raise  # the database is away, or in demand: the watchdog goes on
        except RetryLater as error:
            drain._rollback()
            self._postpone(error)
            return "later: %s" % error
        except Exception as error:
            drain._rollback()
            _logger.error("%s %s stopped", self._name, self.id, exc_info=error)
            self._stop(error)
            return "failed"

    def _work_until(self, deadline):
        """Do step after step, each committed, until all is done, the run is stopped, or ``deadline`` (monotonic)."""
        drain = self.env["retail.drain"]
        self.invalidate_recordset()
        if self.state not in ("queued", "running"):
            return self.state
        self._set_running()
        for may_end in self._steps():
            if may_end:
                self._note_progress()
            drain._commit()
            self.invalidate_recordset()
            if self.state != "running":
                return self.state
            if may_end and time.monotonic() > deadline:
                self._enqueue()
                return "to be continued"
        self._note_progress()
        self._finish_run()
        drain._commit()
        return self.state

    def _note_progress(self):
        if self.retries:
            self.write({"retries": 0, "wait_until": False, "error": False})

    def _postpone(self, error):
        """Go on later: the channel does not answer, or wants us to slow down."""
        delay = backoff.next_delay(self.retries + 1, at_least=error.delay)
        self.write(
            {
                "retries": self.retries + 1,
                "wait_until": fields.Datetime.now() + delay,
                "error": str(error)[:_REASON_CHARACTERS],
            }
        )
        self._enqueue(delay)

    def _stop(self, error):
        text = str(error) if isinstance(error, (UserError, RetailError, AccessError)) else type(error).__name__
        self.write({"state": "failed", "error": text[:_REASON_CHARACTERS], "finished_at": fields.Datetime.now()})

    def action_resume(self):
        """Go on with what stopped: what was done stays done."""
        self.ensure_one()
        self._check_operator()
        self.check_access("read")
        if self.state not in self._resumable_states:
            raise UserError(self.env._("Only what stopped can go on."))
        self.sudo().write({"state": "queued", "error": False, "finished_at": False})
        self.sudo()._enqueue()
        return True

    def _check_operator(self):
        if not self.env.su and not self.env.user.has_group("retail_integration_base.group_retail_operator"):
            raise UserError(self.env._("Only operators do this."))

    @api.model
    def _cron_watchdog(self):
        """Go on with runs whose job was lost, or that no job runner takes."""
        deadline = time.monotonic() + CRON_SECONDS
        for name in sorted(self.env.registry.descendants(["retail.long.run"], "_inherit")):
            if not self.env[name]._abstract:
                self.env[name].sudo()._go_on(deadline)

    @api.model
    def _go_on(self, deadline):
        now = fields.Datetime.now()
        waiting = [("state", "in", ("queued", "running")), "|", ("wait_until", "=", False), ("wait_until", "<=", now)]
        for run in self.search(waiting, order="id"):
            job = self.env["queue.job"].search(
                [("identity_key", "=", run._job_key()), ("state", "in", ("pending", "enqueued", "started"))],
                order="id desc",
                limit=1,
            )
            # Somebody alive holds the run's lock, so that going on here does no harm.
            if not job or now - (job.date_started or job.date_created) > _JOB_PATIENCE:
                run._job_work()
            if time.monotonic() > deadline:
                return

    def _action_open(self):
        """Return the action that shows this run."""
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "current",
        }
