"""What several exceptions have in common: how many wait for it, what it is worth, and since when it goes on."""

import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .retail_exception_fix import describe

TREND_DAYS = 14
_BARS = "▁▂▃▄▅▆▇█"
#: What is worked out from the open exceptions of a cause, and may be sorted by.
_SORTABLE = {
    "open_count": SQL("count(*)"),
    "open_amount": SQL("COALESCE(sum(e.amount_company), 0)"),
    "first_seen_at": SQL("min(e.first_seen_at)"),
    "last_seen_at": SQL("max(e.last_seen_at)"),
    "next_deadline": SQL("min(e.deadline)"),
}


class RetailExceptionCause(models.Model):
    _name = "retail.exception.cause"
    _description = "Cause of exceptions"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    name = fields.Char("Cause", required=True, readonly=True)
    kind = fields.Selection(selection="_get_kinds", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    fingerprint = fields.Char(required=True, readonly=True)
    exception_ids = fields.One2many("retail.exception", "cause_id")
    open_count = fields.Integer("Open", compute="_compute_open", search="_search_open_count")
    overdue_count = fields.Integer("Overdue", compute="_compute_open")
    regression_count = fields.Integer("Came back", compute="_compute_open")
    open_amount = fields.Monetary("At risk", compute="_compute_open", help="In the company's currency.")
    unvalued_count = fields.Integer(
        "Without rate", compute="_compute_open", help="Amounts in a currency Odoo has no rate for; not in the sum."
    )
    first_seen_at = fields.Datetime("First seen", compute="_compute_open")
    last_seen_at = fields.Datetime("Last seen", compute="_compute_open")
    next_deadline = fields.Datetime("Deadline", compute="_compute_open")
    backend_names = fields.Char("Backends", compute="_compute_open")
    owner_ids = fields.Many2many("res.users", string="Owners", compute="_compute_open")
    is_overdue = fields.Boolean(compute="_compute_open", search="_search_is_overdue")
    help_text = fields.Text("What to do", compute="_compute_help_text")
    trend = fields.Char("14 days", compute="_compute_trend", help="Failures per day (UTC), today last.")
    trend_graph = fields.Text(compute="_compute_trend")
    today_count = fields.Integer("Today", compute="_compute_trend")
    run_count = fields.Integer("Bulk runs", compute="_compute_run_count")
    fixes = fields.Json(compute="_compute_fixes")

    _fingerprint_unique = models.Constraint("UNIQUE(company_id, fingerprint)", "One record per cause and company.")

    @api.model
    def _get_kinds(self):
        return self.env["retail.exception"]._fields["kind"]._description_selection(self.env)

    # ---------------------------------------------------------------- numbers of what is open

    def _compute_open(self):
        """All numbers of all causes in two queries."""
        now = fields.Datetime.now()
        domain = [("cause_id", "in", self.ids), ("state", "=", "open")]
        exceptions = self.env["retail.exception"]
        rows = exceptions._read_group(
            domain,
            ["cause_id"],
            [
                "__count",
                "amount_company:sum",
                "first_seen_at:min",
                "last_seen_at:max",
                "deadline:min",
                "backend_id:recordset",
                "user_id:recordset",
            ],
        )
        numbers = {row[0].id: row[1:] for row in rows}
        special = {}
        for name, more in (
            ("overdue", [("deadline", "<", now)]),
            ("regression", [("is_regression", "=", True)]),
            ("unvalued", [("is_unvalued", "=", True)]),
        ):
            special[name] = dict(exceptions._read_group(domain + more, ["cause_id"], ["__count"]))
        for cause in self:
            count, amount, first, last, deadline, backends, owners = numbers.get(cause.id) or (0, 0, 0, 0, 0, (), ())
            cause.open_count = count
            cause.open_amount = amount
            cause.first_seen_at, cause.last_seen_at, cause.next_deadline = first, last, deadline
            cause.backend_names = ", ".join(backend.name for backend in backends)
            cause.owner_ids = owners or False
            for name, counts in special.items():
                cause["%s_count" % name] = counts.get(cause, 0)
            cause.is_overdue = bool(cause.overdue_count)

    def _search_open_count(self, operator, value):
        """Only whether there are any: ``[("open_count", ">", 0)]``."""
        if (operator, value) not in ((">", 0), ("!=", 0), ("=", 0)):
            return NotImplemented
        has_open = self.env["retail.exception"]._search([("state", "=", "open")]).subselect("cause_id")
        return [("id", "not in" if operator == "=" else "in", has_open)]

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        overdue = self.env["retail.exception"]._search([("is_overdue", "=", True)]).subselect("cause_id")
        return [("id", "in" if True in value else "not in", overdue)]

    def _field_to_sql(self, alias, field_expr, query=None):
        """Let lists sort by the numbers. A stored counter is a row that all lanes would fight for."""
        if field_expr in _SORTABLE:
            return SQL(
                "(SELECT %s FROM retail_exception e WHERE e.cause_id = %s AND e.state = 'open')",
                _SORTABLE[field_expr],
                SQL.identifier(alias, "id"),
            )
        return super()._field_to_sql(alias, field_expr, query)

    # ---------------------------------------------------------------- trend, help, fixes

    def _compute_trend(self):
        today = fields.Date.today()
        labels = [fields.Date.to_string(today - timedelta(days=age))[5:] for age in range(TREND_DAYS - 1, -1, -1)]
        counts = self.env["retail.exception.occurrence"].sudo()._count_days(self, TREND_DAYS)
        for cause in self:
            days = counts.get(cause.id) or [0] * TREND_DAYS
            cause.trend = sparkline(days)
            cause.today_count = days[-1]
            values = [
                {"label": label, "value": count, "type": "future" if label == labels[-1] else "past"}
                for label, count in zip(labels, days, strict=True)
            ]
            cause.trend_graph = json.dumps([{"key": self.env._("Failures per day"), "values": values}])

    def _compute_run_count(self):
        counts = dict(
            self.env["retail.bulk.run"]._read_group([("cause_id", "in", self.ids)], ["cause_id"], ["__count"])
        )
        for cause in self:
            cause.run_count = counts.get(cause, 0)

    @api.depends("kind")
    def _compute_help_text(self):
        texts = self.env["retail.exception"]._get_help_texts()
        for cause in self:
            cause.help_text = texts.get(cause.kind, "")

    @api.depends("kind")
    @api.depends_context("uid")
    def _compute_fixes(self):
        for cause in self:
            fixes = self.env["retail.exception"]._get_fixes_of(cause.kind, for_many=True) if cause.open_count else []
            cause.fixes = describe(fixes)

    # ---------------------------------------------------------------- buttons

    def action_fix(self, code):
        """Apply a fix to all open exceptions of this cause: its wizard shows what would happen first."""
        self.ensure_one()
        exceptions = self._get_open()
        fix = exceptions._get_fix(code)
        exceptions._check_operator()
        if fix.wizard:
            return exceptions[:1]._open_fix(fix.wizard, fix.label, apply_to_all=True)
        return self.env["retail.bulk.run"]._start("fix", exceptions, fix=fix)

    def action_view_exceptions(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_exception")
        return dict(
            action,
            name=self.name,
            domain=[("cause_id", "=", self.id)],
            context={"search_default_open": 1},
            view_mode="list,form",
            views=[(False, "list"), (False, "form")],
        )

    def action_view_runs(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_bulk_run")
        return dict(action, domain=[("cause_id", "in", self.ids)])

    def action_resolve(self):
        return self._action_close("resolved", self.env._("Resolve all"))

    def action_ignore(self):
        return self._action_close("ignored", self.env._("Ignore all"))

    def action_take(self):
        """Make all that is open mine."""
        exceptions = self._get_open()
        exceptions._check_operator()
        # One line here instead of one on each card.
        exceptions.with_context(tracking_disable=True).write({"user_id": self.env.uid})
        for cause in self:
            cause.sudo()._message_log(
                body=self.env._("%s took all that is open.", self.env.user.name), author_id=self.env.user.partner_id.id
            )
        return True

    def _action_close(self, state, title):
        action = self.env["retail.exception"]._action_close(state, title)
        return dict(action, context={"default_cause_ids": self.ids, "default_state": state})

    def _get_open(self):
        return self.env["retail.exception"].search([("cause_id", "in", self.ids), ("state", "=", "open")])


def sparkline(counts):
    """Return counts as one line of bars; days without any are dots.

    >>> sparkline([0, 1, 8])
    '·▁█'
    """
    highest = max(counts, default=0)
    return "".join(_BARS[max(0, -(-count * len(_BARS) // highest) - 1)] if count else "·" for count in counts)
