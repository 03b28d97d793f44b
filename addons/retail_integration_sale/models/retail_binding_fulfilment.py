"""The link between what left the warehouse for an order and the channel's fulfilment of it."""

from odoo import api, fields, models
from odoo.exceptions import UserError

STATUS = [("pending", "Pending"), ("success", "Shipped"), ("cancelled", "Cancelled"), ("failed", "Failed")]
#: What counts as shipped, or about to be.
LIVE = ("pending", "success")


class RetailBindingFulfilment(models.Model):
    """One fulfilment of the channel. Its transfers point to it: a transfer has at most one, a fulfilment may have
    several (or none, where people shipped before anybody knew of it).

    An order has many, so there is no ``UNIQUE(backend_id, order_id)``.
    """

    _name = "retail.binding.fulfilment"
    _inherit = "retail.binding"
    _description = "Fulfilment in a channel"
    _order = "id desc"

    _record_field = "order_id"

    order_id = fields.Many2one(
        "sale.order", "Sales Order", required=True, index=True, ondelete="restrict", readonly=True
    )
    name = fields.Char("Fulfilment", readonly=True)
    origin = fields.Selection([("odoo", "Odoo"), ("channel", "The channel")], required=True, readonly=True)
    status = fields.Selection(STATUS, required=True, readonly=True)
    delivery_status = fields.Char("Delivery", readonly=True, help="What the carrier told the channel.")
    location_external_id = fields.Char("Location in the Channel", readonly=True)
    service = fields.Char("Shipped By", readonly=True)
    shipped_at = fields.Datetime("Shipped", readonly=True)
    delivered_at = fields.Datetime("Delivered", readonly=True)
    tracking_numbers = fields.Char(readonly=True)
    tracking_digest = fields.Char(readonly=True, help="Of the parcels that both sides know.")
    picking_ids = fields.One2many("stock.picking", "retail_fulfilment_id", "Transfers", readonly=True)
    line_ids = fields.One2many("retail.fulfilment.line", "fulfilment_id", "Lines", readonly=True)

    @api.depends("name", "external_id")
    def _compute_display_name(self):
        for fulfilment in self:
            fulfilment.display_name = fulfilment.name or fulfilment.external_id

    def action_cancel_in_channel(self):
        """Order the channel to cancel these fulfilments: the goods did not leave, or came back. A person's decision."""
        if not self.env.su and not self.env.user.has_group("retail_integration_base.group_retail_operator"):
            raise UserError(self.env._("Only operators cancel fulfilments in a channel."))
        self.check_access("read")
        for fulfilment in self.sudo():
            flow = fulfilment.backend_id._get_fulfilment_flow()
            if not flow:
                raise UserError(self.env._("The flow that tells %s is off.", fulfilment.backend_id.name))
            if fulfilment.status not in LIVE:
                raise UserError(self.env._("%s is cancelled already.", fulfilment.name or fulfilment.external_id))
            self.env["retail.outbox"].sudo()._command(
                flow,
                "cancel",
                str(fulfilment.order_id.id),
                {"order": fulfilment._get_order_external_id(), "fulfilment": fulfilment.external_id},
                record=fulfilment.picking_ids[:1] or None,
            )
            fulfilment.order_id._message_log(
                body=self.env._(
                    "%(user)s cancels the fulfilment %(name)s in the channel.",
                    user=self.env.user.name,
                    name=fulfilment.name or fulfilment.external_id,
                )
            )
        return True

    def _get_order_external_id(self):
        self.ensure_one()
        return self.order_id._get_retail_binding(self.backend_id).external_id

    def _count_lines(self, orders, but=None):
        """Return dict sale line → units that live fulfilments of ``orders`` hold.

        :param retail.binding.fulfilment but: left out
        """
        domain = [("fulfilment_id.order_id", "in", orders.ids), ("fulfilment_id.status", "in", LIVE)]
        if but:
            domain.append(("fulfilment_id", "not in", but.ids))
        groups = self.env["retail.fulfilment.line"]._read_group(domain, ["sale_line_id"], ["quantity:sum"])
        return dict(groups)

    def _get_line_commands(self, order, lines):
        """Return the commands that note ``lines`` (dict external line id → units) of ``order``."""
        known = order._get_retail_lines()
        return [
            fields.Command.create({"sale_line_id": known[external_id].id, "quantity": units})
            for external_id, units in lines.items()
            if external_id in known
        ]


class RetailFulfilmentLine(models.Model):
    _name = "retail.fulfilment.line"
    _description = "Line of a fulfilment in a channel"
    _rec_name = "sale_line_id"

    fulfilment_id = fields.Many2one(
        "retail.binding.fulfilment", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="fulfilment_id.company_id", store=True)
    sale_line_id = fields.Many2one("sale.order.line", required=True, index=True, ondelete="restrict", readonly=True)
    product_id = fields.Many2one(related="sale_line_id.product_id")
    quantity = fields.Float(digits="Product Unit", readonly=True, required=True)

    _line_unique = models.Constraint(
        "UNIQUE(fulfilment_id, sale_line_id)", "A fulfilment names each line of its order once."
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"

    retail_fulfilment_ids = fields.One2many(
        "retail.binding.fulfilment", "order_id", "Fulfilments in Channel", readonly=True, copy=False
    )
    # What a person has decided for this order: it outlives the exception, and the next attempt reads it.
    retail_may_move = fields.Boolean("Fulfilments May Be Moved", readonly=True, copy=False)
    retail_may_release = fields.Boolean("Holds May Be Released", readonly=True, copy=False)
    retail_takes_over = fields.Boolean("Channel's Fulfilments Are Taken Over", readonly=True, copy=False)

    def _get_retail_binding(self, backend=None):
        """Return the link of one order to its channel, possibly empty."""
        self.ensure_one()
        backend = backend or self.sudo().retail_backend_id
        return (
            self.env["retail.binding.order"]
            .sudo()
            .search([("order_id", "=", self.id), ("backend_id", "=", backend.id)], limit=1)
        )

    def _get_retail_lines(self):
        """Return dict external id → line, of one order's goods that the channel knows."""
        self.ensure_one()
        return {
            line.retail_external_id: line
            for line in self.order_line
            if line.retail_external_id and line.retail_line_type == "item"
        }
