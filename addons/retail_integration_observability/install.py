"""What the addon puts into the process when the server loads it, and who listens to the framework there."""

import atexit
import logging
import os

import psycopg2

from odoo import modules
from odoo.modules.registry import Registry
from odoo.tools import config

from odoo.addons.retail_integration_base.engine import telemetry
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

from .engine import json_log
from .engine.buckets import ACK_BOUNDS
from .engine.measured import Measured
from .engine.rollup_sql import add_measured
from .engine.spans import Spans

_logger = logging.getLogger(__name__)
_OUTCOMES = {"accepted": "accepted", "duplicate": "duplicate", "unavailable": "unavailable"}


def _give_away(database, rows):
    registry = Registry(database)
    if "retail.metrics.series" not in registry:
        return
    with own_cursor(registry) as cr:
        add_measured(cr, rows)


def _flush():
    try:
        measured.flush()
    except psycopg2.Error:
        # Kept, and given away with what comes next.
        _logger.info("What the gateway measured could not be written yet", exc_info=True)


measured = Measured(_give_away)


class Listener:
    """Counts the gateway's answers, and makes spans where a collector is configured.

    :param spans: function → :class:`Spans` or ``None``
    """

    def __init__(self, spans):
        self._spans = spans

    def answered(self, database, answer, way, started, ended):
        outcome = _OUTCOMES.get(answer.reason, "refused")
        measured.add(database, "ack", answer.backend_id, outcome, way, max(ended - started, 0.0), ACK_BOUNDS)
        if outcome == "refused":
            measured.add(database, "refusals", answer.backend_id, answer.reason)
        if not modules.module.current_test:
            measured.call_later(_flush)
        spans = self._spans()
        if spans:
            spans.received(database, answer, way, started, ended)

    def stepped(self, step):
        spans = self._spans()
        if spans:
            spans.stepped(step)


def option(name):
    """Return an option of the server's configuration, or of the environment in upper case, which wins; else ``""``."""
    return str(os.environ.get(name.upper()) or config.get(name) or "").strip()


class _OwnSpans:
    """The spans of this process: made at the first use, since a thread does not survive a fork."""

    def __init__(self, endpoint, ratio):
        self._endpoint, self._ratio, self._pid, self._spans = endpoint, ratio, None, None

    def __call__(self):
        if self._endpoint and self._pid != os.getpid():
            self._pid = os.getpid()
            try:
                self._spans = Spans(self._endpoint, self._ratio)
            except ImportError as error:
                self._spans = None
                _logger.warning("retail_otel_endpoint is set, but nothing is traced: %s", error)
        return self._spans


def _ratio():
    text = option("retail_otel_ratio") or "1"
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        _logger.warning("retail_otel_ratio is no number: %s; every message is traced", text)
        return 1.0


def post_load():
    """Called when the server loads the addon and with every registry; does its work once per process."""
    if getattr(post_load, "is_done", False):
        return
    post_load.is_done = True
    from odoo.http import Application  # not before the server has set itself up

    from .front import Front

    if option("retail_log_format").lower() == "json":
        json_log.install()
    telemetry.listen(Listener(_OwnSpans(option("retail_otel_endpoint"), _ratio())))
    Front.install(Application)
    atexit.register(_flush)
