"""What people do about exceptions: replay, take, close."""

from odoo import models
from odoo.exceptions import UserError

from ..engine import inbox_sql

#: States of messages that wait for the exception they have.
_WAITING = ("held", "retry", "quarantined")
#: More than this is not done while somebody waits for the page, but as a run with progress.
AT_ONCE = 200


class RetailException(models.Model):
    _inherit = "retail.exception"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def action_replay(self):
        """Try again what these exceptions hold."""
        self._check_operator()
        self.check_access("read")
        if len(self) > AT_ONCE:
            return self.env["retail.bulk.run"]._start("replay", self)
        self._replay()
        return True

    def action_dry_run(self):
        """See what a replay of what these exceptions hold would change."""
        self._check_operator()
        self.check_access("read")
        messages = self.inbox_ids.filtered(lambda message: message.state in _WAITING)
        held = messages or self.outbox_ids.filtered(lambda intent: intent.state in _WAITING)
        if not held:
            raise UserError(self.env._("These exceptions hold no message."))
        return self.env["retail.bulk.run"]._start_messages("dry_run", held)

    def action_view_cause(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cause"),
            "res_model": "retail.exception.cause",
            "res_id": self.cause_id.id,
            "views": [(False, "form")],
        }

    def action_view_messages(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_inbox")
        return dict(action, domain=[("exception_id", "in", self.ids)])

    def action_resolve(self):
        return self._action_close("resolved", self.env._("Resolve"))

    def action_ignore(self):
        return self._action_close("ignored", self.env._("Ignore"))

    def action_take(self):
        """Make it mine."""
        self._check_operator()
        self.write({"user_id": self.env.uid})
        return True

    def _action_close(self, state, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "retail.exception.close",
            "view_mode": "form",
            "target": "new",
            "context": {"default_exception_ids": self.ids, "default_state": state},
        }

    def _with_same_cause(self):
        """Return the open exceptions that share the cause of these, these included."""
        return self.search([("cause_id", "in", self.cause_id.ids), ("state", "=", "open")])

    def _fix_and_replay(self, note):
        """Note what was mended and try again; an exception closes when its message goes through.

        :param str note: what was done, for the chatter
        """
        self._check_operator()
        self.sudo()._message_log_batch(bodies=dict.fromkeys(self.ids, note), author_id=self.env.user.partner_id.id)
        self._replay()

    def _replay(self):
        """Try again whatever these exceptions hold. What else than messages can be held adds itself by extending."""
        waiting = self.filtered(lambda exception: exception.state == "open").sudo().inbox_ids
        waiting.filtered(lambda message: message.state in _WAITING)._requeue()

    def _close_by_hand(self, state, reason):
        """Close with a person's reason; what was held is ignored for the same reason."""
        self._check_operator()
        open_ones = self.filtered(lambda exception: exception.state == "open")
        open_ones._drop_held(reason)
        open_ones._close(state, reason)

    def _drop_held(self, reason):
        """End what these exceptions hold without effect. Extended like :meth:`_replay`."""
        messages = self.sudo().inbox_ids.filtered(lambda message: message.state in _WAITING)
        inbox_sql.finish_messages(
            self.env.cr,
            [
                {"id": message.id, "state": "ignored", "reason": reason, "exception_id": message.exception_id.id}
                for message in messages
            ],
        )
        self.env.cr.execute("DELETE FROM retail_inbox_work WHERE inbox_id = ANY(%s)", (messages.ids,))
        self.env["retail.inbox"].invalidate_model()

    def _check_operator(self):
        if not self.env.su and not self.env.user.has_group("retail_integration_base.group_retail_operator"):
            raise UserError(self.env._("Only operators work on exceptions."))
