"""Which API version a shop is asked in: switched after a test, and people are told before it ends."""

from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetailError, VendorChanged

from ..shopify import const, version_test
from .shopify_access import open_client

#: Says that the version was tested. A caller over RPC can send no such object.
_TESTED = object()
_KIND = "api_version_ends"


class RetailBackend(models.Model):
    _inherit = "retail.backend"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    shopify_version_end = fields.Date(
        "API Version Ends", compute="_compute_shopify_version_end", help="Until then Shopify promises to support it."
    )

    @api.depends("shopify_api_version")
    def _compute_shopify_version_end(self):
        for backend in self:
            version = backend.shopify_api_version
            backend.shopify_version_end = const.version_end(version) if version else False

    def write(self, vals):
        if "shopify_api_version" in vals and self.env.context.get("shopify_version") is not _TESTED:
            for backend in self:
                if backend.shopify_token_expires_at and backend.shopify_api_version != vals["shopify_api_version"]:
                    raise UserError(
                        self.env._("%s is connected: “Switch API version” tests a version first.", backend.name)
                    )
        return super().write(vals)

    # ---------------------------------------------------------------- another version

    def action_shopify_switch_version(self):
        """Ask which version is to be tested and used."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Switch API version"),
            "res_model": "retail.shopify.version.switch",
            "view_mode": "form",
            "target": "new",
            "context": {"default_backend_id": self.id},
        }

    def _shopify_test_version(self, version):
        """Return what the shop does not accept of our documents in ``version``, as text; nothing is carried out.

        :raises UserError: the shop could not be asked
        """
        try:
            return version_test.find_differences(open_client(self), version)
        except VendorChanged as error:
            return [str(error)]
        except RetailError as error:
            raise UserError(self.env._("The test could not be finished: %s", error)) from error

    def _shopify_use_version(self, version):
        """Ask the shop in ``version``, which was tested, from now on."""
        for backend in self.with_context(shopify_version=_TESTED):
            backend.shopify_api_version = version
            backend.sudo()._shopify_note_version_end()

    # ---------------------------------------------------------------- before it ends

    @api.model
    def _cron_shopify_version_end(self):
        """Open an exception for each shop whose version ends soon, and close those that are over."""
        for backend in self._armed().filtered(lambda one: one.connector == "shopify"):
            backend._shopify_note_version_end()

    def _shopify_note_version_end(self):
        exceptions, end = self.env["retail.exception"].sudo(), self.shopify_version_end
        subject = "shopify_api_version:%s" % self.shopify_api_version
        about = [("backend_id", "=", self.id), ("kind", "=", _KIND)]
        is_near = bool(end) and end - fields.Date.today() <= const.API_VERSION_ALARM
        over = exceptions.search([*about, ("state", "=", "open")])
        if is_near:
            over = over.filtered(lambda one: one.subject_key != subject)
        over._close("resolved", self.env._("API version %s is used now.", self.shopify_api_version))
        # Once: what is open is known, and what was ignored is a person's decision.
        if not is_near or exceptions.search_count(
            [*about, ("subject_key", "=", subject), ("state", "!=", "resolved")], limit=1
        ):
            return
        error = NeedsHuman(
            self.env._(
                "Shopify supports API version %(version)s until %(end)s.", version=self.shopify_api_version, end=end
            ),
            kind=_KIND,
            cause_key=subject,
        )
        exceptions._open(
            self,
            subject,
            error,
            kind=_KIND,
            cause_key=subject,
            cause_title=self.env._("API version %s ends", self.shopify_api_version),
        ).deadline = datetime.combine(end, time.min)


class RetailException(models.Model):
    _inherit = "retail.exception"

    kind = fields.Selection(selection_add=[(_KIND, "API version ends")], ondelete={_KIND: "cascade"})

    def _get_help_texts(self):
        text = self.env._(
            "Afterwards the channel may answer in another form. On the backend, press “Switch API version”: all we "
            "send is tested in the newer version before it is used. If there is none to choose, update the connector."
        )
        return {**super()._get_help_texts(), _KIND: text}
