"""What Odoo and a channel say of the stock of one product at one place, and what they last agreed on."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .retail_location_map import STOCK_ENTITY


def level_key(product_id, map_id):
    """Return what an intent is marked with: the product and the channel's place."""
    return "%d@%d" % (product_id, map_id)


def parse_key(key):
    """Return ``(product id, map id)`` of a key, or ``None``."""
    product, _at, place = key.partition("@")
    return (int(product), int(place)) if product.isdecimal() and place.isdecimal() else None


class RetailStockLevel(models.Model):
    """Written by whoever holds the lane of the flow (:mod:`retail_drain`), and by nobody else."""

    _name = "retail.stock.level"
    _description = "Stock level in a channel"
    _order = "id desc"
    _log_access = False
    _rec_name = "sku"

    backend_id = fields.Many2one("retail.backend", "Channel", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    map_id = fields.Many2one(
        "retail.location.map", "Channel Location", required=True, readonly=True, ondelete="cascade"
    )
    product_id = fields.Many2one("product.product", required=True, readonly=True, index=True, ondelete="cascade")
    sku = fields.Char("SKU", related="product_id.default_code", store=True)

    # ---- the three values
    agreed_quantity = fields.Integer("Last Agreed", readonly=True, aggregator=None)
    agreed_at = fields.Datetime("Agreed", readonly=True)
    odoo_quantity = fields.Float(
        "Available in Odoo", readonly=True, aggregator=None, help="On hand, less reserved. May be negative."
    )
    odoo_at = fields.Datetime("Read in Odoo", readonly=True)
    shop_quantity = fields.Integer("Shown in the Channel", readonly=True, aggregator=None)
    shop_at = fields.Datetime("Read in the Channel", readonly=True)

    # ---- what follows from them
    buffer_quantity = fields.Float("Kept Back", readonly=True, aggregator=None)
    in_flight = fields.Integer(
        readonly=True, aggregator=None, help="Units that the channel has sold and Odoo's stock does not show yet."
    )
    wanted_quantity = fields.Integer(
        "To Be Shown", readonly=True, aggregator=None, help="Available, less kept back, less in flight; never negative."
    )
    difference = fields.Integer(
        compute="_compute_difference",
        store=True,
        aggregator=None,
        help="What the channel showed last, less what it is to show.",
    )
    explanation = fields.Char("Last Finding", readonly=True, help="What was found out when both sides differed last.")
    explained_at = fields.Datetime("Found", readonly=True)

    # ---- the ledger (engine/stock_ledger.py)
    is_settled = fields.Boolean(
        "Settled",
        readonly=True,
        help="It is known what is in flight. Until then the channel's figure is only ever lowered.",
    )
    settled_at = fields.Datetime(
        "Last Settled", readonly=True, help="When the reconciliation found both sides at rest."
    )
    given = fields.Integer(readonly=True, aggregator=None, help="Units the channel was given to sell in all.")
    taken = fields.Integer(
        readonly=True, aggregator=None, help="Units of the channel's orders that Odoo's stock shows."
    )
    counted_from = fields.Datetime(readonly=True, help="Shipments before this are in no count.")

    # ---- what the reconciliation saw
    seen_quantity = fields.Integer(readonly=True, aggregator=None)
    seen_version = fields.Char(readonly=True)
    seen_at = fields.Datetime("First Seen Like This", readonly=True)

    _subject_unique = models.Constraint("UNIQUE(map_id, product_id)", "This level is there already.")
    # What a reconciliation has still to look at.
    _settled_index = models.Index("(map_id, settled_at)")
    # The list of differences, and the levels of a buffer rule's backend.
    _difference_index = models.Index("(backend_id) WHERE difference <> 0")
    _backend_index = models.Index("(backend_id, id)")

    @api.depends("shop_quantity", "shop_at", "wanted_quantity", "odoo_at")
    def _compute_difference(self):
        for level in self:
            is_known = level.shop_at and level.odoo_at
            level.difference = level.shop_quantity - level.wanted_quantity if is_known else 0

    @api.model
    def _find_or_create(self, backend, keys):
        """Return dict ``(product id, map id)`` → level, new ones unsettled.

        :param keys: iterable of ``(product id, map id)``, of ``backend``
        """
        keys = set(keys)
        levels = self.search(
            [
                ("map_id", "in", sorted({map_id for _product, map_id in keys})),
                ("product_id", "in", sorted({product_id for product_id, _map in keys})),
            ]
        )
        found = {(level.product_id.id, level.map_id.id): level for level in levels}
        missing = sorted(keys - found.keys())
        created = self.create(
            [{"backend_id": backend.id, "map_id": map_id, "product_id": product_id} for product_id, map_id in missing]
        )
        found.update(zip(missing, created, strict=True))
        return {key: found[key] for key in keys}

    def _unsettle(self):
        """Forget what is in flight: it is not known any more."""
        settled = self.filtered("is_settled")
        if settled:
            settled.write({"is_settled": False, "settled_at": False, "seen_at": False})

    def _mark_dirty(self):
        """Have these levels told to their channels."""
        for backend, levels in self.grouped("backend_id").items():
            self.env["retail.outbox"]._mark_dirty(
                STOCK_ENTITY,
                backend.company_id,
                [level_key(level.product_id.id, level.map_id.id) for level in levels],
                backend_id=backend.id,
            )

    def action_send(self):
        """Tell the channel again what it is to show."""
        if not self.env.su and not self.env.user.has_group("retail_integration_base.group_retail_operator"):
            raise UserError(self.env._("Only operators send stock levels."))
        self.check_access("read")
        self.sudo()._mark_dirty()
        return True

    def action_view_intents(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_outbox")
        return dict(action, domain=[("res_model", "=", self._name), ("res_id", "in", self.ids)], context={})


class RetailFlow(models.Model):
    _inherit = "retail.flow"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def write(self, vals):
        result = super().write(vals)
        if "state" in vals:
            flows = self.filtered(lambda flow: flow.entity == STOCK_ENTITY and flow.direction == "out")
            if flows and vals["state"] == "off":
                # What was on its way to the channel is dropped, and with it the knowledge of what it has.
                self.env["retail.stock.level"].sudo().search([("backend_id", "in", flows.backend_id.ids)])._unsettle()
            elif flows and vals["state"] == "live":
                flows.backend_id.sudo().location_map_ids._order_reconciliation()
        return result
