"""A stock storm: one transfer of 5,000 lines, then 10,000 levels that change at once, told to a simulated Shopify shop.

    .local/venv/bin/python -m benchmarks.stock_storm [--short] [--skus 5000] [--rounds 2]
    .local/venv/bin/python -m benchmarks.stock_storm --url https://staging.example.com --database staging --backend 3

The transfer is validated with the flow of stock levels off and on, in turns, in one process: the difference is what
telling costs the business. Then a safety stock of one unit more changes every level at both locations of the shop; the
clock runs until the shop has the last of them. Afterwards each figure in the shop must be Odoo's.

With ``--url`` the safety stock of a backend on a running server is changed and changed back: the shop behind it is told
all its levels twice. It refuses a database with a backend that is armed for production.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from datetime import UTC, datetime

from setup import environment, odoo_config
from setup.odoo_rpc import OdooClient, get_json, post_json
from setup.paths import PYTHON, ROOT
from setup.shell import environ

from .order_world import RefusedDatabase, refuse_production
from .shop_sale import BUCKET, open_shop
from .verdicts import Verdict, report, table

STOCK, PREFIX = 1000, "STORM"
_BATCH = 500
_LOOK_SECONDS = 0.2
#: Reading what was stale, a token, levels whose marks came a moment later than the others'.
FEW_CALLS = 10


class StockWorld:
    """A shop with two locations, both mapped, whose stock Odoo keeps.

    :param demo_world.World world: shop and Odoo, connected
    """

    def __init__(self, world):
        self.world, self.odoo, self.backend = world, world.odoo, world.backend_id
        self.products, self.levels = {}, 0

    def build(self, count):
        """Make ``count`` products on both sides, with stock at two places of each."""
        odoo, call = self.odoo, self.odoo.call
        made = post_json(f"{self.world.shop_url}/_sim/products", {"count": count, "prefix": PREFIX, "available": STOCK})
        post_json(f"{self.world.shop_url}/_sim/settings", {"bucket": BUCKET})
        (self.warehouse,) = call(
            "stock.warehouse", "search_read", [], fields=["lot_stock_id", "view_location_id"], limit=1
        )
        self.stock = self.warehouse["lot_stock_id"][0]
        self.store = odoo.create(
            "stock.location", name="Store", location_id=self.warehouse["view_location_id"][0], usage="internal"
        )
        for start in range(0, count, _BATCH):
            self._make(made["variants"][start : start + _BATCH])
        call("retail.backend", "write", [self.backend], {"stock_settle_minutes": 0})
        call("retail.backend", "action_fetch_locations", [self.backend])
        maps = call("retail.location.map", "search", [("backend_id", "=", self.backend)], order="id")
        for location_map, place in zip(maps, (self.stock, self.store), strict=True):
            call("retail.location.map", "write", [location_map], {"location_ids": [(6, 0, [place])]})
        self.maps = maps
        names = [row["name"] for row in call("retail.location.map", "read", maps, ["name"])]
        self.place_names = dict(zip((self.stock, self.store), names, strict=True))
        domain = [("backend_id", "=", self.backend), ("entity", "=", "stock_level"), ("direction", "=", "out")]
        (self.flow,) = call("retail.flow", "search", domain)

    def _make(self, variants):
        names = [{"name": one["sku"], "default_code": one["sku"], "is_storable": True} for one in variants]
        ids = self.odoo.call("product.product", "create", names)
        self.products.update(zip((one["sku"] for one in variants), ids, strict=True))
        links = [
            {
                "backend_id": self.backend,
                "product_id": product,
                "external_id": one["id"],
                "inventory_external_id": one["inventory_item_id"],
            }
            for product, one in zip(ids, variants, strict=True)
        ]
        self.odoo.call("retail.binding.product", "create", links)
        quants = [
            {"product_id": product, "location_id": place, "inventory_quantity": STOCK}
            for product in ids
            for place in (self.stock, self.store)
        ]
        self.odoo.call("stock.quant", "action_apply_inventory", self.odoo.call("stock.quant", "create", quants))

    def settle(self, seconds):
        """Let the flow go live and wait until all levels are settled and told."""
        self.odoo.call("retail.flow", "action_live", [self.flow])
        started = time.monotonic()
        self.odoo.call("retail.location.map", "action_reconcile", self.maps)
        while not self._is_settled():
            if time.monotonic() - started > seconds:
                raise TimeoutError(f"Not all levels are settled after {seconds} s.")
            time.sleep(_LOOK_SECONDS)
            if self._is_looked_at():  # the next look would be a minute later: a person need not wait for it either
                self.odoo.call("retail.location.map", "action_reconcile", self.maps)
        wait_until_told(self.odoo, self.backend, self.flow, seconds)

    def _is_settled(self):
        found = self._count("retail.stock.level")
        return found >= 2 * len(self.products) and not self._count("retail.stock.level", ("is_settled", "=", False))

    def _is_looked_at(self):
        """Return whether the look that was asked for is over at all places."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return not self._count("retail.location.map", ("reconcile_after", "<=", now))

    def _count(self, model, *domain):
        return self.odoo.call(model, "search_count", [("backend_id", "=", self.backend), *domain])

    def transfers(self, ready, database, states):
        """Validate one transfer of all products per state of the flow; return what each took."""
        config = odoo_config.write("storm", odoo=ready.odoo, server=ready.server, database=database, environment="test")
        # The type of transfers inside a warehouse is archived where its locations are not used.
        (kind,) = self.odoo.call(
            "stock.picking.type",
            "search",
            [("code", "=", "internal"), ("active", "in", (True, False))],
            limit=1,
        )
        plan = {
            "products": list(self.products.values()),
            "flow": self.flow,
            "source": self.stock,
            "destination": self.store,
            "operation_type": kind,
            "states": states,
        }
        done = subprocess.run(
            [str(PYTHON), "-m", "benchmarks.bare_transfer", str(config)],
            input=json.dumps(plan),
            env=environ(odoo_config.environ(ready.server, database)),
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
        )
        return [json.loads(row) for row in done.stdout.splitlines() if row.startswith("{")]

    def calls(self):
        return sum(get_json(f"{self.world.shop_url}/_sim/stats")["operations"].values())

    def wrong(self):
        """Return how many of the shop's figures are not what Odoo has, read on both sides."""
        rows = self.odoo.call(
            "stock.quant",
            "search_read",
            [("product_id", "in", list(self.products.values())), ("location_id", "in", [self.stock, self.store])],
            fields=["product_id", "location_id", "quantity", "reserved_quantity"],
        )
        buffers = self.odoo.call(
            "retail.stock.buffer", "search_read", [("backend_id", "=", self.backend)], fields=["value"]
        )
        kept_back = sum(row["value"] for row in buffers)
        wanted = {}
        for row in rows:
            key = row["product_id"][0], self.place_names[row["location_id"][0]]
            wanted[key] = wanted.get(key, 0) + row["quantity"] - row["reserved_quantity"]
        shown = {
            (self.products[variant["sku"]], name): quantity
            for variant in get_json(f"{self.world.shop_url}/_sim/products")["variants"]
            if variant["sku"] in self.products
            for name, quantity in variant["available"].items()
        }
        return sum(shown.get(key) != max(quantity - kept_back, 0) for key, quantity in wanted.items())


