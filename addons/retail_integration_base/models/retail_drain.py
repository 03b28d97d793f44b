"""Who works the inbox and the outbox off: lanes, jobs, and the watchdog behind them."""

import logging
import random
import time
from contextlib import contextmanager
from datetime import timedelta

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo import SUPERUSER_ID, api, fields, models, modules
from odoo.sql_db import Cursor

from ..engine import inbox_sql
from ..engine.lanes import GROUPS, IN_GROUPS, group_of, is_out, lanes_of

_logger = logging.getLogger(__name__)

#: A job ends after this, so that it never grows old and every worker gets its turn.
JOB_SECONDS = 20
CRON_SECONDS = 40
#: Work that nobody touched for this long is the watchdog's; it waits so long for a job to come.
OVERDUE_SECONDS = 2
_LOOK_SECONDS = 0.25
_BUSY_PAUSE = timedelta(seconds=2)


@contextmanager
def own_cursor(registry):
    """Yield a cursor of its own, committed at the end, that sees what others commit meanwhile.

    Odoo's cursors are REPEATABLE READ: two deliveries of one event at the same moment would be a serialization error
    instead of a conflict that ``ON CONFLICT`` settles.
    """
    with registry.cursor() as cr:
        if isinstance(cr, Cursor):  # a test's cursor shares the test's transaction
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        yield cr


