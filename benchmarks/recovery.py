"""How soon work goes on: after the workers that drain are killed, after the job runner is, after PostgreSQL restarts.

    .local/venv/bin/python -m benchmarks.recovery [--short] [--kills 5]

Timed from the fault until what was under way is done, or the first message afterwards. PostgreSQL is restarted only
where it is this project's own.
"""

import contextlib
import os
import signal
import sys
import time

import psycopg2

from setup import postgres

from . import load, requests
from .note_world import NoteWorld, started
from .options import parse
from .verdicts import Verdict, report, table

MESSAGES = 4000
TARGETS = {"workers killed": 10, "job runner killed": 10, "PostgreSQL restarted": 75}
PATIENCE_SECONDS = 180
_CLAIMED = "SELECT inbox_id FROM retail_inbox_work WHERE claimed_at IS NOT NULL"
_LAST_DONE = "SELECT COALESCE(max(id), 0) FROM retail_sync_log WHERE outcome = 'done'"
#: The workers that are at a lane now (``engine/lanes.py``: LOCK_SPACE).
_DRAINING = f"""
SELECT DISTINCT j.worker_pid FROM pg_locks l
JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
JOIN queue_job j ON j.state = 'started' AND j.identity_key LIKE 'retail.drain.%%'
WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = {0x52544C49} AND l.granted
"""
#: Who holds the lock that makes a process the database's job runner (queue_job, ``jobrunner/runner.py``). Odoo's
#: connections are named ``odoo-<pid>``.
_RUNNER = f"""
SELECT substr(a.application_name, 6)::int FROM pg_locks l
JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database() AND a.application_name LIKE 'odoo-%%'
WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
  AND l.classid = {2293787760715711918 >> 32} AND l.objid = {2293787760715711918 & 0xFFFFFFFF}
"""


class Recovery:
    """A backlog that is worked off, faults, and how long each took to get over."""

    def __init__(self, world):
        self.world = world
        self.filled, self.seconds = 0, {name: [] for name in TARGETS}

    def refill(self):
        self.world.wait()
        self.world.pause()
        self.filled += MESSAGES
        self.world.fill(MESSAGES, subjects=MESSAGES, text="hello")
        self.world.live()

    def kill_workers(self):
        self.refill()
        self._wait_for(lambda: self._pids(_CLAIMED))
        self._wait_for(self._kill_draining)
        begun = time.perf_counter()
        under_way = self._pids(_CLAIMED)
        assert under_way, "nothing was under way when the workers were killed"
        left = "SELECT 1 FROM retail_inbox_work WHERE inbox_id = ANY(%(ids)s)"
        self._wait_while(left, begun, ids=under_way)
        self.seconds["workers killed"].append(time.perf_counter() - begun)

    def _kill_draining(self):
        """Kill who drains; return how many. The job of one killed before stays *started* until the runner looks."""
        killed = 0
        for victim in self._pids(_DRAINING):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                killed += 1
        return killed

    def kill_runner(self):
        """Kill the process of the job runner; what comes then has nobody but a new one, or the watchdog."""
        self.world.wait()
        (runner,) = self._wait_for(lambda: self._pids(_RUNNER))
        os.kill(runner, signal.SIGKILL)
        self.filled += 1
        made = requests.notes(self.world.path, 1, text="hello")
        assert load.call(self.world.server.http_port, made).failures == 0
        self._time("job runner killed")

    def restart_database(self):
        self.refill()
        self._wait_for(lambda: self._pids(_DRAINING))
        self.world.sql.close()
        postgres.stop()
        postgres.ensure()
        begun = time.perf_counter()
        time.sleep(1)
        if not self.world.server.is_alive:
            # Odoo's master ends when it finds a worker dead while PostgreSQL is away: a supervisor starts it again.
            self.world.server.kill()
            self.world.server.start()
        self._time("PostgreSQL restarted", begun)

    def _time(self, name, begun=None):
        begun = begun or time.perf_counter()
        last = self._read(_LAST_DONE)
        while self._read(_LAST_DONE) <= last:
            if time.perf_counter() - begun > PATIENCE_SECONDS:
                raise TimeoutError(f"{name}: nothing was done in {PATIENCE_SECONDS} s")
            time.sleep(0.02)
        self.seconds[name].append(time.perf_counter() - begun)

    def _wait_while(self, statement, begun, **values):
        while self.world.sql(statement, **values):
            if time.perf_counter() - begun > PATIENCE_SECONDS:
                raise TimeoutError(f"what was under way is not done after {PATIENCE_SECONDS} s")
            time.sleep(0.02)

    def _read(self, statement):
        try:
            return self.world.sql.one(statement)
        except psycopg2.OperationalError:
            return 0

    def _pids(self, statement):
        return [pid for (pid,) in self.world.sql(statement)]

    def _wait_for(self, look):
        end = time.perf_counter() + PATIENCE_SECONDS
        while time.perf_counter() < end:
            found = look()
            if found:
                return found
        raise TimeoutError("nobody was at work")


def main(arguments=None):
    options = parse(__doc__, arguments, kills=(5, 1))
    is_ours = not postgres.from_environment(os.environ)
    with started("recovery", workers=4) as (server, sql):
        world = NoteWorld(server, sql)
        world.live()
        recovery = Recovery(world)
        for _kill in range(options.kills):
            recovery.kill_workers()
            recovery.kill_runner()
        if is_ours:
            recovery.restart_database()
        world.wait()
        states = world.states()
    rows = [
        [name, len(found), f"{min(found):.1f}", f"{max(found):.1f}"]
        for name, found in recovery.seconds.items()
        if found
    ]
    print(f"\n{table(['fault', 'times', 'fastest s', 'slowest s'], rows)}")
    verdicts = [Verdict("messages not done", recovery.filled - states.get("done", 0), 0, "", at_most=True)]
    if not options.short:
        verdicts += [
            Verdict(f"{name}: until a message is done", max(found), TARGETS[name], "s", at_most=True)
            for name, found in recovery.seconds.items()
            if found
        ]
    return report(verdicts)


if __name__ == "__main__":
    sys.exit(main())
