"""How many units are kept back from a channel."""

from math import ceil

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RetailStockBuffer(models.Model):
    """One rule. That of the product counts before that of its category, the nearest category's before a wider one's,
    and the rule for all products last."""

    _name = "retail.stock.buffer"
    _description = "Safety stock of a channel"
    _order = "backend_id, id"
    _check_company_auto = True

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    product_id = fields.Many2one("product.product", index="btree_not_null", ondelete="cascade", check_company=True)
    categ_id = fields.Many2one("product.category", "Category", index="btree_not_null", ondelete="cascade")
    kind = fields.Selection([("units", "Units"), ("percent", "Percent of what is available")], required=True)
    value = fields.Float(required=True)

    _scope_unique = models.Constraint(
        "UNIQUE NULLS NOT DISTINCT (backend_id, product_id, categ_id)", "There is a rule for this already."
    )
    _value_check = models.Constraint(
        "CHECK (value >= 0 AND (kind <> 'percent' OR value <= 100))",
        "A safety stock is not negative, and at most 100 percent.",
    )

    @api.constrains("product_id", "categ_id")
    def _check_scope(self):
        if any(rule.product_id and rule.categ_id for rule in self):
            raise ValidationError(self.env._("A rule is for a product, for a category, or for all: choose one."))

    @api.model
    def _find(self, backend, products):
        """Return dict product id → rule, for those that have one."""
        rules = self.search_fetch([("backend_id", "=", backend.id)], ["product_id", "categ_id", "kind", "value"])
        by_product = {rule.product_id.id: rule for rule in rules if rule.product_id}
        by_category = {rule.categ_id.id: rule for rule in rules if rule.categ_id}
        default = rules.filtered(lambda rule: not rule.product_id and not rule.categ_id)
        found = {}
        for product in products:
            rule = by_product.get(product.id)
            if not rule and by_category:
                path = [int(part) for part in (product.categ_id.parent_path or "").split("/") if part]
                rule = next((by_category[categ_id] for categ_id in reversed(path) if categ_id in by_category), None)
            rule = rule or default
            if rule:
                found[product.id] = rule
        return found

    def _keep_back(self, available):
        """Return the units that this rule keeps back of ``available``."""
        if not self or available <= 0:
            return 0.0
        return self.value if self.kind == "units" else float(ceil(round(available * self.value / 100, 6)))

    # ---------------------------------------------------------------- a rule that changes changes what is offered

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._mark_levels()
        return rules

    def write(self, vals):
        self._mark_levels()
        result = super().write(vals)
        self._mark_levels()
        return result

    def unlink(self):
        self._mark_levels()
        return super().unlink()

    def _mark_levels(self):
        self.env["retail.stock.level"].sudo().search([("backend_id", "in", self.backend_id.ids)])._mark_dirty()
