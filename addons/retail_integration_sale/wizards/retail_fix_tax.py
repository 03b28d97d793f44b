"""Say which tax the channel charged."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailFixTax(models.TransientModel):
    _name = "retail.fix.tax"
    _inherit = "retail.fix"
    _description = "Map tax"

    title = fields.Char("Tax in the Channel", compute="_compute_tax")
    rate_percent = fields.Float("Rate (%)", digits=(16, 4), compute="_compute_tax")
    country_id = fields.Many2one("res.country", compute="_compute_tax")
    region = fields.Char(compute="_compute_tax")
    state_id = fields.Many2one("res.country.state", compute="_compute_tax")
    price_include = fields.Boolean("Included in Price", compute="_compute_tax")
    only_this_title = fields.Boolean("Only for This Title")
    only_this_region = fields.Boolean("Only for This Region")
    any_country = fields.Boolean("For All Countries")
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        domain="[('type_tax_use', '=', 'sale'), ('company_id', 'parent_of', company_id)]",
    )
    has_proposal = fields.Boolean(compute="_compute_tax")

    @api.depends("exception_id")
    def _compute_tax(self):
        for wizard in self:
            facts = wizard._get_facts()
            country = self.env["res.country"].search([("code", "=", facts.get("country"))], limit=1)
            wizard.title = facts.get("title")
            wizard.rate_percent = float(facts.get("rate_percent") or 0)
            wizard.country_id = country
            wizard.region = facts.get("region_name") or facts.get("region_code")
            wizard.state_id = wizard._find_state(country, facts)
            wizard.price_include = bool(facts.get("price_include"))
            wizard.has_proposal = bool(facts.get("proposed_tax_ids"))

    @api.depends("exception_id")
    def _compute_tax_ids(self):
        for wizard in self:
            wizard.tax_ids = self.env["account.tax"].browse(wizard._get_facts().get("proposed_tax_ids") or []).exists()

    def _find_state(self, country, facts):
        names = {(facts.get(key) or "").casefold() for key in ("region_code", "region_name")} - {""}
        return country.state_ids.filtered(lambda state: {state.code.casefold(), state.name.casefold()} & names)[:1]

    map_id = fields.Many2one("retail.tax.map")

    def _check(self):
        if not self.tax_ids:
            raise UserError(self.env._("Choose the tax that stands for “%s”.", self.title))

    def _prepare(self):
        """Add the mapping: one serves all orders of the backend."""
        self.map_id = self.env["retail.tax.map"].create(
            {
                "backend_id": self.backend_id.id,
                "title": self.title if self.only_this_title else False,
                "rate_percent": self.rate_percent,
                "country_id": False if self.any_country else self.country_id.id,
                "state_id": self.state_id.id if self.only_this_region and not self.any_country else False,
                "price_include": self.price_include,
                "tax_ids": self.tax_ids.ids,
            }
        )

    def _mend(self, exceptions):
        """The mapping is all that was missing."""

    def _get_note(self):
        return self.env._(
            "The tax %(name)s is mapped to %(taxes)s.",
            name=self.map_id.display_name,
            taxes=", ".join(self.tax_ids.mapped("display_name")),
        )
