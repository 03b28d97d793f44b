"""Use another API version, if the shop understands all our documents in it."""

from odoo import api, fields, models

from ..shopify import const


class ShopifyVersionSwitch(models.TransientModel):
    _name = "retail.shopify.version.switch"
    _description = "Switch of the Shopify API version"

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="cascade")
    current_version = fields.Selection(related="backend_id.shopify_api_version", string="Now")
    version = fields.Selection(
        [(version, version) for version in const.API_VERSIONS],
        "Test and use",
        required=True,
        default=lambda self: self._default_version(),
    )
    version_end = fields.Date("Supported until", compute="_compute_version_end")
    differences = fields.Text("What the shop does not accept", readonly=True)

    @api.model
    def _default_version(self):
        backend = self.env["retail.backend"].browse(self.env.context.get("default_backend_id"))
        return next((version for version in const.API_VERSIONS if version != backend.shopify_api_version), False)

    @api.depends("version")
    def _compute_version_end(self):
        for wizard in self:
            wizard.version_end = const.version_end(wizard.version) if wizard.version else False

    def action_switch(self):
        """Test, and use the version if nothing speaks against it; else say what does and change nothing."""
        self.ensure_one()
        backend = self.backend_id
        backend.check_access("write")
        differences = backend._shopify_test_version(self.version)
        self.differences = "\n".join(differences)
        if differences:
            found = "; ".join(differences[:5])
            note = self.env._(
                "API version %(version)s was tested, and is not used: %(found)s", version=self.version, found=found
            )
        else:
            note = self.env._("API version %s was tested, and is used from now on.", self.version)
            backend._shopify_use_version(self.version)
        backend._message_log(body=note)
        if not differences:
            return {"type": "ir.actions.act_window_close"}
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Switch API version"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
