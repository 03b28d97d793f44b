"""What the tests of fulfilments share: orders of known units, transfers, and the shop's side of them."""

from contextlib import contextmanager
from datetime import timedelta

from odoo import fields

from odoo.addons.retail_integration_base.engine import backoff

from .common import ShopifyCase


class FulfilmentCase(ShopifyCase):
    hour = timedelta(hours=1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        flows = cls.backend.flow_ids.filtered(lambda flow: flow.entity == "fulfilment")
        flows.write({"state": "live", "watermark": fields.Datetime.now() - timedelta(days=1)})
        cls.out = flows.filtered(lambda flow: flow.direction == "out")
        cls.env["product.product"].search([("default_code", "!=", False)]).filtered(
            lambda product: product.type == "consu"
        ).is_storable = True

    def setUp(self):
        super().setUp()
        # Full jitter may draw a delay that has passed before the test looks.
        self.patch(backoff.random, "uniform", lambda _low, high: high)

    # ---------------------------------------------------------------- the shop

    def order(self, quantities, is_imported=True):
        """Place an order with so many units of as many products; return it with its sales order."""
        from simulators.shopify import live

        skus = [variant["sku"] for variant in self.world.shop.all("ProductVariant")][: len(quantities)]
        lines = [{"sku": sku, "quantity": units} for sku, units in zip(skus, quantities, strict=True)]
        order = live.place(self.world, country="DE", lines=lines, webhooks=False)[0]
        if is_imported:
            self.poll("order")
        return order, self.sale_order(order)

    def fulfilments(self, order):
        from simulators.shopify.state import fulfilments

        return fulfilments.fulfilments_of(self.world.shop, order)

    def units(self, fulfilment):
        return [line["quantity"] for line in fulfilment["lines"]]

    def place_of(self, fulfilment):
        return self.world.shop.get(fulfilment["locationId"])["name"]

    def map_place(self, name, warehouse, **values):
        place = next(one for one in self.world.shop.all("Location") if one["name"] == name)
        return self.env["retail.location.map"].create(
            {
                "backend_id": self.backend.id,
                "name": name,
                "external_id": place["id"],
                "warehouse_ids": warehouse.ids,
                **values,
            }
        )

    @contextmanager
    def lose_answer_of(self, operation):
        """Let the shop carry out ``operation`` and cut the connection before its answer has come, once."""
        with self.faults("timeout", operation=operation, count=1, seconds=0.1):
            yield
            self.assertFalse(self.world.faults.active(), "There was no answer to lose.")

    # ---------------------------------------------------------------- Odoo

    def flow(self, entity="order", direction="in"):
        return super().flow(entity).filtered(lambda flow: flow.direction == direction)

    def make_carrier(self, name, **values):
        product = self.env["product.product"].create({"name": name, "type": "service"})
        return self.env["delivery.carrier"].create({"name": name, "product_id": product.id, **values})

    def ship(self, sale, units=None, **values):
        """Validate the open transfer of ``sale``: all of it, or ``units`` (position of the line → units)."""
        picking = sale.picking_ids.filtered(lambda one: one.state not in ("done", "cancel"))
        self.assertEqual(len(picking), 1)
        if values:
            picking.write(values)
        lines = sale.order_line.filtered(lambda line: line.retail_line_type == "item")
        wanted = None if units is None else {lines[position]: count for position, count in units.items()}
        self.validate(picking, wanted)
        return picking

    def validate(self, picking, wanted=None):
        for move in picking.move_ids:
            count = move.product_uom_qty if wanted is None else wanted.get(move.sale_line_id, 0)
            move.quantity = count
            move.picked = bool(count)
        picking._action_done()
        self.assertEqual(picking.state, "done")

    def commands(self):
        return self.env["retail.outbox"].search([("backend_id", "=", self.backend.id)], order="id")

    def retry(self):
        """Try again now what waits for its time, and let the channel be asked again."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE retail_outbox_work SET not_before = now() - interval '1 second'")
        self.env.cr.execute("UPDATE retail_inbox_work SET not_before = now() - interval '1 second'")
        self.env.cr.execute("DELETE FROM retail_circuit")
        self.env.invalidate_all()
        self.drain()

    def exception(self, kind):
        found = self.env["retail.exception"].search([("backend_id", "=", self.backend.id), ("state", "=", "open")])
        self.assertEqual(found.mapped("kind"), [kind], found.mapped("name"))
        return found
