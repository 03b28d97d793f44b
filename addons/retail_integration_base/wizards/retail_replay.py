"""Replay messages: how many, of which flows and states, and from where; or see first what that would change."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class RetailReplay(models.TransientModel):
    _name = "retail.replay"
    _description = "Replay messages"

    inbox_ids = fields.Many2many("retail.inbox")
    outbox_ids = fields.Many2many("retail.outbox")
    count = fields.Integer("Messages", compute="_compute_summary")
    summary = fields.Text(compute="_compute_summary")
    warning = fields.Text(compute="_compute_summary")
    can_choose = fields.Boolean(compute="_compute_sources")
    source_note = fields.Text("Where from", compute="_compute_sources")
    source = fields.Selection(
        [("stored", "As stored: what the message says"), ("channel", "Ask the channel again: what it has now")],
        "Take it",
        required=True,
        default="stored",
    )

    @api.model
    def _open(self, messages):
        """Return the action that opens the wizard on ``retail.inbox`` or ``retail.outbox`` records."""
        self.env["retail.bulk.run"]._check_operator()
        messages.check_access("read")
        if not messages:
            raise UserError(self.env._("There is no message to replay."))
        name = "inbox_ids" if messages._name == "retail.inbox" else "outbox_ids"
        wizard = self.create({name: [(6, 0, messages.ids)]})
        if wizard.can_choose and any(wizard.inbox_ids.sudo().mapped("body_dropped_at")):
            wizard.source = "channel"  # as stored is not there
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replay"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_messages(self):
        return self.inbox_ids or self.outbox_ids

    @api.depends("inbox_ids", "outbox_ids")
    def _compute_summary(self):
        for wizard in self:
            messages = wizard._get_messages()
            states = dict(messages._fields["state"]._description_selection(self.env))
            by_flow, warnings = {}, []
            for flow, state, count in messages._read_group(
                [("id", "in", messages.ids)], ["flow_id", "state"], ["__count"], order="flow_id, state"
            ):
                by_flow.setdefault(flow, []).append("%d × %s" % (count, states.get(state, state)))
            wizard.count = len(messages)
            wizard.summary = "\n".join(
                "%s: %s" % (flow.display_name or self.env._("Without flow"), ", ".join(parts))
                for flow, parts in by_flow.items()
            )
            for flow in by_flow:
                warnings.append(self._get_warning(flow))
            wizard.warning = "\n".join(filter(None, warnings))

    def _get_warning(self, flow):
        _ = self.env._
        if not flow:
            return _("What has no flow would be ignored.")
        texts = {
            "off": _("%s is off: its messages would be ignored."),
            "paused": _("%s is paused: its messages would wait."),
            "shadow": _("%s is a shadow: its messages would be worked through and undone."),
        }
        return texts[flow.state] % flow.display_name if flow.state in texts else None

    @api.depends("inbox_ids", "outbox_ids")
    def _compute_sources(self):
        for wizard in self:
            sources = {
                tuple(flow.backend_id._get_handler()._get_replay_sources(flow.backend_id, flow.entity))
                for flow in wizard.inbox_ids.flow_id.sudo()
            }
            wizard.can_choose = any(len(one) > 1 for one in sources)
            wizard.source_note = wizard._get_source_note(sources)

    def _get_source_note(self, sources):
        if self.outbox_ids:
            return self.env._(
                "What is told is how things are in Odoo now. A command is looked for at the channel first, and never "
                "sent a second time."
            )
        if sources == {("channel",)}:
            return self.env._(
                "These messages only say that something changed: the channel is asked for what it has now, and today's "
                "mapping is applied to that."
            )
        if sources == {("stored",)}:
            return self.env._("The messages are worked through as they came, with today's mapping.")
        return self.env._(
            "Today's mapping is applied either way. Where a channel allows only one way, that one is taken."
        )

    def action_replay(self):
        return self._start("replay_messages")

    def action_dry_run(self):
        return self._start("dry_run")

    def _start(self, operation):
        self.ensure_one()
        return self.env["retail.bulk.run"]._start_messages(
            operation, self._get_messages(), asks_channel=self.source == "channel" and self.can_choose
        )