class RetailDrain(models.AbstractModel):
    _name = "retail.drain"
    _description = "Retail drain"

    # ---------------------------------------------------------------- waking

    @api.model
    def _wake_all(self):
        self._wake_after_commit(range(GROUPS))

    @api.model
    def _wake_after_commit(self, lanes):
        """Send for a drain job once what was written is there for it to see.

        :param lanes: lane numbers that have work
        """
        registry = self.env.registry
        groups = sorted({group_of(lane) for lane in lanes})
        self.env.cr.postcommit.add(lambda: wake(registry, groups))

    def _enqueue(self, group, delay=None):
        """Order a drain job for ``group``, now or after ``delay`` (timedelta)."""
        self.sudo().with_delay(
            # What waits for a vendor must leave workers for what comes in: the channels have capacities of their own.
            channel="root.retail.realtime" if group < IN_GROUPS else "root.retail.standard",
            description="Drain lanes %s" % ", ".join(str(lane) for lane in lanes_of(group)),
            identity_key=None if delay else "retail.drain.%d" % group,
            eta=delay,
            max_retries=0,
        )._job_drain(group)

    # ---------------------------------------------------------------- jobs

    def _job_drain(self, group):
        """Work off the lanes of ``group`` for a while; see that somebody comes back if work is left.

        :return: str for the job's result
        """
        is_finished = False
        try:
            done = self._drain_group(group, JOB_SECONDS, is_roaming=True)
            if done:
                done += self._linger(group)
            self._rest(group, had_progress=bool(done))
            is_finished = True
            return "%d messages" % done
        finally:
            if not is_finished:
                # The job fails, which its record says; the group must not wait for it.
                with own_cursor(self.env.registry) as cr:
                    inbox_sql.mark_asleep(cr, group)

    def _rest(self, group, had_progress):
        """Go to sleep without losing a message that comes at this very moment."""
        seconds = self._next_due(group)
        if seconds is not None and seconds <= 0:
            # Work that is due but was not done is in a lane somebody else holds: give that one a moment.
            self._enqueue(group, None if had_progress else _BUSY_PAUSE)
            return
        with own_cursor(self.env.registry) as cr:
            inbox_sql.mark_asleep(cr, group)
        # From here on a new message wakes the group itself; one that came before is seen by this look.
        self._commit()
        seconds = self._next_due(group)
        if seconds is None:
            return
        if seconds <= 0:
            wake(self.env.registry, [group])
        else:
            self._set_alarm(group, seconds)

    def _set_alarm(self, group, seconds):
        """Order a job for the next message that is due later, unless one is ordered for then already."""
        now = fields.Datetime.now()
        due = now + timedelta(seconds=seconds + 1)
        row = self.env["retail.drain.group"].sudo().search([("number", "=", group)])
        if row.alarm_at and now < row.alarm_at <= due:
            return
        row.alarm_at = due
        self._enqueue(group, timedelta(seconds=seconds + 0.05))

    @api.model
    def _cron_watchdog(self):
        """Do what no job did: where no job runner runs, after a crash, or when the runner's call did not get through.

        The runner calls its own server over HTTP and drops the call when a burst of webhooks fills the queue of
        connections; it tries again a minute later. So every waking calls the watchdog too, which PostgreSQL notifies
        without HTTP: it gives the job two seconds.
        """
        deadline = time.monotonic() + CRON_SECONDS
        while time.monotonic() < deadline:
            due = self._due_groups()
            if not due:
                # As a job does when it has nothing left: from here on a new message wakes somebody, and one that came
                # before is seen by the second look.
                with own_cursor(self.env.registry) as cr:
                    for group in range(GROUPS):
                        inbox_sql.mark_asleep(cr, group)
                if not self._due_groups():
                    return
                continue
            overdue = [group for group, seconds in due.items() if seconds <= -OVERDUE_SECONDS]
            random.shuffle(overdue)  # one that fails must not always come first
            done = sum(self._drain_overdue(group, deadline) for group in overdue)
            if not done:
                time.sleep(_LOOK_SECONDS)

    def _due_groups(self):
        """Return dict group → seconds until its first message is due, for those where it is due now."""
        self._commit()
        seconds = {group: self._next_due(group) for group in range(GROUPS)}
        return {group: value for group, value in seconds.items() if value is not None and value <= 0}

    def _next_due(self, group):
        """Return the seconds until the first work of ``group`` is due (0 or less: now), or ``None``."""
        lanes = lanes_of(group)
        return self._processor_of(lanes[0])._next_due(lanes)

    @api.model
    def _processor_of(self, lane):
        """Return the model that claims and works through what travels in ``lane``."""
        name = "retail.outbox.processor" if is_out(lane) else "retail.inbox.processor"
        return self.env[name].with_user(SUPERUSER_ID)

    def _drain_overdue(self, group, deadline):
        done = self._drain_group(group, deadline - time.monotonic())
        if done:
            _logger.info("The watchdog worked off %d messages of group %d that no job had taken.", done, group)
            with own_cursor(self.env.registry) as cr:
                inbox_sql.mark_asleep(cr, group)
        return done

    # ---------------------------------------------------------------- transactions

    @api.model
    def _commit(self):
        """Commit, except inside a test, which is one transaction from begin to end."""
        if modules.module.current_test:
            self.env.flush_all()
        else:
            # The drain runs in a cursor of its own (allow_commit), between whose commits the vendor is called.
            self.env.cr.commit()  # pylint: disable=invalid-commit

    @contextmanager
    def _apart(self):
        """Yield a cursor for what is to stay whatever becomes of the work; inside a test, the test's."""
        if modules.module.current_test:
            self.env.flush_all()
            yield self.env.cr
        else:
            with own_cursor(self.env.registry) as cr:
                yield cr

    @api.model
    def _rollback(self):
        if modules.module.current_test:
            self.env.invalidate_all(flush=False)
        else:
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)


def wake(registry, groups):
    """Send for a drain of those of ``groups`` that none is on its way to. Commits by itself."""
    with own_cursor(registry) as cr:
        order_drain(cr, [group for group in groups if inbox_sql.mark_awake(cr, group)])


def order_drain(cr, groups):
    """Order a drain job for each of ``groups``, and the watchdog in case the job's call does not get through."""
    if groups:
        env = api.Environment(cr, SUPERUSER_ID, {})
        for group in groups:
            env["retail.drain"]._enqueue(group)
        env.ref("retail_integration_base.cron_watchdog")._trigger()
