"""Each figure says what is there, and nothing is counted twice."""

import re
from datetime import timedelta
from pathlib import Path

from prometheus_client.openmetrics import parser as openmetrics

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman
from odoo.addons.retail_integration_observability.engine import catalogue, rollup_sql

from .common import MetricsCase


@tagged("post_install", "-at_install")
class TestMetrics(MetricsCase):
    def test_the_documentation_names_every_figure_with_its_meaning(self):
        text = (Path(__file__).parents[3] / "docs" / "observability.md").read_text()
        metrics = self.env["retail.metrics"]._scrape()
        documented = set(re.findall(r"^\| `(retail_\w+)` \| (\w+) \| (.+) \|$", text, re.MULTILINE))
        self.assertEqual({(family.name, family.type, family.documentation) for family in metrics}, documented)

    def test_a_message_is_counted_as_received_and_finished_once_however_often_we_are_scraped(self):
        before = self.scrape()
        self.bring("n1")
        self.scrape()
        self.drain()
        for _scrape in range(3):
            now = self.scrape()
            for name, label in (
                ("retail_messages_received_total", {"origin": "manual"}),
                ("retail_messages_finished_total", {"outcome": "done"}),
                ("retail_attempts_total", {"outcome": "done"}),
                ("retail_processing_seconds_count", {}),
            ):
                labels = {**self.flow_labels, **label}
                self.assertEqual(now.value(name, **labels) - before.value(name, **labels), 1, name)

    def test_each_outcome_of_an_attempt_has_its_counter(self):
        self.bring("n1", "retry later")
        self.bring("n2", "needs human")
        self.bring("n3", version=2)
        self.bring("n3", version=1)
        self.drain()
        scraped = self.scrape()
        # How often it is retried within the drain is chance.
        retries = self.env["retail.sync.log"].search_count(
            [("backend_id", "=", self.backend.id), ("outcome", "=", "retry")]
        )
        self.assertTrue(retries)
        for outcome, count in (("retry", retries), ("held", 1), ("done", 1), ("superseded", 1)):
            self.assertEqual(
                scraped.value("retail_attempts_total", outcome=outcome, **self.flow_labels), count, outcome
            )
        self.assertEqual(scraped.value("retail_messages_finished_total", **self.flow_labels), 2)

    def test_a_replay_of_what_was_done_finishes_again_and_leaves_the_processing_time_alone(self):
        message = self.bring("n1")
        self.drain()
        message._requeue()
        self.drain()
        scraped = self.scrape()
        self.assertEqual(scraped.value("retail_messages_finished_total", outcome="done", **self.flow_labels), 2)
        self.assertEqual(scraped.value("retail_processing_seconds_count", **self.flow_labels), 1)

    def test_the_processing_time_goes_from_received_to_done(self):
        message = self.bring("n1")
        self.env.cr.execute(
            "UPDATE retail_inbox SET received_at = received_at - interval '20 seconds' WHERE id = %s", (message.id,)
        )
        self.drain()
        scraped = self.scrape()
        at_most = {
            labels["le"]: value
            for labels, value in scraped["retail_processing_seconds_bucket"]
            if self.labels.items() <= labels.items()
        }
        self.assertEqual(at_most["10.0"], 0)
        self.assertEqual(at_most["30.0"], 1)
        self.assertEqual(at_most["+Inf"], 1)
        self.assertAlmostEqual(scraped.value("retail_processing_seconds_sum", **self.flow_labels), 20, delta=9)

    def test_the_counters_go_on_in_bounded_steps_where_much_was_added(self):
        self.scrape()
        for number in range(5):
            self.bring("n%d" % number)
        self.patch(rollup_sql, "MAX_ROWS", 2)
        self.env["retail.metrics"]._scrape()
        self.assertLess(self.scrape().value("retail_messages_received_total", **self.flow_labels), 5)
        self.env["retail.metrics"]._cron_fold()
        self.assertEqual(self.scrape().value("retail_messages_received_total", **self.flow_labels), 5)
        self.assertEqual(self.scrape().value("retail_metrics_pending_ids"), 0)

    def test_backlog_by_state_and_lag_are_those_of_the_oldest_that_is_not_held(self):
        waits = self.bring("n1")
        self.bring("n2", "needs human")
        self.bring("n3", "retry later")
        self.flow.action_pause()
        scraped = self.scrape()
        self.assertEqual(scraped.value("retail_backlog_messages", state="waiting", **self.flow_labels), 3)
        self.flow.action_live()
        self.env.cr.execute("DELETE FROM retail_inbox_work WHERE inbox_id = %s", (waits.id,))
        self.drain()
        self.env.cr.execute(
            "UPDATE retail_inbox_work SET not_before = not_before + interval '1 hour' WHERE attempts > 0"
        )
        old = self.bring("n4")
        self.env.cr.execute(
            "UPDATE retail_inbox SET received_at = received_at - interval '1 hour' WHERE subject_key = ANY(%s)",
            (["note:n2", old.subject_key],),
        )
        scraped = self.scrape()
        for state in ("waiting", "retry", "held"):
            self.assertEqual(scraped.value("retail_backlog_messages", state=state, **self.flow_labels), 1, state)
        # n3 has the lower id and is minutes old; held n2 does not count.
        self.assertLess(scraped.value("retail_lag_seconds", **self.flow_labels), 3000)
        self.env.cr.execute("DELETE FROM retail_inbox_work w USING retail_inbox m WHERE m.id = w.inbox_id "
                            "AND m.subject_key = 'note:n3'")  # fmt: skip
        self.assertGreaterEqual(self.scrape().value("retail_lag_seconds", **self.flow_labels), 3600)

    def test_a_flow_without_work_has_a_lag_and_backlogs_of_zero(self):
        scraped = self.scrape()
        self.assertIn((self.flow_labels, 0.0), scraped["retail_lag_seconds"])
        for state in ("waiting", "working", "retry", "held"):
            self.assertIn(({**self.flow_labels, "state": state}, 0.0), scraped["retail_backlog_messages"])

    def test_open_exceptions_overdue_ones_and_the_amount_at_risk(self):
        error = NeedsHuman("x", kind="odoo_refused", cause_key="x")
        for number, amount in enumerate((("12.50", "EUR"), ("7.50", "EUR"), ("3", "USD"))):
            self.env["retail.exception"]._open(
                self.backend, "note:%d" % number, error, kind="odoo_refused", cause_key="x", cause_title="x",
                flow=self.flow, amount=amount,
            )  # fmt: skip
        self.env["retail.exception"].search([])[0].deadline = fields.Datetime.now() - timedelta(hours=1)
        scraped = self.scrape()
        self.assertEqual(scraped.value("retail_exceptions_open", kind="odoo_refused", **self.labels), 3)
        self.assertEqual(scraped.value("retail_exceptions_overdue", kind="odoo_refused", **self.labels), 1)
        self.assertEqual(scraped.value("retail_amount_at_risk", currency="EUR", **self.labels), 20)
        self.assertEqual(scraped.value("retail_amount_at_risk", currency="USD", **self.labels), 3)
        self.env["retail.exception"].search([])._close("resolved", "x")
        self.assertEqual(self.scrape().value("retail_exceptions_open", **self.labels), 0)

    def test_disarmed_backends_expiring_secrets_and_states_of_flows(self):
        self.backend.credential_ids.expires_at = fields.Datetime.now() + timedelta(days=10)
        self.flow.action_pause()
        scraped = self.scrape()
        self.assertEqual(scraped.value("retail_backend_disarmed", **self.labels), 0)
        self.assertAlmostEqual(scraped.value("retail_credential_expiry_days", **self.labels), 10, delta=0.1)
        self.assertEqual(scraped.value("retail_flow_state", state="paused", **self.flow_labels), 1)
        self.backend.action_disarm()
        self.assertEqual(self.scrape().value("retail_backend_disarmed", **self.labels), 1)

    def test_jobs_of_our_channels_and_awake_groups(self):
        before = self.scrape()
        for number in range(6):
            self.assertIn(({"group": str(number)}, 0.0), before["retail_drain_group_awake"])
        self.env["retail.drain"]._enqueue(2)
        self.env.cr.execute("UPDATE retail_drain_group SET is_awake = true WHERE number = 2")
        self.env["res.partner"].with_delay(channel="root.other").check_access("read")
        scraped = self.scrape()
        self.assertEqual(
            scraped.value("retail_jobs", channel="root.retail.realtime", state="pending")
            - before.value("retail_jobs", channel="root.retail.realtime", state="pending"),
            1,
        )
        self.assertEqual({labels["channel"].startswith("root.retail") for labels, _v in scraped["retail_jobs"]}, {True})
        self.assertEqual(scraped.value("retail_drain_group_awake"), 1)

    def test_the_versions_are_told(self):
        ((labels, value),) = self.scrape()["retail_build"]
        self.assertEqual((labels["odoo"][:2], labels["retail"][:5], value), ("19", "19.0.", 1))

    def test_what_a_name_holds_is_escaped(self):
        self.backend.name = 'a "b" \\ {c}\nd'
        scraped = self.scrape()
        self.assertIn('a "b" \\ {c}\nd', {labels["backend"] for labels, _value in scraped["retail_lag_seconds"]})

    def test_a_scraper_that_asks_for_openmetrics_gets_it(self):
        self.bring("n1")
        self.drain()
        body, content_type = self.rendered("application/openmetrics-text; version=1.0.0")
        self.assertIn("application/openmetrics-text", content_type)
        names = {family.name for family in openmetrics.text_string_to_metric_families(body.decode())}
        self.assertIn("retail_messages_received", names)
        self.assertIn("text/plain", self.rendered("text/plain")[1])

    def test_labels_never_name_a_subject(self):
        message = self.bring("subject-of-nobody")
        self.drain()
        body = self.rendered()[0].decode()
        self.assertNotIn("subject-of-nobody", body)
        self.assertNotIn(message.trace_id, body)
        allowed = {
            "backend_id", "backend", "entity", "direction", "origin", "outcome", "way", "reason", "state", "kind",
            "currency", "group", "channel", "endpoint", "latency",
        }  # fmt: skip
        for family in catalogue.FAMILIES:
            self.assertLessEqual(set(family.labels), allowed, family.name)

    def test_a_message_without_a_flow_has_no_entity_of_the_senders_choosing(self):
        message = self.bring("n1")
        self.env.cr.execute("UPDATE retail_inbox SET flow_id = NULL, entity = 'chosen' WHERE id = %s", (message.id,))
        self.env.cr.execute("UPDATE retail_inbox_work SET flow_id = NULL WHERE inbox_id = %s", (message.id,))
        scraped = self.scrape()
        self.assertNotIn("chosen", str(dict(scraped)))
        self.assertEqual(scraped.value("retail_backlog_messages", state="waiting", entity="", **self.labels), 1)

    def test_no_statement_scans_the_inbox(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for family in catalogue.FAMILIES:
            self.env.cr.execute("EXPLAIN " + family.sql)
            plan = "\n".join(line for (line,) in self.env.cr.fetchall())
            self.assertNotRegex(plan, r"Seq Scan on retail_inbox( |$)", family.name)
            self.assertNotRegex(plan, r"Seq Scan on retail_sync_log", family.name)
            self.assertNotRegex(plan, r"Seq Scan on retail_outbox( |$)", family.name)
