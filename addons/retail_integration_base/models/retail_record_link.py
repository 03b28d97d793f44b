"""What messages and intents have in common: the Odoo record they are about."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailRecordLink(models.AbstractModel):
    _name = "retail.record.link"
    _description = "Link to the record a message is about"

    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    record_name = fields.Char("Record name", compute="_compute_record_name")

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        """Name the records of each model together, leaving out what is gone or not for this user."""
        self.record_name = False
        for model, messages in self.grouped("res_model").items():
            if not model or model not in self.env:
                continue
            records = self.env[model].browse(messages.mapped("res_id")).exists()._filtered_access("read")
            names = {record.id: record.display_name for record in records}
            for message in messages:
                message.record_name = names.get(message.res_id, False)

    def _get_record(self):
        """Return the Odoo record this message ended in, if the user may see it; else an empty value."""
        self.ensure_one()
        if not self.res_model or self.res_model not in self.env or not self.res_id:
            return None
        record = self.env[self.res_model].browse(self.res_id).exists()
        return record if record and record.has_access("read") else None

    def action_view_record(self):
        self.ensure_one()
        if not self._get_record():
            raise UserError(self.env._("There is no record to open."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def action_view_trace(self):
        """Open everything that belongs to the trace of this."""
        self.ensure_one()
        return self.env["retail.timeline.entry"]._action_timeline(
            self.env._("Trace of %s", self.display_name), [("trace", "=", self.trace_id)]
        )

    def action_view_exception(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "retail.exception",
            "res_id": self.exception_id.id,
            "views": [(False, "form")],
        }
