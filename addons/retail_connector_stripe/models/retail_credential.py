"""The two secrets of a Stripe backend."""

from odoo import fields, models

from ..stripe import const


class RetailCredential(models.Model):
    _inherit = "retail.credential"

    kind = fields.Selection(
        selection_add=[
            (const.KEY_KIND, "Stripe restricted key"),
            (const.SIGNING_KIND, "Stripe webhook secret"),
        ],
        ondelete={const.KEY_KIND: "cascade", const.SIGNING_KIND: "cascade"},
    )
