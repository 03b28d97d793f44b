"""Say which contact a customer of the channel is."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailFixCustomer(models.TransientModel):
    _name = "retail.fix.customer"
    _inherit = "retail.fix"
    _description = "Choose customer"

    # The cause is one for all customers who are ambiguous; the answer is for this one only.
    apply_to_all = fields.Boolean(default=True, help="All orders of this customer.")
    mode = fields.Selection(
        [("choose", "Choose a contact"), ("create", "Create a contact")], required=True, default="choose"
    )
    candidate_ids = fields.Many2many("res.partner", compute="_compute_candidate_ids")
    partner_id = fields.Many2one("res.partner", "Customer", domain="[('company_id', 'in', (False, company_id))]")
    email = fields.Char(compute="_compute_candidate_ids")

    @api.depends("exception_id")
    def _compute_candidate_ids(self):
        for wizard in self:
            facts = wizard._get_facts()
            wizard.candidate_ids = self.env["res.partner"].browse(facts.get("candidate_ids") or []).exists()
            wizard.email = facts.get("email")

    def _check(self):
        if self.mode == "choose" and not self.partner_id:
            raise UserError(self.env._("Choose the contact who bought."))

    def _prepare(self):
        if self.mode == "create":
            self.partner_id = self.env["res.partner"].create(
                {"name": self._get_facts().get("name") or self.email, "email": self.email}
            )
            self.mode = "choose"

    def _mend(self, exceptions):
        """Remember the choice for each way the channel names this customer."""
        bindings = self.env["retail.binding.partner"]
        for key in {(exception.facts or {}).get("partner_key") for exception in exceptions} - {None}:
            binding = bindings.search([("backend_id", "=", self.backend_id.id), ("external_id", "=", key)])
            if binding:
                binding.partner_id = self.partner_id
            else:
                bindings.create(
                    {"backend_id": self.backend_id.id, "external_id": key, "partner_id": self.partner_id.id}
                )

    def _get_note(self):
        return self.env._("The customer is %s.", self.partner_id.display_name)
