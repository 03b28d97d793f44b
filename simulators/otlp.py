"""An OTLP receiver: takes what an exporter posts and decodes it with the official protocol package."""

import gzip
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Receiver:
    """Runs on a free port, and decodes what came only when it is asked for: a benchmark shares its cores with it."""

    def __init__(self):
        self._bodies, self._spans = deque(), []
        bodies = self._bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/v1/traces" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def spans(self):
        """The spans that came so far, in the order of their arrival."""
        while self._bodies:
            for resource in ExportTraceServiceRequest.FromString(self._bodies.popleft()).resource_spans:
                for scope in resource.scope_spans:
                    self._spans.extend(scope.spans)
        return self._spans

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def attributes_of(span):
    """Return the attributes as a dict."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
