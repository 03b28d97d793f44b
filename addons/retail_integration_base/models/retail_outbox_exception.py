"""Exceptions hold intents as they hold messages: replayed with them, ignored with them."""

from odoo import fields, models

from ..engine import outbox_sql

_WAITING = ("held", "retry")


class RetailException(models.Model):
    _inherit = "retail.exception"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    outbox_ids = fields.One2many("retail.outbox", "exception_id", "Intents for the channel")
    outbox_count = fields.Integer("Intents held", compute="_compute_outbox_count")

    def _compute_outbox_count(self):
        counts = dict(
            self.env["retail.outbox"]._read_group([("exception_id", "in", self.ids)], ["exception_id"], ["__count"])
        )
        for exception in self:
            exception.outbox_count = counts.get(exception, 0)

    def action_view_intents(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_outbox")
        return dict(action, domain=[("exception_id", "in", self.ids)])

    def _get_waiting_intents(self):
        return self.sudo().outbox_ids.filtered(lambda intent: intent.state in _WAITING)

    def _replay(self):
        result = super()._replay()
        self.filtered(lambda exception: exception.state == "open")._get_waiting_intents()._requeue()
        return result

    def _drop_held(self, reason):
        intents = self._get_waiting_intents()
        result = super()._drop_held(reason)
        outbox_sql.finish(
            self.env.cr,
            [
                {
                    "id": intent.id,
                    "state": "ignored",
                    "reason": reason,
                    "attempts": intent.attempts,
                    "exception_id": intent.exception_id.id,
                }
                for intent in intents
            ],
        )
        self.env.cr.execute("DELETE FROM retail_outbox_work WHERE outbox_id = ANY(%s)", (intents.ids,))
        intents.invalidate_model()
        return result
