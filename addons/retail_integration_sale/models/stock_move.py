"""Leaves the reservation of a channel's orders to the warehouse's writer; asks once per batch."""

from odoo import models

from .order_batch import CONTEXT_KEY


class StockMove(models.Model):
    _inherit = "stock.move"

    def _action_confirm(self, merge=True, merge_into=False, create_proc=True):
        """Mark the transfers whose reservation is left to the writer, in the transaction that confirms them."""
        moves = super()._action_confirm(merge=merge, merge_into=merge_into, create_proc=create_proc)
        if self.env.context.get("retail_reserve_later"):
            due = moves.filtered(
                lambda move: (
                    move.state in ("confirmed", "partially_available")
                    and move._is_reservation_deferred()
                    and super()._should_assign_at_confirm()
                )
            )
            if due:
                self.env["retail.reservation"]._mark(due.picking_id)
        return moves

    def _should_assign_at_confirm(self):
        return super()._should_assign_at_confirm() and not self._is_reservation_deferred()

    def _is_reservation_deferred(self):
        """Return whether one move is reserved by the writer and not while it is confirmed.

        Only while a channel's order is imported: what people confirm is reserved at once. What needs no reservation,
        or has no warehouse whose writer could make it, is left as it is.
        """
        return bool(
            self.env.context.get("retail_reserve_later")
            and self.picking_id.sale_id.retail_backend_id
            and self.picking_type_id.warehouse_id
            and not self._should_bypass_reservation()
        )

    # ---------------------------------------------------------------- asked once per batch

    def _search_picking_for_assignation(self):
        """Search a transfer to join only where one belongs to the same order, which of a new order none does.

        Odoo's search begins, as PostgreSQL's statistics have it, with all open transfers of the warehouse: in a sale
        that took half of the time of an order.
        """
        references = self.reference_ids.sudo()
        if self.env.context.get(CONTEXT_KEY) and references and not references.move_ids.picking_id:
            return self.env["stock.picking"]
        return super()._search_picking_for_assignation()

    def _update_orderpoints(self):
        """Search reordering rules only for products that have any; Odoo does at every write on a move."""
        return super(StockMove, self._having_orderpoints())._update_orderpoints()

    def _trigger_scheduler(self):
        return super(StockMove, self._having_orderpoints())._trigger_scheduler()

    def _having_orderpoints(self):
        batch = self.env.context.get(CONTEXT_KEY)
        if not batch:
            return self
        unknown = self.product_id.filtered(lambda product: product.id not in batch.reordered)
        if unknown:
            rules = self.env["stock.warehouse.orderpoint"].sudo().search([("product_id", "in", unknown.ids)])
            reordered = set(rules.product_id.ids)
            batch.reordered.update((product.id, product.id in reordered) for product in unknown)
        return self.filtered(lambda move: batch.reordered[move.product_id.id])
