"""Settings of a Stripe account."""

from datetime import timedelta
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.retail_integration_base.engine.errors import Refused, RetailError
from odoo.addons.retail_integration_base.models.environment import server_environment

from ..stripe import const

#: The ``retail_environment`` in which nothing but the real service is called.
_PRODUCTION = "production"
#: Which balance a backend keeps; what was booked of one is not another's.
_IDENTITY = ("stripe_account", "stripe_is_live")


class RetailBackend(models.Model):
    _inherit = "retail.backend"

    connector = fields.Selection(selection_add=[("stripe", "Stripe")], ondelete={"stripe": "cascade"})
    stripe_account = fields.Char(
        "Account ID", copy=False, tracking=True, help="Like acct_1…, under Settings, Account details in Stripe."
    )
    stripe_is_live = fields.Boolean(
        "Live", copy=False, tracking=True, help="Off: a test account. Events and keys of the other kind are refused."
    )
    stripe_api_url = fields.Char(
        "Simulator",
        copy=False,
        groups="retail_integration_base.group_retail_manager",
        help="Address of a simulator on this machine that is called instead of Stripe. Refused in production.",
    )
    stripe_webhook_id = fields.Char("Webhook Endpoint", readonly=True, copy=False)

    # Two backends of one account would book each movement twice, one that is archived included.
    _stripe_account_unique = models.UniqueIndex(
        "(stripe_account, COALESCE(stripe_is_live, false)) WHERE stripe_account IS NOT NULL",
        "This Stripe account has a backend already; perhaps it is archived.",
    )

    def write(self, vals):
        changed = self.filtered(lambda backend: any(name in vals and vals[name] != backend[name] for name in _IDENTITY))
        if changed and self.env["retail.settlement.line"].sudo().search([("backend_id", "in", changed.ids)], limit=1):
            raise UserError(
                self.env._("Movements of this account are booked already. Another account is another backend.")
            )
        return super().write(vals)

    @api.constrains("stripe_api_url")
    def _check_stripe_api_url(self):
        for backend in self.sudo():
            address = urlsplit(backend.stripe_api_url or "")
            if backend.stripe_api_url and address.hostname not in ("localhost", "127.0.0.1", "::1"):
                raise ValidationError(
                    self.env._("A simulator runs on this machine (http://localhost:…). Leave it empty for Stripe.")
                )
            if backend._stripe_is_simulated_in_production():
                raise ValidationError(backend._stripe_simulator_refusal())

    def _stripe_is_simulated_in_production(self):
        return bool(self.sudo().stripe_api_url) and server_environment().casefold() == _PRODUCTION

    def _stripe_simulator_refusal(self):
        return self.env._("This server is production: no simulator is called from it. Empty the field “Simulator”.")

    def _get_endpoint_fields(self):
        return super()._get_endpoint_fields() | {"stripe_account", "stripe_is_live"}

    def _stripe_base_url(self):
        """Return the address Stripe is called at.

        :raises Refused: it would be a simulator's, and this is production
        """
        self.ensure_one()
        if self._stripe_is_simulated_in_production():
            raise Refused(self._stripe_simulator_refusal(), reason="simulator_in_production", status=403)
        return self.sudo().stripe_api_url or const.API_URL

    def action_stripe_register_webhook(self):
        """Create the webhook endpoint at Stripe, or bring it up to date, and keep its secret."""
        self.ensure_one()
        self.check_access("write")
        try:
            report = self._get_handler()._register_webhook(self)
        except RetailError as error:
            raise UserError(str(error)) from error
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Webhook"),
                "message": report,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_stripe_verify(self):
        """Once a day begin the polls days earlier: what appeared late, or was lost on the way, is found.

        What is booked already is told by its id; a poll that is interrupted goes on from its last page.
        """
        earlier = fields.Datetime.now() - const.VERIFIED
        for backend in self._armed().filtered(lambda one: one.connector == "stripe"):
            for flow in backend.flow_ids.filtered(
                lambda one: one.entity == "settlement_line" and one.state in ("live", "shadow")
            ):
                # Not before it went live: older transactions are the business of a recovery.
                begin = max(earlier, (flow.stripe_began_at or flow.create_date) - timedelta(hours=1))
                if flow.watermark and flow.watermark > begin:
                    flow.watermark = begin
                flow._delay_poll()


class RetailFlow(models.Model):
    _inherit = "retail.flow"

    stripe_began_at = fields.Datetime(
        "Went Live", readonly=True, copy=False, help="The daily verification looks no further back."
    )

    def action_live(self):
        for flow in self.filtered(lambda one: one.backend_id.connector == "stripe" and not one.stripe_began_at):
            flow.stripe_began_at = flow.watermark or fields.Datetime.now()
        return super().action_live()
