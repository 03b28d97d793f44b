"""The probes before Odoo's request stack: while PostgreSQL is away, Odoo itself knows no database and answers 404.

Takes them where the server has one database. Everything else goes on to Odoo, whose routed controller answers.
"""

import logging
import threading
import time

from werkzeug.wrappers import Response

from odoo import modules
from odoo.modules.registry import Registry
from odoo.tools import config

from .probes import PATHS, reply

_logger = logging.getLogger(__name__)


class Front:
    """Wraps Odoo's application."""

    @staticmethod
    def install(application):
        """Wrap ``application.__call__`` (a class), once."""
        odoo_call = application.__call__
        if hasattr(odoo_call, "retail_probes"):
            return

        def call(self, environ, start_response):
            database = _database_of(environ)
            found = database and _reply(database, environ)
            if not found:
                return odoo_call(self, environ, start_response)
            headers = {**found.headers, "Content-Type": found.content_type}
            return Response(found.body, status=found.status, headers=headers)(environ, start_response)

        call.retail_probes = True
        # Another addon's mark that it has wrapped the application already must stay visible.
        call.__dict__.update(odoo_call.__dict__)
        application.__call__ = call


class _NotInstalled(Exception):
    """The database has no retail integration."""


def _database_of(environ):
    if environ.get("PATH_INFO") not in PATHS or environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
        return None
    if modules.module.current_test or len(config["db_name"]) != 1:
        return None
    return config["db_name"][0]


def _reply(database, environ):
    """Return the Reply, or ``None`` where the request is Odoo's."""
    thread = threading.current_thread()
    # What Odoo's access log reads.
    thread.query_count, thread.query_time, thread.perf_t0 = 0, 0, time.time()

    def find_registry():
        registry = Registry(database)
        if "retail.metrics.token" not in registry:
            raise _NotInstalled
        return registry

    headers = {"Authorization": environ.get("HTTP_AUTHORIZATION"), "Accept": environ.get("HTTP_ACCEPT")}
    try:
        return reply(environ["PATH_INFO"], find_registry, headers, environ.get("QUERY_STRING", ""))
    except _NotInstalled:
        return None
