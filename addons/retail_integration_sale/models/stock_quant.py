"""Quants: found once per batch of orders, reserved to the unit whoever is at them; their changes told to channels."""

from odoo import api, models

from .order_batch import CONTEXT_KEY
from .retail_location_map import STOCK_ENTITY
from .retail_stock_level import level_key

#: All that Odoo does to the stock of a location ends in these two fields of a quant.
_QUANTITIES = {"quantity", "reserved_quantity"}

#: How much more, or less, a call of ``_update_reserved_quantity`` wants reserved.
_CHANGE_KEY = "retail_reserved_change"


class StockQuant(models.Model):
    _inherit = "stock.quant"

    # ---------------------------------------------------------------- reserved to the unit

    @api.model
    def _update_reserved_quantity(self, product_id, location_id, quantity, *args, **options):
        """Change what is reserved on a quant that can take the whole change: see :meth:`try_lock_for_update`."""
        quants = self.with_context(**{_CHANGE_KEY: quantity})
        return super(StockQuant, quants)._update_reserved_quantity(product_id, location_id, quantity, *args, **options)

    def try_lock_for_update(self, *, allow_referencing=False, limit=None):
        """Leave out the quants on which Odoo would cut off a part of the change under way.

        Where another transaction has locked a product's quant, Odoo notes the change on a quant of its own, which may
        be negative, until a scheduled action merges them. Until then it takes the first quant it can lock and writes
        ``max(0, reserved + change)`` on it. What is cut off stays reserved for nobody: goods that cannot be sold. With
        none of the quants left, Odoo notes the change on a new one, and the sum over all is right.
        """
        change = self.env.context.get(_CHANGE_KEY)
        able = self
        if change is not None and self:
            compare = self[0].product_uom_id.compare
            # Of more than is reserved altogether, Odoo's cut makes zero, which is right.
            if compare(sum(self.mapped("reserved_quantity")) + change, 0) >= 0:
                able = self.filtered(lambda quant: compare(quant.reserved_quantity + change, 0) >= 0)
        return super(StockQuant, able).try_lock_for_update(allow_referencing=allow_referencing, limit=limit)

    # ---------------------------------------------------------------- found once per batch

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
        quants = super().create(vals_list)
        quants._mark_levels()
        return quants

    def write(self, vals):
        result = super().write(vals)
        if _QUANTITIES & vals.keys():
            self._mark_levels()
        return result

    def unlink(self):
        self._forget_gathered()
        # Odoo deletes empty ones all the time; only a manager deletes one with goods.
        self.filtered(lambda quant: quant.quantity or quant.reserved_quantity)._mark_levels()
        return super().unlink()

    def _forget_gathered(self):
        batch = self.env.context.get(CONTEXT_KEY)
        if batch:
            batch.quants.clear()

    def _mark_levels(self):
        """Note which levels of which channels change. No SQL: one statement at the end of the transaction says it.

        What Odoo does by SQL, merging two quants of the same goods into one, changes no level.
        """
        table = self.env["retail.location.map"]._get_location_table()
        if not table:
            return
        keys = {}
        for quant in self:
            for map_id, backend_id, company_id in table.get(quant.location_id.id, ()):
                keys.setdefault((backend_id, company_id), []).append(level_key(quant.product_id.id, map_id))
        outbox = self.env["retail.outbox"]
        for (backend_id, company_id), found in keys.items():
            company = self.env["res.company"].browse(company_id)
            outbox._mark_dirty(STOCK_ENTITY, company, found, backend_id=backend_id)
