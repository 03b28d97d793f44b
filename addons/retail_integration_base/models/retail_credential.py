"""A secret of a backend: written, used, never read back."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import crypto
from .environment import secret_cipher

_VALID_STATES = ("next", "active", "retiring")
_KEY_COMMAND = "python3 -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"


class RetailCredential(models.Model):
    """The ciphertext is a column outside the ORM, so that no read, export, RPC call or log can return it."""

    _name = "retail.credential"
    _description = "Retail credential"
    _order = "backend_id, kind, id desc"
    _rec_name = "fingerprint"
    _allow_sudo_commands = False

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    kind = fields.Selection([("signing_key", "Signing key")], required=True, default="signing_key")
    value = fields.Char(
        "Secret",
        store=False,
        compute="_compute_value",
        inverse="_inverse_value",
        help="Type or paste the secret. It is encrypted when saved and cannot be shown again.",
    )
    fingerprint = fields.Char(
        readonly=True, copy=False, help="Compare it with somebody else's to see whether you hold the same secret."
    )
    state = fields.Selection(
        [("next", "Next"), ("active", "Active"), ("retiring", "Retiring"), ("revoked", "Revoked")],
        required=True,
        default="active",
        help="Next: accepted, not used yet. Active: accepted and used. Retiring: still accepted. Revoked: neither.",
    )
    activated_at = fields.Datetime(readonly=True, copy=False)
    expires_at = fields.Datetime(copy=False)
    revoked_at = fields.Datetime(readonly=True, copy=False)
    last_used_at = fields.Datetime(readonly=True, copy=False)

    # One active secret of a kind says which one is used; others may be valid beside it.
    _one_active = models.UniqueIndex(
        "(backend_id, kind) WHERE state = 'active'", "There is an active secret of this kind already."
    )

    def init(self):
        self.env.cr.execute("ALTER TABLE retail_credential ADD COLUMN IF NOT EXISTS ciphertext varchar")

    def _compute_value(self):
        self.value = False

    def _inverse_value(self):
        """Encrypt what was typed. An empty value leaves the stored secret alone."""
        for credential in self:
            if credential.value:
                credential._encrypt(credential.value.strip())

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("value"):
                raise UserError(self.env._("A credential needs its secret."))
            if vals.get("state", "active") == "active":
                vals.setdefault("activated_at", fields.Datetime.now())
                # A new active secret makes the one before retire: rotation without a moment with none.
                self._retire(vals["backend_id"], vals.get("kind", "signing_key"))
        credentials = super().create(vals_list)
        self.env.registry.clear_cache()
        return credentials

    def write(self, vals):
        if {"backend_id", "kind"} & vals.keys():
            raise UserError(self.env._("A secret stays with its backend and kind. Enter a new one instead."))
        result = super().write(vals)
        if vals.keys() - {"last_used_at"}:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    def copy_data(self, default=None):
        raise UserError(self.env._("A secret cannot be duplicated."))

    # ---------------------------------------------------------------- buttons

    def action_activate(self):
        for credential in self:
            credential._check_not_revoked()
            self._retire(credential.backend_id.id, credential.kind)
            credential.write({"state": "active", "activated_at": fields.Datetime.now()})
        return True

    def action_revoke(self):
        """Stop accepting and using these secrets, and forget them."""
        self.write({"state": "revoked", "revoked_at": fields.Datetime.now()})
        self.env.cr.execute("UPDATE retail_credential SET ciphertext = NULL WHERE id = ANY(%s)", (self.ids,))
        return True

    def action_reencrypt(self):
        """Encrypt all secrets with the newest key of the server, so that older keys can be dropped."""
        if not self.env.user.has_group("retail_integration_base.group_retail_manager"):
            raise AccessError(self.env._("Only a retail manager re-encrypts secrets."))
        credentials = self.sudo().search([("state", "!=", "revoked")])
        for credential in credentials:
            credential._encrypt(credential._decrypt().decode())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s secrets are encrypted with the newest key now.", len(credentials)),
            },
        }

    # ---------------------------------------------------------------- helpers

    def _check_not_revoked(self):
        if self.state == "revoked":
            raise UserError(self.env._("A revoked secret is gone. Enter it again."))

    @api.model
    def _retire(self, backend_id, kind):
        active = self.search([("backend_id", "=", backend_id), ("kind", "=", kind), ("state", "=", "active")])
        if active:
            active.write({"state": "retiring"})
            active.flush_recordset()

    @api.model
    def _active_of(self, backend, kind):
        return self.search([("backend_id", "=", backend.id), ("kind", "=", kind), ("state", "=", "active")], limit=1)

    @api.model
    def _valid_for(self, backend):
        """Return the credentials whose signatures are accepted now."""
        now = fields.Datetime.now()
        return self.search([("backend_id", "=", backend.id), ("state", "in", _VALID_STATES)]).filtered(
            lambda credential: not credential.expires_at or credential.expires_at > now
        )

    @api.model
    def _replace_active(self, backend, kind, value, expires_at=None):
        return self.create([{"backend_id": backend.id, "kind": kind, "value": value, "expires_at": expires_at}])

    def _encrypt(self, secret):
        self.ensure_one()
        try:
            cipher = secret_cipher()
        except crypto.NoEncryptionKey as error:
            raise UserError(
                self.env._(
                    "Secrets cannot be stored: %(why)s. Set retail_encryption_keys in the server configuration to a "
                    "key made with “%(command)s”.",
                    why=error,
                    command=_KEY_COMMAND,
                )
            ) from error
        self.flush_recordset()
        self.env.cr.execute(
            "UPDATE retail_credential SET ciphertext = %s WHERE id = %s", (crypto.encrypt(cipher, secret), self.id)
        )
        self.fingerprint = crypto.fingerprint(secret)

    def _decrypt(self):
        """Return the secret as bytes. For the framework only: never return it to a caller outside the server.

        :raises UserError: the server's keys do not open it
        """
        self.ensure_one()
        self.env.cr.execute("SELECT ciphertext FROM retail_credential WHERE id = %s", (self.id,))
        (ciphertext,) = self.env.cr.fetchone()
        try:
            if not ciphertext:
                raise crypto.NoEncryptionKey("it was revoked")
            return crypto.decrypt(secret_cipher(), ciphertext)
        except crypto.NoEncryptionKey as error:
            raise UserError(
                self.env._("The secret %(name)s cannot be opened: %(why)s.", name=self.fingerprint, why=error)
            ) from error
