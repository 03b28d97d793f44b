"""The same orders of a simulated Shopify shop, imported by us and by the best open connector, in one run.

    .local/venv/bin/python -m benchmarks.peer_orders [--short] [--orders 200] [--rounds 2] [--profile]

Both work in one process each, in turns, on databases of their own. Ours is the whole path: messages that the gateway
accepted are claimed, each order is fetched from the shop over HTTP, mapped, checked, imported, and the message has its
end. The peer's import is called with the shop's answers at hand (``bare_peer.py``), without jobs and without HTTP.
``--profile`` prints where our time goes, in a run of its own that does not count. The short form is ours alone.
"""

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal

from setup import addons, database, demo_world, environment, odoo_config
from setup.odoo_rpc import OdooClient, get_json, post_json
from setup.paths import PYTHON, ROOT
from setup.server import running
from setup.shell import environ

from . import peer
from .shop_sale import BUCKET
from .verdicts import Verdict, report, table

WARM_UP, LINES = 4, 3
API_VERSION = "2026-07"
#: Ours and the peer's, and how many times as fast ours has to be.
MODES = [
    ("quotation", {"confirm": False, "reservation": "with_order"}, "quotation", 4.0),
    ("confirmed and reserved", {"confirm": True, "reservation": "with_order"}, "confirmed and reserved", 2.0),
    ("confirmed, reserved later", {"confirm": True, "reservation": "deferred"}, "confirmed and reserved", 3.0),
]
PEER_MODES = [("quotation", False), ("confirmed and reserved", True)]


@dataclass
class Side:
    """What importing took, in all rounds."""

    name: str
    orders: int = 0
    seconds: float = 0.0
    reservation_seconds: float = 0.0
    cpu_seconds: float = 0.0
    statements: int = 0
    troubles: list = field(default_factory=list)

    def add(self, found):
        self.orders += found["orders"]
        self.seconds += found["seconds"]
        self.reservation_seconds += found.get("reservation_seconds", 0.0)
        self.cpu_seconds += found["cpu_seconds"]
        self.statements += found["statements"]
        self.troubles += found["troubles"]

    @property
    def rate(self):
        return self.orders / self.seconds if self.seconds else 0.0


class Shop:
    """The simulator with the orders, and an Odoo that has accepted the webhooks about them.

    :param ready: environment
    :param stack: what is to be ended afterwards
    """

    def __init__(self, ready, stack, count):
        self.ready = ready
        self.simulator = demo_world.ShopSimulator(f"peer-shopify-{os.getpid()}")
        self.simulator.start()
        stack.callback(self.simulator.stop)
        suite = database.ensure_suite(ready.odoo, ready.server, addons.product())
        self.database = stack.enter_context(database.scratch(ready.server, suite, "benchours"))
        with running("bench-ours", ready, database=self.database, environment="test", workers=4) as server:
            self.world = demo_world.build(OdooClient(server.url, self.database), self.simulator.url)
            self.flow = self._pause()
            self.orders = self._place(count)
        scopes = get_json(f"{self.simulator.url}/_sim/settings")["scopes"]
        # The peer's query asks for returns.
        changes = {"bucket": BUCKET, "scopes": [*scopes, "read_returns"]}
        post_json(f"{self.simulator.url}/_sim/settings", changes)

    def _pause(self):
        domain = [("backend_id", "=", self.world.backend_id), ("entity", "=", "order"), ("direction", "=", "in")]
        (flow,) = self.world.odoo.call("retail.flow", "search", domain)
        self.world.odoo.call("retail.flow", "action_pause", [flow])
        return flow

    def _place(self, count):
        skus = self._known_skus()
        orders = []
        for number in range(count):
            lines = [{"sku": skus[(number + step * 5) % len(skus)], "quantity": 1} for step in range(LINES)]
            body = {"country": "DE", "lines": lines}
            orders += post_json(f"{self.simulator.url}/_sim/orders", body)["orders"]
        demo_world.wait_until(
            lambda: (
                get_json(f"{self.simulator.url}/_sim/deliveries?state=none")["idle"]
                and self.world.unfinished() >= count
            ),
            f"all {count} orders are in the inbox",
        )
        return orders

    def _known_skus(self):
        """Return the SKUs that both sides know and that are kept in stock, of which :mod:`demo_world` has plenty."""
        in_shop = {variant["sku"] for variant in get_json(f"{self.simulator.url}/_sim/products")["variants"]}
        domain = [("default_code", "in", sorted(in_shop)), ("is_storable", "=", True)]
        rows = self.world.odoo.call("product.product", "search_read", domain, fields=["default_code"])
        return sorted(row["default_code"] for row in rows)

    def token(self):
        """Return an access token of the shop."""
        body = {
            "client_id": demo_world.CLIENT_ID,
            "client_secret": demo_world.CLIENT_SECRET,
            "grant_type": "client_credentials",
        }
        return post_json(f"{self.simulator.url}/admin/oauth/access_token", body)["access_token"]

    # ---------------------------------------------------------------- both sides

    def import_ours(self, **plan):
        """Import all orders on a copy of the database; return what it took, with ``troubles``."""
        with database.scratch(self.ready.server, self.database, "benchdrain") as name:
            plan.update(backend=self.world.backend_id, flow=self.flow, warm_up=WARM_UP)
            found = self._process("bare_drain", name, plan, {})
            found["orders"] = len(self.orders) - WARM_UP
            found["troubles"] = self._troubles(name, plan["confirm"])
        return found

    def import_peers(self, name, settings, confirm):
        """Import all orders with the peer on a copy of its database ``name``."""
        plan = {
            "graphql_url": f"{self.simulator.url}/admin/api/{API_VERSION}/graphql.json",
            "token": self.token(),
            "orders": [order["id"] for order in self.orders],
            "warm_up": WARM_UP,
            "confirm": confirm,
            "stock": demo_world.STOCK,
        }
        with database.scratch(self.ready.server, name, "benchtheirs") as copy:
            return self._process("bare_peer", copy, plan, settings)

    def _process(self, module, name, plan, settings):
        settings = {"odoo": self.ready.odoo, "server": self.ready.server, "environment": "test", **settings}
        config = odoo_config.write(module, database=name, **settings)
        done = subprocess.run(
            [str(PYTHON), "-m", f"benchmarks.{module}", str(config)],
            input=json.dumps(plan),
            env=environ(odoo_config.environ(self.ready.server, name)),
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])

    def _troubles(self, name, confirm):
        """Return what Odoo has otherwise than the shop, as sentences."""
        statement = (
            "SELECT o.retail_external_name, o.state, o.amount_total, bool_and(p.state = 'assigned') FROM sale_order o "
            "LEFT JOIN stock_picking p ON p.sale_id = o.id "
            f"WHERE o.retail_backend_id = {int(self.world.backend_id)} GROUP BY o.id"
        )
        rows = [row.split("|") for row in database.sql(self.ready.server, statement, name).split("\n") if row]
        troubles = [] if len(rows) == len(self.orders) else [f"{len(rows)} orders instead of {len(self.orders)}"]
        totals = {order["name"]: Decimal(order["current_total"]["amount"]) for order in self.orders}
        wanted = ("sale", "t") if confirm else ("draft", "")
        for order, state, total, is_reserved in rows:
            if (state, is_reserved) != wanted or Decimal(total) != totals.get(order):
                troubles.append(f"{order} is {state}, {total}, reserved: {is_reserved}")
        return troubles


