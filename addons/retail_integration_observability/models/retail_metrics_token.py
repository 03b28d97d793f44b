"""The secrets that open ``/retail/metrics`` and the details of ``/retail/ready``."""

import hashlib
import hmac
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

_PREFIX = "rm_"
_FINGERPRINT_CHARACTERS = 8


class RetailMetricsToken(models.Model):
    """Only a hash is kept, in a column outside the ORM. The token has 256 random bits, so a plain SHA-256 does."""

    _name = "retail.metrics.token"
    _description = "Metrics token"
    _order = "id desc"
    _allow_sudo_commands = False

    name = fields.Char(required=True, readonly=True)
    fingerprint = fields.Char(readonly=True, help="The first digits of the SHA-256 of the token.")
    revoked_at = fields.Datetime("Revoked", readonly=True)
    last_used_at = fields.Datetime("Last used", readonly=True)

    def init(self):
        self.env.cr.execute("ALTER TABLE retail_metrics_token ADD COLUMN IF NOT EXISTS hash varchar")

    @api.model
    def _issue(self, name):
        """Make a token and return it as text. It cannot be had again.

        :raises AccessError: the user is no retail manager
        :raises UserError: the user may not see all companies whose figures the token shows
        """
        self._check_manager()
        hidden = (
            self.env["retail.backend"].sudo().search([("active", "in", (True, False))]).company_id
            - self.env.user.company_ids
        )
        if hidden:
            raise UserError(
                self.env._(
                    "The metrics show the figures of all companies, and you have no access to %s. Ask a retail manager "
                    "who has.",
                    ", ".join(hidden.mapped("name")),
                )
            )
        token = _PREFIX + secrets.token_urlsafe(32)
        digest = _digest(token)
        record = self.sudo().create({"name": name, "fingerprint": digest[:_FINGERPRINT_CHARACTERS]})
        self.env.cr.execute("UPDATE retail_metrics_token SET hash = %s WHERE id = %s", (digest, record.id))
        return token

    @api.model
    def _check(self, cr, token):
        """Return whether ``token`` is valid, or ``None`` where this database has no valid token at all.

        :param cr: cursor; the caller commits
        :param str token: what the caller presented, or ``None``
        """
        cr.execute("SELECT id, hash FROM retail_metrics_token WHERE revoked_at IS NULL AND hash IS NOT NULL")
        known = cr.fetchall()
        if not known:
            return None
        presented = _digest(token or "")
        # All are compared, whichever fits.
        fitting = [token_id for token_id, digest in known if hmac.compare_digest(presented, digest)]
        if fitting:
            cr.execute(
                "UPDATE retail_metrics_token SET last_used_at = now() AT TIME ZONE 'UTC' WHERE id = %s "
                "AND (last_used_at IS NULL OR last_used_at < now() AT TIME ZONE 'UTC' - interval '5 minutes')",
                fitting,
            )
        return bool(fitting)

    def action_revoke(self):
        """Close the door to whoever has these tokens."""
        self._check_manager()
        self.env.cr.execute("UPDATE retail_metrics_token SET hash = NULL WHERE id = ANY(%s)", (self.ids,))
        return self.sudo().filtered(lambda token: not token.revoked_at).write({"revoked_at": fields.Datetime.now()})

    def _check_manager(self):
        if not self.env.user.has_group("retail_integration_base.group_retail_manager"):
            raise AccessError(self.env._("Only a retail manager makes and revokes metrics tokens."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Revoke the token instead: the list says who could read the metrics, and when."))


def _digest(token):
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
