"""The figures of the way out."""

import contextlib

from odoo.tests import tagged

from odoo.addons.retail_integration_base.engine import circuit_sql
from odoo.addons.retail_integration_base.engine.budget import RateLimit
from odoo.addons.retail_integration_base.engine.errors import BudgetSpent
from odoo.addons.retail_integration_base.tests.draining import drain_all
from odoo.addons.test_retail_integration.tests.outbox_common import OutboxCase

from .common import MetricsCase


@tagged("post_install", "-at_install")
class TestOutboundMetrics(OutboxCase, MetricsCase):
    def setUp(self):
        super().setUp()
        self.out_labels = {"backend_id": str(self.channel.id), "entity": "note", "direction": "out"}

    def drain(self):
        return drain_all(self.env)

    def test_a_change_is_marked_then_sent_and_counted_once(self):
        self.make_notes("one", "two")
        before = self.scrape()
        self.assertEqual(before.value("retail_backlog_messages", state="marked", **self.out_labels), 2)
        self.env.cr.execute("UPDATE retail_outbox_mark SET marked_at = marked_at - interval '20 minutes'")
        self.assertGreaterEqual(self.scrape().value("retail_lag_seconds", **self.out_labels), 1200)
        self.drain()
        for _scrape in range(2):
            scraped = self.scrape()
            self.assertEqual(scraped.value("retail_backlog_messages", **self.out_labels), 0)
            self.assertEqual(scraped.value("retail_lag_seconds", **self.out_labels), 0)
            self.assertEqual(scraped.value("retail_messages_finished_total", outcome="done", **self.out_labels), 2)
            self.assertEqual(scraped.value("retail_processing_seconds_count", **self.out_labels), 2)
            self.assertGreaterEqual(scraped.value("retail_processing_seconds_sum", **self.out_labels), 2400)

    def test_an_intent_that_waits_makes_its_flow_late(self):
        self.make_notes("one")
        self.channel.test_notes_url = "http://127.0.0.1:9"  # nobody listens: it is tried again later
        self.drain()
        self.env.cr.execute("UPDATE retail_outbox SET dirty_at = dirty_at - interval '1 hour'")
        scraped = self.scrape()
        self.assertEqual(scraped.value("retail_backlog_messages", state="retry", **self.out_labels), 1)
        self.assertGreaterEqual(scraped.value("retail_lag_seconds", **self.out_labels), 3600)
        checks = {check.name: check for check in self.env["retail.health"]._checks()}
        self.assertIn("Channel, note: 36", checks["backlog"].detail)

    def test_a_channel_that_does_not_answer_shows_its_open_circuit(self):
        labels = {"backend_id": str(self.channel.id), "endpoint": "api"}
        for _call in range(circuit_sql.FAILURES_TO_OPEN):
            self.assertEqual(self.scrape().value("retail_circuit_open", **labels), 0)
            circuit_sql.fail(self.env.cr, self.channel.id, "api", "no answer")
        scraped = self.scrape()
        self.assertEqual(scraped.value("retail_circuit_open", **labels), 1)
        self.assertEqual(scraped.value("retail_circuit_failures", **labels), circuit_sql.FAILURES_TO_OPEN)
        self.assertGreater(scraped.value("retail_circuit_wait_seconds", **labels), 0)
        circuit_sql.succeed(self.env.cr, self.channel.id, "api")
        self.assertEqual(self.scrape().value("retail_circuit_open", **labels), 0)

    def test_what_is_left_of_a_budget_and_who_waits_for_it(self):
        limit = RateLimit(2, 0.001)
        self.patch(type(self.env["retail.connector.test_notes"]), "_rate_limit", limit)
        budget = self.channel._calling_for(self.note_flow)._get_budget()
        budget.take()
        with contextlib.suppress(BudgetSpent):
            budget.take()
        labels = {"backend_id": str(self.channel.id), "endpoint": "api"}
        scraped = self.scrape()
        self.assertAlmostEqual(scraped.value("retail_budget_level", **labels), 1, delta=0.1)
        self.assertEqual(scraped.value("retail_budget_maximum", **labels), 2)
        self.assertGreater(scraped.value("retail_budget_wait_seconds", latency="standard", **labels), 0)
