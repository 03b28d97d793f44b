"""How fast trivial messages are worked off in order, against one job per message that does nothing, in one run.

    .local/venv/bin/python -m benchmarks.drain [--short] [--messages 20000] [--subjects 5000] [--jobs 600] …

Both sides do nothing but their own bookkeeping, with the same two workers: a message is claimed, read, validated,
brought to its end and logged; a job is fetched, run and marked done. The messages are commands, four of each subject,
which have to be applied in order; the order is read from the log. (A batch holds one message of a subject: the more of
them each has, the smaller are the batches.) Then the same while another session holds a
snapshot, so that PostgreSQL cannot remove dead rows.
"""

import contextlib
import sys
import time

from .note_world import NoteWorld, started
from .options import parse
from .verdicts import Verdict, report, table

#: Lines of the log in the order they were written, whose message came before one that is there already.
_DISORDER = """
SELECT count(*) FROM (
    SELECT l.inbox_id, lag(l.inbox_id) OVER (PARTITION BY l.subject_key ORDER BY l.id) AS previous
    FROM retail_sync_log l WHERE l.inbox_id > %(after)s AND l.outcome = 'done'
) line WHERE inbox_id < previous
"""


class Drain:
    """Fills the inbox and times how it is emptied."""

    def __init__(self, world, subjects):
        self.world = world
        self.subjects = subjects
        self.wrong = self.disorder = 0

    def measure(self, count):
        """Return messages per second; count those without their end and those out of order."""
        world = self.world
        after = world.fill(count, subjects=self.subjects)
        begun = world.live()
        seconds = world.wait() - begun
        world.pause()
        self.wrong += count - world.states(after).get("done", 0)
        logged = world.sql.one(
            "SELECT count(*) FROM retail_sync_log WHERE inbox_id > %(after)s AND outcome = 'done'", after=after
        )
        self.wrong += abs(logged - count)
        self.disorder += world.sql.one(_DISORDER, after=after)
        return count / seconds


def measure_jobs(world, count):
    """Return jobs per second, from the first that begins to the last that ends."""
    wait_for_jobs(world)
    world.sql("DELETE FROM queue_job")
    world.odoo.call("test.retail.job", "order", count)
    wait_for_jobs(world)
    seconds = world.sql.one("SELECT extract(epoch FROM max(date_done) - min(date_started)) FROM queue_job")
    return count / float(seconds)


def wait_for_jobs(world):
    while world.sql.one("SELECT count(*) FROM queue_job WHERE state <> 'done'"):
        time.sleep(0.05)


@contextlib.contextmanager
def snapshot(sql):
    """Hold a snapshot meanwhile: nothing that was deleted since can be cleaned away."""
    connection = sql.connect()
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
    try:
        connection.cursor().execute("SELECT count(*) FROM retail_inbox_work")
        yield
    finally:
        connection.close()


def measure_under_snapshot(drain, messages, seconds):
    """Drain again and again for ``seconds`` while a snapshot is held, then once more all ``messages``.

    :return: ``(the last rate, how many messages were worked off before)``
    """
    with snapshot(drain.world.sql):
        end, before = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            drain.measure(messages // 4)
            before += messages // 4
        return drain.measure(messages), before


def main(arguments=None):
    options = parse(__doc__, arguments, messages=(20_000, 600), subjects=(5_000, 150), jobs=(600, 40), snapshot=(60, 0))
    with started("drain", workers=3) as (server, sql):
        drain = Drain(NoteWorld(server, sql), options.subjects)
        drain.measure(200)
        jobs = measure_jobs(drain.world, options.jobs)
        rate = drain.measure(options.messages)
        held, before = measure_under_snapshot(drain, options.messages, options.snapshot)
    rows = [
        ["one job per message, doing nothing", f"{jobs:.0f}", ""],
        [
            f"ordered drain, {options.messages} messages of {options.subjects} subjects",
            f"{rate:.0f}",
            f"{rate / jobs:.1f}",
        ],
        [
            f"the same after {options.snapshot} s and {before} messages with a snapshot held",
            f"{held:.0f}",
            f"{held / jobs:.1f}",
        ],
    ]
    print(f"\n{table(['way', 'per second', 'of one job each'], rows)}")
    verdicts = [
        Verdict("messages without their end or with a second one", drain.wrong, 0, "", at_most=True),
        Verdict("messages out of order", drain.disorder, 0, "", at_most=True),
    ]
    if not options.short:
        verdicts += [
            Verdict("drain / one job per message", rate / jobs, 50),
            Verdict("drain under a held snapshot / without", held / rate, 0.6),
        ]
    return report(verdicts)


if __name__ == "__main__":
    sys.exit(main())
