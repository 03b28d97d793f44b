"""Choose since when to look for what is missing here."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailRecover(models.TransientModel):
    _name = "retail.recover"
    _description = "Recover since"

    flow_ids = fields.Many2many("retail.flow", string="Flows", required=True)
    since = fields.Datetime(
        "Changed since",
        required=True,
        default=lambda self: fields.Datetime.now() - timedelta(days=1),
        help="Everything that changed in the channel since then is compared with what is here.",
    )

    @api.model
    def _open(self, flows):
        """Return the action that opens the wizard on those of ``flows`` whose channel can be asked."""
        self.env["retail.bulk.run"]._check_operator()
        flows.check_access("read")
        flows = flows.filtered("can_recover")
        if not flows:
            raise UserError(self.env._("No channel can be asked here: documents are brought by files or programs."))
        wizard = self.create({"flow_ids": [(6, 0, flows.ids)]})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Recover"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_list(self):
        """List what the channel has; nothing is taken yet."""
        self.ensure_one()
        recoveries = self.env["retail.recovery"]._begin(self.flow_ids, self.since)
        if len(recoveries) == 1:
            return recoveries._action_open()
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_recovery")
        return dict(action, domain=[("id", "in", recoveries.ids)])
