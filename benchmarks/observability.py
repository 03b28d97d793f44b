"""What metrics and tracing cost: receiving and draining with them against without, in one run; and what a scrape costs.

    .local/venv/bin/python -m benchmarks.observability [--short] [--rounds 6] [--history 1000000]

Two servers, the same addons but for this one; sides take turns, who begins changes every round. The dear side is
scraped every two seconds, writes JSON logs and exports every span to a receiver. Then a long history with a backlog is
laid down and the scrape is measured.
"""

import sys
import threading
import time
import urllib.request
from statistics import median

from simulators.otlp import Receiver

from . import load, requests
from .note_world import ADDONS, NoteWorld, started
from .options import parse
from .verdicts import Verdict, report, table

WIDE = "base,web,queue_job,retail_integration_gateway"
SECONDS = 3.0
MOST_PER_SECOND = 3000
BACKLOG = 20_000
TARGET = 0.95
SCRAPE_MS = 100


class Side:
    """One server, and what the rounds gave."""

    def __init__(self, world):
        self.world = world
        self.rates = {"received": [], "drained": []}
        self.failures = 0

    def receive(self, options):
        """Take in what comes for a while, with the flow paused, and forget it."""
        count = options.messages if options.short else int(MOST_PER_SECOND * SECONDS)
        made = requests.notes(self.world.path, count)
        calls = load.call(self.world.server.http_port, made, seconds=None if options.short else SECONDS)
        self.rates["received"].append(calls.rate)
        self.failures += calls.failures
        self.world.forget()

    def drain(self, options):
        after = self.world.fill(options.messages, text="hello")
        begun = self.world.live()
        seconds = self.world.wait() - begun
        self.world.pause()
        self.failures += options.messages - self.world.states(after).get("done", 0)
        self.rates["drained"].append(options.messages / seconds)


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
        begun = time.perf_counter()
        with urllib.request.urlopen(self._request, timeout=30) as answer:
            answer.read()
        self.millis.append((time.perf_counter() - begun) * 1000)


def main(arguments=None):
    options = parse(
        __doc__, arguments, rounds=(6, 1), messages=(1500, 100), history=(1_000_000, 5_000), scrapes=(30, 2)
    )
    receiver = Receiver()
    dear = {
        "addons": [*ADDONS, "retail_integration_observability"],
        "server_wide_modules": f"{WIDE},retail_integration_observability",
        "retail_log_format": "json",
        "retail_otel_endpoint": receiver.url,
    }
    with (
        started("off", workers=3) as (off_server, off_sql),
        started("on", workers=3, **dear) as (on_server, on_sql),
    ):
        off, on = Side(NoteWorld(off_server, off_sql)), Side(NoteWorld(on_server, on_sql))
        scraper = Scraper(on.world)
        for side in (off, on):  # nobody's first requests load the caches
            load.call(side.world.server.http_port, requests.notes(side.world.path, 40))
            side.world.forget()
        with scraper:
            for number in range(options.rounds):
                for side in (off, on) if number % 2 else (on, off):
                    side.receive(options)
                    side.drain(options)
        slow = _measure_scrapes(on.world, scraper, options)
    receiver.stop()
    ratios = {name: median(b / a for a, b in zip(off.rates[name], on.rates[name], strict=True)) for name in off.rates}
    rows = [
        [f"messages {name}/s", f"{median(off.rates[name]):.0f}", f"{median(on.rates[name]):.0f}", f"{ratio:.2f}"]
        for name, ratio in ratios.items()
    ]
    print(f"\n{table(['what', 'off', 'on', 'median of the rounds'], rows)}")
    print(f"A scrape over {options.history:,} messages, {BACKLOG:,} unfinished: p95 {slow:.0f} ms")
    verdicts = [
        Verdict("answers that are not 2xx, messages not done", off.failures + on.failures, 0, "", at_most=True),
        Verdict("spans received", len(receiver.spans), options.messages, ""),
    ]
    if not options.short:
        verdicts += [Verdict(f"{name} with metrics and traces / without", ratios[name], TARGET) for name in ratios]
        verdicts.append(Verdict("scrape: p95", slow, SCRAPE_MS, "ms", at_most=True))
    return report(verdicts)


def _measure_scrapes(world, scraper, options):
    """Return the p95 of scrapes over a long history with a backlog, when the counters are up to date."""
    world.add_history(1, options.history)
    world.fill(min(BACKLOG, options.history))
    for source in ("retail_sync_log", "retail_inbox"):
        world.sql(
            f"UPDATE retail_metrics_source SET position = (SELECT max(id) FROM {source}) WHERE name = %(name)s",
            name=source,
        )
    scraper.scrape()
    scraper.millis.clear()
    for _scrape in range(options.scrapes):
        time.sleep(1.1)  # an older result would be given again
        scraper.scrape()
    return load.percentile(scraper.millis, 0.95)


if __name__ == "__main__":
    sys.exit(main())
