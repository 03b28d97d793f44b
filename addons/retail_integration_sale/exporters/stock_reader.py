"""Reads how Odoo's stock stands for the places of a channel: a constant number of statements per batch."""

from collections import defaultdict
from dataclasses import dataclass

from odoo import models
from odoo.fields import Domain


@dataclass
class StockFigures:
    """How a product stands at one place of a channel.

    :param float available: on hand, less reserved
    :param float kept_back: by the safety stock's rule
    :param int taken: units of the channel's orders that ``available`` shows
    :param int not_reserved: units of the channel's orders in Odoo that ``available`` does not show
    """

    available: float = 0.0
    kept_back: float = 0.0
    taken: int = 0
    not_reserved: int = 0


class RetailStockReader(models.AbstractModel):
    _name = "retail.stock.reader"
    _description = "Stock reader"

    def _read(self, backend, levels, counted_from=None):
        """Read how ``levels`` stand in Odoo now, all in one snapshot.

        :param retail.stock.level levels: of one backend
        :param datetime counted_from: where the count of what was taken begins; ``None``: where each level's began
        :return: dict level id → :class:`StockFigures`
        """
        figures = {level.id: StockFigures() for level in levels}
        if not levels:
            return figures
        maps = {one: set(one._get_location_ids()) for one in levels.map_id}
        by_place = self._index(levels, maps)
        self._read_available(levels.product_id, by_place, figures)
        starts = {level.id: counted_from or level.counted_from for level in levels}
        self._read_taken(backend, levels, maps, starts, figures)
        rules = self.env["retail.stock.buffer"]._find(backend, levels.product_id)
        for level in levels:
            rule = rules.get(level.product_id.id)
            if rule:
                figures[level.id].kept_back = rule._keep_back(figures[level.id].available)
        return figures

    def _index(self, levels, maps):
        """Return dict ``(product id, location id)`` → ids of the levels that it counts for."""
        by_place = defaultdict(list)
        for level in levels:
            for location_id in maps[level.map_id]:
                by_place[level.product_id.id, location_id].append(level.id)
        return by_place

    def _read_available(self, products, by_place, figures):
        locations = sorted({location_id for _product, location_id in by_place})
        groups = self.env["stock.quant"]._read_group(
            [("product_id", "in", products.ids), ("location_id", "in", locations)],
            ["product_id", "location_id"],
            ["quantity:sum", "reserved_quantity:sum"],
        )
        for product, location, quantity, reserved in groups:
            for level_id in by_place.get((product.id, location.id), ()):
                figures[level_id].available += quantity - reserved

    def _read_taken(self, backend, levels, maps, starts, figures):
        """Count the units of the channel's orders that left the places: reserved there, or shipped since the start.

        What was shipped before the start is in no count. The levels of one reconciliation share theirs, so that this is
        one statement, rarely two.
        """
        by_start = levels.grouped(lambda level: starts[level.id])
        for start, group in by_start.items():
            domain = Domain(
                [
                    ("product_id", "in", group.product_id.ids),
                    ("move_id.sale_line_id.order_id.retail_backend_id", "=", backend.id),
                    ("state", "not in", ("draft", "cancel")),
                ]
            )
            if "bom_line_id" in self.env["stock.move"]._fields:
                # The channel sold the kit. What it shows of the parts did not fall.
                domain &= Domain("move_id.bom_line_id", "=", False)
            if start:
                domain &= Domain("state", "!=", "done") | Domain("date", ">=", start)
            lines = self.env["stock.move.line"]._read_group(
                domain, ["product_id", "location_id", "location_dest_id", "state"], ["quantity_product_uom:sum"]
            )
            by_product = group.grouped("product_id")
            for product, source, destination, state, quantity in lines:
                for level in by_product[product]:
                    inside = maps[level.map_id]
                    figures[level.id].taken += _leaving(source.id, destination.id, state, quantity, inside)
        for found in figures.values():
            found.taken = round(found.taken)

    def _read_not_reserved(self, backend, levels, figures):
        """Add the units of the channel's orders in Odoo that nothing is reserved for: quotations and shortages."""
        maps = {one: set(one._get_location_ids()) for one in levels.map_id}
        by_product = levels.grouped("product_id")
        moves = self.env["stock.move"]._read_group(
            [
                ("product_id", "in", levels.product_id.ids),
                ("sale_line_id.order_id.retail_backend_id", "=", backend.id),
                ("state", "in", ("waiting", "confirmed", "partially_available", "assigned")),
                ("location_dest_id.usage", "=", "customer"),
            ],
            ["product_id", "location_id", "warehouse_id"],
            ["product_qty:sum", "id:recordset"],
        )
        for product, location, warehouse, quantity, found in moves:
            # Of a route of several steps the last one tells what is wanted, the first ones what is reserved for it.
            chain = found | found.browse(found._rollup_move_origs())
            for level in by_product[product]:
                inside = maps[level.map_id]
                reachable = {location.id, warehouse.lot_stock_id.id, *chain.location_id.ids}
                if not reachable & inside:
                    continue
                reserved = sum(
                    _leaving(
                        line.location_id.id, line.location_dest_id.id, line.state, line.quantity_product_uom, inside
                    )
                    for line in chain.move_line_ids
                    if line.state != "cancel"
                )
                figures[level.id].not_reserved += max(round(quantity - reserved), 0)
        self._read_quotations(backend, levels, maps, figures)

    def _read_quotations(self, backend, levels, maps, figures):
        groups = self.env["sale.order.line"]._read_group(
            [
                ("product_id", "in", levels.product_id.ids),
                ("order_id.retail_backend_id", "=", backend.id),
                ("order_id.state", "in", ("draft", "sent")),
            ],
            ["product_id", "order_id"],
            ["product_uom_qty:sum"],
        )
        by_product = levels.grouped("product_id")
        for product, order, quantity in groups:
            for level in by_product[product]:
                if order.warehouse_id.lot_stock_id.id in maps[level.map_id]:
                    figures[level.id].not_reserved += round(quantity)


def _leaving(source_id, destination_id, state, quantity, inside):
    """Return by how much a move line lowers what is available in the locations ``inside``."""
    leaves = source_id in inside
    if state != "done":
        return quantity if leaves else 0.0
    arrives = destination_id in inside
    if leaves == arrives:
        return 0.0
    return quantity if leaves else -quantity
