"""The small world of the tests with Odoo: a backend in its own company, a simulated shop, a door for its webhooks."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from odoo import fields
from odoo.tests import TransactionCase
from odoo.tools import float_repr

from odoo.addons.retail_connector_shopify.shopify.webhook import SIGNING_KIND
from odoo.addons.retail_integration_base.engine import inbox_sql
from odoo.addons.retail_integration_base.engine.messages import WebhookRequest
from odoo.addons.retail_integration_base.engine.receive import receive
from odoo.addons.retail_integration_base.tests.draining import drain_all
from odoo.addons.retail_integration_base.tests.timeouts import TimeoutPairs

from . import pure


class Door:
    """Takes webhooks over HTTP and keeps them until a test lets them in, in whatever order it likes."""

    def __init__(self):
        self.letters = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                _empty, _retail, token, endpoint = self.path.split("/")
                door.letters.append(WebhookRequest(token, endpoint, headers, body, self.path))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class ShopifyCase(TimeoutPairs, TransactionCase):
    """One simulator per class, begun anew for each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        running = pure.simulator()
        cls.simulator = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)
        cls.door = Door()
        cls.addClassCleanup(cls.door.stop)
        cls.env["ir.config_parameter"].set_param("web.base.url", cls.door.url)
        cls.env.ref("base.EUR").active = True
        cls.company = cls._make_company()
        cls.env.user.company_ids |= cls.company
        cls.env.user.company_id = cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.backend = cls.make_backend()
        cls._map_taxes()
        cls._make_products()

    def setUp(self):
        super().setUp()
        self.world = self.simulator.world
        self.world.reset()
        self.world.bucket.configure(10**7, 10**7)
        self.door.letters.clear()
        # Token renewal, the drain and the gateway have cursors of their own; here they share the test's.
        self.registry_enter_test_mode()

    # ---------------------------------------------------------------- the world

    @classmethod
    def _make_company(cls):
        germany = cls.env.ref("base.de")
        company = cls.env["res.company"].create(
            {"name": "Harbour & Vale GmbH", "currency_id": cls.env.ref("base.EUR").id, "country_id": germany.id}
        )
        cls.tax_group = cls.env["account.tax.group"].create(
            {"name": "VAT", "company_id": company.id, "country_id": germany.id}
        )
        return company

    @classmethod
    def make_backend(cls, **values):
        backend = cls.env["retail.backend"].create(
            {
                "name": "Harbour & Vale",
                "connector": "shopify",
                "company_id": cls.company.id,
                "shopify_domain": pure.SHOP,
                "shopify_client_id": cls.simulator.world.app.client_id,
                "shopify_api_url": cls.simulator.url,
                **values,
            }
        )
        backend._set_secret(SIGNING_KIND, cls.simulator.world.app.client_secret)
        backend.action_arm()
        # The others are a decision of their own: tests of them let them go live.
        basic = backend.flow_ids.filtered(lambda flow: flow.entity in ("order", "product", "customer"))
        basic.write({"state": "live", "watermark": fields.Datetime.now() - timedelta(days=1)})
        return backend

    @classmethod
    def _map_taxes(cls):
        from simulators.shopify.state.taxes import RATES

        wanted = {
            (rate * 100, included) for included, *groups in RATES.values() for group in groups for _title, rate in group
        }
        for percent, included in sorted(wanted):
            tax = cls.env["account.tax"].create(
                {
                    "name": "%s %% %s" % (percent.normalize(), "included" if included else "added"),
                    "amount": float(percent),
                    "type_tax_use": "sale",
                    "price_include_override": "tax_included" if included else "tax_excluded",
                    "company_id": cls.company.id,
                    "country_id": cls.company.country_id.id,
                    "tax_group_id": cls.tax_group.id,
                }
            )
            cls.env["retail.tax.map"].create(
                {
                    "backend_id": cls.backend.id,
                    "rate_percent": float(percent),
                    "price_include": included,
                    "tax_ids": tax.ids,
                }
            )

    @classmethod
    def _make_products(cls):
        """Create what the shop sells, known by SKU."""
        shop = cls.simulator.world.shop
        cls.env["product.product"].create(
            [
                {
                    "name": "%s %s" % (shop.get(variant["productId"])["title"], variant["title"]),
                    "default_code": variant["sku"],
                    "type": "consu",
                    "taxes_id": False,
                }
                for variant in shop.all("ProductVariant")
            ]
        )

    # ---------------------------------------------------------------- what the shop does

    def place(self, kind="simple", webhooks=True, **options):
        """Return an order (the simulator's record) that was just placed; see ``live.place``."""
        from simulators.shopify import live

        return live.place(self.world, kind, webhooks=webhooks, **options)[0]

    @contextmanager
    def faults(self, name, **options):
        """Let the simulator misbehave meanwhile."""
        from simulators.shopify.faults import Fault

        self.world.faults.add(Fault(name, **options))
        try:
            yield
        finally:
            self.world.faults.clear()

    # ---------------------------------------------------------------- what Odoo does

    def subscribe(self):
        """Register the backend's webhooks as its button does."""
        self.backend.action_shopify_register_webhooks()

    def letters(self):
        """Return the webhooks that have arrived at the door, once none is under way any more."""
        give_up = time.monotonic() + 60
        while not self.world.sender.is_idle() and time.monotonic() < give_up:
            time.sleep(0.01)
        self.assertTrue(self.world.sender.is_idle(), "The simulator still has webhooks to send.")
        letters = list(self.door.letters)
        self.door.letters.clear()
        return letters

    def let_in(self, letters):
        """Put webhooks through the gateway; return its answers."""
        backends = self.env["retail.backend"].sudo()

        def find_endpoint(token):
            try:
                return backends._endpoint_of(token)
            except KeyError:
                return None

        def find_policy(connector):
            return self.env["retail.connector.%s" % connector]._webhook_policy

        def store(row):
            return inbox_sql.insert_message(self.env.cr, row)

        return [receive(letter, find_endpoint, find_policy, store) for letter in letters]

    def drain(self):
        """Work off everything that is due; return how many messages that were."""
        return drain_all(self.env)

    def receive_all(self):
        """Let in and work off all webhooks that have been sent."""
        answers = self.let_in(self.letters())
        self.drain()
        return answers

    def poll(self, entity="order"):
        """Ask the shop what changed, as the cron's job does, and work it off."""
        flow = self.flow(entity)
        flow._job_poll()
        self.assertFalse(flow.poll_error)
        self.drain()

    def flow(self, entity="order"):
        return self.backend.flow_ids.filtered(lambda flow: flow.entity == entity)

    # ---------------------------------------------------------------- what there is afterwards

    def sale_order(self, order):
        """Return the sales order of a shop's order, or an empty recordset."""
        binding = self.env["retail.binding.order"].search(
            [("backend_id", "=", self.backend.id), ("external_id", "=", order["id"])]
        )
        return binding.order_id

    def messages(self, subject=None):
        domain = [("backend_id", "=", self.backend.id)]
        if subject:
            domain.append(("subject_key", "=", subject))
        return self.env["retail.inbox"].search(domain, order="id")

    def assert_same_total(self, order):
        sale = self.sale_order(order)
        self.assertEqual(len(sale), 1, "%s (%s): %s" % (order["name"], order["_kind"], self.what_happened(order)))
        total = Decimal(float_repr(sale.amount_total, 2))
        self.assertEqual(total, pure.shop_total(order), "%s (%s)" % (order["name"], order["_kind"]))

    def what_happened(self, order):
        """Return the ends of an order's messages, for the text of a failed assertion."""
        return self.messages("order:" + order["id"]).mapped(lambda one: (one.topic, one.state, one.reason))
