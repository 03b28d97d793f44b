"""When the goods of a channel's orders are reserved."""

from odoo import fields, models


class RetailFlow(models.Model):
    _inherit = "retail.flow"

    reservation = fields.Selection(
        [("with_order", "With the order"), ("deferred", "Deferred: right after, one writer per warehouse")],
        required=True,
        default="with_order",
        tracking=True,
        help="With the order: an order appears in Odoo with its goods reserved; only while several workers want the "
        "same goods at once are they reserved right after. Deferred: orders appear sooner and "
        "their goods are reserved right after, by one writer per warehouse, urgent and oldest orders first. It takes "
        "many more orders when they all want the same products, and two orders never get the last piece. It costs the "
        "seconds, in a rush minutes, for which a confirmed order has nothing reserved: a person may take the goods.",
    )
    reservation_count = fields.Integer("Waiting for reservation", compute="_compute_reservation_count")

    def _compute_reservation_count(self):
        counts = dict(
            self.env["retail.reservation"]
            .sudo()
            ._read_group([("backend_id", "in", self.backend_id.ids)], ["backend_id"], ["__count"])
        )
        for flow in self:
            flow.reservation_count = counts.get(flow.backend_id, 0) if flow.entity == "order" else 0

    def action_view_reservations(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_sale.action_retail_reservation")
        return dict(action, domain=[("backend_id", "=", self.backend_id.id)])
