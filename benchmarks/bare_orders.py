"""The other side: plain ORM calls that create, confirm and reserve orders, in a process of their own.

    python -m benchmarks.bare_orders <Odoo configuration file>    < the plan as JSON

Prints the seconds that the orders took, and the seconds of the CPU. Started by ``benchmarks.orders``.
"""

import json
import sys
import time

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.tools import config

from . import order_documents


def main(configuration, plan):
    """Make the orders of ``plan``; return the seconds, and those of the CPU.

    :param dict plan: ``first``, ``count``, ``batch`` (orders per transaction), ``skus``, ``products`` (SKU → id),
        ``partners`` (ids), ``tax`` (id)
    """
    config.parse_config(["-c", configuration, "--no-http", "--max-cron-threads=0", "--log-level=warn"])
    registry = odoo.modules.registry.Registry(config["db_name"][0])
    numbers = range(plan["first"], plan["first"] + plan["count"])
    # One order that does not count: the first of a process loads caches.
    _make(registry, plan, [plan["first"] + plan["count"]])
    started, cpu_started = time.perf_counter(), time.process_time()
    for start in range(0, len(numbers), plan["batch"]):
        _make(registry, plan, numbers[start : start + plan["batch"]])
    return time.perf_counter() - started, time.process_time() - cpu_started


def _make(registry, plan, numbers):
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        orders = env["sale.order"].create([_values(plan, number) for number in numbers])
        orders.action_confirm()
        assert set(orders.picking_ids.mapped("state")) == {"assigned"}


def _values(plan, number):
    return {
        "partner_id": plan["partners"][number % len(plan["partners"])],
        "order_line": [
            (
                0,
                0,
                {
                    "product_id": plan["products"][sku],
                    "product_uom_qty": 1,
                    "price_unit": float(order_documents.PRICE),
                    "tax_ids": [(6, 0, [plan["tax"]])],
                },
            )
            for sku in order_documents.skus_of(number, plan["skus"])
        ],
    }


if __name__ == "__main__":
    print(*main(sys.argv[1], json.load(sys.stdin)))
