"""A name under which a channel sells a product, besides the variant it is linked to."""

from odoo import fields, models


class RetailProductAlias(models.Model):
    """What a person answered to "which product is this?" where a link cannot hold the answer.

    A product has one link per backend. A line without a variant (deleted from the catalogue since), or a second
    listing of a product that is linked already, is known by its key instead: ``variant:<id>``, ``sku:<text>``,
    ``barcode:<text>`` or ``title:<text>``.
    """

    _name = "retail.product.alias"
    _description = "Other name of a product in a channel"
    _order = "backend_id, key"
    _rec_name = "key"
    _check_company_auto = True

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    key = fields.Char(required=True, help="variant:…, sku:…, barcode:… or title:…")
    product_id = fields.Many2one("product.product", required=True, index=True, ondelete="cascade", check_company=True)

    _key_unique = models.Constraint("UNIQUE(backend_id, key)", "This name stands for a product already.")
