"""The HTTP server of the simulators: HTTP/1.1 with keep-alive, one thread for each connection.

werkzeug's own development server closes every connection, which would make each API call pay for a new one; so the
standard library's server carries werkzeug's requests and responses here. It also knows how to misbehave on the wire.
"""

import io
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

_MAX_BODY = 8 * 1024 * 1024
_SLOW_PIECES = 8
_PIECE_BYTES = 1024 * 1024


class FileResponse(Response):
    """A part of a file, sent piece by piece.

    :param Path path:
    :param int start: first byte
    :param int end: the byte after the last
    """

    def __init__(self, path, start, end, *args, **options):
        super().__init__(b"", *args, **options)
        self.path, self.start, self.end = path, start, end


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def handle_any(self):
        body = self._read_body()
        if body is None:
            return
        request = Request(self._environment(body))
        try:
            response = self.server.dispatch(self.server.world, request)
        except Exception as error:
            self.log_error("%s %s: %r", self.command, self.path, error)
            self._send(Response(f"simulator error: {error!r}", 500))
            raise
        fault = getattr(response, "misbehaviour", None)
        if fault:
            self._misbehave(response, fault)
        else:
            self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any  # noqa: N815

    def _read_body(self):
        """:return: bytes, or None when the request was refused"""
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY or "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            self._send(Response("length required or too large", 413))
            return None
        return self.rfile.read(length) if length else b""

    def _environment(self, body):
        parts = urlsplit(self.path)
        host, port = self.server.server_address[:2]
        environment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
        }
        for name, value in self.headers.items():
            environment.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
        return environment

    def _head(self, response, length):
        lines = [f"HTTP/1.1 {response.status}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items() if name.lower() != "content-length"]
        lines += [f"Content-Length: {length}", f"Date: {self.date_time_string()}"]
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _send(self, response):
        if isinstance(response, FileResponse):
            self._send_file(response, response.end)
            return
        body = response.get_data()
        content = b"" if self.command == "HEAD" else body
        # One write: two would wait for the peer's delayed acknowledgement
        self.wfile.write(self._head(response, len(body)) + content)

    def _send_file(self, response, until):
        """Send the part of a file that was asked for, up to the byte ``until``."""
        self.wfile.write(self._head(response, response.end - response.start))
        with open(response.path, "rb") as file:
            file.seek(response.start)
            left = until - response.start
            while left > 0:
                piece = file.read(min(left, _PIECE_BYTES))
                self.wfile.write(piece)
                left -= len(piece)

    def _misbehave(self, response, fault):
        if isinstance(response, FileResponse):
            self.close_connection = True
            self._send_file(response, (response.start + response.end) // 2)
            return
        body, stopping = response.get_data(), self.server.world.stopping
        self.close_connection = True
        if fault.fault == "timeout":
            stopping.wait(fault.seconds or 30)
        elif fault.fault == "truncated":
            self.wfile.write(self._head(response, len(body)) + body[: len(body) // 2])
        else:
            self.wfile.write(self._head(response, len(body)))
            size = len(body) // _SLOW_PIECES + 1
            for start in range(0, len(body), size):
                stopping.wait((fault.seconds or 2) / _SLOW_PIECES)
                self.wfile.write(body[start : start + size])

    def log_message(self, format, *args):  # noqa: A002 the base class names it so
        """Requests are counted, not printed."""

    def log_error(self, format, *args):  # noqa: A002
        if self.server.is_verbose:
            super().log_message(format, *args)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, world, dispatch, is_verbose):
        self.world, self.dispatch, self.is_verbose = world, dispatch, is_verbose
        self._connections = set()
        super().__init__(address, Handler)

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address):
        """A client that hangs up is no event here."""

    def close_connections(self):
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Simulator:
    """A vendor in this process, for tests; a context manager too.

    :param world: has ``start()``, ``stop()`` and ``stopping`` (``threading.Event``); its ``url`` is set
    :param dispatch: function of world and ``werkzeug`` request that returns the response; one with an attribute
        ``misbehaviour`` (``fault``: ``timeout``, ``truncated`` or ``slow_body``; ``seconds``) goes wrong on the wire
    """

    def __init__(self, world, dispatch, port=0, host="127.0.0.1", is_verbose=False):
        self.world = world
        self._server = Server((host, port), world, dispatch, is_verbose)
        self._thread = None

    @property
    def url(self):
        host, port = self._server.server_address[:2]
        return f"http://{host}:{port}"

    def start(self):
        """Listen; returns at once.

        :rtype: Simulator
        """
        self.world.url = self.url
        self.world.start()
        serve = {"poll_interval": 0.05}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=serve, name="simulator", daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Stop listening, end the connections and the threads."""
        self._server.shutdown()
        self.world.stop()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join(timeout=5)

    __enter__ = start

    def __exit__(self, *_exception):
        self.stop()
