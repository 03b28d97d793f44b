"""The link between a product variant and the channel's variant."""

from odoo import fields, models


class RetailBindingProduct(models.Model):
    _name = "retail.binding.product"
    _inherit = "retail.binding"
    _description = "Link of a product to a channel"
    _order = "id desc"

    _record_field = "product_id"

    product_id = fields.Many2one("product.product", required=True, index=True, ondelete="cascade")
    product_external_id = fields.Char(
        "Channel Product", index=True, help="The channel's id of the product that the variant belongs to."
    )
    inventory_external_id = fields.Char(
        "Channel Stock Item", help="The channel's id of what it keeps in stock behind the variant, if it has its own."
    )
    sku = fields.Char("SKU", related="product_id.default_code")

    _record_unique = models.Constraint(
        "UNIQUE(backend_id, product_id)", "This product is linked already: one channel variant per product."
    )
