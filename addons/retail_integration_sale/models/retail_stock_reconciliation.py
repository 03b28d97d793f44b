"""Compares what a channel shows with Odoo's stock, and finds out what is in flight.

A level is *settled* when two looks at the channel found it the same, the second one after Odoo's stock was read and the
first one before all of the channel's orders were taken in. Then the figure belongs to the stock that was read, and what
is in flight is what Odoo itself knows: orders that nothing is reserved for. docs/decisions/0011 says why.
"""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.retail_integration_base.engine import lock_sql
from odoo.addons.retail_integration_base.engine.errors import RetailError
from odoo.addons.retail_integration_base.engine.lanes import out_lane_of

from ..engine import stock_ledger
from .retail_location_map import STOCK_ENTITY

_logger = logging.getLogger(__name__)

#: Levels per call to the channel.
PAGE = 250
#: Orders that wait for a person or their turn; with more than these nothing is settled.
MAX_UNFINISHED = 50
#: Shipments older than this before a settlement are in no count. A transfer takes less than this to be committed.
_MARGIN = timedelta(days=1)
#: A location whose levels are not all settled is looked at again after this, until they are or it took this long.
_AGAIN = timedelta(minutes=1)
_LONG_ENOUGH = timedelta(minutes=30)
#: Somebody sends levels of the flow at this moment.
_BUSY = timedelta(seconds=5)