def wait_until_told(odoo, backend, flow, seconds):
    """Wait until nothing of ``flow`` is on its way; return the seconds that took."""
    started = time.monotonic()
    domain = [("backend_id", "=", backend), ("flow_id", "=", flow), ("state", "in", ("pending", "retry"))]
    while odoo.call("retail.outbox.mark", "search_count", [("flow_id", "=", flow)]) or odoo.call(
        "retail.outbox", "search_count", domain
    ):
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"After {seconds} s not all levels are told.")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - started


def storm(odoo, backend, flow, patience):
    """Change every level of a backend by a safety stock of one unit more; return the rule and the seconds."""
    started = time.monotonic()
    rule = odoo.create("retail.stock.buffer", backend_id=backend, kind="units", value=1)
    wait_until_told(odoo, backend, flow, patience)
    return rule, time.monotonic() - started


def compare(options):
    ready = environment.ensure()
    with open_shop("storm", workers=1) as sale:
        world = StockWorld(sale.world)
        print(f"… {options.skus} products at two places", flush=True)
        world.build(options.skus)
        print("… the flow goes live and its levels are settled", flush=True)
        world.settle(options.patience)
        measured = world.transfers(ready, sale.world.odoo.database, ["off", "live"] * options.rounds)
        print(f"… transfers: {measured}", flush=True)
        transfer_seconds = wait_until_told(world.odoo, world.backend, world.flow, options.patience)
        world.settle(options.patience)  # it was off meanwhile, so what is in flight had to be found out anew
        wrong_after_transfer = world.wrong()
        before = world.calls()
        _rule, seconds = storm(world.odoo, world.backend, world.flow, options.patience)
        calls = world.calls() - before
        wrong = wrong_after_transfer + world.wrong()
        return print_and_judge(measured, 2 * options.skus, calls, seconds, wrong, transfer_seconds, options.short)


