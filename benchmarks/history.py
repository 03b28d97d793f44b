"""Whether a long history slows anything down: receiving and draining over 10 thousand and over a million messages.

    .local/venv/bin/python -m benchmarks.history [--short] [--most 1000000] [--rounds 5]

One server, one database: measured before and after the history is laid down. *CPU ms* minds neither the client nor what
else the machine does.
"""

import sys
from statistics import median

from . import load, requests
from .note_world import NoteWorld, started
from .options import parse
from .verdicts import Verdict, report, table

LEAST = 10_000
SECONDS = 3.0
MOST_PER_SECOND = 3000


class Measured:
    """What rounds over one length of history gave."""

    def __init__(self, world, options):
        self.accept_rates, self.drain_rates, self.accept_cpu, self.drain_cpu, self.failures = [], [], [], [], 0
        for _round in range(options.rounds):
            self._accept(world, options)
            self._drain(world, options.messages)

    def _accept(self, world, options):
        made = requests.notes(world.path, options.messages if options.short else int(MOST_PER_SECOND * SECONDS))
        before = sum(world.cpu())
        calls = load.call(world.server.http_port, made, seconds=None if options.short else SECONDS)
        self.accept_cpu.append(1000 * (sum(world.cpu()) - before) / calls.count)
        self.accept_rates.append(calls.rate)
        self.failures += calls.failures
        world.forget()

    def _drain(self, world, count):
        after = world.fill(count, subjects=count // 4)
        before, begun = sum(world.cpu()), world.live()
        seconds = world.wait() - begun
        self.drain_cpu.append(1000 * (sum(world.cpu()) - before) / count)
        self.drain_rates.append(count / seconds)
        self.failures += count - world.states(after).get("done", 0)
        world.pause()

    def row(self, name):
        return [
            name,
            *(f"{median(values):.0f}" for values in (self.accept_rates, self.drain_rates)),
            *(f"{median(values):.2f}" for values in (self.accept_cpu, self.drain_cpu)),
        ]


def main(arguments=None):
    options = parse(__doc__, arguments, most=(1_000_000, 20_000), rounds=(5, 1), messages=(4000, 200))
    with started("history", workers=3) as (server, sql):
        world = NoteWorld(server, sql)
        load.call(server.http_port, requests.notes(world.path, 100))
        world.forget()
        world.add_history(1, LEAST)
        few = Measured(world, options)
        world.add_history(LEAST + 1, options.most)
        many = Measured(world, options)
    head = ["messages of history", "received/s", "drained/s", "CPU ms to receive one", "CPU ms to drain one"]
    print(f"\n{table(head, [few.row(f'{LEAST:,}'), many.row(f'{options.most:,}')])}")
    verdicts = [Verdict("answers that are not 2xx, messages not done", few.failures + many.failures, 0, "", True)]
    if not options.short:
        verdicts += [
            Verdict("received/s over the long history / over the short", _ratio(many, few, "accept_rates"), 0.9),
            Verdict("drained/s over the long history / over the short", _ratio(many, few, "drain_rates"), 0.9),
        ]
    return report(verdicts)


def _ratio(many, few, name):
    return median(getattr(many, name)) / median(getattr(few, name))


if __name__ == "__main__":
    sys.exit(main())
