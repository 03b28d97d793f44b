"""What waits for its reservation: one mark per picking, written in the transaction that confirms the order."""

from odoo import api, fields, models

from odoo.addons.retail_integration_base.engine.messages import PRIORITY

from .retail_reservation_writer import wake

WAITING, HELD = "waiting", "held"
STATES = [(WAITING, "On its way"), (HELD, "Failed")]


class RetailReservation(models.Model):
    """A picking whose goods are not reserved yet. The row goes when they are, or when there is nothing to reserve.

    A picking may have several marks: an update of its order adds one while the writer works on another, and neither
    waits for the other.
    """

    _name = "retail.reservation"
    _description = "Deferred reservation"
    _log_access = False
    _order = "priority, ordered_at, id"
    _rec_name = "picking_id"

    picking_id = fields.Many2one(
        "stock.picking", "Transfer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    order_id = fields.Many2one("sale.order", required=True, readonly=True, index=True, ondelete="cascade")
    backend_id = fields.Many2one("retail.backend", "Channel", required=True, readonly=True, ondelete="cascade")
    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="warehouse_id.company_id", store=True, readonly=True)
    priority = fields.Integer(required=True, readonly=True, help="Of the flow's latency class. Lower goes first.")
    ordered_at = fields.Datetime("Ordered", required=True, readonly=True)
    attempts = fields.Integer(required=True, readonly=True, default=0)
    deaths = fields.Integer(required=True, readonly=True, default=0, help="Attempts whose worker died.")
    not_before = fields.Datetime(required=True, readonly=True)
    claimed_at = fields.Datetime("Last attempt", readonly=True)
    is_held = fields.Boolean("Waits for a Person", required=True, readonly=True, default=False)
    reason = fields.Char(readonly=True, help="Why the last attempt did not succeed.")
    exception_id = fields.Many2one("retail.exception", readonly=True, index="btree_not_null", ondelete="set null")

    # ``_DUE`` and ``_NEXT_DUE``: what a warehouse's writer has before it.
    _due_index = models.Index("(warehouse_id, not_before) WHERE NOT is_held")

    @api.model
    def _mark(self, pickings):
        """Note that ``pickings`` are to be reserved, and send for the writer once that is committed.

        :param stock.picking pickings: with an order of a channel and a warehouse
        """
        now = fields.Datetime.now()
        flows = {backend: backend._get_order_flow() for backend in pickings.sale_id.retail_backend_id.sudo()}
        self.sudo().create(
            [
                {
                    "picking_id": picking.id,
                    "order_id": picking.sale_id.id,
                    "backend_id": picking.sale_id.retail_backend_id.id,
                    "warehouse_id": picking.picking_type_id.warehouse_id.id,
                    "priority": PRIORITY[flows[picking.sale_id.retail_backend_id].latency or "standard"],
                    "ordered_at": picking.sale_id.date_order or now,
                    "not_before": now,
                }
                for picking in pickings
            ]
        )
        self._wake_after_commit(pickings.picking_type_id.warehouse_id.ids)

    @api.model
    def _wake_after_commit(self, warehouse_ids):
        registry = self.env.registry
        self.env.cr.postcommit.add(lambda: wake(registry, warehouse_ids))

    def _release(self):
        """Try held marks again."""
        if self:
            now = fields.Datetime.now()
            self.sudo().write({"is_held": False, "not_before": now, "attempts": 0, "deaths": 0, "claimed_at": False})
            self._wake_after_commit(self.sudo().warehouse_id.ids)

    @api.model
    def _find_states(self, field_name, records):
        """Return dict id → ``waiting`` or ``held`` for those of ``records`` that have marks.

        :param str field_name: ``picking_id`` or ``order_id``
        """
        groups = self.sudo()._read_group([(field_name, "in", records.ids)], [field_name, "is_held"])
        states = {}
        for record, is_held in groups:
            states[record.id] = HELD if is_held else states.get(record.id, WAITING)
        return states

    @api.model
    def _search_states(self, field_name, operator, value):
        """Return the domain of records by their state, as ``search`` methods of computed fields do."""
        if operator != "in":
            return NotImplemented
        marked = self.sudo()._search([("is_held", "in", [state == HELD for state in value if state])])
        domain = [("id", "in", marked.subselect(field_name))]
        if False in value:
            unmarked = self.sudo()._search([])
            domain = ["|", ("id", "not in", unmarked.subselect(field_name)), *domain]
        return domain


class RetailReservationLane(models.Model):
    """What is known of a warehouse's marks: whether a job is on its way to them, and whether stock is fought over."""

    _name = "retail.reservation.lane"
    _description = "Retail reservation lane"
    _log_access = False
    _rec_name = "warehouse_id"

    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="cascade")
    is_awake = fields.Boolean(readonly=True)
    woken_at = fields.Datetime(readonly=True)
    contended_until = fields.Datetime(
        readonly=True, help="Workers got into each other's way: until then orders are reserved right after."
    )

    _warehouse_unique = models.Constraint("UNIQUE(warehouse_id)", "One row per warehouse.")
