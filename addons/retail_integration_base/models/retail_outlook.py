"""Of each flow: how fast it goes, what holds it up, and when it will be clear."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools.misc import format_datetime

from ..engine import progress_sql
from ..engine.messages import PRIORITY
from . import retail_admission, retail_circuit  # noqa: F401 the models this file goes on with have to be there

#: A wait for calls that is shorter is no news.
_SHORT_WAIT = timedelta(seconds=5)


class RetailFlow(models.Model):
    _inherit = "retail.flow"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    paused_at = fields.Datetime("Paused since", readonly=True, copy=False)
    waiting_count = fields.Integer("Waiting", compute="_compute_outlook", help="Messages that wait for the drain.")
    finished_per_minute = fields.Float(
        "Per minute", compute="_compute_outlook", digits=(16, 1), help="Messages finished in the last five minutes."
    )
    clear_at = fields.Datetime("Clear at", compute="_compute_outlook", help="When nothing waits, at this pace.")
    budget_wait_until = fields.Datetime(compute="_compute_outlook")
    outlook = fields.Char(compute="_compute_outlook")

    def write(self, vals):
        if "state" in vals:
            # Pausing again what is paused does not begin a new pause.
            begins = self.filtered(lambda flow: vals["state"] == "paused" and flow.state != "paused")
            super(RetailFlow, begins).write({"paused_at": fields.Datetime.now()})
            if vals["state"] != "paused":
                vals = dict(vals, paused_at=False)
        return super().write(vals)

    def _compute_outlook(self):
        waiting = {
            flow.id: count
            for model in ("retail.inbox", "retail.outbox")
            for flow, count in self.env[model]._read_group(
                [("flow_id", "in", self.ids), ("state", "in", ("pending", "retry"))], ["flow_id"], ["__count"]
            )
        }
        pace = progress_sql.per_minute(self.env.cr, self.ids)
        waits = {
            (wait.backend_id, wait.endpoint, wait.priority): wait.wait_until
            for wait in self.env["retail.budget.wait"].sudo().search([("backend_id", "in", self.backend_id.ids)])
        }
        now = fields.Datetime.now()
        for flow in self:
            flow.waiting_count = waiting.get(flow.id, 0)
            flow.finished_per_minute = pace.get(flow.id, 0)
            until = waits.get((flow.backend_id, flow.endpoint, PRIORITY[flow.latency]))
            flow.budget_wait_until = until if until and until > now + _SHORT_WAIT else False
            stands = flow._get_standstill()
            is_moving = not stands and flow.waiting_count and flow.finished_per_minute
            flow.clear_at = is_moving and now + timedelta(minutes=flow.waiting_count / flow.finished_per_minute)
            flow.outlook = flow._describe_outlook(stands, now)

    def _get_standstill(self):
        """Return what this flow stands still for, in a sentence, or ``False``."""
        if self.state == "off":
            return self.env._("Off.")
        if self.state == "paused":
            if not self.paused_at:
                return self.env._("Paused.")
            return self.env._("Paused since %s.", self._say_time(self.paused_at))
        if not self.backend_id.sudo().is_armed:
            return self.env._("Disarmed.")
        if self.silent_since and self.wait_until:
            return self.env._(
                "No answer since %(since)s; tried again at %(then)s.",
                since=self._say_time(self.silent_since),
                then=self._say_time(self.wait_until),
            )
        if self.silent_since:
            return self.env._("No answer since %s; being tried.", self._say_time(self.silent_since))
        if self.wait_until:
            return self.env._("The channel asked to slow down until %s.", self._say_time(self.wait_until))
        return False

    def _describe_outlook(self, stands, now):
        if not self.waiting_count:
            return stands or self.env._("Clear.")
        count = self.env._("%s wait.", f"{self.waiting_count:,}")
        if stands:
            return "%s %s" % (stands, count)
        if not self.clear_at:
            return self.env._("%s None was finished in the last five minutes.", count)
        minutes = (self.clear_at - now).total_seconds() / 60
        if minutes < 1:
            return self.env._("%s Clear in less than a minute.", count)
        if minutes > 48 * 60:
            return self.env._("%(count)s Clear in %(days)d days at this pace.", count=count, days=minutes / (24 * 60))
        return self.env._(
            "%(count)s Clear at about %(then)s.", count=count, then=self._say_time(self.clear_at, with_seconds=False)
        )

    def _say_time(self, moment, with_seconds=True):
        """Return a time as the user reads it: without the day where that is today's."""
        here = fields.Datetime.context_timestamp(self, moment)
        today = fields.Datetime.context_timestamp(self, fields.Datetime.now()).date()
        pattern = ("HH:mm:ss" if with_seconds else "HH:mm") if here.date() == today else "d MMM HH:mm"
        return format_datetime(self.env, moment, dt_format=pattern)
