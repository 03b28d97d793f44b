"""Validates transfers of many lines in a process of its own, with a flow off and on, and counts their SQL.

    python -m benchmarks.bare_transfer <Odoo configuration file>    < the plan as JSON

Prints one JSON object per transfer: ``{"state", "lines", "seconds", "statements"}``. Started by the stock storm.
"""

import json
import sys
import time
from contextlib import contextmanager

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.sql_db import Cursor
from odoo.tools import config


def main(configuration, plan):
    """Yield what each transfer took.

    :param dict plan: ``products`` (ids), ``flow`` (id), ``source``, ``destination``, ``operation_type`` (ids),
        ``states`` (of the flow, one per transfer)
    """
    config.parse_config(["-c", configuration, "--no-http", "--max-cron-threads=0", "--log-level=warn"])
    registry = odoo.modules.registry.Registry(config["db_name"][0])
    for state in dict.fromkeys(plan["states"]):
        _transfer(registry, dict(plan, products=plan["products"][:5]), state)  # the first of a process loads caches
    for state in plan["states"]:
        yield _transfer(registry, plan, state)


def _set_state(registry, flow_id, state):
    """Set the flow as a person would, against the workers that are at its levels."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        flow = env["retail.flow"].browse(flow_id)
        if flow.state != state:
            retrying(lambda: flow.write({"state": state}), env)


def _transfer(registry, plan, state):
    _set_state(registry, plan["flow"], state)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        picking = env["stock.picking"].create(_values(plan))
        picking.action_confirm()
        picking.action_assign()
        picking.move_ids.picked = True
        picking_id = picking.id
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        picking = env["stock.picking"].browse(picking_id)
        with counted() as statements:
            started = time.perf_counter()
            picking._action_done()
            cr.flush()
            seconds = time.perf_counter() - started
        assert picking.state == "done"
    return {"state": state, "lines": len(plan["products"]), "seconds": seconds, "statements": len(statements)}


def _values(plan):
    places = {"location_id": plan["source"], "location_dest_id": plan["destination"]}
    lines = [(0, 0, {"product_id": product, "product_uom_qty": 1, **places}) for product in plan["products"]]
    return {"picking_type_id": plan["operation_type"], "move_ids": lines, **places}


@contextmanager
def counted():
    """Yield a list that gets one entry per statement."""
    found, execute = [], Cursor.execute

    def spy(cursor, query, *args, **kwargs):
        found.append(1)
        return execute(cursor, query, *args, **kwargs)

    Cursor.execute = spy
    try:
        yield found
    finally:
        Cursor.execute = execute


if __name__ == "__main__":
    for measured in main(sys.argv[1], json.load(sys.stdin)):
        print(json.dumps(measured), flush=True)
