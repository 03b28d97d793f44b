"""Which delivery method stands for a shipping rate of the channel."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class RetailCarrierMap(models.Model):
    _name = "retail.carrier.map"
    _description = "Carrier mapping of a channel"
    _order = "backend_id, code, title"
    _check_company_auto = True

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    code = fields.Char(help="The channel's code of the shipping rate. Looked at before the title.")
    title = fields.Char(help="The shipping rate as the channel shows it to customers.")
    carrier_id = fields.Many2one("delivery.carrier", "Delivery Method", required=True, check_company=True)

    @api.constrains("code", "title")
    def _check_key(self):
        if any(not line.code and not line.title for line in self):
            raise ValidationError(self.env._("A carrier mapping needs the channel's code or title of the rate."))

    def _find(self, shipping_line):
        """Return the delivery method of a canonical shipping line: possibly empty."""
        code = (shipping_line.get("code") or "").strip().casefold()
        title = shipping_line["title"].strip().casefold()
        by_code = self.filtered(lambda line: code and (line.code or "").strip().casefold() == code)
        by_title = self.filtered(lambda line: title and (line.title or "").strip().casefold() == title)
        return ((by_code & by_title) or by_code.filtered(lambda line: not line.title) or by_title or by_code)[
            :1
        ].carrier_id
