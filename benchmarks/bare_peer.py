"""Imports orders with the best open connector, in a process of its own.

    python -m benchmarks.bare_peer <Odoo configuration file>    < the plan as JSON

Its own import is called once per order, each committed, as its jobs do. Its client is stubbed: what the shop answers
to the peer's own query is read before the clock runs. There is no job around it either; both are in its favour.
Prints one JSON object. Started by ``benchmarks.peer_orders``.
"""

import json
import sys
import time
from unittest.mock import patch

import requests

import odoo.modules.registry
from odoo import SUPERUSER_ID, api
from odoo.tools import config

from . import peer
from .bare_transfer import counted

TIMEOUT_SECONDS = 30


class RecordedShop:
    """What the shop answered, by query and variables, as the peer's client gives it.

    :param dict plan: see :func:`main`
    """

    def __init__(self, plan):
        self.plan, self.answers = plan, {}

    def record(self, query, variables):
        """Ask the shop now."""
        answer = requests.post(
            self.plan["graphql_url"],
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.plan["token"]},
            timeout=TIMEOUT_SECONDS,
        ).json()
        if answer.get("errors"):
            raise ValueError(answer["errors"])
        self.answers[query, json.dumps(variables)] = answer["data"]
        return answer["data"]

    def execute(self, query, variables=None):
        return json.loads(json.dumps(self.answers[query, json.dumps(variables)]))


def main(configuration, plan):
    """Import the orders of ``plan``; return what it took.

    :param dict plan: ``graphql_url``, ``token``, ``orders`` (ids), ``warm_up`` (how many of them do not count),
        ``confirm`` (bool), ``stock`` (units of each product)
    :return: dict ``orders``, ``seconds``, ``cpu_seconds``, ``statements``, ``troubles`` (list of sentences)
    """
    config.parse_config(["-c", configuration, "--no-http", "--max-cron-threads=0", "--log-level=warn"])
    registry = odoo.modules.registry.Registry(config["db_name"][0])
    from odoo.addons.shopify_connector.graphql.order import ORDER_BY_ID_QUERY

    shop = RecordedShop(plan)
    orders = [shop.record(ORDER_BY_ID_QUERY, {"id": order_id})["order"] for order_id in plan["orders"]]
    with registry.cursor() as cr:
        instance_id = _prepare(api.Environment(cr, SUPERUSER_ID, {}), plan, orders)
    with patch.object(registry["shopify.instance"], "_shopify_client", lambda self: shop):
        _import(registry, instance_id, plan["orders"][: plan["warm_up"]])
        counting = plan["orders"][plan["warm_up"] :]
        with counted() as statements:
            started, cpu_started = time.perf_counter(), time.process_time()
            _import(registry, instance_id, counting)
            seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    with registry.cursor() as cr:
        troubles = _troubles(api.Environment(cr, SUPERUSER_ID, {}), plan, orders)
    return {
        "orders": len(counting),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "statements": len(statements),
        "troubles": troubles,
    }


def _import(registry, instance_id, order_ids):
    for order_id in order_ids:
        with registry.cursor() as cr:
            model = api.Environment(cr, SUPERUSER_ID, {})["shopify.order"]
            model._job_import_order_from_api(instance_id, order_id)


def _prepare(env, plan, orders):
    """Make the shop, its taxes, and products with stock that are linked to it; return the shop's id."""
    company = env.company
    germany, euro = env.ref("base.de"), env.ref("base.EUR")
    euro.active = True
    company.write({"country_id": germany.id, "currency_id": euro.id})
    instance = env["shopify.instance"].browse(
        peer.connect(_Local(env), order_confirmation_policy="auto" if plan["confirm"] else "quotation")
    )
    instance.state = "connected"
    group = env["account.tax.group"].create({"name": "VAT", "country_id": germany.id})
    lines = [line for order in orders for line in order["lineItems"]["nodes"]]
    every = [line for order in orders for line in order["shippingLines"]["nodes"]] + lines
    for rate in sorted({tax["rate"] for line in every for tax in line["taxLines"]}):
        tax = env["account.tax"].create(
            {
                "name": f"{rate:.2%}",
                "amount": 100 * rate,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
                "country_id": germany.id,
                "tax_group_id": group.id,
            }
        )
        env["shopify.tax.mapping"].create(
            {
                "instance_id": instance.id,
                "rate": f"{rate:g}",
                "country_id": germany.id,
                "price_included": True,
                "tax_id": tax.id,
            }
        )
    _link_products(env, instance, lines, plan["stock"])
    return instance.id


def _link_products(env, instance, lines, stock):
    place = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1).lot_stock_id
    for variant_id, line in {line["variant"]["id"]: line for line in lines}.items():
        product = env["product.product"].create(
            {
                "name": line["name"],
                "default_code": line["sku"],
                "is_storable": True,
                "taxes_id": [(6, 0, [])],
                "company_id": env.company.id,
            }
        )
        # Each variant is a product of its own: what the template is does not matter to an order.
        template = env["shopify.product.template"].create(
            {
                "instance_id": instance.id,
                "shopify_id": variant_id.replace("ProductVariant", "Product"),
                "odoo_id": product.product_tmpl_id.id,
            }
        )
        env["shopify.product.variant"].create(
            {
                "instance_id": instance.id,
                "shopify_id": variant_id,
                "template_binding_id": template.id,
                "odoo_id": product.id,
            }
        )
        env["stock.quant"]._update_available_quantity(product, place, stock)


class _Local:
    """What :func:`peer.connect` needs of a client, in this process."""

    def __init__(self, env):
        self.env = env

    def create(self, model, **values):
        return self.env[model].create(values).id


def _troubles(env, plan, orders):
    found = {order.client_order_ref: order for order in env["sale.order"].search([])}
    wanted_state = "sale" if plan["confirm"] else "draft"
    troubles = []
    for order in orders:
        ours, total = found.get(order["name"]), order["currentTotalPriceSet"]["shopMoney"]["amount"]
        if not ours:
            reason = env["shopify.order"].search([("shopify_id", "=", order["id"])]).error_message
            troubles.append(f"{order['name']} is not there: {reason}")
        elif ours.state != wanted_state or abs(ours.amount_total - float(total)) > 0.001:
            troubles.append(f"{order['name']} is {ours.state}, {ours.amount_total} instead of {total}")
        elif plan["confirm"] and set(ours.picking_ids.mapped("state")) != {"assigned"}:
            troubles.append(f"{order['name']} is not reserved")
    return troubles


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.load(sys.stdin))))
