"""Webhooks taken before Odoo's request stack: the same checks and the same row, without session, routing and ORM.

Everything that is not plainly a webhook for the one database of this server goes on to Odoo, whose routed controller
(``retail_integration_base``) takes it. Both call :func:`~..retail_integration_base.engine.receive.receive`.
"""

import logging
import threading
import time

from werkzeug.wsgi import get_current_url

from odoo import SUPERUSER_ID, api, modules
from odoo.http import ProxyFix
from odoo.modules.registry import Registry
from odoo.tools import config

from odoo.addons.retail_integration_base.controllers.gateway import RETRY_AFTER_SECONDS, discard, follow_up
from odoo.addons.retail_integration_base.controllers.store import Store
from odoo.addons.retail_integration_base.engine import telemetry
from odoo.addons.retail_integration_base.engine.messages import WebhookRequest
from odoo.addons.retail_integration_base.engine.receive import MAX_BODY_BYTES, Answer, receive

_logger = logging.getLogger(__name__)

PREFIX = "/retail/"
#: A backend's settings and secrets are looked up again after this: what is revoked is refused a second later.
ENDPOINT_SECONDS = 1.0
_MAX_ENDPOINTS = 1000
_REASONS = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Content Too Large"}


class FastLane:
    """The lane of one process.

    :param str database: name of the only database this server has
    """

    def __init__(self, database):
        self.database = database
        self._store = Store(database, "retail-fast-lane")
        self._endpoints = {}

    @staticmethod
    def install(application):
        """Wrap ``application.__call__`` (a class), once."""
        odoo_call = application.__call__
        if hasattr(odoo_call, "retail_lanes"):
            return
        lanes = {}

        def call(self, environ, start_response):
            database = _database_of(environ)
            if database is None:
                return odoo_call(self, environ, start_response)
            lane = lanes.get(database) or lanes.setdefault(database, FastLane(database))
            return lane.serve(environ, start_response, lambda: odoo_call(self, environ, start_response))

        call.retail_lanes = lanes
        application.__call__ = call

    def serve(self, environ, start_response, go_on):
        """Answer one webhook, or ``go_on`` to Odoo where the database has no gateway."""
        _satisfy_request_log()
        size = int(environ["CONTENT_LENGTH"])
        if size > MAX_BODY_BYTES:
            discard(environ["wsgi.input"], size)
            return self._finish(start_response, Answer(413, "too_large"))
        try:
            if "retail.backend" not in self._registry():
                return go_on()
            _empty, _retail, token, endpoint = environ["PATH_INFO"].split("/")
            message = WebhookRequest(
                token=token,
                endpoint=endpoint,
                headers=_headers_of(environ),
                body=environ["wsgi.input"].read(size),
                address=lambda: _url_of(environ),
            )
            answer = receive(message, self._find_endpoint, self._find_policy, self._store.insert)
            with telemetry.about("receive", answer.row):
                follow_up(self._registry(), self._store, answer)
        except Exception:  # whatever it is, the caller is to come again: its message is not stored
            _logger.exception("The gateway failed")
            self._say(Answer(503, "unavailable"))
            start_response("503 Service Unavailable", [("Retry-After", str(RETRY_AFTER_SECONDS))])
            return []
        return self._finish(start_response, answer)

    def _say(self, answer):
        telemetry.answered(self.database, answer, "fast_lane", threading.current_thread().perf_t0)

    def _finish(self, start_response, answer):
        self._say(answer)
        start_response("%d %s" % (answer.status, _REASONS.get(answer.status, "Refused")), [("Content-Length", "0")])
        return []

    # ---------------------------------------------------------------- what Odoo knows

    def _registry(self):
        return Registry(self.database)

    def _find_endpoint(self, token):
        now = time.monotonic()
        known = self._endpoints.get(token)
        if known and now - known[0] < ENDPOINT_SECONDS:
            return known[1]
        endpoint = self._look_up(token)
        if endpoint is not None:
            if len(self._endpoints) >= _MAX_ENDPOINTS:
                self._endpoints.clear()
            self._endpoints[token] = (now, endpoint)
        else:
            self._endpoints.pop(token, None)
        return endpoint

    def _look_up(self, token):
        # Takes in what other processes changed, as Odoo does at the start of each request.
        registry = self._registry().check_signaling()
        with registry.cursor() as cr:
            try:
                return api.Environment(cr, SUPERUSER_ID, {})["retail.backend"]._endpoint_of(token)
            except KeyError:
                return None

    def _find_policy(self, connector):
        return self._registry()["retail.connector.%s" % connector]._webhook_policy


def _database_of(environ):
    """Return the database a request is a webhook for, or ``None`` where it is Odoo's to find out."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(PREFIX) or environ.get("REQUEST_METHOD") != "POST" or path.count("/") != 3:
        return None
    if not environ.get("CONTENT_LENGTH", "").isdecimal() or environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    if modules.module.current_test:
        return None  # a test's rows are in a transaction of its own, which the lane's connection does not see
    names = config["db_name"]
    if len(names) != 1 or config.get("retail_fast_lane", "True") not in (True, "True", "true", "1"):
        return None
    return names[0]


def _headers_of(environ):
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers


def _url_of(environ):
    """Return the address as the channel called it, also behind a proxy that Odoo is told to trust."""
    if config["proxy_mode"] and environ.get("HTTP_X_FORWARDED_HOST"):
        ProxyFix(lambda _environ, _start: [])(environ, lambda _status, _headers: None)
    return get_current_url(environ)


def _satisfy_request_log():
    """Set what Odoo's access log reads from the thread."""
    thread = threading.current_thread()
    thread.query_count = 0
    thread.query_time = 0
    thread.perf_t0 = time.time()
