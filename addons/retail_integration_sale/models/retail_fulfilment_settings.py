"""Who ships a channel's orders, and what its customers are told of it."""

from odoo import fields, models

from . import retail_carrier_map, retail_location_map  # noqa: F401 these models have to be there

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

    def _find_by_warehouse(self, backend, warehouse):
        """Return the mapping of the place of ``backend`` that stands for ``warehouse``, possibly empty."""
        return self.search([("backend_id", "=", backend.id), ("warehouse_ids", "in", warehouse.ids)], limit=1)

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
