"""What a bulk run does to messages and intents: replays them, or says what a replay would change."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.messages import PRIORITY
from . import retail_bulk_operation  # noqa: F401 the model this file goes on with has to be there

#: More than this is a run, behind live work, instead of a click somebody waits for.
AT_ONCE = 200
#: Column of the item per model.
_COLUMNS = {"retail.inbox": "inbox_id", "retail.outbox": "outbox_id"}
_KEPT_DAYS = 7


class RetailBulkRun(models.Model):
    _inherit = "retail.bulk.run"

    is_asking_channel = fields.Boolean("Asks the channel again", readonly=True)
    effect_ids = fields.One2many(
        "retail.bulk.item",
        "run_id",
        "What would happen",
        domain=[("outcome", "in", ("created", "changed", "sent", "retry", "exception"))],
        readonly=True,
        help="Messages of a dry run that would have an effect, or need a person.",
    )
    would_change_count = fields.Integer("Would change something", compute="_compute_outcomes")
    would_hold_count = fields.Integer("Would need a person", compute="_compute_outcomes")
    would_stay_count = fields.Integer("Would change nothing", compute="_compute_outcomes")

    def _compute_outcomes(self):
        counts = {
            (run.id, outcome): count
            for run, outcome, count in self.env["retail.bulk.item"]._read_group(
                [("run_id", "in", self.ids), ("outcome", "!=", False)], ["run_id", "outcome"], ["__count"]
            )
        }
        for run in self:
            count = lambda *outcomes, run=run: sum(counts.get((run.id, outcome), 0) for outcome in outcomes)  # noqa: E731
            run.would_change_count = count("created", "changed", "sent")
            run.would_hold_count = count("exception")
            run.would_stay_count = count("unchanged", "superseded", "ignored", "retry")

    @api.model
    def _start_messages(self, operation, messages, asks_channel=False):
        """Replay messages, or see what that would change.

        :param str operation: ``replay_messages`` or ``dry_run``
        :param messages: ``retail.inbox`` or ``retail.outbox`` records
        :param bool asks_channel: instead of taking the stored bytes, where a connector can do both
        :return: an action: the run's form, or closing the dialog where few were replayed at once
        """
        messages.check_access("read")
        self._check_operator()
        if not messages:
            raise UserError(self.env._("Choose at least one message."))
        companies = messages.company_id
        if len(companies) > 1:
            raise UserError(self.env._("Choose messages of one company."))
        if messages._name == "retail.inbox":
            messages._check_content(asks_channel)
        if operation == "replay_messages" and len(messages) <= AT_ONCE:
            self._replay_messages(messages, asks_channel)
            return {"type": "ir.actions.act_window_close"}
        label = dict(self._fields["operation"]._description_selection(self.env))[operation]
        run = self._begin(
            {
                "name": self.env._("%(what)s: %(count)s messages", what=label, count=len(messages)),
                "operation": operation,
                "company_id": companies.id,
                "is_asking_channel": asks_channel,
            },
            _COLUMNS[messages._name],
            [(message_id, 0.0) for message_id in sorted(messages.ids)],
        )
        return run._action_open()

    def _replay_messages(self, messages, asks_channel, priority=None):
        if messages._name == "retail.inbox":
            messages._requeue(asks_channel=asks_channel, priority=priority)
        else:
            messages._requeue()

    def action_replay_all(self):
        """Replay what this dry run looked at."""
        self.ensure_one()
        self.check_access("read")
        if self.operation != "dry_run" or self.state != "done":
            raise UserError(self.env._("Only a dry run that is done can be carried out."))
        messages = self.item_ids.inbox_id or self.item_ids.outbox_id
        return self._start_messages("replay_messages", messages, self.is_asking_channel)

    def _apply(self, items):
        if self.operation != "replay_messages":
            super()._apply(items)
            return
        # With the rights of who asked for it: they may be gone by now.
        user, companies = self.user_id, self.company_id.ids
        for messages in (items.inbox_id, items.outbox_id):
            messages = messages.with_user(user).with_context(allowed_company_ids=companies)
            if messages:
                messages.env["retail.bulk.run"]._check_operator()
                messages.check_access("read")
                self._replay_messages(messages, self.is_asking_channel, PRIORITY["batch"])
        items.write({"state": "done"})

    @api.autovacuum
    def _gc_dry_runs(self):
        """Forget dry runs: what they say is about the mapping of that day."""
        before = fields.Datetime.now() - timedelta(days=_KEPT_DAYS)
        self.search([("operation", "=", "dry_run"), ("create_date", "<", before)]).unlink()


class RetailBulkItem(models.Model):
    _inherit = "retail.bulk.item"

    outcome = fields.Selection(
        [
            ("created", "Would be created"),
            ("changed", "Would change"),
            ("sent", "Would be sent"),
            ("unchanged", "Nothing would change"),
            ("superseded", "Something newer stands for it"),
            ("ignored", "Would be ignored"),
            ("retry", "Would wait"),
            ("exception", "Would need a person"),
        ],
        "What would happen",
        readonly=True,
    )
    changes = fields.Json(readonly=True)
    attempts = fields.Integer(readonly=True, aggregator=None, help="Attempts of a dry run that came to no end.")
    changes_html = fields.Html("What would change", compute="_compute_changes_html")

    @api.depends("changes")
    def _compute_changes_html(self):
        for item in self:
            item.changes_html = item.changes and self.env["ir.qweb"]._render(
                "retail_integration_base.dry_run_changes", {"changes": item.changes}
            )
