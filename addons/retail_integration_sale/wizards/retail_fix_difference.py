"""Accept that one order's total differs from what Odoo works out."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailFixDifference(models.TransientModel):
    _name = "retail.fix.difference"
    _inherit = "retail.fix"
    _description = "Accept difference"

    # A difference is accepted order by order, with a reason: never wholesale.
    apply_to_all = fields.Boolean(default=False)
    currency_id = fields.Many2one("res.currency", compute="_compute_amounts")
    channel_total = fields.Monetary("Total in Channel", compute="_compute_amounts")
    odoo_total = fields.Monetary("Total in Odoo", compute="_compute_amounts")
    difference = fields.Monetary(compute="_compute_amounts")
    channel_taxes = fields.Monetary("Taxes in Channel", compute="_compute_amounts")
    odoo_taxes = fields.Monetary("Taxes in Odoo", compute="_compute_amounts")
    tax_difference = fields.Monetary("Difference of Taxes", compute="_compute_amounts")
    lines_text = fields.Text("Lines in Odoo", compute="_compute_amounts")
    reason = fields.Char(required=True)

    @api.depends("exception_id")
    def _compute_amounts(self):
        for wizard in self:
            facts = wizard._get_facts()
            wizard.currency_id = self.env["res.currency"].search([("name", "=", facts.get("currency"))], limit=1)
            wizard.channel_total = float(facts.get("channel_total") or 0)
            wizard.odoo_total = float(facts.get("odoo_total") or 0)
            wizard.difference = float(facts.get("difference") or 0)
            wizard.channel_taxes = float(facts.get("channel_taxes") or 0)
            wizard.odoo_taxes = float(facts.get("odoo_taxes") or 0)
            wizard.tax_difference = float(facts.get("tax_difference") or 0)
            wizard.lines_text = "\n".join(wizard._describe(line) for line in facts.get("lines") or [])

    def _describe(self, line):
        text = "%s × %s  %s" % (line["quantity"], line["price_unit"], line["name"].partition("\n")[0])
        return "%s  [%s]" % (text, ", ".join(line["taxes"])) if line["taxes"] else text

    def _check(self):
        if not self.reason.strip():
            raise UserError(self.env._("Say why: an auditor will want to know."))

    def _mend(self, exceptions):
        """Remember that the difference is accepted; the importer books it as a rounding line."""
        external_id = self._get_facts().get("order_external_id")
        model = self.env["retail.accepted.difference"]
        model.sudo().search([("backend_id", "=", self.backend_id.id), ("order_external_id", "=", external_id)]).unlink()
        model.create(
            {
                "backend_id": self.backend_id.id,
                "order_external_id": external_id,
                "currency_id": self.currency_id.id,
                "amount": self.difference,
                "tax_amount": self.tax_difference,
                "reason": self.reason.strip(),
            }
        )

    def _get_note(self):
        return self.env._(
            "Difference of %(amount)s accepted, of taxes %(taxes)s: %(reason)s",
            amount=self.currency_id.format(self.difference),
            taxes=self.currency_id.format(self.tax_difference),
            reason=self.reason.strip(),
        )
