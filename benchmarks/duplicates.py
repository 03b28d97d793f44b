"""A storm of simultaneous duplicates: many callers deliver one event at the same moment, over and over.

    .local/venv/bin/python -m benchmarks.duplicates [--short] [--events 30]

On both ways in. Within Odoo's usual transactions such a storm is a chain of serialization errors with sleeps between.
"""

import sys

from . import load, requests
from .note_world import NoteWorld, started
from .options import parse
from .verdicts import Verdict, report, table

COPIES = 16
LIMIT_MS = 100


def main(arguments=None):
    options = parse(__doc__, arguments, events=(30, 5))
    rows, verdicts = [], []
    for name, is_fast in (("fast lane", True), ("routed controller", False)):
        with started("storm", workers=2, retail_fast_lane=is_fast) as (server, sql):
            world = NoteWorld(server, sql)
            load.call(server.http_port, requests.notes(world.path, 40))  # nobody's first requests load the caches
            before = sql.one("SELECT count(*) FROM retail_inbox")
            calls = load.Calls()
            for number in range(options.events):
                message = requests.webhook(world.path, f"storm-{number}", requests.note(f"storm-{number}"))
                load.call(server.http_port, [message] * COPIES, clients=COPIES, calls=calls)
            stored = sql.one("SELECT count(*) FROM retail_inbox") - before
        rows.append([name, calls.count, stored, *(f"{calls.percentile(share):.1f}" for share in (0.5, 0.99, 1))])
        verdicts += [
            Verdict(f"{name}: answers that are not 2xx", calls.failures, 0, "", at_most=True),
            Verdict(f"{name}: events stored twice or not at all", abs(stored - options.events), 0, "", at_most=True),
        ]
        if not options.short:
            verdicts.append(Verdict(f"{name}: slowest answer", calls.percentile(1), LIMIT_MS, "ms", at_most=True))
    print(f"\n{table(['way', 'deliveries', 'messages', 'p50 ms', 'p99 ms', 'slowest ms'], rows)}")
    return report(verdicts)


if __name__ == "__main__":
    sys.exit(main())
