"""How long a message takes from the answer to its sender until it took effect.

    .local/venv/bin/python -m benchmarks.latency [--short] [--messages 200] [--batch 60000]

Idle; while the server is loaded to 30 % of what it was measured to take; and as a real-time message behind a batch
flow's backlog, where it may wait for the batches that are under way when it comes, not for the backlog.
"""

import sys
import threading
import time

from . import load, requests
from .note_world import NoteWorld, started
from .options import parse
from .verdicts import Verdict, report, table

SHARE = 0.3
#: Between two messages of the idle case, so that each finds everybody asleep.
PAUSE_SECONDS = 0.4
_LATENCY = """
SELECT 1000 * extract(epoch FROM finished_at - received_at)::float FROM retail_inbox
WHERE backend_id = %(it)s AND id > %(after)s AND state = 'done' AND topic = 'note.v1' AND subject_key LIKE %(names)s
"""
#: How many batches ended between the moment a message came and its own end. One transaction writes the ends of a batch.
_BEFORE = """
SELECT (SELECT count(DISTINCT b.xmin::text) FROM retail_inbox b WHERE b.backend_id = %(other)s
        AND b.finished_at > m.received_at AND b.finished_at < m.finished_at)
FROM retail_inbox m WHERE m.backend_id = %(it)s AND m.id > %(after)s AND m.state = 'done'
"""
WORKERS = 2


class Case:
    """Messages that are posted one by one, and how long each took."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.after = world.sql.one("SELECT COALESCE(max(id), 0) FROM retail_inbox")
        self.sent = 0

    def post(self, count, pause):
        for _message in range(count):
            made = requests.notes(self.world.path, 1, run=f"{self.name}-{time.time_ns()}", text="hello")
            assert load.call(self.world.server.http_port, made).failures == 0
            self.sent += 1
            time.sleep(pause)

    def millis(self):
        return [value for (value,) in self.world.sql(
            _LATENCY, it=self.world.backend, after=self.after, names=f"note:{self.name}-%"
        )]  # fmt: skip


def main(arguments=None):
    options = parse(__doc__, arguments, messages=(200, 10), batch=(60_000, 400))
    with started("latency", workers=WORKERS + 2, jobs=WORKERS) as (server, sql):
        world, batches = NoteWorld(server, sql), NoteWorld(server, sql)
        for each, latency in ((world, "realtime"), (batches, "batch")):
            each.odoo.call("retail.flow", "write", [each.flow], {"latency": latency})
        capacity = measure_capacity(world, options.messages)
        world.live()
        idle = Case(world, "idle")
        idle.post(options.messages, PAUSE_SECONDS)
        world.wait()
        loaded = Case(world, "loaded")
        with background(world, SHARE * capacity):
            loaded.post(options.messages, 0.05)
        world.wait()  # not while others still come: there may never be a moment without any
        before = batches.fill(options.batch, text="nothing", priority=30)
        behind = Case(world, "behind")
        batches.live()
        time.sleep(0.5)
        behind.post(max(options.messages // 5, 5), 0.1)
        world.wait()
        overtaken = [
            count for (count,) in sql(_BEFORE, it=world.backend, other=batches.backend, after=behind.after)
        ]  # fmt: skip
        left = batches.unfinished()
        batches.wait()
        done = batches.states(before).get("done", 0)
        cases = [(case, case.millis()) for case in (idle, loaded, behind)]
    rows = [
        [case.name, len(found), *(f"{load.percentile(found, share):.0f}" for share in (0.5, 0.95, 1))]
        for case, found in cases
    ]
    print(f"\nCapacity {capacity:.0f}/s received and done; load at 30 % of it.")
    print(table(["case", "messages", "p50 ms", "p95 ms", "slowest ms"], rows))
    missing = sum(case.sent - len(found) for case, found in cases) + options.batch - done
    verdicts = [Verdict("messages that are not done", missing, 0, "", at_most=True)]
    if not options.short:
        assert left, "the backlog was gone before the real-time messages came"
        verdicts += [
            Verdict("idle: p95", load.percentile(cases[0][1], 0.95), 100, "ms", at_most=True),
            Verdict("at 30 % load: p95", load.percentile(cases[1][1], 0.95), 250, "ms", at_most=True),
            Verdict("behind a batch backlog: batches that ended meanwhile, per worker, p95",
                    load.percentile(overtaken, 0.95) / WORKERS, 2, "batches", at_most=True),
        ]  # fmt: skip
    return report(verdicts)


def measure_capacity(world, count):
    """Return how many messages per second are received and brought to their end, both at once."""
    world.live()
    began = time.perf_counter()
    load.call(world.server.http_port, requests.notes(world.path, count * 5, text="hello"))
    return count * 5 / (world.wait() - began)


class background:  # noqa: N801 used as a function
    """Post messages evenly at ``rate`` per second meanwhile."""

    def __init__(self, world, rate):
        self._world, self._pause = world, 1 / rate
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_error):
        self._end.set()
        self._thread.join()

    def _run(self):
        due = time.perf_counter()
        while not self._end.is_set():
            load.call(self._world.server.http_port, requests.notes(self._world.path, 1, text="hello"), clients=1)
            due += self._pause
            time.sleep(max(0.0, due - time.perf_counter()))


if __name__ == "__main__":
    sys.exit(main())
