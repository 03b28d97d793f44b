"""The registry of fixes: what the buttons on exceptions and causes mend, and by what."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine.fixes import Fix


class RetailException(models.Model):
    _inherit = "retail.exception"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    fixes = fields.Json(compute="_compute_fixes", help="The buttons that mend this exception.")

    @api.model
    def _get_fixes(self):
        """Return the list of :class:`~..engine.fixes.Fix`. Addons add theirs."""
        return [
            Fix(
                "replay",
                self.env._("Replay"),
                method="_mend_nothing",
                is_decision=False,
                sequence=100,
            )
        ]

    def _mend_nothing(self):
        """A replay alone: somebody mended the cause elsewhere, or it passed."""
        return self.env._("Tried again.")

    @api.model
    def _get_fix(self, code):
        """Return the fix ``code`` if this user may use it.

        :raises UserError: there is none
        :raises AccessError: it is for another role
        """
        fix = next((fix for fix in self._get_fixes() if fix.code == code), None)
        if not fix:
            raise UserError(self.env._("There is no fix “%s”. Reload the page.", code))
        if not self.env.su and not self.env.user.has_group(fix.group):
            group = self.env.ref(fix.group).sudo()
            raise AccessError(self.env._("“%(fix)s” is for the role %(role)s.", fix=fix.label, role=group.name))
        return fix

    @api.model
    def _get_fixes_of(self, kind, for_many=False):
        """Return the fixes this user may use on exceptions of ``kind``, in order.

        :param bool for_many: only such as may be applied to all of a cause
        """
        fixes = sorted(self._get_fixes(), key=lambda fix: fix.sequence)
        user = self.env.user
        return [
            fix for fix in fixes if fix.serves(kind) and (fix.is_bulk or not for_many) and user.has_group(fix.group)
        ]

    @api.depends("kind", "state")
    @api.depends_context("uid")
    def _compute_fixes(self):
        by_kind = {}
        for exception in self:
            if exception.state != "open":
                exception.fixes = []
                continue
            if exception.kind not in by_kind:
                by_kind[exception.kind] = describe(self._get_fixes_of(exception.kind))
            exception.fixes = by_kind[exception.kind]

    def action_fix(self, code):
        """Open the wizard of a fix, or apply the fix that needs to know nothing.

        :param str code: of a fix that serves the kind of each of these exceptions
        """
        self._check_operator()
        self.check_access("read")
        fix = self._get_fix(code)
        others = self.filtered(lambda exception: not fix.serves(exception.kind))
        if others:
            raise UserError(self.env._("“%(fix)s” does not mend this: %(name)s", fix=fix.label, name=others[0].name))
        if fix.wizard:
            self.ensure_one()
            return self._open_fix(fix.wizard, fix.label)
        return self.env["retail.bulk.run"]._start("fix", self, fix=fix)

    def _open_fix(self, model, title, **defaults):
        self.ensure_one()
        defaults = {"default_%s" % name: value for name, value in defaults.items()}
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_exception_id": self.id, **defaults},
        }


def describe(fixes):
    """Return fixes as the buttons' widget reads them."""
    return [
        {"code": fix.code, "label": fix.label, "is_primary": index == 0 and fix.code != "replay"}
        for index, fix in enumerate(fixes)
    ]
