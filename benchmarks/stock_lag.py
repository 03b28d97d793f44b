"""How long it takes from a validated delivery to the changed quantity in the shop, while orders come in.

    .local/venv/bin/python -m benchmarks.stock_lag [--short] [--deliveries 60] [--per-minute 20]

Deliveries without an order (nothing was reserved for them, so that the shop's figure has to change) are validated over
Odoo's external API while the simulated shop takes orders and Odoo imports them. The clock runs from the answer to the
validation until the shop shows the quantity that Odoo has. Only products that nobody orders are delivered.
"""

import sys
import threading
import time

from setup.odoo_rpc import get_json

from . import load
from .options import parse
from .shop_sale import open_shop
from .stock_storm import StockWorld
from .verdicts import Verdict, report, table

LINES = 3
SKUS = 60
PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 300
_LOOK_SECONDS = 0.05


class Orders:
    """A thread that places ``per_minute`` orders of the shop's own products until it is stopped."""

    def __init__(self, sale, per_minute):
        self.placed = []
        self._sale, self._pause, self._end = sale, 60 / per_minute, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.wait(self._pause):
            self.placed += self._sale.place(1, 0)


def main(arguments=None):
    options = parse(__doc__, arguments, deliveries=(60, 5), per_minute=(20, 60))
    with open_shop("lag") as sale:
        sale.prepare(8, "with_order")
        world = StockWorld(sale.world)
        world.build(SKUS)
        world.settle(PATIENCE_SECONDS)
        lags, missing = [], 0
        with Orders(sale, options.per_minute) as orders:
            for number in range(options.deliveries):
                lag = deliver(world, number)
                missing += lag is None
                lags += [] if lag is None else [lag]
                time.sleep(PAUSE_SECONDS)
        sale.settle(PATIENCE_SECONDS)
        troubles = sale.troubles(orders.placed)
        wrong = world.wrong()
    figures = [f"{load.percentile(lags, share):.2f}" for share in (0.5, 0.95, 1)] if lags else ["", "", ""]
    head = ["deliveries", "orders meanwhile", "p50 s", "p95 s", "slowest s", "orders' result"]
    row = [options.deliveries, len(orders.placed), *figures, "; ".join(troubles[:3]) or "all right"]
    print(f"\n{table(head, [row])}")
    verdicts = [
        Verdict("deliveries that the shop was not told of", missing, 0, "", at_most=True),
        Verdict("figures of the shop that are not Odoo's", wrong, 0, "", at_most=True),
        Verdict("orders lost, twice, different or wrongly reserved", len(troubles), 0, "", at_most=True),
    ]
    if not options.short:
        verdicts.append(Verdict("from delivery to shop: p95", load.percentile(lags, 0.95), 3, "s", at_most=True))
    return report(verdicts)


def deliver(world, number):
    """Deliver one unit each of some products; return the seconds until the shop shows it, ``None`` if it never does."""
    skus = list(world.products)
    chosen = [skus[(number * LINES + step) % len(skus)] for step in range(LINES)]
    before = shown(world, chosen)
    picking = make_delivery(world, [world.products[sku] for sku in chosen])
    world.odoo.call("stock.picking", "button_validate", [picking], context={"skip_sms": True})
    started = time.monotonic()
    wanted = {sku: quantity - 1 for sku, quantity in before.items()}
    while shown(world, chosen) != wanted:
        if time.monotonic() - started > PATIENCE_SECONDS / 10:
            return None
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - started


def shown(world, skus):
    """Return dict SKU → what the shop shows at its first location."""
    name = world.place_names[world.stock]
    found = get_json(f"{world.world.shop_url}/_sim/products")["variants"]
    return {variant["sku"]: variant["available"][name] for variant in found if variant["sku"] in skus}


def make_delivery(world, products):
    """Return the id of a delivery to a customer that is to be validated."""
    odoo = world.odoo
    (kind,) = odoo.call("stock.picking.type", "search", [("code", "=", "outgoing")], limit=1)
    places = {"location_id": world.stock, "location_dest_id": odoo.ref("stock.stock_location_customers")}
    lines = [(0, 0, {"product_id": product, "product_uom_qty": 1, **places}) for product in products]
    return odoo.create("stock.picking", picking_type_id=kind, move_ids=lines, **places)


if __name__ == "__main__":
    sys.exit(main())
