"""How fast orders become confirmed, reserved sales orders, against a bare ORM loop, in one run.

    .local/venv/bin/python -m benchmarks.orders [--short] [--orders 800] [--rounds 1]
    .local/venv/bin/python -m benchmarks.orders --url https://staging.example.com --database staging [--password …]

Ours is the whole path: signed documents that the gateway has accepted, worked off by jobs. The clock runs from the
moment the paused flow goes live until the last message has an end and the last transfer is reserved. Both sides
make the same three-line orders, on copies of one database. ``1 worker`` is one job at a time and no cron.

With ``--url`` ours is measured on a running server, and nothing is compared; what it makes stays there.
"""

import argparse
import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from setup import database, environment, odoo_config
from setup.odoo_rpc import OdooClient
from setup.paths import LOCAL, PYTHON, ROOT
from setup.server import running
from setup.shell import environ

from . import cpu, order_documents
from .order_world import OrderWorld, RefusedDatabase
from .verdicts import Verdict, report, table

ADDONS = ["retail_integration_sale", "retail_integration_gateway"]
SKUS, HOT_SKUS = 500, 20
SECONDS_PER_ORDER = 3
#: What PostgreSQL says when somebody else was at the same row.
CONFLICTS = ("could not serialize access", "deadlock detected", "could not obtain lock on row")


@dataclass
class Side:
    """One way to make orders, and what it took."""

    name: str
    make: object
    orders: int = 0
    seconds: float = 0.0
    reservation_seconds: float = 0.0
    cpu_seconds: float = 0.0
    #: ``None``: not known, the server's log is elsewhere
    conflicts: int | None = 0
    troubles: list = field(default_factory=list)

    @property
    def rate(self):
        return self.orders / self.seconds if self.seconds else 0.0


@dataclass
class Ours:
    """A way through the whole path.

    :param OrderWorld world: the shop on its server
    :param int skus: how many SKUs of the catalogue are sold
    :param str reservation: ``with_order`` or ``deferred``
    :param sent: all that was sent to this shop so far
    :param log: function that returns the server's log so far
    :param cpu: function that returns the CPU seconds used so far by server and database
    """

    world: OrderWorld
    skus: int
    reservation: str
    sent: list
    log: object = None
    cpu: object = staticmethod(float)

    def __call__(self, side, run, count):
        world = self.world
        skus = world.skus[: self.skus]
        documents = [
            order_documents.document(run, number, skus, world.customers, world.currency) for number in range(count)
        ]
        self.sent.extend(documents)
        world.pause()
        refused = world.send(documents)
        conflicts_before, cpu_before = self._conflicts(), self.cpu()
        started = world.go(self.reservation)
        imported, reserved = world.wait(60 + SECONDS_PER_ORDER * count)
        side.orders += count
        side.seconds += reserved - started
        side.reservation_seconds += reserved - imported
        side.cpu_seconds += self.cpu() - cpu_before
        side.conflicts = None if self.log is None else side.conflicts + self._conflicts() - conflicts_before
        side.troubles += world.troubles(documents) + world.stock_troubles(self.sent)
        if refused:
            side.troubles.append(f"{refused} webhooks were refused")

    def _conflicts(self):
        return count_conflicts(self.log()) if self.log else 0


def count_conflicts(text):
    """Return how often PostgreSQL refused a change because somebody else had made one."""
    return sum(text.count(words) for words in CONFLICTS)


def bare(ready, name, world, batch):
    """Return a function that makes orders by plain ORM calls on database ``name``."""
    first = 0

    def make(side, _run, count):
        nonlocal first
        config = odoo_config.write(name, odoo=ready.odoo, server=ready.server, database=name, environment="test")
        plan = {
            "first": first,
            "count": count,
            "batch": batch,
            "skus": world.skus,
            "products": world.products,
            "partners": world.partners,
            "tax": world.tax,
        }
        first += count + 1
        cpu_before = _database_cpu()
        done = subprocess.run(
            [str(PYTHON), "-m", "benchmarks.bare_orders", str(config)],
            input=json.dumps(plan),
            env=environ(odoo_config.environ(ready.server, name)),
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
        )
        side.orders += count
        seconds, cpu_seconds = map(float, done.stdout.split()[-2:])
        side.seconds += seconds
        side.cpu_seconds += cpu_seconds + _database_cpu() - cpu_before

    return make


