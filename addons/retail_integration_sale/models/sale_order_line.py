"""What a sales order line knows of the channel's line it stands for."""

from odoo import api, fields, models

LINE_TYPES = [
    ("item", "Item"),
    ("shipping", "Shipping"),
    ("duty", "Duty"),
    ("discount", "Discount"),
    ("rounding", "Rounding"),
    ("refund", "Refund"),
]
#: Lines that are worked out from the document as a whole: an update may remove them.
DERIVED_TYPES = ("discount", "rounding")


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    retail_line_type = fields.Selection(LINE_TYPES, "Channel Line Type", readonly=True, copy=False)
    retail_external_id = fields.Char("Channel Line", readonly=True, copy=False)
    is_retail_rounding = fields.Boolean(
        "Rounding Line",
        readonly=True,
        copy=False,
        help="Makes Odoo's total equal to the channel's, whose taxes were rounded another way.",
    )

    # One line per line of the channel; also how an update finds its lines.
    _retail_external_unique = models.UniqueIndex(
        "(order_id, retail_line_type, retail_external_id) WHERE retail_external_id IS NOT NULL",
        "This line of the channel is on the order already.",
    )

    # Prices of a channel's order are what the customer agreed to: neither a change of quantity nor of the pricelist
    # may work them out again.
    @api.depends("product_id", "product_uom_id", "product_uom_qty")
    def _compute_price_unit(self):
        return super(SaleOrderLine, self.filtered(lambda line: not line.retail_line_type))._compute_price_unit()

    @api.depends("product_id", "product_uom_id", "product_uom_qty")
    def _compute_discount(self):
        return super(SaleOrderLine, self.filtered(lambda line: not line.retail_line_type))._compute_discount()

    # An order of the time before Odoo is a record of what was: other systems shipped and invoiced it.
    @api.depends("order_id.retail_is_history")
    def _compute_qty_to_invoice(self):
        history = self.filtered("order_id.retail_is_history")
        history.qty_to_invoice = 0.0
        return super(SaleOrderLine, self - history)._compute_qty_to_invoice()

    @api.depends("order_id.retail_is_history")
    def _compute_untaxed_amount_to_invoice(self):
        history = self.filtered("order_id.retail_is_history")
        history.untaxed_amount_to_invoice = 0.0
        return super(SaleOrderLine, self - history)._compute_untaxed_amount_to_invoice()

    @api.depends("order_id.retail_is_history")
    def _compute_amount_to_invoice(self):
        history = self.filtered("order_id.retail_is_history")
        history.amount_to_invoice = 0.0
        return super(SaleOrderLine, self - history)._compute_amount_to_invoice()

    def _action_launch_stock_rule(self, **options):
        lines = self.filtered(lambda line: not line.order_id.retail_is_history)
        return super(SaleOrderLine, lines)._action_launch_stock_rule(**options)

    def _check_line_unlink(self):
        """Let an update remove discounts and rounding of a confirmed order while nothing of them is invoiced."""
        return (
            super()
            ._check_line_unlink()
            .filtered(lambda line: line.retail_line_type not in DERIVED_TYPES or line.invoice_lines)
        )
