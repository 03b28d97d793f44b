"""The small world of stock levels: a channel's flow out of Odoo, a mapped location, linked products."""

from contextlib import contextmanager

from odoo import fields

from odoo.addons.retail_integration_base.engine.messages import Intent

from .common import RetailSaleCase


class StockLevelCase(RetailSaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock = cls.backend.warehouse_id.lot_stock_id
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.flow = cls.make_flow(cls.backend)
        cls.map = cls.make_map("Warehouse", "L1", warehouse_ids=cls.backend.warehouse_id.ids)

    @classmethod
    def make_flow(cls, backend, state="live"):
        return cls.env["retail.flow"].create(
            {"backend_id": backend.id, "entity": "stock_level", "direction": "out", "state": state}
        )

    @classmethod
    def make_map(cls, name, external_id, backend=None, **values):
        return cls.env["retail.location.map"].create(
            {"backend_id": (backend or cls.backend).id, "name": name, "external_id": external_id, **values}
        )

    @classmethod
    def link(cls, *products):
        """Link products to variants of the channel that it keeps in stock."""
        return cls.env["retail.binding.product"].create(
            [
                {
                    "backend_id": cls.backend.id,
                    "product_id": product.id,
                    "external_id": "V-%s" % product.default_code,
                    "inventory_external_id": "I-%s" % product.default_code,
                }
                for product in products
            ]
        )

    def commit(self):
        """What a commit does to what was marked."""
        self.env.cr.flush()

    def marks(self, flow=None):
        """Return the keys that were marked since the last time, sorted, without repetition."""
        self.commit()
        marks = self.env["retail.outbox.mark"].search([("flow_id", "=", (flow or self.flow).id)])
        keys = sorted(set(marks.mapped("res_key")))
        self.env.cr.execute("DELETE FROM retail_outbox_mark WHERE flow_id = %s", ((flow or self.flow).id,))
        self.env.invalidate_all()
        return keys

    def key(self, product, location_map=None):
        return "%d@%d" % (product.id, (location_map or self.map).id)

    def export(self, *products, location_map=None, is_unknown=False):
        """Return what the exporter says of ``products``: one document (or its end) each."""
        intents = [
            Intent(number, "stock_level", self.key(product, location_map), "state", None, None, None, None, is_unknown)
            for number, product in enumerate(products)
        ]
        service = self.backend._as_service()
        documents = service.env["retail.exporter.stock_level"]._get_documents(service, self.flow, intents)
        return [documents[number] for number in range(len(products))]

    def level(self, product, location_map=None):
        return self.env["retail.stock.level"].search(
            [("product_id", "=", product.id), ("map_id", "=", (location_map or self.map).id)]
        )

    def settle(self, product, shop, taken=0, flying=0):
        """State as the reconciliation does that the channel shows ``shop`` with all its orders taken in."""
        self.export(product)
        now = fields.Datetime.now()
        self.level(product).write(
            {
                "is_settled": True,
                "given": shop + taken + flying,
                "taken": taken,
                "shop_quantity": shop,
                "shop_at": now,
                "settled_at": now,
            }
        )

    def transfer(self, products, quantity=1, source=None, destination=None):
        """Return a transfer of each product, confirmed and reserved."""
        source, destination = source or self.stock, destination or self.customers
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.backend.warehouse_id.out_type_id.id,
                "location_id": source.id,
                "location_dest_id": destination.id,
                "move_ids": [
                    fields.Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": quantity,
                            "location_id": source.id,
                            "location_dest_id": destination.id,
                        }
                    )
                    for product in products
                ],
            }
        )
        picking.action_confirm()
        picking.action_assign()
        self.commit()
        return picking

    def validate(self, picking):
        picking.move_ids.picked = True
        picking._action_done()
        self.commit()

    @contextmanager
    def count_statements(self):
        """Yield a list that collects every statement of the block."""
        found = []
        execute = type(self.env.cr).execute

        def spy(cursor, query, *args, **kwargs):
            found.append(str(query))
            return execute(cursor, query, *args, **kwargs)

        with self.patch_execute(spy):
            yield found

    @contextmanager
    def patch_execute(self, spy):
        cursor_class = type(self.env.cr)
        kept = cursor_class.execute
        cursor_class.execute = spy
        try:
            yield
        finally:
            cursor_class.execute = kept
