"""A simulated Shopify shop connected to an Odoo of its own, its sales, and whether Odoo is right about them
afterwards."""

import argparse
import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

from setup import addons, database, demo_world, environment
from setup.odoo_rpc import OdooClient, get_json, post_json
from setup.server import running

STOCK = 100_000
DUPLICATES, OUT_OF_ORDER = 0.2, 0.1
#: What Shopify gives its largest customers: a flash sale measures us, not a small plan's rate limit.
BUCKET = {"maximum": 20_000, "restore_rate": 1_000}
CLIENTS = 4
_LOOK_SECONDS = 0.2


def parse_options(description, arguments, *, orders, short_seconds, more=()):
    """Return the options of a sale.

    :param str description: of the script; its first line is shown
    :param int orders: in the full form; the short one has 60
    :param float short_seconds: how long the short form takes
    :param more: ``(name, default, help)`` of further whole numbers
    """
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    short = f"60 orders in {short_seconds:g} s: says that it works, not how fast"
    parser.add_argument("--short", action="store_true", help=short)
    parser.add_argument("--orders", type=int)
    parser.add_argument("--seconds", type=float)
    for name, default, text in more:
        parser.add_argument(name, type=int, default=default, help=text)
    parser.add_argument("--hot", type=int, default=8, help="products on sale")
    parser.add_argument("--reservation", choices=("with_order", "deferred"), default="deferred")
    parser.add_argument("--lag", type=float, default=30.0, help="target: seconds")
    parser.add_argument("--clear", type=float, default=60.0, help="target: seconds")
    parser.add_argument("--patience", type=float, default=900.0, help="give up after so many seconds")
    options = parser.parse_args(arguments)
    options.orders = options.orders or (60 if options.short else orders)
    options.seconds = options.seconds or (short_seconds if options.short else 60.0)
    return options


