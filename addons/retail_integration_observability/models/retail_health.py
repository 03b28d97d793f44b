"""Is the work going on? One check per part that can stand still."""

from dataclasses import dataclass

from odoo import SUPERUSER_ID, api, models

from odoo.addons.queue_job.jobrunner.runner import PG_ADVISORY_LOCK_ID
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

#: A message that waits for longer makes the flow late; ``retail.ready_lag_seconds`` of the system parameters wins.
LAG_SECONDS = 900
#: A cron whose turn has been this long ago, or a job that is due and not taken, stands still.
STILL_SECONDS = 300

# The runner holds a lock of its session for as long as it lives (``_acquire_master_lock``); the key is in two halves.
_RUNNER = """
SELECT 1 FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND classid = %s AND objid = %s
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_OLDEST_JOB = """
SELECT COALESCE(EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC' - min(GREATEST(date_created, eta))), 0)
FROM queue_job WHERE state IN ('pending', 'enqueued') AND (channel = 'root.retail' OR channel LIKE 'root.retail.%')
  AND (eta IS NULL OR eta <= clock_timestamp() AT TIME ZONE 'UTC')
"""
_CRONS = """
SELECT d.name, c.active, EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC' - c.nextcall)
FROM ir_cron c JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
WHERE d.module = 'retail_integration_base' ORDER BY d.name
"""
_STUCK = """
SELECT number FROM retail_drain_group g
WHERE g.is_awake AND g.woken_at < clock_timestamp() AT TIME ZONE 'UTC' - %s * interval '1 second'
  AND NOT EXISTS (SELECT 1 FROM queue_job j WHERE j.identity_key = 'retail.drain.' || g.number
                  AND j.state IN ('pending', 'enqueued', 'started'))
ORDER BY number
"""
_LATE = """
SELECT b.name || ', ' || f.entity, EXTRACT(EPOCH FROM clock_timestamp() AT TIME ZONE 'UTC' - oldest.since)
FROM (
    SELECT w.flow_id, m.received_at AS since
    FROM (SELECT flow_id, min(inbox_id) AS id FROM retail_inbox_work WHERE NOT is_held AND NOT is_replay
          GROUP BY flow_id) w
    JOIN retail_inbox m ON m.id = w.id
    UNION ALL
    SELECT w.flow_id, o.dirty_at
    FROM (SELECT flow_id, min(id) AS id FROM retail_outbox_work WHERE NOT is_held AND NOT is_replay
          GROUP BY flow_id) first
    JOIN retail_outbox_work w ON w.id = first.id
    JOIN retail_outbox o ON o.id = w.outbox_id
    UNION ALL
    SELECT flow_id, min(marked_at) FROM retail_outbox_mark GROUP BY flow_id
) oldest
JOIN retail_flow f ON f.id = oldest.flow_id AND f.state <> 'paused'
JOIN retail_backend b ON b.id = f.backend_id AND b.id = ANY(%s)
WHERE oldest.since < clock_timestamp() AT TIME ZONE 'UTC' - %s * interval '1 second'
ORDER BY 2 DESC
"""


@dataclass(frozen=True)
class HealthCheck:
    """What one check found.

    :param str name: ``database``, ``jobs``, ``crons``, ``drain`` or ``backlog``
    :param str detail: what is wrong and what to do, or that nothing is
    """

    name: str
    is_ok: bool
    detail: str


class RetailHealth(models.AbstractModel):
    _name = "retail.health"
    _description = "Retail health"

    @api.model
    def _checks(self):
        """Return the :class:`HealthCheck` of each part.

        :raises psycopg2.OperationalError: the database is away
        """
        with own_cursor(self.env.registry) as cr:
            cr.execute("SET LOCAL statement_timeout = '5s'")
            here = api.Environment(cr, SUPERUSER_ID, {})["retail.health"]
            return [
                HealthCheck("database", True, "answers"),
                here._check_jobs(),
                here._check_crons(),
                here._check_drain(),
                here._check_backlog(),
            ]

    def _check_jobs(self):
        """Is there a job runner, and are due jobs taken? Where none runs, the watchdog cron works, only slower."""
        cr = self.env.cr
        cr.execute(_RUNNER, (PG_ADVISORY_LOCK_ID >> 32, PG_ADVISORY_LOCK_ID & 0xFFFFFFFF))
        if not cr.fetchone():
            return HealthCheck("jobs", False, "No job runner is connected. Is queue_job in server_wide_modules?")
        cr.execute(_OLDEST_JOB)
        waited = int(cr.fetchone()[0])
        if waited > STILL_SECONDS:
            return HealthCheck("jobs", False, "A job has been due for %d s. Are there free workers?" % waited)
        return HealthCheck("jobs", True, "the runner is connected; the oldest due job has waited for %d s" % waited)

    def _check_crons(self):
        self.env.cr.execute(_CRONS)
        wrong = []
        for name, active, late in self.env.cr.fetchall():
            if not active:
                wrong.append("%s is switched off" % name)
            elif late > STILL_SECONDS:
                wrong.append("%s has been due for %d s" % (name, late))
        if wrong:
            return HealthCheck("crons", False, "; ".join(wrong) + ". Look at Scheduled actions and max_cron_threads.")
        return HealthCheck("crons", True, "on time")

    def _check_drain(self):
        self.env.cr.execute(_STUCK, (STILL_SECONDS,))
        stuck = ", ".join(str(number) for (number,) in self.env.cr.fetchall())
        if stuck:
            return HealthCheck("drain", False, "Awake without a job: lane group %s. The watchdog mends it." % stuck)
        return HealthCheck("drain", True, "no lane group is stuck")

    def _check_backlog(self):
        limit = int(self.env["ir.config_parameter"].sudo().get_param("retail.ready_lag_seconds") or LAG_SECONDS)
        self.env.cr.execute(_LATE, (self.env["retail.backend"]._armed().ids, limit))
        late = ["%s: %d s" % row for row in self.env.cr.fetchall()]
        if late:
            return HealthCheck("backlog", False, "Oldest message above %d s: %s" % (limit, "; ".join(late)))
        return HealthCheck("backlog", True, "no flow is more than %d s behind" % limit)