def print_and_judge(measured, levels, calls, seconds, wrong, transfer_seconds, is_short):
    best = {
        state: min((one for one in measured if one["state"] == state), key=lambda one: one["seconds"])
        for state in ("off", "live")
    }
    rows = [
        [f"transfer, flow {one['state']}", one["lines"], f"{one['seconds']:.1f}", one["statements"]] for one in measured
    ]
    rows.append([f"{levels} levels told to the shop", levels, f"{seconds:.1f}", f"{calls} calls"])
    rows.append(["the last transfer's levels told after", "", f"{transfer_seconds:.1f}", ""])
    print(f"\n{table(['what', 'lines', 'seconds', 'SQL or calls'], rows)}")
    more_sql = best["live"]["statements"] - best["off"]["statements"]
    verdicts = [
        Verdict("SQL of a transfer more than with the flow off", more_sql, 1, "", at_most=True),
        Verdict(f"calls for {levels} levels", calls, math.ceil(levels / 250) + FEW_CALLS, "", at_most=True),
        Verdict("figures of the shop that are not Odoo's", wrong, 0, "", at_most=True),
    ]
    if not is_short:
        share = best["live"]["seconds"] / best["off"]["seconds"]
        verdicts += [
            Verdict("time of a transfer / with the flow off", share, 1.05, at_most=True),
            Verdict(f"time until {levels} levels are told", seconds, 60, "s", at_most=True),
        ]
    return report(verdicts)


def measure_staging(options):
    """Change all levels of a backend on a running server and back; return the exit code."""
    odoo = OdooClient(options.url, options.database, options.login, options.password)
    refuse_production(odoo)
    domain = [("backend_id", "=", options.backend), ("entity", "=", "stock_level"), ("state", "=", "live")]
    (flow,) = odoo.call("retail.flow", "search", domain)
    levels = odoo.call("retail.stock.level", "search_count", [("backend_id", "=", options.backend)])
    rule, seconds = storm(odoo, options.backend, flow, options.patience)
    odoo.call("retail.stock.buffer", "unlink", [rule])
    back = wait_until_told(odoo, options.backend, flow, options.patience)
    print(f"{levels} levels told in {seconds:.1f} s, and back in {back:.1f} s")
    held = odoo.call("retail.outbox", "search_count", [("flow_id", "=", flow), ("state", "=", "held")])
    return report(
        [
            Verdict(f"time until {levels} levels are told", seconds, max(60, 60 * levels / 10_000), "s", at_most=True),
            Verdict("levels that wait for a person", held, 0, "", at_most=True),
        ]
    )


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="300 products: says that it works, not how fast")
    parser.add_argument("--skus", type=int)
    parser.add_argument("--rounds", type=int, default=2, help="transfers with the flow off and on")
    parser.add_argument("--patience", type=float, default=900.0, help="give up after so many seconds")
    parser.add_argument("--url", help="a running server instead of one of our own")
    parser.add_argument("--database")
    parser.add_argument("--backend", type=int, help="with --url: id of the retail.backend")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    options = parser.parse_args(arguments)
    options.skus = options.skus or (300 if options.short else 5000)
    if len({bool(options.url), bool(options.database), bool(options.backend)}) != 1:
        parser.error("--url, --database and --backend belong together")
    return options


def main(arguments=None):
    options = parse(arguments)
    try:
        return measure_staging(options) if options.url else compare(options)
    except RefusedDatabase as error:
        print(f"Refused: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
