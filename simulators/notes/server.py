"""The vendor behind HTTP, in a thread of this process or as a process of its own (``python -m simulators.notes``)."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .vendor import Vendor


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def _handle(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        vendor = self.server.vendor
        if url.path.startswith("/_sim/"):
            self._answer(*self._control(vendor, url.path, body))
            return
        fault = vendor.draw_fault(self.command, url.path, self.headers.get("traceparent"))
        if fault and fault.fault in ("status", "rate_limit"):
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            self._answer(429 if fault.fault == "rate_limit" else fault.status, {"error": "later"}, headers)
            return
        answer = self._serve(vendor, url, body)
        if fault:
            self._misbehave(fault, answer)
        else:
            self._answer(*answer)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _serve(self, vendor, url, body):
        route = (self.command, url.path)
        if route == ("PUT", "/v1/notes"):
            return vendor.store_notes(json.loads(body)["notes"])
        if route == ("POST", "/v1/parcels"):
            return vendor.send_parcel(json.loads(body))
        if route == ("GET", "/v1/parcels"):
            return vendor.find_parcels(parse_qs(url.query).get("reference", []))
        if route == ("GET", "/v1/written"):
            query = parse_qs(url.query)
            return vendor.list_written(float(query["since"][0]), int(query.get("page", ["0"])[0]))
        if self.command == "GET" and url.path.startswith("/v1/written/"):
            return vendor.read_written(url.path.rpartition("/")[2])
        if route == ("GET", "/v1/status"):
            return 200, {"status": "up"}
        return 404, {"error": "there is nothing here"}

    def _control(self, vendor, path, body):
        if path == "/_sim/state" and self.command == "GET":
            return 200, vendor.snapshot()
        if path == "/_sim/faults" and self.command == "POST":
            try:
                vendor.add_fault(**json.loads(body))
            except (ValueError, TypeError) as error:
                return 400, {"error": str(error)}
            return 201, {}
        if path == "/_sim/faults" and self.command == "DELETE":
            vendor.clear_faults()
            return 200, {}
        return 404, {"error": "no such control"}

    def _misbehave(self, fault, answer):
        self.close_connection = True
        if fault.fault == "hang":
            self.server.stopping.wait(fault.seconds)
        elif fault.fault == "truncated":
            content = self._bytes(*answer)
            self.wfile.write(content[: -len(content) // 4])
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status, value, headers=None):
        self.wfile.write(self._bytes(status, value, headers))

    def _bytes(self, status, value, headers=None):
        body = json.dumps(value).encode()
        lines = [f"HTTP/1.1 {status} .", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {text}" for name, text in (headers or {}).items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def log_message(self, *args):
        """Calls are counted, not printed."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that hangs up is no event here."""


class NotesVendor:
    """The vendor in this process; a context manager too.

    :param int port: 0 takes any free one
    """

    def __init__(self, port=0, host="127.0.0.1"):
        self.vendor = Vendor()
        self._server = _Server((host, port), _Handler)
        self._server.vendor, self._server.stopping = self.vendor, threading.Event()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self):
        return "http://%s:%d" % self._server.server_address[:2]

    def start(self):
        """Listen; returns at once."""
        self._thread.start()
        return self

    def stop(self):
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    __enter__ = start

    def __exit__(self, *_exception):
        self.stop()
