"""The probes where Odoo has to find out the database: several on one server, and in tests."""

from werkzeug.wrappers import Response

from odoo import http
from odoo.http import request

from ..probes import reply

_OPTIONS = {
    "type": "http",
    "auth": "none",
    "methods": ["GET"],
    "csrf": False,
    "save_session": False,
    "readonly": False,
}


class RetailProbes(http.Controller):
    @http.route("/retail/metrics", **_OPTIONS)
    def metrics(self, **_query):
        """Figures for Prometheus: 401 without the token, 404 where there is none."""
        return self._reply()

    @http.route("/retail/health", **_OPTIONS)
    def health(self, **_query):
        """200: this process answers."""
        return self._reply()

    @http.route("/retail/ready", **_OPTIONS)
    def ready(self, **_query):
        """200: the work goes on; 503: it does not. With the token, why."""
        return self._reply()

    @staticmethod
    def _reply():
        incoming = request.httprequest
        found = reply(incoming.path, lambda: request.env.registry, incoming.headers, incoming.query_string.decode())
        return Response(found.body, status=found.status, headers={**found.headers, "Content-Type": found.content_type})
