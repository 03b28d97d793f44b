"""Choose what of a channel's history is counted."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailBackfillStart(models.TransientModel):
    _name = "retail.backfill.start"
    _description = "Begin a backfill"

    backend_id = fields.Many2one("retail.backend", required=True)
    flow_id = fields.Many2one("retail.flow", required=True, domain="[('id', 'in', allowed_flow_ids)]")
    allowed_flow_ids = fields.Many2many("retail.flow", compute="_compute_allowed_flow_ids")
    since = fields.Datetime(
        "Made since",
        required=True,
        default=lambda self: fields.Datetime.now() - timedelta(days=365),
        help="What was made in the channel since then is counted, whenever it changed last.",
    )

    @api.depends("backend_id")
    def _compute_allowed_flow_ids(self):
        for wizard in self:
            wizard.allowed_flow_ids = wizard.backend_id.flow_ids.filtered("can_backfill")

    @api.model
    def _open(self, flows):
        """Return the action that opens the wizard on the first of ``flows`` whose history can be taken."""
        self.env["retail.bulk.run"]._check_operator()
        flows.check_access("read")
        flows = flows.filtered("can_backfill")
        if not flows:
            raise UserError(self.env._("This channel has no history that can be taken."))
        wizard = self.create({"backend_id": flows[0].backend_id.id, "flow_id": flows[0].id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Backfill"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_count(self):
        """Count what the channel has; nothing is taken yet."""
        self.ensure_one()
        return self.env["retail.backfill"]._begin(self.flow_id, self.since)._action_open()
