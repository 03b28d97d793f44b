"""What of an order's import says nothing to whoever asks what a message would change."""

from odoo import models


class RetailChanges(models.AbstractModel):
    _inherit = "retail.changes"

    def _get_hidden_models(self):
        # What is shipped is said by the transfers and their moves.
        return (*super()._get_hidden_models(), "stock.move.line", "stock.reference")
