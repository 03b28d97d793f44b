"""What metrics and tracing cost: receiving and draining with them against without, in one run; and what a scrape costs.

    .local/venv/bin/python -m benchmarks.observability [rounds, default 6]

Two servers on copies of one database, the same addons but for this one; sides take turns, who begins changes every
round. The dear side is scraped every two seconds, writes JSON logs and exports every span to a receiver.
Then a million messages of history are laid down and the scrape is measured.
"""

import sys
import threading
import time
import urllib.request
from statistics import median, quantiles

from setup import database, environment
from setup.odoo_rpc import OdooClient
from setup.server import running
from simulators.otlp import Receiver

from .receive import KEY, Side, _measure, _webhook

BASE = ["test_retail_integration", "retail_integration_gateway"]
WIDE = "base,web,queue_job,retail_integration_gateway"
SECONDS = 3.0
MESSAGES = 1500
HISTORY = 1_000_000
BACKLOG = 20_000
TARGET = 0.95
SCRAPE_MS = 100

_FILL = f"""
INSERT INTO retail_inbox (backend_id, flow_id, origin, entity, subject_key, dedupe_key, state, attempts, received_at,
                          finished_at, is_state, headers, body, body_size)
SELECT {{backend}}, {{flow}}, 'webhook', 'note', 'note:h' || n, 'h' || n,
       CASE WHEN n <= {HISTORY - BACKLOG} THEN 'done' ELSE 'pending' END, 1, now() AT TIME ZONE 'UTC',
       now() AT TIME ZONE 'UTC', true, '{{{{}}}}'::jsonb, '', 0
FROM generate_series(1, {HISTORY}) AS n;
INSERT INTO retail_inbox_work (inbox_id, backend_id, flow_id, lane, subject_key, is_state, priority, attempts, deaths,
                               not_before, is_held, is_replay)
SELECT id, backend_id, flow_id, id % 16, subject_key, true, 20, 0, 0, now() AT TIME ZONE 'UTC', false, false
FROM retail_inbox WHERE state = 'pending';
INSERT INTO retail_sync_log (at, backend_id, flow_id, inbox_id, direction, entity, subject_key, outcome, duration_ms)
SELECT finished_at, backend_id, flow_id, id, 'in', 'note', subject_key, 'done', 5
FROM retail_inbox WHERE state = 'done';
ANALYZE
"""


class World:
    """One server with one backend."""

    def __init__(self, server, sql):
        self.server, self.sql = server, sql
        self.odoo = OdooClient(server.url, server.database)
        self.backend = self.odoo.create("retail.backend", name="Benchmark", connector="manual")
        self.odoo.create("retail.credential", backend_id=self.backend, value=KEY)
        self.odoo.call("retail.backend", "action_arm", [self.backend])
        self.flows = self.odoo.call("retail.flow", "search", [("backend_id", "=", self.backend)])
        self.odoo.call("retail.flow", "action_pause", self.flows)
        (row,) = self.odoo.call("retail.backend", "read", [self.backend], ["token"])
        self.side = Side(server.name, server.http_port, _webhook(f"/retail/{row['token']}/webhook"))
        self.drain_rates, self.receive_rates = [], []

    def receive(self):
        """Take in what comes for a while, with the flow paused; leave :data:`MESSAGES` of it to be drained."""
        before = self.side.count, self.side.seconds
        _measure(self.side, SECONDS)
        self.receive_rates.append((self.side.count - before[0]) / (self.side.seconds - before[1]))
        self.sql(
            "DELETE FROM retail_inbox_work WHERE id NOT IN (SELECT id FROM retail_inbox_work ORDER BY id "
            f"LIMIT {MESSAGES})"
        )

    def drain(self):
        """Let it work off what was left, and time that in the database: from the first claim to the last end."""
        count = int(self.sql("SELECT count(*) FROM retail_inbox_work"))
        last = int(self.sql("SELECT COALESCE(max(id), 0) FROM retail_sync_log"))
        started = time.perf_counter()
        self.odoo.call("retail.flow", "action_live", self.flows)
        while int(self.sql("SELECT count(*) FROM retail_inbox_work")):
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        done = int(self.sql(f"SELECT count(*) FROM retail_sync_log WHERE id > {last} AND outcome = 'done'"))
        assert done == count, f"{done} of {count} messages done"
        self.drain_rates.append(count / seconds)
        self.odoo.call("retail.flow", "action_pause", self.flows)