def _database_cpu():
    """Return the CPU seconds of our PostgreSQL so far; 0.0 where it is a server elsewhere."""
    pid_file = LOCAL / "pg" / "data" / "postmaster.pid"
    return cpu.tree_seconds(int(pid_file.read_text().split()[0])) if pid_file.exists() else 0.0


# ---------------------------------------------------------------- both sides, on databases of our own


def compare(options):
    """Measure both sides in turns; return the exit code."""
    ready = environment.ensure()
    with ExitStack() as stack:
        base = stack.enter_context(prepared(ready, options))
        bare_name = stack.enter_context(database.scratch(ready.server, base.odoo.database, "benchbare"))
        one = stack.enter_context(served(ready, base, "one", 1))
        two = stack.enter_context(served(ready, base, "two", 2))
        hot = min(HOT_SKUS, len(base.skus))
        sold_by_one, sold_by_two = [], []

        def ours(server, sold, skus, reservation):
            world, log, used = server
            return Ours(world, skus, reservation, sold, log, used)

        every = len(base.skus)
        sides = {
            "bare 50": Side("bare ORM, batches of 50", bare(ready, bare_name, base, 50)),
            "bare 1": Side("bare ORM, one by one", bare(ready, bare_name, base, 1)),
            "one": Side("ours, 1 worker", ours(one, sold_by_one, every, "with_order")),
            "two": Side("ours, 2 workers", ours(two, sold_by_two, every, "with_order")),
            "two hot": Side(f"ours, 2 workers, {hot} hot SKUs", ours(two, sold_by_two, hot, "with_order")),
            "one later": Side("ours, 1 worker, deferred", ours(one, sold_by_one, every, "deferred")),
            "two later": Side("ours, 2 workers, deferred", ours(two, sold_by_two, every, "deferred")),
            "two hot later": Side(
                f"ours, 2 workers, {hot} hot SKUs, deferred", ours(two, sold_by_two, hot, "deferred")
            ),
        }
        if options.only:
            sides = {key: side for key, side in sides.items() if key in options.only}
        warm_up([side for key, side in sides.items() if not key.startswith("bare")])
        for number in range(options.rounds):
            for key, side in sides.items():
                count = max(options.orders // options.rounds // (4 if key == "bare 1" else 1), 2)
                print(f"… {side.name}: {count} orders", flush=True)
                side.make(side, f"{int(time.time())}{number}", count)
        print_sides(sides.values(), sides.get("bare 50"), sides.get("bare 1"))
        return report(verdicts(sides, options.short))


def warm_up(sides):
    """Make a few orders that do not count, so that nobody's first order loads the caches."""
    for number, side in enumerate(sides):
        side.make(Side("warm-up", None), f"warm{number}-{int(time.time())}", 8)


@contextmanager
def prepared(ready, options):
    """Provide a database with the shop; yields the shop, whose server has ended."""
    suite = database.ensure_suite(ready.odoo, ready.server, ADDONS)
    with database.scratch(ready.server, suite, "benchorders") as name:
        with running("bench-orders", ready, database=name, environment="test", workers=2, max_cron_threads=0) as server:
            world = OrderWorld(OdooClient(server.url, name), [f"BENCH-{number}" for number in range(options.skus)])
            world.build()
        yield world


@contextmanager
def served(ready, base, label, jobs):
    """Run a server with ``jobs`` workers on a copy of the shop's database; yields the shop, its log, its CPU time."""
    with (
        database.scratch(ready.server, base.odoo.database, f"bench{label}") as name,
        running(
            f"bench-{label}",
            ready,
            database=name,
            environment="test",
            workers=jobs + 2,
            jobs=jobs,
            max_cron_threads=0,
        ) as server,
    ):
        yield (
            base.at(OdooClient(server.url, name)),
            lambda: server.log.read_text(errors="replace"),
            lambda: cpu.group_seconds(server.pid) + _database_cpu(),
        )


def verdicts(sides, is_short=False):
    """Return the targets of the sides that were measured.

    :param bool is_short: say nothing about speed: a batch or two measure how a server starts
    """
    found = []

    def ratio(name, ours, reference, target):
        if ours in sides and reference in sides:
            found.append(Verdict(name, sides[ours].rate / sides[reference].rate, target))

    if not is_short:
        ratio("1 worker / bare in batches of 50", "one", "bare 50", 0.95)
        ratio("1 worker / bare one by one", "one", "bare 1", 1.85)
        ratio("2 workers / bare one by one", "two", "bare 1", 3.0)
    troubles = sum(len(side.troubles) for side in sides.values())
    found.append(Verdict("orders lost, twice, failed or wrongly reserved", troubles, 0, "", at_most=True))
    deferred = [side for key, side in sides.items() if key.endswith("later")]
    if deferred:
        conflicts = sum(side.conflicts for side in deferred)
        found.append(Verdict("conflicts where reservation is deferred", conflicts, 0, "", at_most=True))
    return found


def print_sides(sides, bare_50=None, bare_1=None):
    rows = []
    for side in sides:
        share = f"{100 * side.reservation_seconds / side.seconds:.0f} %" if side.seconds else ""
        rows.append(
            [
                side.name,
                side.orders,
                f"{side.rate:.1f}",
                f"{side.rate / bare_50.rate:.2f}" if bare_50 else "",
                f"{side.rate / bare_1.rate:.2f}" if bare_1 else "",
                f"{1000 * side.cpu_seconds / side.orders:.0f}" if side.cpu_seconds else "",
                "" if side.conflicts is None else side.conflicts,
                share,
                "; ".join(side.troubles[:3]) or "all right",
            ]
        )
    head = ["way", "orders", "orders/s", "of batches of 50", "of one by one", "CPU ms", "conflicts"]
    head += ["reserving after", "result"]
    print(f"\n{table(head, rows)}")


# ---------------------------------------------------------------- ours alone, on a server that runs


def measure_staging(options):
    """Measure our side on a running server that is no production; return the exit code."""
    stamp = f"BENCH{int(time.time())}"
    skus = [f"{stamp}-{number}" for number in range(options.skus)]
    world = OrderWorld(OdooClient(options.url, options.database, options.login, options.password), skus)
    world.build(stamp)
    world = world.at(world.odoo)
    sides, sold = [], []
    for name, count, reservation in (
        ("all SKUs", len(skus), "with_order"),
        ("hot SKUs", min(HOT_SKUS, len(skus)), "with_order"),
        ("hot SKUs, deferred", min(HOT_SKUS, len(skus)), "deferred"),
    ):
        side = Side(f"ours, {name}", Ours(world, count, reservation, sold))
        side.make(side, f"{stamp}-{len(sides)}", options.orders)
        sides.append(side)
    world.odoo.call("retail.flow", "action_off", [world.flow])
    print_sides(sides)
    troubles = sum(len(side.troubles) for side in sides)
    return report([Verdict("orders lost, twice, failed or wrongly reserved", troubles, 0, "", at_most=True)])


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="a minute or two: says that it works, not how fast")
    parser.add_argument("--orders", type=int, help="per side (one by one: a quarter)")
    parser.add_argument("--rounds", type=int, default=1, help="turns that each side takes")
    parser.add_argument("--skus", type=int)
    parser.add_argument("--only", nargs="*", help="sides, such as: one two 'two hot'")
    parser.add_argument("--url", help="a running server instead of servers of our own")
    parser.add_argument("--database")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    options = parser.parse_args(arguments)
    options.orders = options.orders or (64 if options.short else 800)
    options.skus = options.skus or (50 if options.short else SKUS)
    if bool(options.url) != bool(options.database):
        parser.error("--url and --database belong together")
    return options


def main(arguments=None):
    options = parse(arguments)
    try:
        return measure_staging(options) if options.url else compare(options)
    except RefusedDatabase as error:
        print(f"Refused: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
