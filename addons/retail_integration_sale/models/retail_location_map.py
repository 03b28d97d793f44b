"""Which Odoo stock a place of the channel sells from."""

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from odoo.addons.retail_integration_base.engine.errors import RetailError

STOCK_ENTITY = "stock_level"


class RetailLocationMap(models.Model):
    _name = "retail.location.map"
    _description = "Location mapping of a channel"
    _order = "backend_id, name, id"
    _check_company_auto = True

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    name = fields.Char("Channel Location", required=True)
    external_id = fields.Char("Id in the Channel", required=True, help="The channel's id of the location.")
    active = fields.Boolean(default=True)
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "retail_location_map_warehouse_rel",
        string="Warehouses",
        check_company=True,
        help="The stock of these warehouses is sold here, without what is being received, packed or inspected.",
    )
    location_ids = fields.Many2many(
        "stock.location",
        "retail_location_map_location_rel",
        string="Odoo Locations",
        check_company=True,
        domain="[('usage', 'in', ('internal', 'view'))]",
        help="The stock in these locations, with everything below them, is sold here.",
    )
    is_shared = fields.Boolean(
        "May Share Stock",
        help="The same goods may be offered at another location of this channel too. Each unit can then be sold twice "
        "before Odoo hears of it.",
    )
    activate_missing = fields.Boolean(
        "Stock Missing Items",
        default=True,
        help="An item that the channel does not stock at this location is stocked there. Otherwise it waits for a "
        "person.",
    )
    proposal_ids = fields.Many2many("stock.warehouse", string="Proposed Warehouse", compute="_compute_proposal")
    proposal_confidence = fields.Integer("Confidence (%)", compute="_compute_proposal")
    level_count = fields.Integer(compute="_compute_level_count")
    reconciled_at = fields.Datetime("Last Reconciliation", readonly=True, copy=False)
    reconcile_after = fields.Datetime(
        "Next Reconciliation", readonly=True, copy=False, default=fields.Datetime.now, index="btree_not_null"
    )

    reconcile_since = fields.Datetime(
        "Reconciliation Begun",
        readonly=True,
        copy=False,
        default=fields.Datetime.now,
        help="Levels settled since then are done.",
    )

    _external_unique = models.Constraint(
        "UNIQUE(backend_id, external_id)", "This location of the channel is mapped already."
    )

    # ---------------------------------------------------------------- what is mapped

    def _get_roots(self):
        """Return the Odoo locations whose subtrees are sold here."""
        return self.location_ids | self.warehouse_ids.lot_stock_id

    @api.constrains("warehouse_ids", "location_ids", "is_shared", "active", "backend_id")
    def _check_overlap(self):
        """One Odoo location feeds one location of a channel: otherwise the same unit is offered twice."""
        for backend in self.backend_id:
            maps = self.search([("backend_id", "=", backend.id)])
            roots = [(one, root) for one in maps for root in one._get_roots()]
            for position, (one, root) in enumerate(roots):
                for other, other_root in roots[position + 1 :]:
                    is_nested = root.parent_path.startswith(
                        other_root.parent_path
                    ) or other_root.parent_path.startswith(root.parent_path)
                    if one != other and is_nested and not (one.is_shared and other.is_shared):
                        raise ValidationError(
                            self.env._(
                                "%(location)s would be offered at “%(first)s” and at “%(second)s”: each unit could be "
                                "sold twice. Map it once, or allow both to share stock.",
                                location=root.display_name,
                                first=one.name,
                                second=other.name,
                            )
                        )

    @api.model
    def _find_by_location(self, location_id):
        """Return ``(map id, backend id, company id)`` of what is sold from an Odoo location, of live flows only."""
        return self._get_location_table().get(location_id, ())

    @api.model
    @tools.ormcache()
    def _get_location_table(self):
        """Return dict location id → tuple of ``(map id, backend id, company id)``.

        Empty while no flow of stock levels is on, so that stock that concerns no channel costs a look and no SQL.
        """
        flows = self.env["retail.flow"].sudo().search([("entity", "=", STOCK_ENTITY), ("direction", "=", "out")])
        backends = flows.filtered(lambda flow: flow.state != "off").backend_id.filtered("active")
        table = {}
        for one in self.sudo().search([("backend_id", "in", backends.ids)]):
            for location_id in one._get_location_ids():
                table.setdefault(location_id, []).append((one.id, one.backend_id.id, one.company_id.id))
        return {location_id: tuple(found) for location_id, found in table.items()}

    def _get_location_ids(self):
        """Return the ids of all Odoo locations whose goods are sold here."""
        self.ensure_one()
        roots = self.sudo()._get_roots()
        if not roots:
            return []
        return self.env["stock.location"].sudo().search([("id", "child_of", roots.ids), ("usage", "=", "internal")]).ids

    # ---------------------------------------------------------------- changes

    @api.model_create_multi
    def create(self, vals_list):
        maps = super().create(vals_list)
        maps._start_over()
        return maps

    def write(self, vals):
        result = super().write(vals)
        if {"warehouse_ids", "location_ids", "active", "external_id"} & vals.keys():
            self._start_over()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    def _start_over(self):
        """What is sold here is something else now: nobody knows what is in flight until it was looked at."""
        self.env.registry.clear_cache()
        self.env["retail.stock.level"].sudo().search([("map_id", "in", self.ids)])._unsettle()
        self._order_reconciliation()

    def _order_reconciliation(self, is_partial=False):
        """Let the next run of the reconciliation look at these locations.

        :param bool is_partial: only at the levels that are not settled, or were taken out of the settled ones
        """
        if self:
            now = fields.Datetime.now()
            self.sudo().write({"reconcile_after": now, **({} if is_partial else {"reconcile_since": now})})
            self.env.ref("retail_integration_sale.cron_stock_reconciliation")._trigger()

    # ---------------------------------------------------------------- proposals

    @api.depends("name", "backend_id")
    def _compute_proposal(self):
        for one in self:
            warehouses = self.env["stock.warehouse"].search([("company_id", "=", one.backend_id.company_id.id)])
            scored = sorted(((one._rate(warehouse), warehouse.id) for warehouse in warehouses), reverse=True)
            confidence, best = scored[0] if scored else (0, False)
            if not confidence and len(scored) == 1:
                confidence = 50  # there is no other
            one.proposal_confidence = confidence
            one.proposal_ids = [best] if confidence else []

    def _rate(self, warehouse):
        """Return in percent how much the channel's location sounds like ``warehouse``."""
        name, own = (self.name or "").strip().casefold(), warehouse.name.strip().casefold()
        address = (warehouse.partner_id.city or "").strip().casefold()
        if name == own:
            return 100
        words, own_words = set(name.split()), set(own.split())
        if address and address in words:
            return 90
        common = words & own_words
        return round(80 * len(common) / max(len(words), len(own_words))) if common else 0

    def action_accept_proposal(self):
        for one in self.filtered(lambda one: not one.warehouse_ids and not one.location_ids):
            one.warehouse_ids = one.proposal_ids
        return True

    # ---------------------------------------------------------------- buttons

    def _compute_level_count(self):
        counts = dict(self.env["retail.stock.level"]._read_group([("map_id", "in", self.ids)], ["map_id"], ["__count"]))
        for one in self:
            one.level_count = counts.get(one, 0)

    def action_view_levels(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_sale.action_retail_stock_level")
        return dict(action, domain=[("map_id", "in", self.ids)], context={})

    def action_reconcile(self):
        """Compare what the channel shows with Odoo's stock now, in the background."""
        if not self.env.su and not self.env.user.has_group("retail_integration_base.group_retail_operator"):
            raise UserError(self.env._("Only operators reconcile stock."))
        self.check_access("read")
        self._order_reconciliation()
        return True


class RetailBackend(models.Model):
    _inherit = "retail.backend"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    location_map_ids = fields.One2many("retail.location.map", "backend_id", "Location Mappings")
    stock_buffer_ids = fields.One2many("retail.stock.buffer", "backend_id", "Safety Stock")
    stock_settle_minutes = fields.Integer(
        "Stock Stands Still For (minutes)",
        default=2,
        help="A figure of the channel has to stay the same for so long, with all its orders taken in, before it counts "
        "as agreed on.",
    )
    stock_reconcile_hours = fields.Integer(
        "Reconcile Stock Every (hours)",
        default=24,
        help="All figures of the channel are compared with Odoo's. 0: never.",
    )

    def action_fetch_locations(self):
        """Add the channel's locations to the mapping; what a person mapped stays as it is."""
        self.ensure_one()
        self.check_access("write")
        try:
            found = self._get_handler()._list_locations(self)
        except RetailError as error:
            raise UserError(str(error)) from error
        maps = self.env["retail.location.map"].with_context(active_test=False)
        known = {one.external_id: one for one in maps.search([("backend_id", "=", self.id)])}
        maps.create(
            [
                {"backend_id": self.id, "external_id": external_id, "name": name}
                for external_id, name in found
                if external_id not in known
            ]
        )
        for external_id, name in found:
            if external_id in known and known[external_id].name != name:
                known[external_id].name = name
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_sale.action_retail_location_map")
        return dict(action, domain=[("backend_id", "=", self.id)], context={"default_backend_id": self.id})


class RetailConnector(models.AbstractModel):
    _inherit = "retail.connector"

    def _list_locations(self, backend):
        """Ask the vendor for the places it sells from.

        :return: list of ``(external id, name)``
        :raises RetailError: the vendor cannot be asked
        """
        raise NotImplementedError

    def _read_stock(self, backend, location_id, item_ids):
        """Ask the vendor what it offers of items at one place. Runs outside any transaction.

        :param str location_id: the vendor's id of the place
        :param list[str] item_ids: the vendor's ids of stock items, at most 250
        :return: dict item id → ``(units available: int, version: str)``, which changes with every change of the level;
            ``None`` where the item is not stocked at the place, no entry where the vendor does not know the item
        :raises RetailError: the vendor cannot be asked
        """
        raise NotImplementedError

    def _find_sold_variants(self, backend, order_ids):
        """Ask the vendor which variants are in orders. Runs outside any transaction.

        :param list[str] order_ids: the vendor's ids of orders
        :return: set of the vendor's ids of variants
        :raises RetailError: the vendor cannot be asked
        """
        raise NotImplementedError


class StockLocation(models.Model):
    _inherit = "stock.location"

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if not {"location_id", "usage", "active"} & vals.keys():
            return super().write(vals)
        self.env.registry.clear_cache()
        result = super().write(vals)
        # What is below the locations sold from may be something else now, and so may their overlaps.
        maps = self.env["retail.location.map"].sudo().search([("warehouse_ids", "!=", False)])
        maps |= maps.search([("location_ids", "!=", False)])
        touched = maps.filtered(
            lambda one: any(
                root.parent_path.startswith(location.parent_path) or location.parent_path.startswith(root.parent_path)
                for root in one._get_roots()
                for location in self
            )
        )
        touched._start_over()
        return result