def main(arguments=None):
    options = parse(arguments)
    ready = environment.ensure()
    with ExitStack() as stack:
        shop = Shop(ready, stack, options.orders + WARM_UP)
        ours = {name: Side(f"ours, {name}") for name, *_rest in MODES}
        theirs = {name: Side(f"peer, {name}") for name, _confirm in PEER_MODES}
        peers = None if options.short else stack.enter_context(peer.installed(ready))
        for _round in range(options.rounds):
            for name, settings, *_rest in MODES:
                print(f"… ours, {name}", flush=True)
                ours[name].add(shop.import_ours(**settings))
            for name, confirm in PEER_MODES if peers else ():
                print(f"… peer, {name}", flush=True)
                theirs[name].add(shop.import_peers(*peers, confirm))
        if options.profile:
            shop.import_ours(confirm=True, reservation="with_order", profile=True)
    _print([*ours.values(), *(theirs.values() if peers else ())])
    return report(verdicts(ours, theirs, is_short=options.short))


def verdicts(ours, theirs, is_short=False):
    """Return whether each target is met; the short form says nothing about speed.

    :param dict ours, theirs: mode → :class:`Side`
    """
    troubles = sum(len(side.troubles) for side in [*ours.values(), *theirs.values()])
    found = [Verdict("orders lost, twice or different", troubles, 0, "", at_most=True)]
    if not is_short:
        found += [
            Verdict(f"{name} / the peer's", ours[name].rate / theirs[peer_mode].rate, target)
            for name, _settings, peer_mode, target in MODES
        ]
    return found


def _print(sides):
    rows = [
        [
            side.name,
            side.orders,
            f"{side.rate:.1f}",
            f"{side.orders / (side.seconds + side.reservation_seconds):.1f}" if side.reservation_seconds > 0.1 else "",
            f"{side.statements / side.orders:.0f}",
            f"{1000 * side.cpu_seconds / side.orders:.0f}",
            "; ".join(side.troubles[:3]) or "all right",
        ]
        for side in sides
    ]
    head = ["way", "orders", "orders/s", "with what is reserved later", "SQL per order", "CPU ms of the process"]
    print(f"\n{table([*head, 'result'], rows)}")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="20 orders, ours alone: says that it works, not how fast")
    parser.add_argument("--orders", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--profile", action="store_true", help="print where our time goes")
    options = parser.parse_args(arguments)
    options.orders = options.orders or (20 if options.short else 200)
    options.rounds = options.rounds or (1 if options.short else 2)
    return options


if __name__ == "__main__":
    sys.exit(main())
