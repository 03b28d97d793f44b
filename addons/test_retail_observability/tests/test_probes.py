"""The three addresses over HTTP: who gets what."""

import psycopg2

from odoo.sql_db import db_connect
from odoo.tests import HttpCase, tagged

from odoo.addons.retail_integration_observability import probes
from odoo.addons.retail_integration_observability.install import measured
from odoo.addons.retail_integration_observability.models import retail_health
from odoo.addons.test_retail_integration.tests.common import note_body, signed_headers

from .common import MetricsCase, Scraped


@tagged("post_install", "-at_install")
class TestProbes(MetricsCase, HttpCase):
    def setUp(self):
        super().setUp()
        measured._rows.clear()

    def get(self, path, token=None):
        self.env.flush_all()
        return self.url_open(path, headers={"Authorization": "Bearer %s" % token} if token else {})

    def test_metrics_are_404_without_any_token_401_without_the_right_one_and_200_with_it(self):
        self.assertEqual(self.get("/retail/metrics").status_code, 404)
        self.assertEqual(self.get("/retail/metrics", "rm_guess").status_code, 404)
        token = self.env["retail.metrics.token"]._issue("Prometheus")
        self.assertEqual(self.get("/retail/metrics").status_code, 401)
        refused = self.get("/retail/metrics", token + "x")
        self.assertEqual((refused.status_code, refused.content), (401, b""))
        self.assertIn("Bearer", refused.headers["WWW-Authenticate"])
        self.assertEqual(self.url_open("/retail/metrics", headers={"Authorization": token}).status_code, 401)
        answer = self.get("/retail/metrics", token)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("retail_lag_seconds", Scraped(answer.text))

    def test_two_tokens_are_valid_at_once_and_a_revoked_one_is_not(self):
        tokens = self.env["retail.metrics.token"]
        first, second = tokens._issue("one"), tokens._issue("two")
        self.assertEqual([self.get("/retail/metrics", each).status_code for each in (first, second)], [200, 200])
        tokens.search([("name", "=", "one")]).action_revoke()
        self.assertEqual([self.get("/retail/metrics", each).status_code for each in (first, second)], [401, 200])
        tokens.search([("name", "=", "two")]).action_revoke()
        self.assertEqual(self.get("/retail/metrics", second).status_code, 404)

    def test_the_gateways_answers_are_measured_by_outcome_and_refusals_by_reason(self):
        token = self.env["retail.metrics.token"]._issue("Prometheus")
        body = note_body("n1")
        address = "/retail/%s/webhook" % self.backend.token
        for _delivery in range(2):
            self.assertEqual(self.url_open(address, data=body, headers=signed_headers(body)).status_code, 200)
        wrong = {**signed_headers(body), "webhook-signature": "v1,AAAA"}
        self.assertEqual(self.url_open(address, data=body, headers=wrong).status_code, 401)
        for _scrape in range(2):
            scraped = Scraped(self.get("/retail/metrics", token).text)
            for outcome in ("accepted", "duplicate", "refused"):
                labels = {"outcome": outcome, "way": "routed", **self.labels}
                self.assertEqual(scraped.value("retail_ack_seconds_count", **labels), 1, outcome)
                self.assertEqual(scraped.value("retail_ack_seconds_bucket", le="+Inf", **labels), 1)
                self.assertGreater(scraped.value("retail_ack_seconds_sum", **labels), 0)
            reasons = {labels["reason"]: value for labels, value in scraped["retail_gateway_refusals_total"]}
            self.assertEqual(list(reasons.values()), [1])

    def test_health_says_that_the_process_answers_without_asking_the_database(self):
        answer = self.get("/retail/health")
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "ok"}))

        def away():
            raise psycopg2.OperationalError("away")

        self.assertEqual(probes.reply("/retail/health", away, {}).status, 200)
        for path in ("/retail/ready", "/retail/metrics"):
            reply = probes.reply(path, away, {})
            self.assertEqual(reply.status, 503)
            self.assertEqual(reply.headers["Retry-After"], "30")

    def test_ready_tells_strangers_only_whether_and_the_token_why(self):
        token = self.env["retail.metrics.token"]._issue("Prometheus")
        self._look_for_runner(1)
        stranger, known = self.get("/retail/ready"), self.get("/retail/ready", token)
        self.assertEqual((stranger.status_code, stranger.json()), (503, {"status": "not ok"}))
        self.assertEqual(known.status_code, 503)
        checks = known.json()["checks"]
        self.assertEqual(list(checks), ["database", "jobs", "crons", "drain", "backlog"])
        self.assertFalse(checks["jobs"]["ok"])
        self.assertIn("server_wide_modules", checks["jobs"]["detail"])
        self.assertEqual(self.get("/retail/ready?database").json(), {"status": "ok"})

    def test_ready_is_ok_where_every_check_is(self):
        self._calm_crons()
        self._look_for_runner(2)
        with db_connect(self.env.cr.dbname).cursor() as runner:
            runner.execute("SELECT pg_try_advisory_lock(2)")
            answer = self.get("/retail/ready")
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "ok"}))

    def test_a_cron_that_is_off_or_late_is_named(self):
        self._calm_crons()
        self.assertTrue(self.check("crons").is_ok)
        self.env.cr.execute(
            "UPDATE ir_cron SET nextcall = nextcall - interval '1 hour' WHERE id = %s",
            (self.env.ref("retail_integration_base.cron_watchdog").id,),
        )
        self.assertIn("cron_watchdog has been due", self.check("crons").detail)
        self._calm_crons()
        self.env.ref("retail_integration_base.cron_poll").active = False
        self.assertIn("cron_poll is switched off", self.check("crons").detail)

    def test_a_lane_group_that_is_awake_without_a_job_is_named(self):
        self.assertTrue(self.check("drain").is_ok)
        self.env.cr.execute(
            "UPDATE retail_drain_group SET is_awake = true, woken_at = now() AT TIME ZONE 'UTC' - interval '1 hour' "
            "WHERE number = 3"
        )
        self.assertIn("lane group 3", self.check("drain").detail)
        self.env["retail.drain"]._enqueue(3)
        self.assertTrue(self.check("drain").is_ok)

    def test_a_flow_that_is_late_is_named_unless_it_is_paused_or_disarmed(self):
        message = self.bring("n1")
        self.env.cr.execute(
            "UPDATE retail_inbox SET received_at = received_at - interval '1 hour' WHERE id = %s", (message.id,)
        )
        self.assertIn("Notes, note: 36", self.check("backlog").detail)
        self.env["ir.config_parameter"].sudo().set_param("retail.ready_lag_seconds", "7200")
        self.assertTrue(self.check("backlog").is_ok)
        self.env["ir.config_parameter"].sudo().set_param("retail.ready_lag_seconds", "60")
        self.assertFalse(self.check("backlog").is_ok)
        self.flow.action_pause()
        self.assertTrue(self.check("backlog").is_ok)
        self.flow.action_live()
        self.backend.action_disarm()
        self.assertTrue(self.check("backlog").is_ok)

    def check(self, name):
        self.env.flush_all()
        self.env.invalidate_all()
        (found,) = [check for check in self.env["retail.health"]._checks() if check.name == name]
        return found

    def _look_for_runner(self, key):
        """Take the lock ``key`` for the job runner's: the tests' own server starts one after some seconds."""
        self.patch(retail_health, "PG_ADVISORY_LOCK_ID", key)

    def _calm_crons(self):
        self.env.cr.execute("UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' + interval '1 minute'")
