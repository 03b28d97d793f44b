"""One scrape: fold what is new, then ask every figure of the catalogue."""

import time

from odoo import SUPERUSER_ID, api, models, release

from odoo.addons.retail_integration_base.models.retail_drain import own_cursor

from ..engine import rollup_sql
from ..engine.catalogue import BACKEND, FAMILIES, Family
from ..engine.exposition import metric_family
from ..install import post_load

#: First key of the advisory lock of whoever computes a scrape. ASCII "RTLM".
LOCK_SPACE = 0x52544C4D
_CRON_SECONDS = 30

_DISARMED = Family(
    "retail_backend_disarmed", "gauge", "1 for a backend that neither calls nor listens here.", BACKEND, ""
)
_BUILD = Family("retail_build", "gauge", "1, with the versions.", ("odoo", "retail"), "")
_PENDING = Family(
    "retail_metrics_pending_ids", "gauge", "Ids of a table that the counters do not cover yet.", ("table",), ""
)
_SCRAPE = Family("retail_scrape_seconds", "gauge", "What this scrape took in the database.", (), "")


class RetailMetrics(models.AbstractModel):
    _name = "retail.metrics"
    _description = "Retail metrics"

    def _register_hook(self):
        super()._register_hook()
        post_load()

    @api.model
    def _scrape(self):
        """Return the metrics of this database, in transactions of their own.

        One process computes at a time; another one waits for it.

        :return: list of ``prometheus_client`` metrics
        :raises psycopg2.OperationalError: the database is away, or somebody else computes for too long
        """
        started = time.monotonic()
        registry = self.env.registry
        with own_cursor(registry) as cr:
            cr.execute("SET LOCAL lock_timeout = '5s'")
            cr.execute("SET LOCAL statement_timeout = '10s'")
            cr.execute("SELECT pg_advisory_xact_lock(%s, 0)", (LOCK_SPACE,))
            for table in rollup_sql.SOURCES:
                rollup_sql.fold(cr, table)
            metrics = self._gauges(api.Environment(cr, SUPERUSER_ID, {}))
        return [*metrics, metric_family(_SCRAPE, [(time.monotonic() - started,)])]

    def _gauges(self, env):
        cr = env.cr
        metrics = []
        for family in self._get_families():
            cr.execute(family.sql)
            metrics.append(metric_family(family, cr.fetchall()))
        backends = env["retail.backend"].search([("active", "=", True)])
        retail = env.ref("base.module_retail_integration_base").sudo().latest_version
        return [
            *metrics,
            metric_family(_DISARMED, [(each.id, each.name, int(not each.is_armed)) for each in backends]),
            metric_family(_PENDING, sorted(rollup_sql.pending(cr).items())),
            metric_family(_BUILD, [(release.version, retail, 1)]),
        ]

    def _get_families(self):
        """Return the figures. Addons add theirs."""
        return FAMILIES

    @api.model
    def _cron_fold(self):
        """Keep the counters close to the tables, so that a scrape after a pause has little to do."""
        deadline = time.monotonic() + _CRON_SECONDS
        for table in rollup_sql.SOURCES:
            is_left = True
            while is_left and time.monotonic() < deadline:
                with own_cursor(self.env.registry) as cr:
                    is_left = rollup_sql.fold(cr, table)
