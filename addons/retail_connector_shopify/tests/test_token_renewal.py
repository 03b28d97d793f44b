"""One token for all workers, renewed by the first who finds it ending; with real connections and real locks."""

import threading
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name

from odoo.addons.retail_connector_shopify.models import shopify_access
from odoo.addons.retail_connector_shopify.models.shopify_access import TOKEN_KIND, BackendTokens, open_client, open_http
from odoo.addons.retail_connector_shopify.shopify.webhook import SIGNING_KIND
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, Refused, RetryLater

from simulators.shopify.faults import Fault

from . import pure
from .common import ShopifyCase, TimeoutPairs

WORKERS = 6


@tagged("post_install", "-at_install")
class TestTokenRenewal(ShopifyCase):
    """Within one test's transaction."""

    def tokens(self):
        return BackendTokens(self.backend, open_http(self.backend))

    def active(self):
        return self.env["retail.credential"]._active_of(self.backend, TOKEN_KIND)

    def set_end(self, delay):
        self.active().expires_at = fields.Datetime.now() + delay
        self.env.flush_all()

    def test_the_first_call_gets_a_token_and_the_next_ones_use_it(self):
        first = self.tokens().get()
        self.assertEqual(self.tokens().get(), first)
        self.assertEqual(list(self.world.app.tokens), [first])
        self.assertAlmostEqual(
            self.active().expires_at, fields.Datetime.now() + timedelta(days=1), delta=timedelta(minutes=5)
        )
        self.assertEqual(self.backend.shopify_token_expires_at, self.active().expires_at)

    def test_a_token_that_ends_soon_is_renewed_before_it_does(self):
        first = self.tokens().get()
        self.set_end(timedelta(minutes=20))
        self.assertNotEqual(self.tokens().get(), first)

    def test_a_token_that_shopify_ended_early_is_renewed_in_use_once(self):
        open_client(self.backend).run("shop")
        self.world.app.revoke_tokens()
        self.assertEqual(open_client(self.backend).run("shop").data["shop"]["currencyCode"], "EUR")
        self.assertEqual(self.world.requests["POST /admin/oauth/access_token"], 2)

    def test_whoever_comes_second_takes_the_token_of_the_first(self):
        stale = self.tokens().get()
        first, second = self.tokens(), self.tokens()
        self.assertEqual((first.get(), second.get()), (stale, stale))
        renewed = first.renew(stale)
        self.assertEqual(second.renew(stale), renewed)
        self.assertEqual(len(self.world.app.tokens), 2)

    def test_the_token_is_never_shown(self):
        token = self.tokens().get()
        credential = self.active()
        shown = str(credential.read()) + str(self.backend.read()) + repr(self.backend._make_endpoint())
        self.assertNotIn(token, shown)
        self.assertNotIn(self.world.app.client_secret, shown)

    def test_tokens_that_have_ended_are_thrown_away_and_the_last_one_is_kept(self):
        for _number in range(3):
            self.tokens().get()
            self.set_end(timedelta(minutes=-1))
        self.tokens().get()
        kept = self.env["retail.credential"].search([("backend_id", "=", self.backend.id), ("kind", "=", TOKEN_KIND)])
        self.assertEqual(len(kept), 1)

    def test_a_wrong_secret_is_refused_and_nothing_is_stored(self):
        self.backend._set_secret(SIGNING_KIND, "wrong")
        with self.assertRaises(Refused) as caught:
            self.tokens().get()
        self.assertEqual(caught.exception.reason, "wrong_client")
        self.assertFalse(self.active())

    def test_a_missing_secret_is_a_persons_business(self):
        self.backend.credential_ids.filtered(lambda one: one.kind == SIGNING_KIND).action_revoke()
        with self.assertRaises(NeedsHuman) as caught:
            self.tokens().get()
        self.assertEqual(caught.exception.kind, "credential_missing")

    def test_a_token_endpoint_that_is_down_means_later(self):
        with self.faults("http_500", on="oauth"), self.assertRaises(RetryLater):
            self.tokens().get()

    def test_a_disarmed_backend_asks_for_nothing(self):
        self.backend.action_disarm()
        with self.assertRaises(Refused) as caught:
            open_client(self.backend)
        self.assertEqual(caught.exception.reason, "disarmed")
        self.assertFalse(self.world.requests)


