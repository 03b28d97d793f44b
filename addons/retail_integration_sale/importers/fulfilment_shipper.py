"""Moves the goods of an order out of the warehouse, as a fulfilment of the channel says."""

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman

_OVER = ("done", "cancel")
#: A delivery has three steps at most; more are routes of somebody's own.
_MOST_STEPS = 6


class RetailFulfilmentShipper(models.AbstractModel):
    _name = "retail.fulfilment.shipper"
    _description = "Shipper of channel fulfilments"

    def _count_open(self, line):
        """Return how many units of ``line`` its open transfers could ship."""
        moves = self._find_open(line) + self._find_under_way(line)
        if not moves:
            return 0.0
        if self._is_kit(line, moves):
            return line.product_uom_qty - line.qty_delivered
        return self._units_of(line, moves)

    def _ship(self, order, wanted, warehouse):
        """Validate transfers of ``order`` for ``wanted``; what is left of them becomes a backorder.

        The goods have left, whatever Odoo thinks of its stock: what is not there becomes negative and is found by
        the next count.

        :param dict wanted: line → units, no more than :meth:`_count_open`
        :param stock.warehouse warehouse: where they left from; empty: where the transfers say
        :return: the transfers to the customer that were validated
        """
        plan = {}
        for line, units in wanted.items():
            if line.qty_delivered_method == "stock_move":
                self._bring_forward(line, units)
                plan.update(self._plan(line, units, warehouse))
            else:
                line.qty_delivered += units  # a service: nothing leaves a warehouse
        return self._validate(plan, warehouse)

    # ---------------------------------------------------------------- planning

    def _find_open(self, line):
        return line.move_ids.filtered(
            lambda move: (
                move.state not in _OVER and move.location_dest_id.usage == "customer" and move.product_uom_qty > 0
            )
        ).sorted(lambda move: (move.date, move.id))

    def _find_under_way(self, line):
        """Return the moves that bring goods of ``line`` a step nearer to a delivery that Odoo makes only then."""
        return line.move_ids.filtered(
            lambda move: (
                move.state not in _OVER
                and move.location_dest_id.usage != "customer"
                and move.location_final_id.usage == "customer"
                and not move.move_dest_ids.filtered(lambda after: after.state not in _OVER)
            )
        ).sorted(lambda move: (-self._count_steps(move), move.date, move.id))

    def _count_steps(self, move):
        """Return how many steps the goods of ``move`` have behind them: what is nearer to the customer goes first."""
        steps = 0
        while move.move_orig_ids and steps < _MOST_STEPS:
            move, steps = move.move_orig_ids[0], steps + 1
        return steps

    def _units_of(self, line, moves):
        """Return the units of ``line`` that ``moves`` carry."""
        return sum(move.product_uom._compute_quantity(move.product_uom_qty, line.product_uom_id) for move in moves)

    def _bring_forward(self, line, units):
        """Take goods through the steps before their delivery: they have passed them all."""
        needed = self._get_needed(line, units)
        for _step in range(_MOST_STEPS):
            plan = {}
            for product, quantity in needed.items():
                ready = self._find_open(line).filtered(lambda move, product=product: move.product_id == product)
                missing = quantity - sum(ready.mapped("product_qty"))
                for move in self._find_under_way(line).filtered(
                    lambda move, product=product: move.product_id == product
                ):
                    taken = min(missing, move.product_qty)
                    if product.uom_id.compare(taken, 0.0) > 0:
                        plan[move] = product.uom_id._compute_quantity(taken, move.product_uom)
                        missing -= taken
            if not plan:
                return
            self._validate(plan)

    def _get_needed(self, line, units):
        """Return dict product → quantity in its unit that ``units`` of ``line`` are; of a kit, its components."""
        moves = self._find_open(line) + self._find_under_way(line)
        if not self._is_kit(line, moves):
            return {line.product_id: line.product_uom_id._compute_quantity(units, line.product_id.uom_id)}
        share = units / (line.product_uom_qty - line.qty_delivered)
        return {
            product: product.uom_id.round(sum(same.mapped("product_qty")) * share)
            for product, same in moves.grouped("product_id").items()
        }

    def _is_kit(self, line, moves):
        return any(move.product_id != line.product_id for move in moves)

    def _plan(self, line, units, warehouse):
        """Return dict move → quantity, in the unit of the move."""
        moves = self._find_open(line)
        if self._is_kit(line, moves):
            share = units / (line.product_uom_qty - line.qty_delivered)
            return {move: move.product_uom.round(move.product_uom_qty * share) for move in moves}
        plan = {}
        # What lies where the goods left from goes first; the others are sent from there only if that is not enough.
        for move in moves.sorted(lambda move: self._warehouse_of(move.picking_id) != warehouse):
            if line.product_uom_id.compare(units, 0.0) <= 0:
                break
            open_units = move.product_uom._compute_quantity(move.product_uom_qty, line.product_uom_id)
            taken = min(units, open_units)
            plan[move] = line.product_uom_id._compute_quantity(taken, move.product_uom)
            units -= taken
        return plan

    def _warehouse_of(self, picking):
        return picking.picking_type_id.warehouse_id

    # ---------------------------------------------------------------- moving

    def _validate(self, plan, warehouse=None):
        """Validate the transfers of ``plan`` (move → quantity), each after the ones it waits for."""
        done = self.env["stock.picking"]
        by_picking = {}
        for move, quantity in plan.items():
            by_picking.setdefault(move.picking_id, {})[move] = quantity
        for picking, quantities in by_picking.items():
            self._validate_origins(quantities)
            if warehouse and self._warehouse_of(picking) != warehouse:
                self._reroute(picking, warehouse)
            for move in picking.move_ids.filtered(lambda move: move.state not in _OVER):
                if move in quantities:
                    move.quantity = quantities[move]
                    move.picked = True
                else:
                    move.picked = False
            picking._action_done()
            done |= picking
        return done

    def _validate_origins(self, quantities):
        """Ship from step to step where a delivery takes several: the goods have passed them all."""
        plan = {}
        for move, quantity in quantities.items():
            for origin in move.move_orig_ids:
                if origin.state in _OVER or quantity <= 0:
                    continue
                taken = min(quantity, origin.product_uom_qty)
                plan[origin] = taken
                quantity -= taken
        if plan:
            self._validate(plan)

    def _reroute(self, picking, warehouse):
        """Let a transfer leave from the warehouse that the channel says its goods left from.

        :raises NeedsHuman: it is one of several steps, which only a person can take back
        """
        if picking.move_ids.move_orig_ids or picking.company_id != warehouse.company_id:
            raise NeedsHuman(
                self.env._(
                    "The channel shipped from %(other)s what %(transfer)s prepares in %(own)s.",
                    other=warehouse.name,
                    transfer=picking.name,
                    own=self._warehouse_of(picking).name,
                ),
                kind="fulfilment_mismatch",
                cause_key="fulfilment:other_warehouse",
            )
        picking.do_unreserve()
        destination = picking.location_dest_id
        picking.picking_type_id = warehouse.out_type_id
        picking.location_dest_id = destination
        moves = picking.move_ids.filtered(lambda move: move.state not in _OVER)
        moves.write({"location_id": picking.location_id.id, "warehouse_id": warehouse.id})
