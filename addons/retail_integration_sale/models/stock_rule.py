"""Keeps Odoo's scheduler off what a warehouse's writer is about to reserve."""

from odoo import models
from odoo.fields import Domain


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _get_moves_to_assign_domain(self, company_id):
        """Leave out transfers whose reservation is on its way: two that reserve the same goods lose each other's work.

        What is held waits for a person, and may be reserved by whoever comes first.
        """
        waiting = self.env["retail.reservation"].sudo()._search([("is_held", "=", False)])
        return Domain(super()._get_moves_to_assign_domain(company_id)) & ~Domain(
            "picking_id", "in", waiting.subselect("picking_id")
        )
