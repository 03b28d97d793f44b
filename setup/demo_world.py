"""The demo's shop and its Odoo: what a new customer would set up by hand, done over the same API the screens use."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .odoo_rpc import get_json, post_json
from .paths import PYTHON
from .ports import free_port
from .server import Process
from .shell import SetupError, say

SEED = 7
WAIT_SECONDS = 180
STOCK = 500
# The simulated app's; nobody else's.
CLIENT_ID = "retail-integration"
CLIENT_SECRET = "shpss_demo_secret"  # noqa: S105

# What the simulated shop charges: percent, whether its prices include it, ISO country (None: any).
TAXES = [
    ("19", True), ("7", True), ("20", True), ("5.5", True), ("21", True), ("9", True), ("22", True), ("10", True),
    ("6", False), ("0.25", False), ("4", False), ("5", False), ("9.975", False),
]  # fmt: skip


class ShopSimulator(Process):
    """The Shopify simulator as a process of its own, with an empty order book."""

    def __init__(self, name="shopify", port=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [PYTHON, "-m", "simulators.shopify", "--port", self.port, "--seed", SEED, "--orders", 0]
        command += ["--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET]
        super().__init__(name, command)

    def start(self):
        """Start and wait until the shop answers."""
        super().start()
        self.wait_for(f"{self.url}/_sim/")


@dataclass
class World:
    """A shop connected to an Odoo.

    :param OdooClient odoo: Odoo, as the administrator
    :param str shop_url: address of the simulator
    :param int backend_id: id of the ``retail.backend``
    """

    odoo: object
    shop_url: str
    backend_id: int = 0

    def count(self, model, *domain):
        """Return how many records of ``model`` fit ``domain``."""
        return self.odoo.call(model, "search_count", list(domain))

    def bound_orders(self):
        """Return how many of the shop's orders have an Odoo order."""
        return self.count("retail.binding.order", ("backend_id", "=", self.backend_id))

    def unfinished(self):
        """Return how many messages still have something before them without a person."""
        states = ("pending", "retry")
        return self.count("retail.inbox", ("backend_id", "=", self.backend_id), ("state", "in", states))

    def open_exceptions(self):
        """Return how many exceptions wait for a person."""
        return self.count("retail.exception", ("backend_id", "=", self.backend_id), ("state", "=", "open"))

    def start_orders(self, **script):
        """Let the shop take orders; see "A scenario" in simulators/shopify/README.md."""
        return post_json(f"{self.shop_url}/_sim/scenario", {"seed": SEED, **script})

    def progress(self):
        """Return what the shop has sent so far."""
        return get_json(f"{self.shop_url}/_sim/scenario")

    def shop_orders(self):
        """Return the shop's orders with their totals."""
        return get_json(f"{self.shop_url}/_sim/orders")["orders"]

    def odoo_totals(self):
        """Return dict order name in the shop → ``(state, total)`` of its Odoo order."""
        rows = self.odoo.call(
            "sale.order",
            "search_read",
            [("retail_backend_id", "=", self.backend_id)],
            fields=["retail_external_name", "state", "amount_total"],
        )
        return {row["retail_external_name"]: (row["state"], f"{row['amount_total']:.2f}") for row in rows}


def build(odoo, shop_url):
    """Connect the simulated shop to a fresh Odoo and take over its catalogue; return the :class:`World`."""
    world = World(odoo, shop_url)
    _prepare_company(odoo)
    world.backend_id = _create_backend(odoo, shop_url)
    _map_taxes(odoo, world.backend_id)
    odoo.call("retail.backend", "action_check_connection", [world.backend_id])
    _take_over_catalogue(world)
    _stock_up(odoo)
    _set_flow(world, "order", "action_live")
    odoo.call("retail.backend", "action_shopify_register_webhooks", [world.backend_id])
    return world


def _prepare_company(odoo):
    euro, germany = odoo.ref("base.EUR"), odoo.ref("base.de")
    odoo.call("res.currency", "write", [euro], {"active": True})
    company = odoo.ref("base.main_company")
    odoo.call("res.company", "write", [company], {"name": "Harbour & Vale", "country_id": germany})
    odoo.call("res.company", "write", [company], {"currency_id": euro})
    odoo.call("ir.config_parameter", "set_param", "web.base.url", odoo.url)
    odoo.call("ir.config_parameter", "set_param", "web.base.url.freeze", "True")


def _create_backend(odoo, shop_url):
    settings = get_json(f"{shop_url}/_sim/settings")
    backend = odoo.create(
        "retail.backend",
        name="Harbour & Vale",
        connector="shopify",
        shopify_domain=settings["domain"],
        shopify_client_id=CLIENT_ID,
        shopify_api_url=shop_url,
        product_create=True,
        order_naming="channel",
    )
    odoo.create("retail.credential", backend_id=backend, kind="shopify_client_secret", value=CLIENT_SECRET)
    odoo.call("retail.backend", "action_arm", [backend])
    return backend


def _map_taxes(odoo, backend):
    germany = odoo.ref("base.de")
    group = odoo.create("account.tax.group", name="VAT", country_id=germany)
    for percent, is_included in TAXES:
        tax = odoo.create(
            "account.tax",
            name=f"{percent} % {'included' if is_included else 'added'}",
            amount=float(percent),
            type_tax_use="sale",
            price_include_override="tax_included" if is_included else "tax_excluded",
            country_id=germany,
            tax_group_id=group,
        )
        odoo.create(
            "retail.tax.map",
            backend_id=backend,
            rate_percent=float(percent),
            price_include=is_included,
            tax_ids=[(6, 0, [tax])],
        )


def _take_over_catalogue(world):
    """Poll the shop's products once; afterwards an unknown product is a question for a person."""
    wanted = len(get_json(f"{world.shop_url}/_sim/products")["variants"])
    flow = _set_flow(world, "product", "action_live")
    long_ago = datetime.now(timezone.utc) - timedelta(days=3650)
    world.odoo.call("retail.flow", "write", [flow], {"watermark": long_ago.strftime("%Y-%m-%d %H:%M:%S")})
    world.odoo.call("retail.flow", "action_poll", [flow])
    wait_until(
        lambda: world.count("retail.binding.product", ("backend_id", "=", world.backend_id)) >= wanted,
        f"the {wanted} products of the shop are in Odoo",
    )
    world.odoo.call("retail.flow", "action_off", [flow])
    world.odoo.call("retail.backend", "write", [world.backend_id], {"product_create": False})


def _stock_up(odoo):
    (warehouse,) = odoo.call("stock.warehouse", "search_read", [], fields=["lot_stock_id"], limit=1)
    products = odoo.call("product.product", "search", [("is_storable", "=", True)])
    quants = odoo.call(
        "stock.quant",
        "create",
        [
            {"product_id": product, "location_id": warehouse["lot_stock_id"][0], "inventory_quantity": STOCK}
            for product in products
        ],
    )
    odoo.call("stock.quant", "action_apply_inventory", quants)


def _set_flow(world, entity, action):
    (flow,) = world.odoo.call(
        "retail.flow",
        "search",
        [("backend_id", "=", world.backend_id), ("entity", "=", entity), ("direction", "=", "in")],
    )
    world.odoo.call("retail.flow", action, [flow])
    return flow


def wait_until(condition, what, seconds=WAIT_SECONDS):
    """Wait until ``condition()`` is true.

    :raises SetupError: it did not become true in time
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SetupError(f"After {seconds} s it is still not so that {what}.", "Read the logs in .local/run.")
        time.sleep(0.3)
    say(f"Now {what}")