def main(rounds):
    ready = environment.ensure()
    receiver = Receiver()
    plain = database.ensure_suite(ready.odoo, ready.server, BASE)
    full = database.ensure_suite(ready.odoo, ready.server, [*BASE, "retail_integration_observability"])
    options = {
        "server_wide_modules": f"{WIDE},retail_integration_observability",
        "retail_log_format": "json",
        "retail_otel_endpoint": receiver.url,
    }
    with (
        database.scratch(ready.server, plain, "benchoff") as first,
        database.scratch(ready.server, full, "benchon") as second,
        running("bench-off", ready, database=first, environment="test", workers=3) as off_server,
        running("bench-on", ready, database=second, environment="test", workers=3, **options) as on_server,
    ):
        off = World(off_server, lambda statement: database.sql(ready.server, statement, first))
        on = World(on_server, lambda statement: database.sql(ready.server, statement, second))
        scraper = Scraper(on)
        for world in (off, on):  # warm
            world.receive()
            world.drain()
            world.receive_rates.clear()
            world.drain_rates.clear()
        with scraper:
            for number in range(rounds):
                order = (off, on) if number % 2 else (on, off)
                for step in ("receive", "drain"):
                    for world in order:
                        getattr(world, step)()
        held = _print("messages received/s", off.receive_rates, on.receive_rates)
        held &= _print("messages drained/s", off.drain_rates, on.drain_rates)
        print(f"spans received: {len(receiver.spans)}; scrapes meanwhile: {len(scraper.millis)}")
        held &= _scrapes(on, scraper)
        held &= off.side.failures + on.side.failures == 0
    receiver.stop()
    return held


class Scraper:
    """Scrapes every two seconds, as nobody in earnest does."""

    def __init__(self, world):
        new = world.odoo.create("retail.metrics.token.new", name="benchmark")
        token = world.odoo.call("retail.metrics.token.new", "action_make", [new])["context"]["default_token"]
        self._request = urllib.request.Request(
            f"{world.server.url}/retail/metrics", headers={"Authorization": f"Bearer {token}"}
        )
        self._end = threading.Event()
        self.millis = []

    def __enter__(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.wait(2):
            self.scrape()

    def scrape(self):
        started = time.perf_counter()
        with urllib.request.urlopen(self._request, timeout=30) as answer:
            answer.read()
        self.millis.append((time.perf_counter() - started) * 1000)


def _scrapes(world, scraper):
    """Measure scrapes over a long history with a backlog, when the counters are up to date."""
    world.sql(_FILL.format(backend=world.backend, flow=world.flows[0]))
    world.sql("UPDATE retail_metrics_source SET position = (SELECT max(id) FROM retail_sync_log) "
              "WHERE name = 'retail_sync_log'")  # fmt: skip
    world.sql(
        "UPDATE retail_metrics_source SET position = (SELECT max(id) FROM retail_inbox) WHERE name = 'retail_inbox'"
    )
    scraper.scrape()
    scraper.millis.clear()
    for _scrape in range(30):
        time.sleep(1.1)  # an older result would be given again
        scraper.scrape()
    middle, slow = median(scraper.millis), quantiles(scraper.millis, n=20)[18]
    is_held = middle < SCRAPE_MS
    print(
        f"scrape over {HISTORY} messages, {BACKLOG} of them unfinished: median {middle:.0f} ms, p95 {slow:.0f} ms; "
        f"< {SCRAPE_MS} ms: {'pass' if is_held else 'MISSED'}"
    )
    return is_held


def _print(what, off, on):
    ratios = sorted(b / a for a, b in zip(off, on, strict=True))
    ratio = median(ratios)
    is_held = ratio >= TARGET
    print(
        f"{what}: off {median(off):.0f}, on {median(on):.0f}; median of the rounds' ratios {ratio:.3f} "
        f"({ratios[0]:.2f} … {ratios[-1]:.2f}); ≥ {TARGET}: {'pass' if is_held else 'MISSED'}"
    )
    return is_held


if __name__ == "__main__":
    sys.exit(0 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 6) else 1)
