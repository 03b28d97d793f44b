"""Settings of a Shopify shop. Where orders ship from and in which prices is set by retail_integration_sale."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.retail_integration_base.engine.errors import Refused, RetailError
from odoo.addons.retail_integration_base.models.environment import server_environment

from ..shopify import const, domains
from .shopify_access import TOKEN_KIND

#: The ``retail_environment`` in which nothing but real shops is called.
_PRODUCTION = "production"


class RetailBackend(models.Model):
    _inherit = "retail.backend"

    connector = fields.Selection(selection_add=[("shopify", "Shopify")], ondelete={"shopify": "cascade"})
    shopify_domain = fields.Char(
        "Shop",
        copy=False,
        tracking=True,
        help="The shop's own domain, like your-shop.myshopify.com. The address of the admin page works too.",
    )
    shopify_client_id = fields.Char(
        "Client ID", copy=False, help="Of the app in Shopify's Dev Dashboard. The client secret goes under Credentials."
    )
    shopify_api_version = fields.Selection(
        [(version, version) for version in const.API_VERSIONS],
        "API Version",
        default=const.DEFAULT_API_VERSION,
        help="Shopify supports a version for a year. Two months before its end an exception says so. Once the shop is "
        "connected, “Switch API version” tests another one before it is used.",
    )
    shopify_api_url = fields.Char(
        "Simulator",
        copy=False,
        groups="retail_integration_base.group_retail_manager",
        help="Address of a simulator on this machine that is called instead of the shop. Empty for a real shop, and "
        "refused in production.",
    )
    shopify_token_expires_at = fields.Datetime("Access Token Ends", compute="_compute_shopify_token_expires_at")
    shopify_webhooks_at = fields.Datetime(
        "Webhooks Registered", readonly=True, copy=False, help="Since then they are checked and mended every hour."
    )

    # Two backends of one shop would book each order twice.
    _shopify_domain_unique = models.UniqueIndex(
        "(shopify_domain) WHERE active AND shopify_domain IS NOT NULL", "This shop has a backend already."
    )

    @api.depends("credential_ids.expires_at", "credential_ids.state")
    def _compute_shopify_token_expires_at(self):
        for backend in self:
            active = backend.sudo().credential_ids.filtered(
                lambda credential: credential.kind == TOKEN_KIND and credential.state == "active"
            )
            backend.shopify_token_expires_at = active.expires_at

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._shopify_normalised(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._shopify_normalised(vals))

    def _shopify_normalised(self, vals):
        """Return ``vals`` with the shop's domain as Shopify writes it; what is none is left for the constraint."""
        if not vals.get("shopify_domain"):
            return vals
        return dict(vals, shopify_domain=domains.normalise(vals["shopify_domain"]) or vals["shopify_domain"])

    @api.onchange("shopify_domain")
    def _onchange_shopify_domain(self):
        self.shopify_domain = domains.normalise(self.shopify_domain) or self.shopify_domain

    @api.constrains("shopify_domain")
    def _check_shopify_domain(self):
        for backend in self:
            if backend.shopify_domain and domains.normalise(backend.shopify_domain) != backend.shopify_domain:
                raise ValidationError(
                    self.env._(
                        "“%s” is not the domain of a Shopify shop. It looks like your-shop.myshopify.com; Shopify "
                        "shows it under Settings, Domains.",
                        backend.shopify_domain,
                    )
                )

    @api.constrains("shopify_api_url")
    def _check_shopify_api_url(self):
        for backend in self.sudo():
            if backend.shopify_api_url and not domains.is_loopback(backend.shopify_api_url):
                raise ValidationError(
                    self.env._("A simulator runs on this machine (http://localhost:…). Leave it empty for a real shop.")
                )
            if backend._shopify_is_simulated_in_production():
                raise ValidationError(backend._shopify_simulator_refusal())

    def _shopify_is_simulated_in_production(self):
        return bool(self.sudo().shopify_api_url) and server_environment().casefold() == _PRODUCTION

    def _shopify_simulator_refusal(self):
        return self.env._("This server is production: no simulator is called from it. Empty the field “Simulator”.")

    def _get_endpoint_fields(self):
        return super()._get_endpoint_fields() | {"shopify_domain"}

    def _shopify_base_url(self):
        """Return the address the shop's API is called at.

        :raises Refused: it would be a simulator's, and this is production: a database that was prepared elsewhere
        """
        self.ensure_one()
        if self._shopify_is_simulated_in_production():
            raise Refused(self._shopify_simulator_refusal(), reason="simulator_in_production", status=403)
        return self.sudo().shopify_api_url or "https://%s" % self.shopify_domain

    def action_shopify_register_webhooks(self):
        """Subscribe to what the flows need, and say what was done."""
        self.ensure_one()
        self.check_access("write")
        try:
            report = self._get_handler()._register_webhooks(self)
        except RetailError as error:
            raise UserError(str(error)) from error
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Webhooks"),
                "message": report,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_shopify_heal_webhooks(self):
        """Put back subscriptions that Shopify dropped: after failed deliveries it deletes them without a word."""
        for backend in self._armed().filtered(lambda one: one.connector == "shopify" and one.shopify_webhooks_at):
            try:
                backend._get_handler()._register_webhooks(backend)
            except (RetailError, UserError) as error:
                # UserError: a secret that the server's keys do not open. The other shops are looked at all the same.
                backend.message_post(
                    body=self.env._("The webhook subscriptions could not be checked: %s", error),
                    subtype_xmlid="mail.mt_note",
                )
