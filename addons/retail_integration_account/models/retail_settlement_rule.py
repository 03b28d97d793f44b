"""An account for a category of movements, instead of the one that is usual for it."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RetailSettlementRule(models.Model):
    _name = "retail.settlement.rule"
    _description = "Settlement rule"
    _order = "settlement_id, category"
    _rec_name = "category"
    _check_company_auto = True

    settlement_id = fields.Many2one("retail.settlement", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="settlement_id.company_id", store=True)
    category = fields.Char(required=True, help="The service's reporting category, such as transfer.")
    account_id = fields.Many2one("account.account", required=True, check_company=True)

    _unique_category = models.Constraint("UNIQUE(settlement_id, category)", "The category has a rule already.")

    @api.constrains("account_id", "settlement_id")
    def _check_account(self):
        for rule in self:
            if rule.account_id == rule.settlement_id.balance_account_id:
                raise ValidationError(self.env._("Nothing but a movement's net amount is booked on the balance (A1)."))
