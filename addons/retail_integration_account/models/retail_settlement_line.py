"""One movement of a balance, linked with the one statement line that books it."""

from odoo import fields, models


class RetailSettlementLine(models.Model):
    _name = "retail.settlement.line"
    _inherit = "retail.binding"
    _description = "Settlement movement"
    _order = "occurred_at desc, id desc"

    _record_field = "statement_line_id"

    settlement_id = fields.Many2one("retail.settlement", required=True, readonly=True, index=True, ondelete="restrict")
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", required=True, readonly=True, ondelete="restrict"
    )
    move_id = fields.Many2one(related="statement_line_id.move_id")
    currency_id = fields.Many2one(related="settlement_id.currency_id", store=True)
    occurred_at = fields.Datetime("Occurred", required=True, readonly=True)
    available_at = fields.Datetime("Available", readonly=True)
    date = fields.Date("Day", readonly=True, help="In the settlement account's time zone.")
    category = fields.Char(required=True, readonly=True, index=True)
    role = fields.Char("Account's role", readonly=True)
    amount = fields.Monetary(readonly=True)
    fee = fields.Monetary(readonly=True)
    net = fields.Monetary(readonly=True)
    description = fields.Char(readonly=True)
    source_external_id = fields.Char("About", readonly=True, index="btree_not_null")
    references = fields.Json(readonly=True, help="Ids at the service that a payment in Odoo may carry.")
    payout_id = fields.Many2one("retail.payout", readonly=True, index="btree_not_null", ondelete="set null")

    _statement_line_unique = models.Constraint(
        "UNIQUE(statement_line_id)", "This statement line books another movement."
    )

    def action_view_entry(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }
