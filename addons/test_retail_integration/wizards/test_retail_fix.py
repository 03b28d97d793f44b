"""A fix with a wizard: it permits what an exception's note is about, and remembers how often it was asked to."""

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.retail_integration_base.engine.fixes import Fix


class TestRetailMend(models.Model):
    _name = "test.retail.mend"
    _description = "What the test's fix did"

    exception_id = fields.Many2one("retail.exception", ondelete="cascade")
    external_id = fields.Char()
    answer = fields.Char(help="What was filled in; a preparation notes “prepared: …” once per run.")

    def _is_mended(self, external_id):
        return bool(self.search_count([("external_id", "=", external_id)], limit=1))


class TestRetailFix(models.TransientModel):
    _name = "test.retail.fix"
    _inherit = "retail.fix"
    _description = "Permit a note"

    answer = fields.Char()
    partner_ids = fields.Many2many("res.partner")

    def _check(self):
        if not self.answer:
            raise UserError(self.env._("Say what the answer is."))

    def _prepare(self):
        self.env["test.retail.mend"].sudo().create({"answer": "prepared: %s" % self.answer})
        self.answer = "%s!" % self.answer

    def _mend(self, exceptions):
        if any(exception.subject_key == "note:cannot" for exception in exceptions):
            raise UserError(self.env._("This one cannot be mended."))
        self.env["test.retail.mend"].sudo().create(
            [
                {
                    "exception_id": exception.id,
                    "external_id": exception.subject_key.partition(":")[2],
                    "answer": self.answer,
                }
                for exception in exceptions
            ]
        )

    def _get_note(self):
        return self.env._("Permitted: %s", self.answer)


class RetailException(models.Model):
    _inherit = "retail.exception"

    def _get_fixes(self):
        return [
            *super()._get_fixes(),
            Fix("permit_note", "Permit note", frozenset(("odoo_refused",)), wizard="test.retail.fix"),
            Fix(
                "accountants_only",
                "For accountants",
                frozenset(("odoo_refused",)),
                method="_mend_nothing",
                group="retail_integration_base.group_retail_accountant",
                is_bulk=False,
                sequence=20,
            ),
        ]
