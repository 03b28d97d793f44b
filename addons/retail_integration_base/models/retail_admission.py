"""Back-pressure: what can wait is put off while a flow is behind.

What a channel sends is always stored: it would not come again. What we ask for ourselves (polls, recoveries, backfills,
bulk runs) waits while more than the flow's limit is unfinished, and goes on by itself.
"""

from datetime import timedelta

from odoo import api, fields, models

from ..engine import progress_sql
from ..engine.errors import RetryLater
from . import retail_flow  # noqa: F401 the model this file goes on with has to be there

#: How soon what was put off is tried again.
HOLD_PAUSE = timedelta(seconds=30)


class RetailFlow(models.Model):
    _inherit = "retail.flow"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    backlog_limit = fields.Integer(
        "Backlog limit",
        default=5000,
        help="While more messages than this wait, nothing more is asked for that can wait: polls, recoveries and bulk "
        "runs pause, and go on by themselves. What the channel sends is always stored. 0: no limit.",
    )
    held_back = fields.Char(compute="_compute_held_back", help="Why what can wait is put off.")

    _backlog_limit_positive = models.Constraint("CHECK(backlog_limit >= 0)", "The limit is never negative.")

    def _is_held_back(self):
        """Return whether what can wait has to: more messages of this flow than its limit are unfinished."""
        self.ensure_one()
        flow = self.sudo()
        return bool(flow.backlog_limit) and progress_sql.is_above(
            self.env.cr, flow.id, flow.direction == "out", flow.backlog_limit
        )

    def _require_room(self):
        """Make sure that more work of these flows can be taken in.

        :raises RetryLater: more than the limit of one waits; what was to make more goes on later
        """
        for flow in self:
            if flow._is_held_back():
                raise RetryLater(
                    self.env._(
                        "%(flow)s: more than %(limit)s messages wait.",
                        flow=flow.display_name,
                        limit=flow.backlog_limit,
                    ),
                    delay=HOLD_PAUSE,
                )

    @api.depends("backlog_limit")
    def _compute_held_back(self):
        for flow in self:
            flow.held_back = flow._is_held_back() and self.env._(
                "More than %s messages wait. Polls, recoveries and bulk runs go on when there are fewer.",
                flow.backlog_limit,
            )
