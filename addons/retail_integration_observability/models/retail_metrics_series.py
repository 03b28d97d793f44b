"""Where the counters are kept between two scrapes, whichever process is asked."""

from odoo import fields, models

from odoo.addons.retail_integration_base.models.fields import BigInteger

from ..engine import rollup_sql


class RetailMetricsSeries(models.Model):
    """One counter or histogram, written by ``engine/rollup_sql.py`` alone."""

    _name = "retail.metrics.series"
    _description = "Retail metrics series"
    _log_access = False

    metric = fields.Char(required=True, readonly=True)
    backend_id = fields.Many2one("retail.backend", readonly=True, ondelete="cascade")
    flow_id = fields.Many2one("retail.flow", readonly=True, index="btree_not_null", ondelete="cascade")
    label = fields.Char(required=True, readonly=True, help="Outcome, origin or reason.")
    way = fields.Char(required=True, readonly=True, help="Through which door of the gateway.")
    value = BigInteger(required=True, readonly=True)
    seconds = fields.Float(readonly=True, digits=0)

    # The upsert's key.
    _key_unique = models.UniqueIndex("(metric, COALESCE(backend_id, 0), COALESCE(flow_id, 0), label, way)")

    def init(self):
        self.env.cr.execute("ALTER TABLE retail_metrics_series ADD COLUMN IF NOT EXISTS buckets bigint[]")


class RetailMetricsSource(models.Model):
    """How far an append-only table has been counted; its row is the lock of whoever counts."""

    _name = "retail.metrics.source"
    _description = "Retail metrics source"
    _log_access = False
    _rec_name = "name"

    name = fields.Char(required=True, readonly=True)
    position = BigInteger(required=True, readonly=True, help="The last id that was counted.")
    candidate = BigInteger(readonly=True, help="Counted next, once its holders have ended.")

    _name_unique = models.Constraint("UNIQUE(name)", "One row per table.")

    def init(self):
        self.env.cr.execute("ALTER TABLE retail_metrics_source ADD COLUMN IF NOT EXISTS holders text[]")
        for table in rollup_sql.SOURCES:
            rollup_sql.start(self.env.cr, table)
