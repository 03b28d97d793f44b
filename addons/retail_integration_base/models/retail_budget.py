"""How many calls a backend's API has left, and which work has to wait for it."""

from odoo import fields, models

from ..engine.budget import RateBudget
from . import retail_backend  # noqa: F401 the model this file goes on with has to be there


class RetailBudget(models.Model):
    """Written by ``engine/budget_sql.py`` alone; a backend whose vendor has no limit has none."""

    _name = "retail.budget"
    _description = "Retail rate budget"
    _log_access = False
    _rec_name = "endpoint"

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, index=True, ondelete="cascade")
    endpoint = fields.Char(required=True, readonly=True)
    is_known = fields.Boolean(readonly=True, help="The vendor, or its connector, has said how much there is.")
    maximum = fields.Float(required=True, readonly=True)
    restore_rate = fields.Float("Per second", required=True, readonly=True)
    level = fields.Float(required=True, readonly=True, help="What was left at that time.")
    level_at = fields.Datetime(required=True, readonly=True)
    costs = fields.Json(readonly=True, help="What a call of each kind asked for last, per unit.")

    _unique_budget = models.Constraint("UNIQUE(backend_id, endpoint)", "A backend has one budget per endpoint.")


class RetailBudgetWait(models.Model):
    """Until when a class of work is not claimed, because its budget of calls is used up."""

    _name = "retail.budget.wait"
    _description = "Retail wait for a rate budget"
    _log_access = False
    _rec_name = "endpoint"

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="cascade")
    endpoint = fields.Char(required=True, readonly=True)
    priority = fields.Integer(required=True, readonly=True)
    wait_until = fields.Datetime(required=True, readonly=True)

    # The claims look a row up by exactly these.
    _unique_wait = models.Constraint("UNIQUE(backend_id, endpoint, priority)", "One row per class of work.")


class RetailBackend(models.Model):
    _inherit = "retail.backend"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _calling_for(self, flow, latency=None):
        """Return this backend for calls that serve ``flow``: their budget is that of its API and class.

        :param str latency: class of the work where it is not the flow's own
        """
        return self.with_context(retail_endpoint=flow.endpoint, retail_latency=latency or flow.latency)

    def _get_budget(self):
        """Return the :class:`RateBudget` that calls to this backend's vendor are paid from, or ``None``: no limit.

        What is called outside any flow, such as a connection check, is somebody waiting: it counts as realtime.
        """
        self.ensure_one()
        endpoint = self.env.context.get("retail_endpoint", "api")
        limit = self._get_handler()._get_rate_limit(self, endpoint)
        if limit is None:
            return None
        latency = self.env.context.get("retail_latency", "realtime")
        return RateBudget(self.env["retail.drain"]._apart, self.id, endpoint, limit, latency)
