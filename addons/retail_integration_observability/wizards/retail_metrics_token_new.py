"""Makes a metrics token and shows it, once."""

from odoo import fields, models


class RetailMetricsTokenNew(models.TransientModel):
    """Asks for a name."""

    _name = "retail.metrics.token.new"
    _description = "New metrics token"

    name = fields.Char("Used by", required=True, default="Prometheus")

    def action_make(self):
        """Make the token and show it, once."""
        self.ensure_one()
        token = self.env["retail.metrics.token"]._issue(self.name)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Metrics token"),
            "res_model": "retail.metrics.token.shown",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_token": token},
        }


class RetailMetricsTokenShown(models.AbstractModel):
    """Shows a token that is stored nowhere: the web client gets it as a default of a form without a table."""

    _name = "retail.metrics.token.shown"
    _description = "Metrics token, shown once"

    # A field ``id`` makes the client treat it as a record to be made.
    id = fields.Id()
    token = fields.Char(readonly=True)
