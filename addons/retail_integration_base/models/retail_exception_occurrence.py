"""How often a cause came up, and when. One small row per failure, written once."""

from datetime import timedelta

from odoo import api, fields, models

_KEPT_DAYS = 90


class RetailExceptionOccurrence(models.Model):
    """Append-only: a counter per cause would be a row that all lanes fight for on a bad day."""

    _name = "retail.exception.occurrence"
    _description = "Occurrence of an exception"
    _log_access = False
    _order = "id desc"

    exception_id = fields.Many2one("retail.exception", required=True, readonly=True, ondelete="cascade", index=True)
    cause_id = fields.Many2one("retail.exception.cause", required=True, readonly=True, ondelete="cascade")
    at = fields.Datetime(required=True, readonly=True)

    # The days of a cause's trend, read from the index alone.
    _cause_index = models.Index("(cause_id, at)")

    @api.model
    def _note(self, exception):
        self.env.cr.execute(
            "INSERT INTO retail_exception_occurrence (exception_id, cause_id, at) VALUES (%s, %s, %s)",
            (exception.id, exception.cause_id.id, fields.Datetime.now()),
        )

    @api.model
    def _count_days(self, causes, days):
        """Return dict cause id → list of ``days`` counts, the oldest day first and today (UTC) last."""
        today = fields.Date.today()
        counts = {cause_id: [0] * days for cause_id in causes.ids}
        if not counts:
            return counts
        self.env.cr.execute(
            "SELECT cause_id, at::date, count(*) FROM retail_exception_occurrence "
            "WHERE cause_id = ANY(%s) AND at >= %s GROUP BY 1, 2",
            (causes.ids, today - timedelta(days=days - 1)),
        )
        for cause_id, day, count in self.env.cr.fetchall():
            position = days - 1 - (today - day).days
            if 0 <= position < days:
                counts[cause_id][position] = count
        return counts

    @api.autovacuum
    def _gc_old(self):
        self.env.cr.execute(
            "DELETE FROM retail_exception_occurrence WHERE id IN (SELECT id FROM retail_exception_occurrence "
            "WHERE at < now() AT TIME ZONE 'UTC' - make_interval(days => %s) LIMIT 50000)",
            (_KEPT_DAYS,),
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == 50000
