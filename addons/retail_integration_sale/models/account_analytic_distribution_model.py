"""Looks for analytic distributions once per batch of orders."""

from odoo import api, models

from .order_batch import CONTEXT_KEY


class AccountAnalyticDistributionModel(models.Model):
    _inherit = "account.analytic.distribution.model"

    @api.model
    def _get_distribution(self, vals):
        """Search for a line's distribution only where there is any; Odoo does for every line."""
        batch = self.env.context.get(CONTEXT_KEY)
        if batch and batch.has_distributions is None:
            batch.has_distributions = bool(self.search_count([], limit=1))
        if batch and not batch.has_distributions:
            return {}
        return super()._get_distribution(vals)
