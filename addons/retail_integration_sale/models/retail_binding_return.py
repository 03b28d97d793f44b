"""The link between a return of the channel and the transfers that bring its goods back."""

from odoo import fields, models

from . import retail_binding_refund  # noqa: F401 has to be there

STATUS = [
    ("requested", "Requested"),
    ("open", "Open"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
    ("declined", "Declined"),
]
KINDS = [("restocked", "Restocked"), ("damaged", "Damaged"), ("missing", "Missing"), ("pending", "To Be Looked At")]


class RetailBindingReturn(models.Model):
    """One return of the channel. An order may have many."""

    _name = "retail.binding.return"
    _inherit = "retail.binding"
    _description = "Return in a channel"
    _order = "id desc"
    _rec_name = "name"

    _record_field = "order_id"

    order_id = fields.Many2one(
        "sale.order", "Sales Order", required=True, index=True, ondelete="restrict", readonly=True
    )
    name = fields.Char("Return", readonly=True)
    status = fields.Selection(STATUS, required=True, readonly=True)
    opened_at = fields.Datetime("Opened", readonly=True)
    picking_ids = fields.One2many("stock.picking", "retail_return_id", "Transfers", readonly=True)
    disposition_ids = fields.One2many("retail.return.disposition", "return_id", "Dispositions", readonly=True)


class RetailReturnDisposition(models.Model):
    """What the channel's staff found of some units. Each is carried out once, by constraint."""

    _name = "retail.return.disposition"
    _description = "Disposition of returned goods"
    _rec_name = "external_id"

    return_id = fields.Many2one("retail.binding.return", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="return_id.company_id", store=True)
    external_id = fields.Char(required=True, readonly=True)
    sale_line_id = fields.Many2one("sale.order.line", required=True, ondelete="restrict", readonly=True)
    product_id = fields.Many2one(related="sale_line_id.product_id")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    quantity = fields.Float(digits="Product Unit", required=True, readonly=True)

    _external_unique = models.Constraint(
        "UNIQUE(return_id, external_id)", "This disposition of the channel is carried out already."
    )


class SaleOrder(models.Model):
    _inherit = "sale.order"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    retail_return_ids = fields.One2many(
        "retail.binding.return", "order_id", "Returns in Channel", readonly=True, copy=False
    )


class StockPicking(models.Model):
    _inherit = "stock.picking"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    retail_return_id = fields.Many2one(
        "retail.binding.return",
        "Return in Channel",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )

    def _create_backorder(self, *args, **kwargs):
        """What is left of a return to arrive is of the same return."""
        backorders = super()._create_backorder(*args, **kwargs)
        for backorder in backorders:
            backorder.retail_return_id = backorder.backorder_id.retail_return_id
            backorder.retail_refund_id = backorder.backorder_id.retail_refund_id
        return backorders
