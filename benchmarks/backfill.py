"""A shop's history taken over in bulk: counted, fetched, taken once, in bounded memory and across a kill of the server.

    .local/venv/bin/python -m benchmarks.backfill [--short] [--orders 50000]

The short form looks at correctness: the server is killed (SIGKILL) while it takes orders over, and in the end each
order is there once with the shop's total. The full form measures memory: how much the largest of Odoo's processes grows
while a tenth of the orders is counted, fetched and taken, and while all are. The flow is paused meanwhile, so that
nothing else is measured; how fast orders are worked off is the business of ``orders``.
"""

import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .options import parse
from .shop_sale import open_shop
from .verdicts import Verdict, report, table

PATIENCE_SECONDS = 3600
PLACED_AT_ONCE = 250
#: How much a process may grow for a file of any size.
GROWTH_MB = 96
_LOOK_SECONDS = 0.1
#: Processes of this Odoo that are connected. Odoo's connections are named ``odoo-<pid>``.
_PIDS = (
    "SELECT DISTINCT substr(application_name, 6) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name ~ '^odoo-[0-9]+$'"
)


class History:
    """The history of a shop, and what Odoo has of it.

    :param Sale sale: shop and Odoo, connected
    """

    def __init__(self, sale):
        self.sale, self.odoo = sale, sale.world.odoo
        (self.flow,) = sale.flows("order")
        # What is asked for by itself must not come in between.
        self.odoo.call("retail.flow", "write", [self.flow], {"poll_interval_minutes": 0, "backlog_limit": 0})
        sale.post("settings", bucket={"maximum": 20_000, "restore_rate": 1_000})
        self.since = None

    def place(self, count):
        """Let ``count`` orders be placed of which nobody is told."""
        if self.since is None:
            self.since = (datetime.now(timezone.utc) - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
        for start in range(0, count, PLACED_AT_ONCE):
            self.sale.post("orders", count=min(PLACED_AT_ONCE, count - start), webhooks=False)

    def begin(self):
        """Begin to count; return the backfill's id."""
        wizard = self.odoo.create(
            "retail.backfill.start", backend_id=self.sale.world.backend_id, flow_id=self.flow, since=self.since
        )
        return self.odoo.call("retail.backfill.start", "action_count", [wizard])["res_id"]

    def take(self, backfill):
        self.odoo.call("retail.backfill", "action_set_all", [backfill])
        self.odoo.call("retail.backfill", "action_take", [backfill])

    def read(self, backfill, *names):
        (row,) = self.odoo.call("retail.backfill", "read", [backfill], ["state", "error", *names])
        return row

    def wait(self, backfill, state, look=lambda: None):
        """Wait until the backfill is ``state``; return the seconds it took."""
        begun = time.monotonic()
        while True:
            row = self.read(backfill)
            if row["state"] == state:
                return time.monotonic() - begun
            if row["state"] == "failed" or time.monotonic() - begun > PATIENCE_SECONDS:
                raise TimeoutError(f"The backfill is {row['state']}: {row['error']}")
            look()
            time.sleep(_LOOK_SECONDS)

    def number(self, statement):
        return int(self.sale.sql(statement).strip() or 0)

    def brought(self):
        """Return ``(messages, subjects)`` that backfills brought."""
        text = self.sale.sql(
            "SELECT count(*), count(DISTINCT subject_key) FROM retail_inbox WHERE topic = 'backfill/orders'"
        )
        return tuple(map(int, text.strip().split("|")))


class Memory:
    """How large the largest of Odoo's processes is, in MB, and how far it grew."""

    def __init__(self, history):
        self._history = history
        self._began, self.growth = self._read(), 0.0

    def look(self):
        for pid, size in self._read().items():
            self.growth = max(self.growth, size - self._began.setdefault(pid, size))

    def _read(self):
        """Return dict pid → MB of its own memory: what it shares with others is not its."""
        return {pid: size for pid in self._history.sale.sql(_PIDS).split() if (size := _own_memory(pid))}


def _own_memory(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def main(arguments=None):
    options = parse(__doc__, arguments, orders=(50_000, 60))
    with open_shop("backfill") as sale:
        history = History(sale)
        return _correctness(history, options.orders) if options.short else _memory(history, options.orders)


def _correctness(history, orders):
    sale = history.sale
    history.place(orders)
    backfill = history.begin()
    history.wait(backfill, "counted")
    counted = history.read(backfill, "total", "expected_count", "missing_open_count")
    history.take(backfill)
    _wait_for(lambda: history.brought()[0] > 0)
    sale.server.kill()
    sale.server.start()
    history.wait(backfill, "done")
    sale.settle(600)
    names = [order["name"] for order in sale.world.shop_orders()]
    troubles = sale.order_troubles(sale.world.shop_orders()) + sale.message_troubles()
    again = history.begin()
    history.wait(again, "counted")
    left = history.read(again, "missing_open_count", "missing_done_count", "older_count")
    missing = left["missing_open_count"] + left["missing_done_count"] + left["older_count"]
    head = ["orders", "counted", "messages", "result"]
    row = [len(names), counted["total"], history.brought()[0], "; ".join(troubles[:5]) or "all right"]
    print(f"\n{table(head, [row])}")
    return report(
        [
            Verdict("orders in the report", counted["total"], orders, ""),
            Verdict("orders lost, twice or different", len(troubles), 0, "", at_most=True),
            Verdict("orders a second count finds missing", missing, 0, "", at_most=True),
        ]
    )


def _memory(history, orders):
    history.odoo.call("retail.flow", "action_pause", [history.flow])
    rows, growths, placed = [], [], 0
    for count in (orders // 10, orders):
        history.place(count - placed)
        placed = count
        before = history.brought()[0]
        backfill, memory = history.begin(), Memory(history)
        counted = history.wait(backfill, "counted", memory.look)
        history.take(backfill)
        taken = history.wait(backfill, "done", memory.look)
        report_of = history.read(backfill, "object_count", "file_offset", "taken_count", "known_count")
        growths.append(memory.growth)
        rows.append(
            [
                count,
                report_of["object_count"],
                f"{report_of['file_offset'] / 2**20:.0f} MB",
                f"{counted:.0f} s",
                f"{taken:.0f} s",
                history.brought()[0] - before,
                f"{memory.growth:.0f} MB",
            ]
        )
    head = ["orders", "lines", "file", "counted in", "fetched and taken in", "new messages", "largest growth"]
    print(f"\n{table(head, rows)}")
    messages, subjects = history.brought()
    kept = history.number("SELECT count(*) FROM retail_backfill_part")
    return report(
        [
            Verdict("orders without a message", orders - subjects, 0, "", at_most=True),
            Verdict("messages beside one per order", messages - subjects, 0, "", at_most=True),
            Verdict("lines kept of files that are taken", kept, 0, "", at_most=True),
            Verdict("growth of a process", max(growths), GROWTH_MB, "MB", at_most=True),
        ]
    )


def _wait_for(condition):
    deadline = time.monotonic() + 300
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("It did not come so far.")
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())
