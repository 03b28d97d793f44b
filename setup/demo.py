"""The demo: a shop with a sale on, an Odoo that takes its orders, and two cards for a person to deal with."""

import time
from decimal import Decimal

from . import addons, database, demo_world, environment, system
from .odoo_rpc import OdooClient
from .server import OdooServer, terminated_like_interrupted
from .shell import SetupError, exclusive, say

DATABASE = "retail_demo"
DEFAULT_PORT = 8069
#: Four workers, of which jobs take two at most: webhooks and people always find a free one.
WORKERS = 4
ORDERS = 200
SECONDS = 60
UNKNOWN = 2


def main(port=""):
    """Set up everything, run the demo, and keep it running until interrupted."""
    started = time.monotonic()
    ready = environment.ensure(system.CHROMIUM)
    suite = database.ensure_suite(ready.odoo, ready.server, addons.product())
    with exclusive("database"):
        # The shop begins anew at every start, so its Odoo does too.
        database.drop(ready.server, DATABASE)
        database.copy(ready.server, suite, DATABASE)
    shop = demo_world.ShopSimulator()
    server = OdooServer(
        "demo", ready, database=DATABASE, environment="demo", http_port=int(port or DEFAULT_PORT), workers=WORKERS
    )
    with terminated_like_interrupted():
        try:
            say("Starting the Shopify simulator and Odoo")
            shop.start()
            server.start()
            _run(OdooClient(server.url, DATABASE), shop, started)
            _keep_running(server, shop)
        except KeyboardInterrupt:
            print(flush=True)
            say("Stopping")
        finally:
            server.stop()
            shop.stop()
    say("Stopped")


def _run(odoo, shop, started):
    say("Connecting the shop to Odoo: company, taxes, credentials, products, stock, webhooks")
    world = demo_world.build(odoo, shop.url)
    say(f"The set-up took {time.monotonic() - started:.0f} s")
    _print_where(odoo, shop)
    say(
        f"{ORDERS} orders arrive within {SECONDS} s as signed webhooks: a fifth of the messages twice, a tenth of the "
        f"orders out of order, {UNKNOWN} with a product that Odoo does not know"
    )
    world.start_orders(orders=ORDERS, seconds=SECONDS, duplicates=0.2, out_of_order=0.1, unknown_sku=UNKNOWN)
    _watch(world)
    _print_result(world)


def _print_where(odoo, shop):
    print(
        f"""
    Odoo          {odoo.url}/odoo/retail-exceptions     user admin, password admin
                  {odoo.url}/odoo/retail-messages       what came, and what became of it
                  {odoo.url}/odoo/sales                 the orders
    The shop      {shop.url}/      place, edit and cancel orders by hand; let it misbehave

    What to click: Retail > Exceptions shows one cause with {UNKNOWN} cards. Open one, “Link product”, choose or
    create the product, leave “apply to all” ticked: both orders go through.
""",
        flush=True,
    )


def _watch(world):
    """Print one line every few seconds until all that the shop sent is worked off."""
    while True:
        progress = world.progress()
        if progress["state"] == "failed":
            raise SetupError(f"The simulator's scenario failed: {progress['error']}", "Read .local/run/shopify.log.")
        waiting = world.unfinished()
        say(
            f"shop: {progress['orders']:3} orders, {progress['events'] + progress['duplicates']:3} messages sent | "
            f"Odoo: {world.bound_orders():3} orders, {waiting:3} messages waiting, {world.open_exceptions()} exceptions"
        )
        if progress["state"] == "done" and not waiting:
            return
        time.sleep(3)


def _print_result(world):
    shop_orders, odoo_orders = world.shop_orders(), world.odoo_totals()
    equal = [order for order in shop_orders if _agrees(order, odoo_orders.get(order["name"]))]
    total = sum(Decimal(order["current_total"]["amount"]) for order in equal)
    missing = [order["name"] for order in shop_orders if order["name"] not in odoo_orders]
    say(
        f"{len(equal)} of {len(shop_orders)} orders are confirmed in Odoo with the shop's total to the cent "
        f"({total} EUR in all); waiting for a person: {', '.join(missing) or 'none'}"
    )
    different = [order["name"] for order in shop_orders if order not in equal and order["name"] in odoo_orders]
    if different:
        say(f"Different in Odoo: {', '.join(different)}")


def _agrees(shop_order, odoo_order):
    if odoo_order is None:
        return False
    state, total = odoo_order
    expected = Decimal(shop_order["current_total"]["amount"]) + Decimal(shop_order["rounding"]["amount"])
    return state == ("cancel" if shop_order["cancelled"] else "sale") and Decimal(total) == expected


def _keep_running(server, shop):
    say("The demo keeps running; Ctrl-C stops it")
    while server.is_alive and shop.is_alive:
        time.sleep(1)
    name = "Odoo" if not server.is_alive else "The simulator"
    raise SetupError(f"{name} ended by itself.", "Read the logs in .local/run.")
