"""The two secrets of a Shopify backend."""

from odoo import fields, models


class RetailCredential(models.Model):
    _inherit = "retail.credential"

    kind = fields.Selection(
        selection_add=[
            ("shopify_client_secret", "Shopify client secret"),
            ("shopify_access_token", "Shopify access token"),
        ],
        ondelete={"shopify_client_secret": "cascade", "shopify_access_token": "cascade"},
    )
