"""A running simulator, a client of its API, and a receiver of its webhooks."""

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from simulators.shopify import ShopifySimulator

START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)


class Api:
    """Calls the simulator as an app does."""

    def __init__(self, simulator):
        self.url = simulator.url
        self.session = requests.Session()
        self.token = self.grant().json()["access_token"]

    def grant(self, **changes):
        fields = {
            "client_id": "retail-integration",
            "client_secret": "shpss_simulated_secret",
            "grant_type": "client_credentials",
            **changes,
        }
        return self.session.post(f"{self.url}/admin/oauth/access_token", data=fields)

    def post(self, query, variables=None, version="2026-07", token=None, timeout=20, **more):
        """Send a GraphQL request; return the HTTP response."""
        return self.session.post(
            f"{self.url}/admin/api/{version}/graphql.json",
            json={"query": query, "variables": variables or {}, **more},
            headers={"X-Shopify-Access-Token": token or self.token},
            timeout=timeout,
        )

    def run(self, query, variables=None, **options):
        """Send a GraphQL request; return its whole answer."""
        response = self.post(query, variables, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def data(self, query, variables=None, **options):
        """Send a GraphQL request that must succeed; return its data."""
        answer = self.run(query, variables, **options)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def errors(self, query, variables=None, **options):
        """Send a GraphQL request that must fail; return its errors."""
        return self.run(query, variables, **options)["errors"]

    def control(self, method, path, **body):
        """Call the control API; return the JSON of a success."""
        response = self.session.request(method, f"{self.url}/_sim{path}", json=body or None)
        assert response.status_code == 200, response.text
        return response.json()

    def place(self, kind="simple", **options):
        """Place one order; return its summary."""
        return self.control("POST", "/orders", kind=kind, **options)["orders"][0]


class Receiver:
    """Takes webhooks.

    :ivar list seen: ``(headers dict, raw body)`` in the order of arrival
    :ivar function answer: ``(headers, body) -> status``
    """

    def __init__(self):
        self.seen, self.answer = [], lambda headers, body: 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = dict(self.headers)
                receiver.seen.append((headers, body))
                self.send_response(receiver.answer(headers, body))
                self.end_headers()

            def log_message(self, *_arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def topics(self):
        return [headers["X-Shopify-Topic"] for headers, _body in self.seen]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def simulator():
    """A shop without orders; its clock starts at :data:`START`."""
    with ShopifySimulator(seed=7, start=START, orders=0) as running:
        yield running


@pytest.fixture
def api(simulator):
    return Api(simulator)


@pytest.fixture
def full():
    """A shop with its whole seeded history."""
    with ShopifySimulator(seed=7, start=START) as running:
        yield running


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def hooked(api, receiver):
    """The API client of a shop whose webhooks all go to ``receiver``, with retries at once."""
    api.control("POST", "/webhooks", uri=receiver.uri)
    api.control("POST", "/settings", retry_delays=[0] * 8)
    return api


@pytest.fixture
def settled(simulator):
    """Call it to wait until every webhook is answered or given up."""
    tick = threading.Event()

    def wait():
        for _attempt in range(3000):
            if simulator.world.sender.is_idle():
                return
            tick.wait(0.01)
        raise AssertionError("webhooks are still on their way")

    return wait
