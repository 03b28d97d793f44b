"""The door for channels: ``POST /retail/<token>/<endpoint>``."""

import logging
import threading

import psycopg2
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from odoo import http, modules
from odoo.http import request

from ..engine import inbox_sql, telemetry
from ..engine.lanes import group_of
from ..engine.messages import WebhookRequest
from ..engine.receive import MAX_BODY_BYTES, Answer, receive
from ..engine.uses import Uses
from ..models.retail_drain import order_drain, own_cursor
from .store import Store

_logger = logging.getLogger(__name__)

#: Seconds a caller is asked to wait while the database is away.
RETRY_AFTER_SECONDS = 30
MAX_DISCARDED_BYTES = 128 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
#: database → Store
_stores = {}
_uses = Uses()


class RetailDispatcher(http.Dispatcher):
    """Hands the raw body to the controller.

    Odoo's own dispatchers read forms and JSON before the controller runs, and turn what they cannot read into errors
    of their own. A signature is over bytes.
    """

    routing_type = "retail"

    @classmethod
    def is_compatible_with(cls, request):
        return True

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc):
        if isinstance(exc, HTTPException):
            return exc
        _logger.error("The gateway failed", exc_info=exc)
        return _unavailable()


class RetailGateway(http.Controller):
    @http.route(
        "/retail/<string:token>/<string:endpoint>",
        type="retail",
        auth="none",
        methods=["POST"],
        csrf=False,
        readonly=False,
        save_session=False,
    )
    def receive(self, token, endpoint):
        """Store one webhook. 2xx once it is committed, 4xx for what is refused, 503 while the database is away."""
        answer = Answer(503, "unavailable")
        try:
            answer = self._receive(token, endpoint)
            with telemetry.about("receive", answer.row):
                return self._respond(answer)
        except psycopg2.OperationalError:
            _logger.exception("The gateway has no database")
            return _unavailable()
        finally:
            # Odoo notes on the thread when the request came.
            telemetry.answered(request.db, answer, "routed", threading.current_thread().perf_t0)

    def _receive(self, token, endpoint):
        incoming = request.httprequest
        body = _read_body(incoming)
        if body is None:
            return Answer(413, "too_large")
        message = WebhookRequest(
            token=token,
            endpoint=endpoint,
            headers={name.lower(): value for name, value in incoming.headers.items()},
            body=body,
            address=lambda: incoming.url,
        )
        return receive(message, self._find_endpoint, self._find_policy, _store(request.db).insert)

    def _respond(self, answer):
        follow_up(request.env.registry, _store(request.db), answer)
        return Response(status=answer.status)

    @staticmethod
    def _find_endpoint(token):
        try:
            return request.env["retail.backend"].sudo()._endpoint_of(token)
        except KeyError:
            return None

    @staticmethod
    def _find_policy(connector):
        return request.env["retail.connector.%s" % connector]._webhook_policy


class _TestStore:
    """Stores in the transaction of the test that is under way, which a connection of its own would not see."""

    def __init__(self, registry):
        self._registry = registry

    def insert(self, row):
        with own_cursor(self._registry) as cr:
            inbox_id = inbox_sql.insert_message(cr, row)
            if _uses.is_due(row["credential_id"]):
                inbox_sql.mark_credential_used(cr, row["credential_id"])
        return inbox_id

    def mark_awake(self, group):
        with own_cursor(self._registry) as cr:
            return inbox_sql.mark_awake(cr, group)


def _store(database):
    if modules.module.current_test:
        return _TestStore(request.env.registry)
    store = _stores.get(database)
    return store or _stores.setdefault(database, Store(database, "retail-gateway"))


def follow_up(registry, store, answer):
    """Count a refusal, or see that somebody works on what was stored."""
    if answer.status >= 400:
        with own_cursor(registry) as cr:
            inbox_sql.count_refusal(cr, answer.backend_id, answer.reason)
    elif answer.lane is not None:
        group = group_of(answer.lane)
        try:
            if store.mark_awake(group):
                with own_cursor(registry) as cr:
                    order_drain(cr, [group])
        except psycopg2.Error:
            # The message is safe; the watchdog finds it.
            _logger.warning("No drain job could be called for message %s", answer.inbox_id, exc_info=True)


def _read_body(incoming):
    """Return the raw body, or ``None`` when it is longer than the gateway takes."""
    if (incoming.content_length or 0) > MAX_BODY_BYTES:
        discard(incoming.environ["wsgi.input"], incoming.content_length)
        return None
    incoming.max_content_length = MAX_BODY_BYTES + 1
    try:
        # Cached, so that a request that Odoo runs again after a conflict still has its body.
        return incoming.get_data(cache=True)
    except HTTPException:
        return None


def discard(stream, size):
    """Read what is not wanted, within reason: a caller that is cut off while it sends never sees the answer."""
    size = min(size, MAX_DISCARDED_BYTES)
    while size > 0:
        chunk = stream.read(min(size, _CHUNK_BYTES))
        if not chunk:
            return
        size -= len(chunk)


def _unavailable():
    return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
