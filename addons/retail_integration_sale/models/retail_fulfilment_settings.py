"""Who ships a channel's orders, and what its customers are told of it."""

from odoo import fields, models

from . import retail_carrier_map, retail_location_map  # noqa: F401 what is extended below comes first

OWNERS = [
    ("both", "Whoever ships first"),
    ("odoo", "Odoo's warehouse"),
    ("channel", "The channel, or a service of it"),
]


class RetailBackend(models.Model):
    _inherit = "retail.backend"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    fulfilled_by = fields.Selection(
        OWNERS,
        required=True,
        default="both",
        help="Whoever ships first: what is shipped in one is taken over by the other. Odoo's warehouse: what somebody "
        "else fulfils in the channel becomes an exception. The channel: its fulfilments ship the transfers, and "
        "transfers that people validate are not told. A location mapping may say otherwise for its place.",
    )
    fulfilment_notify = fields.Boolean(
        "Channel Notifies Customers",
        default=True,
        help="The channel sends its shipping confirmation when Odoo tells it of a delivery or its tracking.",
    )
    fulfilment_may_move = fields.Boolean(
        "Move to the Warehouse's Location",
        help="What the channel assigned to another location than the one Odoo shipped from is moved to it first. "
        "Otherwise a person decides each time.",
    )

    def _get_fulfilment_flow(self):
        """Return the flow that tells this backend's channel what was shipped, empty where it is off."""
        return self.sudo().flow_ids.filtered(
            lambda flow: flow.entity == "fulfilment" and flow.direction == "out" and flow.state != "off"
        )

    def _get_fulfilment_owner(self, location_map):
        """Return who ships what is at a place (a value of :data:`OWNERS`).

        :param retail.location.map location_map: possibly empty
        """
        return location_map.fulfilled_by or self.fulfilled_by


class RetailLocationMap(models.Model):
    _inherit = "retail.location.map"

    fulfilled_by = fields.Selection(OWNERS, help="Who ships from here. Empty: as the backend says.")

    def _find_by_origin(self, backend, picking):
        """Return the mapping of the place of ``backend`` that ``picking`` leaves from.

        The nearest mapped location above it decides, else the warehouse: goods leave from its output, which sells
        nothing. Empty where none is mapped, or several are that share the stock.
        """
        origin, maps = picking.location_id.parent_path or "", self.search([("backend_id", "=", backend.id)])
        depths = {
            one: max(
                (len(root.parent_path) for root in one._get_roots() if origin.startswith(root.parent_path)), default=0
            )
            for one in maps
        }
        nearest = max(depths.values(), default=0)
        if nearest:
            found = maps.filtered(lambda one: depths[one] == nearest)
        else:
            warehouse = picking.picking_type_id.warehouse_id
            found = maps.filtered(lambda one: warehouse and warehouse in one._get_warehouses())
        return found if len(found) == 1 else self.browse()

    def _get_warehouses(self):
        """Return the warehouses whose goods are sold here."""
        return self.warehouse_ids | self.location_ids.warehouse_id

    def _find_by_place(self, backend, external_id):
        """Return the mapping of a place of ``backend``, possibly empty."""
        if not external_id:
            return self.browse()
        return self.search([("backend_id", "=", backend.id), ("external_id", "=", external_id)], limit=1)


class RetailCarrierMap(models.Model):
    _inherit = "retail.carrier.map"

    tracking_company = fields.Char(
        "Carrier's Name in the Channel",
        help="As the channel knows the carrier (DHL Express, UPS, …): it then makes the tracking links itself. Empty: "
        "the delivery method's name.",
    )
