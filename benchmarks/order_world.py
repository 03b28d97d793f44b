"""A shop with a catalogue, stock and known customers in an Odoo, and the way orders are sent to it.

All over Odoo's external API and the webhook gateway, so that it works on any server that is no production.
"""

import base64
import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from standardwebhooks import Webhook

from . import order_documents

KEY = "whsec_" + base64.b64encode(b"o" * 32).decode()
STOCK = 100_000
CLIENTS = 4
_LOOK_SECONDS = 0.1
#: States in which a message still has something before it without a person.
UNFINISHED = ("pending", "retry")


class RefusedDatabase(Exception):
    """The database may be a production."""


@dataclass
class OrderWorld:
    """The shop.

    :param OdooClient odoo: the server, as a user who may do everything
    :param list[str] skus: the catalogue
    """

    odoo: object
    skus: list
    customers: int = 50
    currency: str = "EUR"
    backend: int = 0
    flow: int = 0
    path: str = ""
    products: dict = field(default_factory=dict)
    tax: int = 0
    partners: list = field(default_factory=list)

    def build(self, prefix="BENCH"):
        """Make backend, tax, catalogue with stock, and customers with their links."""
        refuse_production(self.odoo)
        call, create = self.odoo.call, self.odoo.create
        company = self._prepare_company()
        self.backend = create("retail.backend", name=f"Benchmark {prefix}", connector="manual", company_id=company)
        create("retail.credential", backend_id=self.backend, value=KEY)
        group = create("account.tax.group", name="Benchmark", country_id=self.odoo.ref("base.de"))
        self.tax = create(
            "account.tax",
            name=f"19 % {prefix}",
            amount=19.0,
            type_tax_use="sale",
            price_include_override="tax_included",
            country_id=self.odoo.ref("base.de"),
            tax_group_id=group,
        )
        create(
            "retail.tax.map",
            backend_id=self.backend,
            rate_percent=19.0,
            price_include=True,
            tax_ids=[(6, 0, [self.tax])],
        )
        ids = call(
            "product.product",
            "create",
            [
                {"name": f"Product {sku}", "default_code": sku, "is_storable": True, "taxes_id": [(6, 0, [])]}
                for sku in self.skus
            ],
        )
        self.products = dict(zip(self.skus, ids, strict=True))
        self._stock_up(ids)
        self.partners = self._make_customers()

    def _prepare_company(self):
        company, euro = self.odoo.ref("base.main_company"), self.odoo.ref("base.EUR")
        (row,) = self.odoo.call("res.company", "read", [company], ["currency_id", "country_id"])
        if not row["country_id"]:  # an empty database of our own
            self.odoo.call("res.currency", "write", [euro], {"active": True})
            values = {"country_id": self.odoo.ref("base.de"), "currency_id": euro}
            self.odoo.call("res.company", "write", [company], values)
            row["currency_id"] = (euro, "EUR")
        self.currency = row["currency_id"][1]
        return company

    def _stock_up(self, ids):
        (row,) = self.odoo.call("retail.backend", "read", [self.backend], ["warehouse_id"])
        (warehouse,) = self.odoo.call("stock.warehouse", "read", [row["warehouse_id"][0]], ["lot_stock_id"])
        values = [
            {"product_id": product, "location_id": warehouse["lot_stock_id"][0], "inventory_quantity": STOCK}
            for product in ids
        ]
        quants = self.odoo.call("stock.quant", "create", values)
        self.odoo.call("stock.quant", "action_apply_inventory", quants)

    def _make_customers(self):
        germany = self.odoo.ref("base.de")
        homes = [order_documents.address(number) for number in range(self.customers)]
        values = [
            {
                "name": home["name"],
                "email": f"c{number}@example.com",
                "street": home["street"],
                "zip": home["postal_code"],
                "city": home["city"],
                "country_id": germany,
            }
            for number, home in enumerate(homes)
        ]
        partners = self.odoo.call("res.partner", "create", values)
        links = [
            {"backend_id": self.backend, "external_id": f"C{number}", "partner_id": partner}
            for number, partner in enumerate(partners)
        ]
        self.odoo.call("retail.binding.partner", "create", links)
        return partners

    def at(self, odoo):
        """Return the same shop in a copy of its database, armed there."""
        world = OrderWorld(**{**vars(self), "odoo": odoo})
        odoo.call("retail.backend", "action_arm", [self.backend])
        (world.flow,) = odoo.call(
            "retail.flow", "search", [("backend_id", "=", self.backend), ("entity", "=", "order")]
        )
        (row,) = odoo.call("retail.backend", "read", [self.backend], ["token"])
        world.path = f"/retail/{row['token']}/webhook"
        return world

    # ---------------------------------------------------------------- sending and waiting

    def pause(self):
        self.odoo.call("retail.flow", "action_pause", [self.flow])

    def go(self, reservation="with_order"):
        """Let what was accepted be worked off; return the moment (seconds of a monotonic clock)."""
        self.odoo.call("retail.flow", "write", [self.flow], {"reservation": reservation})
        started = time.perf_counter()
        self.odoo.call("retail.flow", "action_live", [self.flow])
        return started

    def send(self, documents):
        """Post signed documents from several clients; return how many were not answered 200."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            return sum(status != 200 for status in pool.map(self.post, documents))

    def post(self, document):
        """Post one signed document; return the status of the answer."""
        body = json.dumps(document)
        name = f"{document['external_id']}:{document['version']}"
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(KEY).sign(name, now, body),
        }
        request = urllib.request.Request(f"{self.odoo.url}{self.path}", body.encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status

    def wait(self, seconds):
        """Wait until no message of the shop has anything before it, then until nothing waits for its reservation.

        :return: the two moments, of the same clock as :meth:`go`
        """
        deadline = time.perf_counter() + seconds
        imported = self._wait_for("retail.inbox", [("state", "in", UNFINISHED)], deadline)
        reserved = self._wait_for("retail.reservation", [("is_held", "=", False)], deadline)
        return imported, reserved

    def _wait_for(self, model, domain, deadline):
        domain = [("backend_id", "=", self.backend), *domain]
        while self.odoo.call(model, "search_count", domain):
            if time.perf_counter() > deadline:
                raise TimeoutError(f"Not all of {model} is worked off.")
            time.sleep(_LOOK_SECONDS)
        return time.perf_counter()

    # ---------------------------------------------------------------- what is there afterwards

    def troubles(self, documents):
        """Return what is wrong with the orders of ``documents``, as sentences; nothing is the right answer."""
        wanted = {document["external_id"]: document for document in documents}
        links = self._read("retail.binding.order", ["external_id", "order_id"], "external_id", list(wanted))
        troubles = []
        missing = len(wanted) - len(links)
        if missing:
            troubles.append(f"{missing} orders are not there")
        orders = {
            row["id"]: row
            for row in self._read(
                "sale.order", ["state", "amount_total"], "id", [link["order_id"][0] for link in links]
            )
        }
        for link in links:
            document, order = wanted[link["external_id"]], orders[link["order_id"][0]]
            state = "cancel" if document["cancelled_at"] else "sale"
            if order["state"] != state:
                troubles.append(f"{link['external_id']} is {order['state']} instead of {state}")
            elif state == "sale" and f"{order['amount_total']:.2f}" != document["totals"]["total"]["amount"]:
                troubles.append(f"{link['external_id']} is {order['amount_total']}")
        names = [document["name"] for document in documents]
        twice = self.odoo.call(
            "sale.order", "search_count", [("retail_backend_id", "=", self.backend), ("client_order_ref", "in", names)]
        ) - len(links)
        if twice:
            troubles.append(f"{twice} orders are there more than once")
        failed = self.odoo.call(
            "retail.inbox",
            "search_count",
            [("backend_id", "=", self.backend), ("state", "in", ("held", "quarantined"))],
        )
        if failed:
            troubles.append(f"{failed} messages failed")
        held = self.odoo.call("retail.reservation", "search_count", [("backend_id", "=", self.backend)])
        if held:
            troubles.append(f"{held} transfers are not reserved")
        return troubles

    def stock_troubles(self, documents):
        """Return where what is reserved is not what ``documents``, all of this shop's, have sold."""
        sold = dict.fromkeys(self.skus, 0.0)
        for document in documents:
            if not document["cancelled_at"]:
                for line in document["lines"]:
                    sold[line["sku"]] += float(line["quantity"])
        ids = list(self.products.values())
        on_quants = self._sum("stock.quant", "reserved_quantity", [("location_id.usage", "=", "internal")], ids)
        on_moves = self._sum("stock.move.line", "quantity", [("state", "not in", ("done", "cancel"))], ids)
        return [
            f"{sku}: {sold[sku]:g} sold, {on_moves.get(product, 0):g} reserved by transfers, "
            f"{on_quants.get(product, 0):g} by quants"
            for sku, product in self.products.items()
            if {on_quants.get(product, 0), on_moves.get(product, 0)} != {sold[sku]}
        ]

    def _sum(self, model, field_name, domain, products):
        rows = self.odoo.call(
            model,
            "formatted_read_group",
            [*domain, ("product_id", "in", products)],
            ["product_id"],
            [f"{field_name}:sum"],
        )
        return {row["product_id"][0]: row[f"{field_name}:sum"] for row in rows}

    def _read(self, model, fields, key, values):
        domain = [(key, "in", values)]
        if model == "retail.binding.order":
            domain.append(("backend_id", "=", self.backend))
        return self.odoo.call(model, "search_read", domain, fields=fields)


def refuse_production(odoo):
    """Raise :class:`RefusedDatabase` where a backend is armed for production."""
    names = odoo.call("retail.backend", "search_read", [("environment", "=", "production")], fields=["name"])
    if names:
        raise RefusedDatabase(
            "A load test never runs here: armed for production: " + ", ".join(row["name"] for row in names)
        )