class Sale:
    """What happens in the shop, and what Odoo makes of it.

    :param demo_world.World world: shop and Odoo, connected
    :param sql: function that runs one statement on Odoo's database
    :param OdooServer server: that Odoo
    """

    def __init__(self, world, sql, server=None):
        self.world = world
        self.sql = sql
        self.server = server
        self.skus = []
        self.stock = {}

    def prepare(self, hot, reservation):
        """Choose ``hot`` products that everybody wants, with plenty of stock; let the channel misbehave."""
        odoo = self.world.odoo
        products = odoo.call(
            "product.product",
            "search_read",
            [("is_storable", "=", True), ("default_code", "!=", False)],
            fields=["default_code"],
            order="id",
        )
        known = {variant["sku"] for variant in get_json(f"{self.world.shop_url}/_sim/products")["variants"]}
        chosen = [product for product in products if product["default_code"] in known][:hot]
        self.skus = [product["default_code"] for product in chosen]
        self._stock_up([product["id"] for product in chosen])
        self.stock = self._on_hand()
        odoo.call("retail.flow", "write", self.flows("order"), {"reservation": reservation})
        self.post("settings", bucket=BUCKET)
        self.post("faults", fault="duplicate_webhooks", probability=DUPLICATES)
        self.post("faults", fault="reorder_webhooks", probability=OUT_OF_ORDER, seconds=2)

    def flows(self, *entities):
        """Return the ids of the flows in of ``entities``."""
        domain = [("backend_id", "=", self.world.backend_id), ("entity", "in", entities), ("direction", "=", "in")]
        return self.world.odoo.call("retail.flow", "search", domain)

    def go_live(self, *entities):
        """Let flows in go live and the shop tell of them."""
        self.world.odoo.call("retail.flow", "action_live", self.flows(*entities))
        self.world.odoo.call("retail.backend", "action_shopify_register_webhooks", [self.world.backend_id])

    def _stock_up(self, products):
        odoo = self.world.odoo
        (warehouse,) = odoo.call("stock.warehouse", "search_read", [], fields=["lot_stock_id"], limit=1)
        quants = odoo.call(
            "stock.quant",
            "create",
            [
                {"product_id": product, "location_id": warehouse["lot_stock_id"][0], "inventory_quantity": STOCK}
                for product in products
            ],
        )
        odoo.call("stock.quant", "action_apply_inventory", quants)

    # ---------------------------------------------------------------- what happens in the shop

    def place(self, count, seconds, after=None):
        """Let ``count`` orders of two hot products be placed, evenly over ``seconds``.

        :param after: called with each order as the shop describes it, from the threads that place them
        :return: the names of the orders
        """
        names, lock = [], threading.Lock()

        def customer(number):
            first, second = self.skus[number % len(self.skus)], self.skus[(number * 7 + 1) % len(self.skus)]
            lines = [{"sku": first, "quantity": 1 + number % 3}]
            if second != first:
                lines.append({"sku": second, "quantity": 1})
            (order,) = self.post("orders", lines=lines)["orders"]
            with lock:
                names.append(order["name"])
            if after:
                after(number, order)

        spread(customer, range(count), seconds)
        return names

    def do(self, action, order, **body):
        """Let staff ``cancel``, ``edit``, ``fulfil`` or ``refund`` an order; ``body`` as in the simulator's README."""
        return self.post(f"orders/{order['name'].lstrip('#')}/{action}", **body)

    def post(self, path, **body):
        return post_json(f"{self.world.shop_url}/_sim/{path}", body)

    # ---------------------------------------------------------------- waiting

    def settle(self, seconds):
        """Wait until the shop has told everything, each message has an end and nothing waits for its reservation.

        :return: the seconds it took
        """
        started = time.monotonic()
        while not self._is_settled():
            if time.monotonic() - started > seconds:
                raise TimeoutError(f"After {seconds} s not everything is worked off.")
            time.sleep(_LOOK_SECONDS)
        return time.monotonic() - started

    def _is_settled(self):
        if not get_json(f"{self.world.shop_url}/_sim/deliveries?state=none")["idle"] or self.world.unfinished():
            return False
        return not self.world.count("retail.reservation", ("is_held", "=", False))

    # ---------------------------------------------------------------- how fast and how right it was

    def lag(self, share, entity="order"):
        """Return the seconds from arrival to end that ``share`` of an entity's messages stayed below."""
        text = self.sql(
            f"SELECT percentile_cont({float(share)}) WITHIN GROUP "
            "(ORDER BY EXTRACT(EPOCH FROM finished_at - received_at)) FROM retail_inbox "
            f"WHERE backend_id = {int(self.world.backend_id)} AND entity = '{entity}' AND finished_at IS NOT NULL"
        ).strip()
        return float(text) if text else None

    def orders(self, names):
        """Return the orders called ``names`` as the shop describes them now."""
        names = set(names)
        return [order for order in self.world.shop_orders() if order["name"] in names]

    def troubles(self, names, away=None):
        """Return what Odoo has otherwise than the shop, as sentences; nothing is the right answer.

        :param Counter away: SKU → units of these orders that left the warehouse and did not come back; ``None``: what
            is on hand is no matter
        """
        orders = self.orders(names)
        troubles = self.order_troubles(orders) + self._reservation_troubles(orders, away or Counter())
        if away is not None:
            troubles += self._quantity_troubles(away)
        return troubles + self.message_troubles()

    def order_troubles(self, orders):
        found = self.world.odoo_totals()
        twice = self.sql(
            "SELECT retail_external_name FROM sale_order WHERE retail_backend_id IS NOT NULL "
            "GROUP BY 1 HAVING count(*) > 1"
        ).split()
        troubles = [f"{name} is there more than once" for name in twice]
        for order in orders:
            if order["name"] not in found:
                troubles.append(f"{order['name']} is not there")
                continue
            state, total = found[order["name"]]
            # What a till rounded cash to, and what refunds differ by from what they are for, is in no total of the
            # shop, but in the order's.
            parts = ("current_total", "rounding", "refund_discrepancy")
            wanted = sum(Decimal(order[part]["amount"]) for part in parts)
            if state != ("cancel" if order["cancelled"] else "sale"):
                troubles.append(f"{order['name']} is {state}")
            elif state == "sale" and Decimal(total) != wanted:
                troubles.append(f"{order['name']} is {total} instead of {wanted}")
        return troubles

    def _reservation_troubles(self, orders, away):
        wanted = Counter()
        for order in orders:
            if not order["cancelled"]:
                for line in order["lines"]:
                    wanted[line["sku"]] += line["current"]
        wanted.subtract(away)
        on_moves = self._units(
            "SELECT p.default_code, sum(l.quantity) FROM stock_move_line l "
            "JOIN product_product p ON p.id = l.product_id WHERE l.state NOT IN ('done', 'cancel') GROUP BY 1"
        )
        on_quants = self._on_quants("reserved_quantity")
        return [
            f"{sku}: {wanted[sku]} to ship, {on_moves.get(sku, 0):g} reserved by transfers, "
            f"{on_quants.get(sku, 0):g} by quants"
            for sku in self.skus
            if {on_moves.get(sku, 0), on_quants.get(sku, 0)} != {wanted[sku]}
        ]

    def _quantity_troubles(self, away):
        found = self._on_hand()
        wanted = {sku: quantity - away[sku] for sku, quantity in self.stock.items()}
        return [
            f"{sku}: {found[sku]:g} on hand instead of {wanted[sku]:g}" for sku in wanted if found[sku] != wanted[sku]
        ]

    def _on_hand(self):
        quantities = self._on_quants("quantity")
        return {sku: quantities[sku] for sku in self.skus}

    def _on_quants(self, column):
        return self._units(
            f"SELECT p.default_code, sum(q.{column}) FROM stock_quant q "
            "JOIN product_product p ON p.id = q.product_id JOIN stock_location s ON s.id = q.location_id "
            "WHERE s.usage = 'internal' GROUP BY 1"
        )

    def _units(self, statement):
        rows = (row.split("|") for row in self.sql(statement).split("\n") if "|" in row)
        return {sku: float(quantity or 0) for sku, quantity in rows}

    def message_troubles(self):
        rows = self.sql(
            "SELECT concat_ws(': ', state, subject_key, left(replace(reason, chr(10), ' '), 200)) FROM retail_inbox "
            f"WHERE backend_id = {int(self.world.backend_id)} AND state IN ('held', 'quarantined')"
        )
        return [row for row in rows.split("\n") if row]


def spread(do, things, seconds):
    """Call ``do`` with each of ``things``, from several threads, evenly over ``seconds``."""
    things, started = list(things), time.monotonic()

    def wait_and_do(number):
        time.sleep(max(0.0, started + seconds * number / len(things) - time.monotonic()))
        do(things[number])

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(wait_and_do, range(len(things))))


@contextmanager
def open_shop(label, workers=2):
    """Provide a :class:`Sale` with an Odoo of ``workers`` jobs at a time, and end both afterwards."""
    ready = environment.ensure()
    suite = database.ensure_suite(ready.odoo, ready.server, addons.product())
    shop = demo_world.ShopSimulator(f"{label}-shopify-{os.getpid()}")
    with (
        database.scratch(ready.server, suite, f"bench{label}") as name,
        running(f"bench-{label}", ready, database=name, environment="test", workers=workers + 2, jobs=workers) as odoo,
    ):
        try:
            shop.start()
            world = demo_world.build(OdooClient(odoo.url, name), shop.url)
            yield Sale(world, lambda statement: database.sql(ready.server, statement, name), odoo)
        finally:
            shop.stop()
