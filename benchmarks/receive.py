"""How fast webhooks are accepted, against a controller that does nothing, in one run.

    .local/venv/bin/python -m benchmarks.receive [--short] [--seconds 12] [--rounds 6]

Every accepted message is signed, distinct and committed before the answer. Sides take turns, so that what else the
machine does strikes all alike; a second server without the fast lane gives the routed controller, a third one the best
open connector (``peer.py``), whose jobs stay where they are: nobody works them off meanwhile. The client
(``load.py``) is one thread beside the server on the same cores; *CPU ms* is what a request cost Odoo, PostgreSQL and
the client, which minds neither the client nor what else the machine does.
"""

import argparse
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from setup import environment
from setup.odoo_rpc import OdooClient
from setup.server import running

from . import cpu, load, peer, requests
from .note_world import NoteWorld, database_cpu, started
from .verdicts import Verdict, report, table

MOST_PER_SECOND = 3000
WARM_UP = 40
WORKERS = 2


@dataclass
class Side:
    """One way to call.

    :param make: function that returns as many requests as it is asked for
    :param cpu: function that returns the CPU seconds of server and PostgreSQL so far
    """

    name: str
    port: int
    make: object
    cpu: object
    calls: load.Calls = field(default_factory=load.Calls)
    app_cpu: float = 0.0
    database_cpu: float = 0.0
    rates: list = field(default_factory=list)

    def measure(self, seconds, count=None):
        """Call for ``seconds``, or ``count`` times."""
        made = self.make(count or int(MOST_PER_SECOND * seconds))
        app, database = self.cpu()
        before = self.calls.count, self.calls.seconds
        load.call(self.port, made, seconds=None if count else seconds, calls=self.calls)
        self.rates.append((self.calls.count - before[0]) / (self.calls.seconds - before[1]))
        app_after, database_after = self.cpu()
        self.app_cpu += app_after - app
        self.database_cpu += database_after - database

    def cpu_ms(self):
        """Return the milliseconds of CPU per request of Odoo, of PostgreSQL and of the client."""
        count = max(self.calls.count, 1)
        return [1000 * value / count for value in (self.app_cpu, self.database_cpu, self.calls.client_cpu)]

    def ratio(self, other):
        """Return the median of the rounds' ratios of our rate to the other side's."""
        return median(ours / theirs for ours, theirs in zip(self.rates, other.rates, strict=True))


def main(arguments=None):
    options = parse(arguments)
    with ExitStack() as stack:
        fast, routed = (
            NoteWorld(*stack.enter_context(started(label, workers=options.workers, **settings)))
            for label, settings in (("receive", {}), ("routed", {"retail_fast_lane": False}))
        )
        sides = [
            _same("empty controller, GET", fast, requests.get("/test_retail/empty")),
            _same("empty controller, POST 4 KB", fast, requests.post("/test_retail/empty")),
            _webhooks("fast lane", fast),
            _webhooks("routed controller", routed),
        ]
        if not options.short:  # says nothing but how fast it is
            sides.append(stack.enter_context(_peer(options.workers)))
        for side in sides:  # nobody's first requests load the caches
            side.measure(0, WARM_UP)
            side.calls, side.app_cpu, side.database_cpu, side.rates = load.Calls(), 0.0, 0.0, []
        for number in range(options.rounds):
            for side in sides if number % 2 else reversed(sides):
                side.measure(options.seconds / options.rounds, options.count)
        stored = [world.sql.one("SELECT count(*) FROM retail_inbox") - WARM_UP for world in (fast, routed)]
    _print(sides)
    return report(verdicts(sides, stored, is_short=options.short))


@contextmanager
def _peer(workers):
    """Provide the side of the best open connector, on a server of its own without a job runner."""
    ready = environment.ensure()
    with (
        peer.installed(ready) as (name, settings),
        running("bench-peer", ready, database=name, environment="test", workers=workers, **settings) as server,
    ):
        instance = peer.connect(OdooClient(server.url, name))
        yield Side(
            "the best open connector",
            server.http_port,
            lambda count: peer.webhooks(instance, count),
            lambda: (cpu.group_seconds(server.pid), database_cpu()),
        )


def _same(name, world, request):
    return Side(name, world.server.http_port, lambda count: [request] * count, world.cpu)


def _webhooks(name, world):
    return Side(name, world.server.http_port, lambda count: requests.notes(world.path, count), world.cpu)


def verdicts(sides, stored, is_short=False):
    """Return whether each target is met.

    :param list[Side] sides: GET, POST, fast lane, routed controller and, in the full form, the best open connector
    :param stored: messages found in the databases of the two ways afterwards
    :param bool is_short: say nothing about speed
    """
    get, post, fast, routed, *others = sides
    failures = sum(side.calls.failures for side in sides)
    wrong = sum(abs(side.calls.count - count) for side, count in zip((fast, routed), stored, strict=True))
    found = [
        Verdict("answers that are not 200", failures, 0, "", at_most=True),
        Verdict("messages answered 200 and not stored, or stored twice", wrong, 0, "", at_most=True),
    ]
    if is_short:
        return found
    slow = fast.calls.percentile(0.99) / get.calls.percentile(0.99)
    return [
        *found,
        Verdict("fast lane / empty GET", fast.ratio(get), 1.5),
        Verdict("p99 of the fast lane / of the empty GET", slow, 1.0, at_most=True),
        Verdict("routed / empty POST", routed.ratio(post), 0.6),
        *(Verdict(f"fast lane / {other.name}", fast.ratio(other), 4.0) for other in others),
    ]


def _print(sides):
    get, post, *_rest = sides
    rows = [
        [
            side.name,
            f"{side.calls.rate:.0f}",
            f"{side.calls.percentile(0.5):.1f}",
            f"{side.calls.percentile(0.99):.1f}",
            f"{side.ratio(get):.2f}",
            f"{side.ratio(post):.2f}",
            " + ".join(f"{value:.2f}" for value in side.cpu_ms()),
            side.calls.count,
        ]
        for side in sides
    ]
    head = ["way", "req/s", "p50 ms", "p99 ms", "of empty GET", "of empty POST", "CPU ms Odoo + PostgreSQL + client"]
    print(f"\n{table([*head, 'requests'], rows)}")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="some hundred requests: says that it works, not how fast")
    parser.add_argument("--seconds", type=float, default=12.0, help="per side")
    parser.add_argument("--rounds", type=int, help="turns that each side takes")
    parser.add_argument("--workers", type=int, default=WORKERS, help="HTTP workers of each server")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.short else 6)
    options.count = 300 if options.short else None
    return options


if __name__ == "__main__":
    sys.exit(main())
