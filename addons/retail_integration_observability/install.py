"""What the addon puts into the process when the server loads it, and who listens to the framework there."""

import atexit
import logging

import psycopg2

from odoo import modules
from odoo.modules.registry import Registry

from odoo.addons.retail_integration_base.engine import telemetry
from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

from .engine.buckets import ACK_BOUNDS
from .engine.measured import Measured
from .engine.rollup_sql import add_measured

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
    """Counts the gateway's answers."""

    def answered(self, database, answer, way, started, ended):
        outcome = _OUTCOMES.get(answer.reason, "refused")
        measured.add(database, "ack", answer.backend_id, outcome, way, max(ended - started, 0.0), ACK_BOUNDS)
        if outcome == "refused":
            measured.add(database, "refusals", answer.backend_id, answer.reason)
        if not modules.module.current_test:
            measured.call_later(_flush)

    def stepped(self, step):
        pass


def post_load():
    """Called when the server loads the addon and with every registry; does its work once per process."""
    if getattr(post_load, "is_done", False):
        return
    post_load.is_done = True
    from odoo.http import Application  # not before the server has set itself up

    from .front import Front

    telemetry.listen(_listener)
    Front.install(Application)
    atexit.register(_flush)


_listener = Listener()
