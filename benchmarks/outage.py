"""A vendor that is down for ten minutes while messages come in and changes go out, and how soon the backlog is gone.

    .local/venv/bin/python -m benchmarks.outage [--short] [--seconds 600] [--rate 5]

The vendor answers 503 to everything; when it is back, somebody presses *Try now*. Another backend, whose vendor is
well, works beside it all the time.
"""

import sys
import time
from statistics import median

from simulators.notes import NotesVendor

from . import load, requests
from .note_world import NoteWorld, started
from .options import parse
from .verdicts import Verdict, report, table

#: ``engine/circuit_sql.py``: after three calls without an answer the next is made 5 s later, then twice as long each
#: time, up to five minutes.
FAILURES_TO_OPEN, FIRST_SECONDS, MOST_SECONDS = 3, 5, 300
WORKERS = 4
#: While it closes the circuit, a worker that was admitted already may still call.
SPARE_CALLS = WORKERS
CLEAR_SECONDS = 60
_LAG = """
SELECT 1000 * extract(epoch FROM finished_at - received_at)::float FROM retail_inbox
WHERE backend_id = %(it)s AND state = 'done'
"""


def probes(seconds):
    """Return how many calls an outage of so many seconds may cost one API: those that open its circuit, and probes."""
    count, after, interval = 0, 0.0, FIRST_SECONDS
    while after + interval <= seconds:
        after += interval
        count += 1
        interval = min(interval * 2, MOST_SECONDS)
    return FAILURES_TO_OPEN + count + 1


def main(arguments=None):
    options = parse(__doc__, arguments, seconds=(600, 20), rate=(5, 5))
    with NotesVendor() as vendor, started("outage", workers=WORKERS) as (server, sql):
        ours, other = vendor.vendor, NoteWorld(server, sql)
        down = NoteWorld(server, sql, "test_notes", test_notes_url=vendor.url)
        for world in (other, down):
            world.live()
        notes = _make_notes(down, 20)
        ours.add_fault(fault="status")
        calls_before, begun, number = sum(ours.calls.values()), time.monotonic(), 0
        while time.monotonic() - begun < options.seconds:
            for world in (down, other):
                made = requests.notes(world.path, 1, text="hello")
                assert load.call(server.http_port, made).failures == 0
            down.odoo.call("test.retail.note", "write", [notes[number % len(notes)]], {"text": f"text {number}"})
            number += 1
            time.sleep(max(0.0, begun + number / options.rate - time.monotonic()))
        seconds, calls = time.monotonic() - begun, sum(ours.calls.values()) - calls_before
        backlog = down.unfinished()
        ours.clear_faults()
        back = time.monotonic()
        down.odoo.call("retail.flow", "action_try_now", [down.flow])
        down.wait()
        _wait_for_intents(sql, down)
        clear = time.monotonic() - back
        lags = [value for (value,) in sql(_LAG, it=other.backend)]
        states = down.states()
        rows = down.odoo.call("test.retail.note", "read", notes, ["name", "text"])
        wrong = [row["name"] for row in rows if ours.notes.get(row["name"]) != row["text"]]
    allowed = 2 * probes(seconds) + SPARE_CALLS  # both ways share one circuit; a probe each at most
    rows = [[f"{options.seconds} s", number, calls, backlog, f"{clear:.1f}", f"{median(lags):.0f}",
             f"{load.percentile(lags, 0.95):.0f}"]]  # fmt: skip
    head = ["outage", "messages in", "calls meanwhile", "backlog", "clear after s", "other backend p50 ms", "p95 ms"]
    print(f"\n{table(head, rows)}")
    verdicts = [
        Verdict("messages that are not done", number - states.get("done", 0), 0, "", at_most=True),
        Verdict("notes the vendor does not have as they are", len(wrong), 0, "", at_most=True),
        Verdict("calls while it was down", calls, allowed, "", at_most=True),
    ]
    if not options.short:
        verdicts += [
            Verdict("backlog gone after", clear, CLEAR_SECONDS, "s", at_most=True),
            Verdict("the other backend meanwhile: p95", load.percentile(lags, 0.95), 250, "ms", at_most=True),
        ]
    return report(verdicts)


def _make_notes(world, count):
    return [world.odoo.create("test.retail.note", name=f"outage-{number}", text="x") for number in range(count)]


def _wait_for_intents(sql, world):
    deadline = time.monotonic() + 300
    unfinished = (
        "SELECT (SELECT count(*) FROM retail_outbox_work WHERE backend_id = %(it)s) + "
        "(SELECT count(*) FROM retail_outbox_mark)"
    )
    while sql.one(unfinished, it=world.backend):
        if time.monotonic() > deadline:
            raise TimeoutError("intents are unfinished")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
