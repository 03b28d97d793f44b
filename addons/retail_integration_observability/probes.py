"""What ``/retail/metrics``, ``/retail/health`` and ``/retail/ready`` answer, whoever took the request."""

import json
import threading
import time
from dataclasses import dataclass, field

import psycopg2

from odoo import SUPERUSER_ID, api, modules

from odoo.addons.retail_integration_base.controllers.gateway import RETRY_AFTER_SECONDS
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

from .engine.exposition import render
from .install import measured

PATHS = frozenset(("/retail/metrics", "/retail/health", "/retail/ready"))
#: A result this young is given again: scrapers and probes in a hurry cost nothing more.
_FRESH_SECONDS = 1.0
_results, _results_lock = {}, threading.Lock()


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: dict = field(default_factory=dict)


def reply(path, find_registry, headers, query=""):
    """Answer one request.

    :param str path: one of :data:`PATHS`
    :param find_registry: function → the database's registry
    :param Mapping headers: ``Authorization`` and ``Accept`` are read
    :param str query: of ``/retail/ready``: ``database`` checks nothing else
    :return: Reply; 503 while the database is away
    """
    if path == "/retail/health":
        return _json(200, {"status": "ok"})
    try:
        registry = find_registry()
        is_known = _is_known(registry, headers.get("Authorization") or "")
        if path == "/retail/ready":
            return _ready(registry, is_known, only_database=query == "database")
        return _metrics(registry, is_known, headers.get("Accept") or "")
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        status = {"status": "not ok"} if path == "/retail/ready" else {}
        return _json(503, status, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _is_known(registry, authorization):
    """Return whether the caller has a valid token, or ``None`` where nobody has one."""
    kind, _space, token = authorization.partition(" ")
    with own_cursor(registry) as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        return env["retail.metrics.token"]._check(cr, token.strip() if kind.lower() == "bearer" else None)


def _metrics(registry, is_known, accept):
    if is_known is None:
        return Reply(404, b"")
    if not is_known:
        return Reply(401, b"", headers={"WWW-Authenticate": 'Bearer realm="retail metrics"'})
    measured.flush()
    body, content_type = render(_latest(registry, "retail.metrics", "_scrape"), accept)
    return Reply(200, body, content_type)


def _ready(registry, is_known, only_database):
    if only_database:
        return _json(200, {"status": "ok"})
    checks = _latest(registry, "retail.health", "_checks")
    is_ok = all(check.is_ok for check in checks)
    content = {"status": "ok" if is_ok else "not ok"}
    if is_known:
        content["checks"] = {check.name: {"ok": check.is_ok, "detail": check.detail} for check in checks}
    return _json(200 if is_ok else 503, content)


def _latest(registry, model, method):
    """Return what ``method`` gives, or gave a moment ago. One thread asks, others wait for what it gets."""
    key = (registry.db_name, model)
    with _results_lock:
        entry = _results.setdefault(key, {"lock": threading.Lock(), "at": None, "value": None})
    with entry["lock"]:
        is_fresh = entry["at"] is not None and time.monotonic() - entry["at"] < _FRESH_SECONDS
        if not is_fresh or modules.module.current_test:
            with registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                entry["value"] = getattr(env[model], method)()
            entry["at"] = time.monotonic()
        return entry["value"]


def _json(status, content, headers=None):
    return Reply(status, json.dumps(content).encode() + b"\n", "application/json", headers or {})
