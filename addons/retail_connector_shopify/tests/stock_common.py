"""A simulated shop whose stock Odoo keeps."""

from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from odoo.addons.retail_connector_shopify.tests.common import ShopifyCase

STOCK = 20


class ShopStockCase(ShopifyCase):
    """The shop sells two variants from its first location; the flow of stock levels is live, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = cls.backend.warehouse_id.lot_stock_id
        cls.backend.stock_settle_minutes = 0
        cls.backend.flow_ids.filtered(lambda flow: flow.entity == "stock_level").state = "live"

    def setUp(self):
        super().setUp()
        shop = self.world.shop
        self.variants = shop.all("ProductVariant")[:2]
        skus = [variant["sku"] for variant in self.variants]
        products = self.env["product.product"].search([("default_code", "in", skus)])
        products.write({"is_storable": True})
        by_sku = {product.default_code: product for product in products}
        self.products = [by_sku[sku] for sku in skus]
        self.location = shop.all("Location")[0]
        for product, variant in zip(self.products, self.variants, strict=True):
            self.env["stock.quant"]._update_available_quantity(product, self.stock, STOCK)
            self.shop_level(variant)["available"] = STOCK
            self.env["retail.binding.product"].create(
                {
                    "backend_id": self.backend.id,
                    "product_id": product.id,
                    "external_id": variant["id"],
                    "inventory_external_id": variant["inventoryItemId"],
                }
            )
        self.map = self.env["retail.location.map"].create(
            {
                "backend_id": self.backend.id,
                "name": self.location["name"],
                "external_id": self.location["id"],
                "warehouse_ids": self.backend.warehouse_id.ids,
            }
        )
        self.commit()

    def commit(self):
        self.env.cr.flush()

    def shop_level(self, variant=None):
        from simulators.shopify.state.stock import level_of

        return level_of(self.world.shop, (variant or self.variants[0])["inventoryItemId"], self.location["id"])

    def shown(self, number=0):
        """Return what the shop offers."""
        return self.shop_level(self.variants[number])["available"]

    def level(self, number=0):
        self.env.invalidate_all()
        return self.env["retail.stock.level"].search(
            [("map_id", "=", self.map.id), ("product_id", "=", self.products[number].id)]
        )

    def available(self, number=0):
        return self.env["stock.quant"]._get_available_quantity(self.products[number], self.stock, allow_negative=True)

    def receive(self, quantity, number=0):
        """Goods come (or go) that no channel knows of."""
        self.env["stock.quant"]._update_available_quantity(self.products[number], self.stock, quantity)
        self.commit()

    def sell(self, quantity=1, number=0, webhooks=True):
        """The shop sells."""
        from simulators.shopify import live

        line = {"sku": self.variants[number]["sku"], "quantity": quantity}
        return live.place(self.world, webhooks=webhooks, lines=[line])[0]

    def reconcile(self, times=2):
        """Look at the shop as the cron does; two looks that find the same settle a level."""
        for _time in range(times):
            self.map.reconcile_after = fields.Datetime.now() - timedelta(seconds=1)
            self.map.reconcile_since = fields.Datetime.now() + timedelta(seconds=1)
            self.env["retail.stock.reconciliation"]._cron_reconcile()
        self.commit()
        self.drain()

    def make_due(self):
        """Let the time pass until the next attempts."""
        self.env.flush_all()
        for table in ("retail_outbox_work", "retail_inbox_work"):
            query = "UPDATE %s SET not_before = now() AT TIME ZONE 'UTC' - interval '1 second'"
            self.env.cr.execute(SQL(query, SQL.identifier(table)))
        self.env.cr.execute("UPDATE retail_circuit SET wait_until = now() AT TIME ZONE 'UTC' - interval '1 second'")
        self.env.invalidate_all()

    def calls(self, name):
        return self.world.engine.operations[name]

    def intents(self):
        return self.env["retail.outbox"].search([("backend_id", "=", self.backend.id)])
