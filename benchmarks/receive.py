"""How fast webhooks are accepted, against a controller that does nothing, in one run.

    .local/venv/bin/python -m benchmarks.receive [seconds per measurement, default 8]

Every accepted message is signed, distinct and committed before the answer. Sides take turns on one server, so that what
else the machine does strikes all alike; a second server without the fast lane gives the routed controller.
"""

import base64
import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import quantiles

from standardwebhooks import Webhook

from setup import database, environment
from setup.odoo_rpc import OdooClient
from setup.server import running

ADDONS = ["test_retail_integration", "retail_integration_gateway"]
KEY = "whsec_" + base64.b64encode(b"b" * 32).decode()
PADDING = "x" * 3900  # with the rest 4 KB, as an order's webhook has
CLIENTS = 8
ROUNDS = 3
MOST_PER_SECOND = 2500


@dataclass
class Side:
    """One way to call; ``make(n)`` gives the bytes of the n-th request."""

    name: str
    port: int
    make: object
    count: int = 0
    seconds: float = 0.0
    latencies: list = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self):
        return self.count / self.seconds


def main(seconds):
    ready = environment.ensure()
    suite = database.ensure_suite(ready.odoo, ready.server, ADDONS)
    with (
        database.scratch(ready.server, suite, "bench") as first,
        database.scratch(ready.server, suite, "benchrouted") as second,
        running("bench", ready, database=first, environment="test", workers=2) as fast,
        running("bench-routed", ready, database=second, environment="test", workers=2, retail_fast_lane=False) as slow,
    ):
        sides = [
            Side("empty controller, GET", fast.http_port, _get("/test_retail/empty")),
            Side("empty controller, POST 4 KB", fast.http_port, _post("/test_retail/empty")),
            Side("fast lane", fast.http_port, _webhook(_connect(fast))),
            Side("routed controller", slow.http_port, _webhook(_connect(slow))),
        ]
        for side in sides:
            _measure(side, 1.0)
            side.count, side.seconds, side.latencies = 0, 0.0, []
        for _round in range(ROUNDS):
            for side in sides:
                _measure(side, seconds / ROUNDS)
        _print(sides)
        return all(side.failures == 0 for side in sides)


def _connect(server):
    """Make a backend that is paused, so that only receiving is measured; return its path."""
    odoo = OdooClient(server.url, server.database)
    backend = odoo.create("retail.backend", name="Benchmark", connector="manual")
    odoo.create("retail.credential", backend_id=backend, value=KEY)
    odoo.call("retail.backend", "action_arm", [backend])
    flows = odoo.call("retail.flow", "search", [("backend_id", "=", backend)])
    odoo.call("retail.flow", "action_pause", flows)
    (row,) = odoo.call("retail.backend", "read", [backend], ["token"])
    return f"/retail/{row['token']}/webhook"


def _get(path):
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    return lambda _number: request


def _post(path, extra="", body=PADDING):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    return lambda _number: f"{head}{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def _webhook(path):
    webhook, run = Webhook(KEY), time.time_ns()

    def make(number):
        name = f"{run}-{number}"
        body = json.dumps({"schema": "note.v1", "external_id": name, "version": 1, "text": PADDING})
        now = datetime.now(UTC)
        signature = webhook.sign(name, now, body)
        stamp = int(now.timestamp())
        extra = f"webhook-id: {name}\r\nwebhook-timestamp: {stamp}\r\nwebhook-signature: {signature}\r\n"
        return _post(path, extra, body)(number)

    return make


def _measure(side, seconds):
    """Call as fast as the answers come, from several clients, for ``seconds``."""
    # Made before the clock runs: the client shares the machine's cores with the server.
    requests = [side.make(side.count + index) for index in range(int(MOST_PER_SECOND * seconds))]
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def client():
        while requests and time.perf_counter() < end:
            request = requests.pop()
            started = time.perf_counter()
            status = _call(side.port, request)
            elapsed = time.perf_counter() - started
            with lock:
                side.count += 1
                side.latencies.append(elapsed * 1000)
                side.failures += status != b"200"

    started = time.perf_counter()
    threads = [threading.Thread(target=client) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    side.seconds += time.perf_counter() - started


def _call(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = connection.recv(65536)
        while connection.recv(65536):
            pass
    return answer.split(b" ", 2)[1]


def _print(sides):
    base_get, base_post = sides[0].rate, sides[1].rate
    print(f"\n| way | req/s | p50 ms | p99 ms | of empty GET | of empty POST | failures |\n|{'---|' * 7}")
    for side in sides:
        cuts = quantiles(side.latencies, n=100)
        print(
            f"| {side.name} | {side.rate:.0f} | {cuts[49]:.1f} | {cuts[98]:.1f} | {side.rate / base_get:.2f} | "
            f"{side.rate / base_post:.2f} | {side.failures} |"
        )
    fast, routed = sides[2].rate / base_get, sides[3].rate / base_post
    print(f"\nfast lane ≥ 1.5 × empty GET: {'pass' if fast >= 1.5 else 'MISSED'} ({fast:.2f})")
    print(f"routed ≥ 0.6 × empty POST: {'pass' if routed >= 0.6 else 'MISSED'} ({routed:.2f})")


if __name__ == "__main__":
    sys.exit(0 if main(float(sys.argv[1]) if len(sys.argv) > 1 else 8.0) else 1)
