"""A payout of a payment service: what it carried, what it is worth, and whether it adds up."""

from odoo import api, fields, models


class RetailPayout(models.Model):
    _name = "retail.payout"
    _inherit = "retail.binding"
    _description = "Payout"
    _order = "occurred_at desc, id desc"

    _record_field = "settlement_id"

    # For what is booked after the payout that carries it.
    _incomplete_index = models.Index("(settlement_id) WHERE has_breakdown AND is_complete IS NOT TRUE")

    settlement_id = fields.Many2one("retail.settlement", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(related="settlement_id.currency_id", store=True)
    occurred_at = fields.Datetime("Made", required=True, readonly=True)
    arrival_date = fields.Date("Arrives", readonly=True)
    amount = fields.Monetary(readonly=True)
    status = fields.Selection(
        [
            ("pending", "Pending"),
            ("in_transit", "In transit"),
            ("paid", "Paid"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
    )
    is_automatic = fields.Boolean("Automatic", readonly=True)
    has_breakdown = fields.Boolean("Says what it carries", readonly=True)
    carried_ids = fields.Json(readonly=True)
    is_complete = fields.Boolean(
        readonly=True, help="All it carries is booked. What is booked later looks for the payouts that are not."
    )
    line_ids = fields.One2many("retail.settlement.line", "payout_id", "Carries")
    own_line_external_id = fields.Char(readonly=True)
    failure_line_external_id = fields.Char(readonly=True)
    failure = fields.Char(readonly=True)
    bank_reference = fields.Char(readonly=True)
    carried_gross = fields.Monetary("Charges and refunds", compute="_compute_carried")
    carried_fee = fields.Monetary("Fees", compute="_compute_carried")
    carried_net = fields.Monetary("Net", compute="_compute_carried")
    missing_count = fields.Integer("Not booked yet", compute="_compute_carried")
    difference = fields.Monetary(compute="_compute_carried", help="What the payout is more than what it carries.")

    @api.depends("line_ids.amount", "line_ids.fee", "line_ids.net", "amount", "has_breakdown", "carried_ids")
    def _compute_carried(self):
        for payout in self:
            lines = payout.line_ids
            payout.carried_gross = sum(lines.mapped("amount"))
            payout.carried_fee = sum(lines.mapped("fee"))
            payout.carried_net = sum(lines.mapped("net"))
            payout.missing_count = len(payout.carried_ids or ()) - len(lines) if payout.has_breakdown else 0
            payout.difference = payout.amount - payout.carried_net if payout.has_breakdown else 0.0

    def _link_lines(self):
        """Link the movements these payouts carry, as far as they are booked."""
        lines = self.env["retail.settlement.line"]
        for payout in self.filtered("has_breakdown"):
            carried = lines.search(
                [
                    ("backend_id", "=", payout.backend_id.id),
                    ("external_id", "in", payout.carried_ids or []),
                    ("payout_id", "!=", payout.id),
                ]
            )
            carried.write({"payout_id": payout.id})
            payout.is_complete = len(payout.line_ids) == len(payout.carried_ids or ())
