"""One data flow of a backend. The list of flows is the inventory of the integration."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import inbox_sql, lock_sql, recovery_sql
from ..engine.errors import BudgetSpent
from ..engine.lanes import lane_of
from ..engine.receive import message_row
from ..engine.text import clean_text
from ..engine.trace import new_trace_id, serving

#: A poll's job that nobody took for this long is not going to be taken: the cron polls itself.
_JOB_PATIENCE = timedelta(seconds=60)


class RetailFlow(models.Model):
    _name = "retail.flow"
    _description = "Retail flow"
    _inherit = ["mail.thread"]
    _order = "backend_id, sequence, id"
    _rec_name = "display_name"

    backend_id = fields.Many2one("retail.backend", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    entity = fields.Char(required=True, readonly=True)
    direction = fields.Selection([("in", "Into Odoo"), ("out", "Out of Odoo")], required=True, readonly=True)
    latency = fields.Selection(
        [("realtime", "Real time"), ("standard", "Standard"), ("batch", "Batch")], required=True, default="standard"
    )
    state = fields.Selection(
        [("off", "Off"), ("shadow", "Shadow"), ("live", "Live"), ("paused", "Paused")],
        required=True,
        default="off",
        tracking=True,
        help="Off: messages are kept and ignored. Shadow: messages are worked through and undone, to see what would "
        "happen. Live: messages take effect. Paused: messages wait.",
    )
    owner_id = fields.Many2one("res.users", default=lambda self: self.env.user, tracking=True)
    sla_minutes = fields.Integer("Deadline (minutes)", default=240, help="How soon an exception has to be dealt with.")
    recovery_procedure = fields.Html(help="What to do when this flow stands still.")
    poll_interval_minutes = fields.Integer(
        "Poll every (minutes)", default=15, help="How often the channel is asked what no message told us. 0: never."
    )
    watermark = fields.Datetime(
        copy=False, help="Everything that changed in the channel up to this moment has been taken in by the last poll."
    )
    checkpoint = fields.Json(
        readonly=True, copy=False, help="Where a list that was interrupted goes on, if the watermark does not say it."
    )
    polled_at = fields.Datetime("Last poll", readonly=True, copy=False)
    poll_error = fields.Char(readonly=True, copy=False)
    backlog = fields.Integer(compute="_compute_backlog", help="Messages that are not finished.")
    lag_seconds = fields.Integer("Lag (s)", compute="_compute_backlog", help="Age of the oldest unfinished message.")
    open_exception_count = fields.Integer(compute="_compute_backlog")

    _unique_flow = models.Constraint(
        "UNIQUE(backend_id, entity, direction)", "A backend has one flow per entity and direction."
    )

    @api.depends("backend_id.name", "entity", "direction")
    def _compute_display_name(self):
        labels = dict(self._fields["direction"]._description_selection(self.env))
        for flow in self:
            flow.display_name = "%s · %s · %s" % (flow.backend_id.name, flow.entity, labels.get(flow.direction))

    def _compute_backlog(self):
        now = fields.Datetime.now()
        work = {
            flow.id: (count, oldest)
            for model, since in (("retail.inbox", "received_at"), ("retail.outbox", "dirty_at"))
            for flow, count, oldest in self.env[model]._read_group(
                [("flow_id", "in", self.ids), ("state", "in", ("pending", "retry", "held"))],
                ["flow_id"],
                ["__count", "%s:min" % since],
            )
        }
        exceptions = dict(
            self.env["retail.exception"]._read_group(
                [("flow_id", "in", self.ids), ("state", "=", "open")], ["flow_id"], ["__count"]
            )
        )
        for flow in self:
            count, oldest = work.get(flow.id, (0, None))
            flow.backlog = count
            flow.lag_seconds = (now - oldest).total_seconds() if oldest else 0
            flow.open_exception_count = exceptions.get(flow, 0)

    def write(self, vals):
        result = super().write(vals)
        if {"state", "latency", "entity", "direction"} & vals.keys():
            self.env.registry.clear_cache()
        if vals.get("state") in ("live", "shadow", "off"):
            # What waited while the flow was paused is due now, and no new message may come to wake anybody.
            self.env["retail.drain"]._wake_all()
        return result

    def action_live(self):
        for flow in self:
            # What happened before going live is the business of a backfill, not of the first poll.
            flow.write({"state": "live", "watermark": flow.watermark or fields.Datetime.now()})
        return True

    def action_shadow(self):
        for flow in self:
            flow.write({"state": "shadow", "watermark": flow.watermark or fields.Datetime.now()})
        return True

    def action_pause(self):
        return self.write({"state": "paused"})

    def action_off(self):
        return self.write({"state": "off"})

    def action_view_messages(self):
        xmlid = "action_retail_outbox" if set(self.mapped("direction")) == {"out"} else "action_retail_inbox"
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.%s" % xmlid)
        return dict(action, domain=[("flow_id", "in", self.ids)])

    def action_poll(self):
        """Ask the channel now."""
        if not self.env.su and not self.env.user.has_group("retail_integration_base.group_retail_operator"):
            raise UserError(self.env._("Only operators ask a channel."))
        for flow in self:
            flow._delay_poll()
        return True

    # ---------------------------------------------------------------- polling

    @api.model
    def _cron_poll(self):
        """Enqueue a poll for every flow whose interval has passed. Where no job runner runs, the cron polls itself."""
        now = fields.Datetime.now()
        flows = self.search(
            [("direction", "=", "in"), ("state", "in", ("live", "shadow")), ("poll_interval_minutes", ">", 0)]
        ).filtered(
            lambda flow: (
                flow.backend_id.is_armed
                and (not flow.polled_at or now - flow.polled_at >= timedelta(minutes=flow.poll_interval_minutes))
            )
        )
        for flow in flows:
            if flow._is_held_back():
                continue
            waiting = self.env["queue.job"].search(
                [("identity_key", "=", flow._poll_key()), ("state", "in", ("pending", "enqueued"))], limit=1
            )
            if not waiting:
                flow._delay_poll()
            elif now - waiting.date_created > _JOB_PATIENCE:
                flow._job_poll()

    def _poll_key(self):
        return "retail.poll.%d" % self.id

    def _delay_poll(self, delay=None):
        """Order a poll, now or after ``delay`` (timedelta)."""
        self.ensure_one()
        self.with_delay(
            eta=delay,
            channel="root.retail.standard",
            identity_key=self._poll_key(),
            description="Poll %s" % self.display_name,
        )._job_poll()

    def _job_poll(self):
        """Take in what changed since the watermark. Each page is committed with its watermark, so it is resumable."""
        self.ensure_one()
        flow = self.sudo()
        if not flow.exists() or flow.state not in ("live", "shadow") or not flow.backend_id.is_armed:
            return "not running"
        circuit = self.env["retail.circuit"]
        if circuit._admit(flow) == 0:
            return "the channel does not answer"
        if flow._is_held_back():
            return "held back: more messages wait than the flow's limit"
        if not lock_sql.try_lock_poll(self.env.cr, flow.id):
            return "another poll of this flow is under way"
        drain, trace_id = self.env["retail.drain"], new_trace_id()
        try:
            # Written first, so that nobody orders another one meanwhile.
            flow.polled_at = fields.Datetime.now()
            drain._commit()
            with serving([trace_id]):
                stored = flow._take_changes()
            flow.poll_error = False
            circuit._note(flow, [None])
            return "%d messages" % stored
        except BudgetSpent as error:
            # Nothing failed: the rest is asked for when there are calls left for it.
            drain._rollback()
            flow._delay_poll(error.delay)
            return "goes on when there are calls left"
        except Exception as error:  # noqa: BLE001 whatever it is becomes a record: on the flow and in the log
            # The next poll starts at the last committed page.
            drain._rollback()
            circuit._note(flow, [error])
            flow.poll_error = clean_text(str(error))
            self.env["retail.sync.log"]._record_poll_failure(flow, error, trace_id)
            return "failed: %s" % type(error).__name__
        finally:
            drain._commit()
            lock_sql.unlock_poll(self.env.cr, flow.id)
            drain._commit()

    def _take_changes(self):
        """Store page after page, each committed with its watermark; return how many messages were new."""
        since = self.watermark or fields.Datetime.now() - timedelta(days=1)
        stored, commit = 0, self.env["retail.drain"]._commit
        # What is live goes first: a poll leaves it the share of the vendor's budget that batch work leaves.
        caller = self.backend_id._calling_for(self, "batch")
        for page in caller._get_handler()._list_pages(caller, self, since, self.checkpoint or None):
            # What was read for the call ends here: a page is stored with a snapshot from after the vendor's answer.
            commit()
            stored += self._store_changes(page.changes)
            self.watermark = max(page.watermark, self.watermark or page.watermark)
            if page.checkpoint != (self.checkpoint or None):
                self.checkpoint = page.checkpoint
            commit()
            if self._is_held_back():
                # The watermark, or the checkpoint, says where to go on when there is room again.
                break
        return stored

    def _store_changes(self, changes):
        """Store the changes nobody told us about; return how many that were.

        :param list[Change] changes: of one page
        """
        self.ensure_one()
        known = self._known_versions([change.key.subject_key for change in changes])
        lanes, stored = set(), 0
        for change in changes:
            key = change.key
            if key.version is not None and key.version <= known.get(key.subject_key, -1):
                continue
            row = message_row(
                self.backend_id.id,
                key,
                flow=(self.id, self.latency),
                body=change.body,
                headers={},
                origin="poll",
                trace_id=new_trace_id(),
            )
            if inbox_sql.insert_message(self.env.cr, row):
                stored += 1
                lanes.add(lane_of(self.backend_id.id, key.subject_key))
        if lanes:
            self.env["retail.drain"]._wake_after_commit(lanes)
        return stored

    def _known_versions(self, subject_keys):
        """Return dict subject key → the newest version that is applied or waiting."""
        known = self._get_bound_versions(subject_keys)
        waiting = recovery_sql.waiting_versions(self.env.cr, self.backend_id.id, subject_keys)
        for subject_key, version in waiting.items():
            known[subject_key] = max(version, known.get(subject_key, -1))
        return known

    def _get_bound_versions(self, subject_keys):
        """Return dict subject key → the version applied last, for those that are bound."""
        importer = self.env["retail.importer.%s" % self.entity]
        external_ids = {key: key.partition(":")[2] for key in subject_keys}
        bound = importer._get_bound_versions(self.backend_id, list(external_ids.values()))
        return {key: bound[external_id] for key, external_id in external_ids.items() if external_id in bound}
