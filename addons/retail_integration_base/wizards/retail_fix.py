"""What the wizards that mend an exception have in common. Addons inherit it and register a fix that names the model."""

from odoo import api, fields, models
from odoo.exceptions import UserError

_NOT_ASKED = frozenset(("exception_id", "apply_to_all", *models.MAGIC_COLUMNS))


class RetailFix(models.AbstractModel):
    """Mend the cause of an exception, then try again: this one, or all that wait for the same reason.

    A wizard says what it needs to know in fields that are stored and written, and implements :meth:`_check`,
    :meth:`_prepare`, :meth:`_mend` and :meth:`_get_note`.
    """

    _name = "retail.fix"
    _description = "Mend an exception"

    exception_id = fields.Many2one("retail.exception", required=True, readonly=True, ondelete="cascade")
    backend_id = fields.Many2one(related="exception_id.backend_id")
    company_id = fields.Many2one(related="exception_id.company_id")
    name = fields.Char("What Happened", related="exception_id.name")
    apply_to_all = fields.Boolean("Apply to All With This Cause", default=True)
    same_cause_count = fields.Integer(compute="_compute_same_cause_count")
    preview = fields.Text("What would happen", compute="_compute_preview")

    @api.depends("exception_id")
    def _compute_same_cause_count(self):
        for wizard in self:
            wizard.same_cause_count = self.env["retail.exception"].search_count(
                [("cause_id", "=", wizard.exception_id.cause_id.id), ("state", "=", "open")]
            )

    @api.depends("exception_id", "apply_to_all")
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = self.env["retail.bulk.run"]._describe_preview(wizard._get_candidates(), wizard)

    def action_apply(self):
        """Mend and replay: at once, as a run with progress, or after a second person agreed."""
        self.ensure_one()
        fix = self.exception_id._get_fix(self._get_fix_code())
        if not fix.serves(self.exception_id.kind):
            raise UserError(self.env._("“%(fix)s” does not mend this: %(name)s", fix=fix.label, name=self.name))
        self._check()
        return self.env["retail.bulk.run"]._start("fix", self._get_candidates(), fix=fix, wizard=self)

    def _get_fix_code(self):
        [code] = [fix.code for fix in self.env["retail.exception"]._get_fixes() if fix.wizard == self._name]
        return code

    def _get_candidates(self):
        """Return the exceptions that are asked for, before any is left out."""
        return self.exception_id._with_same_cause() | self.exception_id if self.apply_to_all else self.exception_id

    def _choose(self, exceptions):
        """Return ``(exceptions this mends, list of (exceptions, reason) it leaves out)``.

        What another backend met needs its own mapping.
        """
        others = exceptions.filtered(lambda exception: exception.backend_id != self.backend_id)
        reason = self.env._("of another backend (%s), which needs its own", ", ".join(others.backend_id.mapped("name")))
        return exceptions - others, [(others, reason)]

    def _get_params(self):
        """Return what was filled in as plain values, from which the same wizard can be made later."""
        self.ensure_one()
        values = {}
        for name, field in self._fields.items():
            if field.store and not field.readonly and name not in _NOT_ASKED:
                value = self[name]
                values[name] = (
                    [[6, 0, value.ids]] if field.type.endswith("2many") else field.convert_to_write(value, self)
                )
        return values

    def _get_facts(self):
        return self.exception_id.facts or {}

    # ---------------------------------------------------------------- for the wizards

    def _check(self):
        """Make sure that all that is needed was filled in.

        :raises UserError: it was not
        """

    def _prepare(self):
        """Make what is needed once for all exceptions, such as a product, and keep it in a field."""

    def _mend(self, exceptions):
        """Write what mends ``exceptions``: a few of those asked for. Called several times for many."""
        raise NotImplementedError

    def _get_note(self):
        """Return what was done, for the chatter."""
        raise NotImplementedError
