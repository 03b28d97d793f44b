"""What a backend with a balance has."""

from odoo import fields, models


class RetailBackend(models.Model):
    _inherit = "retail.backend"

    settlement_ids = fields.One2many("retail.settlement", "backend_id")
    has_settlements = fields.Boolean(compute="_compute_has_settlements")

    def _compute_has_settlements(self):
        for backend in self:
            backend.has_settlements = any(flow.entity == "settlement_line" for flow in backend.flow_ids)

    def action_set_up_settlement(self):
        """Propose the journal and the accounts of a balance."""
        self.ensure_one()
        self.check_access("write")
        wizard = self.env["retail.settlement.setup"].create({"backend_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set up settlement"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }
