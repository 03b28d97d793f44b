"""Which Odoo taxes stand for a tax the channel charged."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare


class RetailTaxMap(models.Model):
    """One line of the answer to: "the channel charged 19 % VAT in Germany, included in the price. Which tax is that?"

    An empty title, country or region matches any. The most specific line wins (title, then region, then country).
    """

    _name = "retail.tax.map"
    _description = "Tax mapping of a channel"
    _order = "backend_id, country_id, state_id, rate_percent"
    _check_company_auto = True

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    title = fields.Char("Tax Title", help="As the channel writes it. Empty: any.")
    rate_percent = fields.Float("Rate (%)", required=True, digits=(16, 4))
    country_id = fields.Many2one("res.country", help="Where the order is shipped to. Empty: any.")
    state_id = fields.Many2one(
        "res.country.state", "Region", domain="[('country_id', '=', country_id)]", help="Empty: any."
    )
    price_include = fields.Boolean("Included in Price", help="Whether the channel's prices contain this tax.")
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        required=True,
        check_company=True,
        domain="[('type_tax_use', '=', 'sale'), ('company_id', 'parent_of', company_id)]",
    )

    @api.constrains("tax_ids", "price_include")
    def _check_price_include(self):
        # ``price_include`` is what counts: since Odoo 18 a tax has ``price_include_override`` and otherwise follows
        # its company, so one tax can change sides when the company's setting does.
        for line in self:
            included = line.tax_ids.filtered("price_include")
            wrong = line.tax_ids - included if line.price_include else included
            if wrong and line.price_include:
                raise ValidationError(
                    self.env._(
                        "The channel's prices include the tax, but %s is added on top in Odoo. Choose a tax that is "
                        "included in the price.",
                        ", ".join(wrong.mapped("display_name")),
                    )
                )
            if wrong:
                raise ValidationError(
                    self.env._(
                        "The channel adds the tax on top, but %s is included in the price in Odoo. Choose a tax that "
                        "is not.",
                        ", ".join(wrong.mapped("display_name")),
                    )
                )

    @api.constrains("tax_ids", "rate_percent")
    def _check_rate(self):
        # Taxes that are no percentage, or that other taxes are added upon, have no rate of their own to compare.
        for line in self:
            taxes = line.tax_ids.flatten_taxes_hierarchy()
            if any(tax.amount_type != "percent" or tax.include_base_amount for tax in taxes):
                continue
            rate = sum(taxes.mapped("amount"))
            if float_compare(rate, line.rate_percent, precision_digits=4):
                raise ValidationError(
                    self.env._(
                        "The channel charges %(wanted)g %%, but %(taxes)s is %(rate)g %% in Odoo. Choose the tax of "
                        "the same rate.",
                        wanted=line.rate_percent,
                        taxes=", ".join(line.tax_ids.mapped("display_name")),
                        rate=rate,
                    )
                )

    @api.constrains("state_id", "country_id")
    def _check_region(self):
        for line in self:
            if line.state_id and line.state_id.country_id != line.country_id:
                raise ValidationError(self.env._("%s is not a region of that country.", line.state_id.display_name))

    @api.depends("rate_percent", "title", "country_id", "state_id")
    def _compute_display_name(self):
        for line in self:
            parts = [line.title, "%g %%" % line.rate_percent, line.country_id.name, line.state_id.name]
            line.display_name = " · ".join(part for part in parts if part)

    @api.model
    def _propose(self, backend, rate_percent, price_include, country=None):
        """Return the sale tax of the company that charges what the channel charged: one record, or none.

        :param float rate_percent: e.g. 19.0
        :param bool price_include: whether the channel's prices contain it
        :param res.country country: the order's; a tax of that country is preferred
        """
        taxes = (
            self.env["account.tax"]
            .search(
                [
                    *self.env["account.tax"]._check_company_domain(backend.company_id),
                    ("type_tax_use", "=", "sale"),
                    ("amount_type", "=", "percent"),
                    ("amount", "=", rate_percent),
                ]
            )
            .filtered(lambda tax: tax.price_include == price_include)
        )
        if country:
            taxes = taxes.filtered(lambda tax: tax.country_id == country) or taxes
        return taxes[:1]
