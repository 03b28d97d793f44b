"""Brings back what left for a customer, as a transfer of its own."""

from decimal import Decimal

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman


class RetailRefundGoods(models.AbstractModel):
    """Returned goods do not touch the order's delivered quantity: it says what was delivered, and the refund's own line
    says what of it was paid back. Otherwise Odoo would ask to deliver or to invoice them once more.
    """

    _name = "retail.refund.goods"
    _description = "Returns of channel refunds"

    def _return(self, backend, wanted, values):
        """Make the transfers that bring back ``wanted``.

        :param list wanted: ``(order line, units, id of the channel's place or None)``
        :param dict values: for the transfers
        :return: the transfers, ready to be validated
        :raises NeedsHuman: not so much of it was delivered
        """
        by_place = {}
        for line, units, place in wanted:
            for move, quantity in self._find_moves(line, float(units)).items():
                moves = by_place.setdefault((move.picking_id, place), {})
                moves[move] = moves.get(move, 0.0) + quantity
        made = self.env["stock.picking"]
        for (picking, place), quantities in by_place.items():
            made |= self._make(backend, picking, place, quantities, values)
        return made

    def _validate(self, pickings):
        """Let the goods arrive."""
        for picking in pickings:
            for move in picking.move_ids:
                move.quantity = move.product_uom_qty
                move.picked = True
            picking._action_done()

    def _find_foreign(self, line):
        """Return moves by which people took ``line`` back, and that stand for nothing the channel told of."""
        return line.move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.origin_returned_move_id
                and move.location_id.usage == "customer"
                and not move.picking_id.retail_refund_id
                and not move.picking_id.retail_return_id
            )
        )

    def _adopt(self, line):
        """Return the moves by which people took ``line`` back. They stop lowering what was delivered."""
        moves = self._find_foreign(line)
        if moves:
            moves.to_refund = False
            self.env.add_to_compute(line._fields["qty_delivered"], line)  # Odoo's own does not depend on it
        return moves

    def _count_units(self, line, moves):
        """Return how many units of ``line`` (Decimal) ``moves`` brought; of a kit, those all of whose parts came."""
        counts = [
            sum(
                move.product_uom._compute_quantity(move.quantity, product.uom_id)
                for move in moves
                if move.product_id == product
            )
            / needed
            for product, needed in self._get_needed(line, 1.0).items()
            if needed
        ]
        return Decimal(repr(round(min(counts, default=0.0), 4)))

    def _get_needed(self, line, units):
        """Return dict product → quantity in its unit that ``units`` of ``line`` are: of a kit, its delivered parts."""
        moves = self._find_out(line)
        if line.qty_delivered and any(move.product_id != line.product_id for move in moves):
            share = units / line.qty_delivered
            return {
                product: sum(move.product_uom._compute_quantity(move.quantity, product.uom_id) for move in same) * share
                for product, same in moves.grouped("product_id").items()
            }
        return {line.product_id: line.product_uom_id._compute_quantity(units, line.product_id.uom_id, round=False)}

    def _find_out(self, line):
        return line.move_ids.filtered(lambda move: move.state == "done" and move.location_dest_id.usage == "customer")

    def _find_moves(self, line, units):
        """Return dict move → quantity to bring back of the moves that delivered ``line``, the newest first."""
        found, moves = {}, self._find_out(line).sorted("id", reverse=True)
        for product, left in self._get_needed(line, units).items():
            for move in moves.filtered(lambda one, product=product: one.product_id == product):
                taken = min(left, self._count_left(move))
                if product.uom_id.compare(taken, 0.0) > 0:
                    found[move] = product.uom_id._compute_quantity(taken, move.product_uom)
                    left -= taken
            if product.uom_id.compare(left, 0.0) > 0:
                raise self._not_out(line, product, left)
        return found

    def _not_out(self, line, product, units):
        return NeedsHuman(
            self.env._(
                "%(units)g of %(product)s of %(order)s come back that were never delivered, or are back already.",
                units=units,
                product=product.display_name,
                order=line.order_id.name,
            ),
            kind="refund_mismatch",
            cause_key="refund:not_delivered",
            cause_title=self.env._("Goods come back that are not with the customer"),
            facts={"order_external_id": line.order_id._get_retail_binding().external_id},
        )

    def _count_left(self, move):
        """Return what of a delivery is still with the customer, in the product's unit."""
        back = move.returned_move_ids.filtered(lambda one: one.state != "cancel")
        returned = sum(one.quantity if one.state == "done" else one.product_uom_qty for one in back)
        return move.product_uom._compute_quantity(move.quantity - returned, move.product_id.uom_id)

    def _make(self, backend, picking, place, quantities, values):
        wizard = self.env["stock.return.picking"].with_context(active_id=picking.id, active_model=picking._name)
        wizard = wizard.create({"picking_id": picking.id})
        for line in wizard.product_return_moves:
            line.quantity = quantities.get(line.move_id, 0.0)
        made = wizard._create_return()
        made.write({**values, "retail_fulfilment_id": False, "retail_fulfilment_state": False})
        made.move_ids.to_refund = False
        warehouse = self.env["retail.location.map"]._find_by_place(backend, place).warehouse_ids[:1]
        if warehouse and warehouse != made.picking_type_id.warehouse_id:
            made.picking_type_id = warehouse.in_type_id
            made.location_dest_id = warehouse.lot_stock_id
            made.move_ids.write({"location_dest_id": warehouse.lot_stock_id.id, "warehouse_id": warehouse.id})
        return made