class RetailStockReconciliation(models.AbstractModel):
    _name = "retail.stock.reconciliation"
    _description = "Stock reconciliation"

    @api.model
    def _cron_reconcile(self):
        """Look at the locations whose time has come. Commits page by page."""
        maps = self.env["retail.location.map"].sudo().search([("reconcile_after", "<=", fields.Datetime.now())])
        for one in maps:
            if not one.backend_id.is_armed:
                continue
            try:
                self._reconcile(one)
            except RetailError as error:
                self.env["retail.drain"]._rollback()
                one.reconcile_after = fields.Datetime.now() + _AGAIN
                _logger.warning("%s could not be reconciled: %s", one.display_name, error)
            self.env["retail.drain"]._commit()

    def _reconcile(self, location_map):
        """Compare the levels of one location that are not done; return how many are still to be looked at.

        Nothing is sent to the channel meanwhile: a push between reading and settling would be taken for a sale.
        """
        backend = location_map.backend_id
        flow = backend.flow_ids.filtered(lambda one: one.entity == STOCK_ENTITY and one.direction == "out")
        if not flow or flow.state != "live":
            location_map.reconcile_after = False
            return 0
        cr, drain, lane = self.env.cr, self.env["retail.drain"], out_lane_of(flow.id)
        self._add_levels(location_map)
        drain._commit()
        if not lock_sql.try_lock_lanes(cr, [lane]):
            location_map.reconcile_after = fields.Datetime.now() + _BUSY
            return None
        try:
            drain._commit()  # a snapshot from before the lock would not show what its last holder did
            # Who sells now goes first: this can wait for calls.
            caller = backend._calling_for(flow, "batch")
            left = self._look(location_map.with_env(caller.env), self._find_unfinished_products(caller))
        except BaseException:
            drain._rollback()
            raise
        finally:
            lock_sql.unlock_lanes(cr, [lane])
            drain._commit()
        self._plan_next(location_map, left)
        return len(left)

    def _plan_next(self, location_map, left):
        """Say when this location is looked at again."""
        now, hours = fields.Datetime.now(), location_map.backend_id.stock_reconcile_hours
        is_late = now - location_map.reconcile_since > _LONG_ENOUGH
        if left and not (is_late and all(left.mapped("is_settled"))):
            location_map.reconcile_after = now + _AGAIN
            return
        # What is sold all the time never stands still; its ledger is exact without it.
        location_map.reconciled_at = now
        due = now + timedelta(hours=hours) if hours else False
        location_map.write({"reconcile_after": due, "reconcile_since": due or now})

    def _add_levels(self, location_map):
        """Make a level for each linked product that has none here."""
        backend = location_map.backend_id
        links = self.env["retail.binding.product"].search(
            [
                ("backend_id", "=", backend.id),
                ("inventory_external_id", "!=", False),
                ("product_id.is_storable", "=", True),
            ]
        )
        known = set(self.env["retail.stock.level"].search([("map_id", "=", location_map.id)]).product_id.ids)
        self.env["retail.stock.level"].create(
            [
                {"backend_id": backend.id, "map_id": location_map.id, "product_id": product.id}
                for product in links.product_id
                if product.id not in known
            ]
        )

    # ---------------------------------------------------------------- is everything the channel sold in Odoo?

    def _find_unfinished_products(self, backend):
        """Ask for the orders nobody told us about, and return the products of those that Odoo has not taken in.

        :return: set of product ids; ``None``: nobody can say, so nothing is settled
        """
        flow = backend._get_order_flow()
        if flow.state != "live" or not flow._job_poll().endswith("messages"):
            return None
        unfinished = self.env["retail.inbox"].search(
            [
                ("backend_id", "=", backend.id),
                ("entity", "=", "order"),
                ("state", "in", ("pending", "retry", "held", "quarantined")),
            ],
            limit=MAX_UNFINISHED + 1,
        )
        if len(unfinished) > MAX_UNFINISHED or "quarantined" in unfinished.mapped("state"):
            return None
        if not unfinished:
            return set()
        order_ids = sorted({message.subject_key.partition(":")[2] for message in unfinished})
        self.env["retail.drain"]._commit()
        variants = backend._get_handler()._find_sold_variants(backend, order_ids)
        links = self.env["retail.binding.product"].search(
            [("backend_id", "=", backend.id), ("external_id", "in", sorted(variants))]
        )
        return set(links.product_id.ids)

    # ---------------------------------------------------------------- page by page

    def _look(self, location_map, sold):
        """Look at each level that is not done; return those that are still to be looked at."""
        known = self.env["retail.stock.level"]
        due = Domain("map_id", "=", location_map.id) & (
            Domain("settled_at", "=", False) | Domain("settled_at", "<", location_map.reconcile_since)
        )
        # One whose time to stand still is not over would only be looked at in vain, at the cost of a call.
        patience = timedelta(minutes=location_map.backend_id.stock_settle_minutes)
        since = fields.Datetime.now() - patience
        last_id, left = 0, known.search(due & Domain("seen_at", ">", since))
        due &= Domain("seen_at", "=", False) | Domain("seen_at", "<=", since)
        while levels := known.search(due & Domain("id", ">", last_id), order="id", limit=PAGE):
            last_id = levels[-1].id
            left |= self._look_at(location_map, levels, sold)
            self.env["retail.drain"]._commit()
        return left

    def _look_at(self, location_map, levels, sold):
        """Look at one page; return the levels that are still to be looked at."""
        backend = location_map.backend_id
        links = self.env["retail.exporter.stock_level"]._find_links(backend, levels.product_id.ids)
        levels = levels.filtered(lambda level: level.product_id.id in links)
        items = {level: links[level.product_id.id].inventory_external_id for level in levels}
        # Odoo's stock first: what the channel shows afterwards, unchanged since an earlier look, belongs to it.
        reader = self.env["retail.stock.reader"]
        start = fields.Datetime.now().replace(minute=0, second=0, microsecond=0) - _MARGIN
        figures = reader._read(backend, levels, counted_from=start)
        reader._read_not_reserved(backend, levels, figures)
        looked_at = fields.Datetime.now()
        self.env["retail.drain"]._commit()
        shown = backend._get_handler()._read_stock(backend, location_map.external_id, list(items.values()))
        return levels.filtered(
            lambda level: (
                not self._compare(level, figures[level.id], shown.get(items[level], False), looked_at, start, sold)
            )
        )

    def _compare(self, level, figures, shown, looked_at, start, sold):
        """Take in what the channel shows of one level; return whether it is settled."""
        if shown is False:
            level.write(
                {
                    "explanation": self.env._("The channel does not know this item any more."),
                    "explained_at": looked_at,
                    "shop_at": False,
                    "settled_at": looked_at,
                }
            )
            return True
        quantity, version = shown or (0, "not stocked")
        is_same = level.seen_at and (level.seen_quantity, level.seen_version) == (quantity, version)
        patience = timedelta(minutes=level.backend_id.stock_settle_minutes)
        available = stock_ledger.whole_units(figures.available - figures.kept_back)
        values = {
            "shop_quantity": quantity,
            "shop_at": looked_at,
            "odoo_quantity": figures.available,
            "odoo_at": looked_at,
            "buffer_quantity": figures.kept_back,
        }
        if not is_same:
            level.write({"seen_quantity": quantity, "seen_version": version, "seen_at": looked_at})
        is_patient = is_same and looked_at - level.seen_at >= patience
        if not is_patient or sold is None or level.product_id.id in sold:
            level.write(values)
            if quantity != level.wanted_quantity if level.is_settled else quantity > max(available, 0):
                level._mark_dirty()
            return False
        flying = max(figures.not_reserved, 0)
        wanted = stock_ledger.offer(available, flying)
        values.update(
            {
                "is_settled": True,
                "settled_at": looked_at,
                "given": quantity + figures.taken + flying,
                "taken": figures.taken,
                "counted_from": start,
                "in_flight": flying,
                "wanted_quantity": wanted,
            }
        )
        if quantity != wanted:
            values["explanation"] = self.env._(
                "The channel showed %(shown)s, and all its orders are in Odoo: %(wanted)s is right.",
                shown=quantity,
                wanted=wanted,
            )
            values["explained_at"] = looked_at
        level.write(values)
        if quantity != wanted:
            level._mark_dirty()
        return True