@tagged("post_install", "-at_install")
class TestTokenRace(TimeoutPairs, BaseCase):
    """With committed records and a connection for each worker, as processes have them."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        running = pure.simulator()
        self.simulator = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        self.world = self.simulator.world
        self.backend_id = self.committed(self.make_backend).id
        self.addCleanup(self.committed, lambda env: self.backend(env).unlink())
        # Whether there are calls left is another test's.
        self.patch(self.registry["retail.connector.shopify"], "_get_rate_limit", lambda *_args: None)

    def committed(self, function):
        with self.registry.cursor() as cr:
            return function(api.Environment(cr, SUPERUSER_ID, {}))

    def backend(self, env):
        return env["retail.backend"].browse(self.backend_id)

    def make_backend(self, env):
        app = self.world.app
        values = {
            "name": "Race",
            "connector": "shopify",
            "company_id": env.ref("base.main_company").id,
            "shopify_domain": "token-race.myshopify.com",
            "shopify_client_id": app.client_id,
            "shopify_api_url": self.simulator.url,
        }
        backend = env["retail.backend"].create(values)
        backend._set_secret(SIGNING_KIND, app.client_secret)
        backend.action_arm()
        return backend

    def race(self, function):
        """Run ``function(backend)`` in several workers that start together; return what each returned or raised."""
        start, results = threading.Barrier(WORKERS), []

        def work():
            with self.registry.cursor() as cr:
                backend = self.backend(api.Environment(cr, SUPERUSER_ID, {}))
                start.wait()
                try:
                    results.append(function(backend))
                except Exception as error:  # noqa: BLE001 looked at below
                    results.append(error)

        threads = [threading.Thread(target=work) for _number in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(results), WORKERS)
        return results

    def test_workers_that_find_no_token_together_ask_for_one_together(self):
        with_slow_answers(self.world)
        tokens = self.race(lambda backend: BackendTokens(backend, open_http(backend)).get())
        self.assertEqual(len(set(tokens)), 1, tokens)
        self.assertEqual(list(self.world.app.tokens), tokens[:1])

    def test_workers_whose_token_ended_in_use_renew_it_once(self):
        self.committed(lambda env: BackendTokens(self.backend(env), open_http(self.backend(env))).get())
        self.world.app.revoke_tokens()
        with_slow_answers(self.world)
        names = self.race(lambda backend: open_client(backend).run("shop").data["shop"]["name"])
        self.assertEqual(set(names), {"Harbour & Vale"})
        self.assertEqual(len(self.world.app.tokens), 1)

    def test_a_crash_between_the_answer_and_the_commit_loses_a_token_and_nothing_else(self):
        def crash(env):
            backend = self.backend(env)
            tokens = BackendTokens(backend, open_http(backend))
            with patch.object(type(backend), "_set_secret", side_effect=KeyboardInterrupt):
                tokens.get()

        with self.assertRaises(KeyboardInterrupt):
            self.committed(crash)
        self.assertEqual(len(self.world.app.tokens), 1)
        self.assertEqual(
            self.race(lambda backend: open_client(backend).run("shop").served_version), ["2026-10"] * WORKERS
        )
        self.assertEqual(len(self.world.app.tokens), 2)

    def test_who_waits_too_long_for_a_colleague_comes_back_later(self):
        with patch.object(shopify_access, "_LOCK_TIMEOUT_MS", 50), self.registry.cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, %s)", (shopify_access._LOCK_SPACE, self.backend_id))
            with self.assertRaises(RetryLater):
                self.committed(lambda env: BackendTokens(self.backend(env), open_http(self.backend(env))).get())

    def test_a_renewal_holds_nothing_a_business_transaction_waits_for(self):
        """While Shopify takes its time over a token, a worker changes the backend and commits."""
        asked, released = threading.Event(), threading.Event()
        self.addCleanup(released.set)
        issue = self.world.app.issue_token

        def issue_when_released():
            asked.set()
            released.wait(60)
            return issue()

        self.world.app.issue_token = issue_when_released
        renewal = threading.Thread(
            target=self.committed,
            args=(lambda env: BackendTokens(self.backend(env), open_http(self.backend(env))).get(),),
        )
        renewal.start()
        self.assertTrue(asked.wait(60))
        with self.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = '500ms'")
            self.backend(api.Environment(cr, SUPERUSER_ID, {})).name = "Renamed meanwhile"
        self.assertTrue(renewal.is_alive())
        released.set()
        renewal.join(60)
        self.assertEqual(self.committed(lambda env: self.backend(env).name), "Renamed meanwhile")


def with_slow_answers(world):
    """Make the race certain: whoever asks keeps the others waiting."""
    world.faults.add(Fault("slow_body", seconds=0.3, probability=1.0, on="oauth"))
