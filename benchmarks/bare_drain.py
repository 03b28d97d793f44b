"""Works off an inbox in a process of its own, as one worker does, and counts its SQL.

    python -m benchmarks.bare_drain <Odoo configuration file>    < the plan as JSON

Prints one JSON object. Started by ``benchmarks.peer_orders``.
"""

import cProfile
import json
import pstats
import sys
import time
from contextlib import nullcontext

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.tools import config

from .bare_transfer import counted

_SECONDS = 600
_PROFILE_ROWS = 25
# Messages of some subjects come first, so that a process has its caches before the clock runs.
_PUT_OFF = """
UPDATE retail_inbox_work SET not_before = not_before + interval '1 day'
WHERE backend_id = %(backend)s AND inbox_id NOT IN (
    SELECT inbox_id FROM retail_inbox_work WHERE backend_id = %(backend)s ORDER BY inbox_id LIMIT %(warm_up)s)
"""
_BRING_BACK = """
UPDATE retail_inbox_work SET not_before = not_before - interval '1 day'
WHERE backend_id = %(backend)s AND not_before > now() AT TIME ZONE 'UTC' + interval '12 hours'
"""


def main(configuration, plan):
    """Work off the messages of a backend; return what it took.

    :param dict plan: ``backend``, ``flow`` (ids), ``warm_up`` (how many messages do not count), ``confirm`` (bool),
        ``reservation`` (``with_order`` or ``deferred``), ``profile`` (bool: print where the time goes)
    :return: dict ``messages``, ``seconds``, ``reservation_seconds`` (after them), ``cpu_seconds``, ``statements``
    """
    config.parse_config(["-c", configuration, "--no-http", "--max-cron-threads=0", "--log-level=warn"])
    registry = odoo.modules.registry.Registry(config["db_name"][0])
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        cr.execute(_PUT_OFF, plan)
        env["retail.backend"].browse(plan["backend"]).order_confirm = plan["confirm"]
        env["retail.flow"].browse(plan["flow"]).write({"reservation": plan["reservation"], "state": "live"})
    _drain(registry)
    _reserve(registry)
    with registry.cursor() as cr:
        cr.execute(_BRING_BACK, plan)
    profile = cProfile.Profile() if plan.get("profile") else None
    with counted() as statements, profile or nullcontext():
        started, cpu_started = time.perf_counter(), time.process_time()
        done = _drain(registry)
        imported = time.perf_counter()
        _reserve(registry)
        reserved, cpu_ended = time.perf_counter(), time.process_time()
    if profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(_PROFILE_ROWS)
    return {
        "messages": done,
        "seconds": imported - started,
        "reservation_seconds": reserved - imported,
        "cpu_seconds": cpu_ended - cpu_started,
        "statements": len(statements),
    }


def _drain(registry):
    """Work off what is due; return how many messages that were."""
    from odoo.addons.retail_integration_base.engine.lanes import GROUPS  # not before the configuration is read

    total, done = 0, 1
    while done:
        with registry.cursor() as cr:
            drain = api.Environment(cr, SUPERUSER_ID, {})["retail.drain"]
            done = sum(drain._drain_group(group, _SECONDS) for group in range(GROUPS))
            total += done
    return total


def _reserve(registry):
    """Reserve what was deferred, in all warehouses."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        for warehouse in env["stock.warehouse"].search([]).ids:
            while env["retail.reservation.writer"]._work_off(warehouse, _SECONDS):
                pass


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.load(sys.stdin))))
