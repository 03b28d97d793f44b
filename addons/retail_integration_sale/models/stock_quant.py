"""Finds the quants of a product once per batch of orders."""

from odoo import api, models

from .order_batch import CONTEXT_KEY


class StockQuant(models.Model):
    _inherit = "stock.quant"

    def _gather(self, product_id, location_id, lot_id=None, package_id=None, owner_id=None, strict=False, qty=0):
        """Search the quants of a product without lots once; Odoo does it four times per reservation."""
        batch = self.env.context.get(CONTEXT_KEY)
        options = {"lot_id": lot_id, "package_id": package_id, "owner_id": owner_id, "strict": strict, "qty": qty}
        if not batch or lot_id or product_id.tracking != "none":
            return super()._gather(product_id, location_id, **options)
        parts = (product_id, location_id, package_id, owner_id)
        key = (*(part.id if part else False for part in parts), bool(strict), self.env.su, self.env.uid)
        if key not in batch.quants:
            if self._get_removal_strategy(product_id, location_id) == "least_packages":
                return super()._gather(product_id, location_id, **options)  # depends on the quantity
            batch.quants[key] = super()._gather(product_id, location_id, **options)._ids
        return self.browse(batch.quants[key])

    @api.model_create_multi
    def create(self, vals_list):
        self._forget_gathered()
        return super().create(vals_list)

    def unlink(self):
        self._forget_gathered()
        return super().unlink()

    def _forget_gathered(self):
        batch = self.env.context.get(CONTEXT_KEY)
        if batch:
            batch.quants.clear()
