"""A connected account: one shop, one payment account, one estate of tills."""

import logging
import secrets

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import UserError

from ..engine.errors import NeedsHuman, Refused, RetailError
from ..engine.messages import Check, Endpoint, Secret
from .environment import server_environment

_logger = logging.getLogger(__name__)

#: Writing one of these changes what the gateway has cached.
_ENDPOINT_FIELDS = frozenset(("active", "connector", "token", "environment", "database_uuid", "company_id"))


class RetailBackend(models.Model):
    _name = "retail.backend"
    _description = "Retail backend"
    _inherit = ["mail.thread"]
    _order = "sequence, name"

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    connector = fields.Selection([("manual", "Files and API")], required=True, default="manual")
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    token = fields.Char(
        required=True,
        copy=False,
        readonly=True,
        default=lambda self: secrets.token_urlsafe(24),
        groups="retail_integration_base.group_retail_manager",
        help="Part of the address the channel calls. It names the backend; the signature is what is believed.",
    )
    environment = fields.Char(
        copy=False,
        readonly=True,
        tracking=True,
        help="The environment this backend was armed in. In any other one it neither calls out nor listens.",
    )
    database_uuid = fields.Char(copy=False, readonly=True)
    is_armed = fields.Boolean(compute="_compute_is_armed")
    disarmed_reason = fields.Char(compute="_compute_is_armed")
    webhook_url = fields.Char(
        "Webhook address", compute="_compute_webhook_url", groups="retail_integration_base.group_retail_manager"
    )
    credential_ids = fields.One2many("retail.credential", "backend_id")
    flow_ids = fields.One2many("retail.flow", "backend_id")
    refusal_ids = fields.One2many("retail.gateway.refusal", "backend_id")
    open_exception_count = fields.Integer(compute="_compute_counts")
    unfinished_message_count = fields.Integer(compute="_compute_counts")
    last_message_at = fields.Datetime(compute="_compute_counts")
    check_result = fields.Html("Last connection check", readonly=True, copy=False)
    checked_at = fields.Datetime(readonly=True, copy=False)

    _token_unique = models.Constraint("UNIQUE(token)", "Two backends cannot share an address.")

    # ---------------------------------------------------------------- computed

    @api.depends("environment", "database_uuid", "active")
    @api.depends_context("uid")
    def _compute_is_armed(self):
        for backend in self:
            backend.disarmed_reason = backend._get_disarmed_reason()
            backend.is_armed = not backend.disarmed_reason

    def _get_disarmed_reason(self):
        """Return why this backend must stay silent here, or ``False``."""
        server = server_environment()
        if not server:
            return self.env._(
                "This server does not say which environment it is. Set retail_environment in its configuration."
            )
        if not self.environment:
            return self.env._("Nobody has armed this backend in the environment “%s” yet.", server)
        if self.environment != server:
            return self.env._(
                "This backend belongs to the environment “%(own)s”; this server is “%(server)s”.",
                own=self.environment,
                server=server,
            )
        if self.database_uuid != self._current_database_uuid():
            return self.env._("This database is a copy of the one the backend was armed in.")
        return False

    def _current_database_uuid(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    @api.depends("token")
    def _compute_webhook_url(self):
        base_url = self.get_base_url()
        for backend in self:
            backend.webhook_url = "%s/retail/%s/webhook" % (base_url, backend.token)

    def _compute_counts(self):
        exceptions = dict(
            self.env["retail.exception"]._read_group(
                [("backend_id", "in", self.ids), ("state", "=", "open")], ["backend_id"], ["__count"]
            )
        )
        work = dict(
            self.env["retail.inbox"]._read_group(
                [("backend_id", "in", self.ids), ("state", "in", ("pending", "retry", "held"))],
                ["backend_id"],
                ["__count"],
            )
        )
        for backend in self:
            backend.open_exception_count = exceptions.get(backend, 0)
            backend.unfinished_message_count = work.get(backend, 0)
            newest = self.env["retail.inbox"].search([("backend_id", "=", backend.id)], order="id desc", limit=1)
            backend.last_message_at = newest.received_at

    # ---------------------------------------------------------------- life

    @api.model_create_multi
    def create(self, vals_list):
        backends = super().create(vals_list)
        service = self.env.ref("retail_integration_base.user_service").sudo()
        service.company_ids |= backends.company_id
        for backend in backends:
            backend._create_flows()
        self.env.registry.clear_cache()
        return backends

    def write(self, vals):
        result = super().write(vals)
        if "company_id" in vals:
            self.env.ref("retail_integration_base.user_service").sudo().company_ids |= self.company_id
        if _ENDPOINT_FIELDS & vals.keys() or self._get_endpoint_fields() & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    def _get_endpoint_fields(self):
        """Return the names of connector settings the gateway caches; a connector adds its own."""
        return set()

    def _create_flows(self):
        """Create the flows of the connector that this backend has not got yet."""
        self.ensure_one()
        existing = {(flow.entity, flow.direction) for flow in self.flow_ids}
        self.env["retail.flow"].sudo().create(
            [
                dict(values, backend_id=self.id)
                for values in self._get_handler()._get_flows()
                if (values["entity"], values["direction"]) not in existing
            ]
        )

    @api.model
    def _create_missing_flows(self, connector):
        """Give each backend of ``connector`` the flows that a newer release has; called when that is installed."""
        for backend in self.with_context(active_test=False).search([("connector", "=", connector)]):
            backend._create_flows()
        self.env.registry.clear_cache()

    # ---------------------------------------------------------------- buttons

    def action_arm(self):
        """Declare that this backend works in this environment."""
        server = server_environment()
        if not server:
            raise UserError(self._get_disarmed_reason())
        for backend in self:
            backend.write({"environment": server, "database_uuid": self._current_database_uuid()})
        return True

    def action_disarm(self):
        """Silence this backend: no call out, no webhook in."""
        self.write({"environment": False, "database_uuid": False})
        return True

    def action_check_connection(self):
        """Ask the vendor whether all that is needed is there, and keep the answer on the form."""
        self.ensure_one()
        self.check_access("write")
        try:
            checks = self._get_handler()._check_connection(self)
        except RetailError as error:
            checks = self._failed_checks(error)
        self.write(
            {
                "check_result": self.env["ir.qweb"]._render(
                    "retail_integration_base.connection_check", {"checks": checks}
                ),
                "checked_at": fields.Datetime.now(),
            }
        )
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _failed_checks(self, error):
        return [Check("error", self.env._("The check could not be finished"), str(error))]

    def action_recover(self):
        """Choose since when to look for what is missing here, in all flows whose channel can be asked."""
        return self.env["retail.recover"]._open(self.flow_ids)

    def action_view_exceptions(self):
        return self._action_related("retail_integration_base.action_retail_exception")

    def action_view_messages(self):
        return self._action_related("retail_integration_base.action_retail_inbox")

    def _action_related(self, xmlid):
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return dict(action, domain=[("backend_id", "in", self.ids)], context={"create": False})

    # ---------------------------------------------------------------- for connectors

    def _get_handler(self):
        """Return the handler (``retail.connector.<code>``) of this backend's vendor."""
        self.ensure_one()
        return self.env["retail.connector.%s" % self.connector]

    def _require_armed(self):
        """Make sure that this backend may call out from here.

        :raises Refused: it belongs to another environment, is archived or was never armed
        """
        self.ensure_one()
        if not self.active:
            raise Refused("The backend %s is archived." % self.name, reason="disarmed", status=403)
        reason = self._get_disarmed_reason()
        if reason:
            raise Refused("%s: %s" % (self.name, reason), reason="disarmed", status=403)

    def _get_secret(self, kind):
        """Return the active secret of ``kind`` as text.

        :raises NeedsHuman: there is none
        """
        self.ensure_one()
        credential = self.env["retail.credential"].sudo()._active_of(self, kind)
        if not credential:
            label = dict(self.env["retail.credential"]._fields["kind"]._description_selection(self.env)).get(kind, kind)
            raise NeedsHuman(
                "The backend %s has no active %s. Enter one under Credentials." % (self.name, label),
                kind="credential_missing",
                cause_key="credential:%d:%s" % (self.id, kind),
            )
        return credential._decrypt().decode()

    def _set_secret(self, kind, value, expires_at=None):
        """Make ``value`` the active secret of ``kind``; the one before retires and stays valid for what it signed.

        :param datetime expires_at: naive UTC, or ``None``
        """
        self.ensure_one()
        return self.env["retail.credential"].sudo()._replace_active(self, kind, value, expires_at)

    # ---------------------------------------------------------------- for the framework

    def _as_service(self):
        """Return this backend in the environment its work is done in: service user, own company, no chatter."""
        self.ensure_one()
        service = self.env.ref("retail_integration_base.user_service")
        return (
            self.with_user(service)
            .with_company(self.company_id)
            .with_context(
                allowed_company_ids=self.company_id.ids,
                tracking_disable=True,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
                mail_notrack=True,
                mail_auto_subscribe_no_notify=True,
                lang=self.company_id.partner_id.lang or service.lang or "en_US",
            )
        )

    @api.model
    def _armed(self):
        """Return the backends that may work on this server."""
        return self.sudo().search([("environment", "!=", False)]).filtered("is_armed")

    @api.model
    @tools.ormcache("token")
    def _endpoint_of(self, token):
        """Return the :class:`Endpoint` behind a gateway token.

        :raises KeyError: there is none. Not cached: unknown tokens must not push known ones out of the cache.
        """
        backend = self.with_user(SUPERUSER_ID).search([("token", "=", token)], limit=1)
        if not backend:
            raise KeyError(token)
        return backend._make_endpoint()

    def _make_endpoint(self):
        inward = self.flow_ids.filtered(lambda flow: flow.direction == "in")
        return Endpoint(
            backend_id=self.id,
            connector=self.connector,
            is_armed=self.is_armed,
            secrets=self._open_secrets(),
            settings=self._get_handler()._get_endpoint_settings(self),
            flows={flow.entity: (flow.id, flow.latency) for flow in inward},
            paused=frozenset(flow.entity for flow in inward if flow.state == "paused"),
        )

    def _open_secrets(self):
        """Return the valid secrets. One that the server's keys do not open is left out, unless it is the only one."""
        credentials = self.env["retail.credential"].sudo()._valid_for(self)
        opened, unopened = [], None
        for credential in credentials:
            try:
                value = credential._decrypt()
            except UserError as error:
                unopened = error
                _logger.error("Backend %s: a secret is left out: %s", self.id, error)
                continue
            opened.append(Secret(credential.id, credential.kind, value, credential.expires_at or None))
        if unopened and not opened:
            # Ours to mend: the caller is asked to come again (503), not told that there is nobody.
            raise unopened
        return tuple(opened)
