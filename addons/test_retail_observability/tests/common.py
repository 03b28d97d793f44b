"""A scrape of the test database, read with Prometheus' own parser."""

from prometheus_client.parser import text_string_to_metric_families

from odoo.addons.retail_integration_observability.engine.exposition import render
from odoo.addons.test_retail_integration.tests.common import RetailCase


class Scraped(dict):
    """Sample name → list of ``(labels, value)``."""

    def __init__(self, text):
        super().__init__()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self.setdefault(sample.name, []).append((sample.labels, sample.value))

    def value(self, name, **labels):
        """Return the sum of the samples of ``name`` that carry ``labels``; 0 where there is none."""
        return sum(value for found, value in self.get(name, []) if labels.items() <= found.items())


class MetricsCase(RetailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.labels = {"backend_id": str(cls.backend.id), "backend": "Notes"}
        cls.flow_labels = {**cls.labels, "entity": "note", "direction": "in"}

    def setUp(self):
        super().setUp()
        # A scrape has cursors of its own, which have to see what the test wrote.
        if not self._registry_patched:
            self.registry_enter_test_mode()

    def scrape(self, accept=""):
        self.env.flush_all()
        self.env.invalidate_all()
        return Scraped(self.rendered(accept)[0].decode())

    def rendered(self, accept=""):
        return render(self.env["retail.metrics"]._scrape(), accept)
