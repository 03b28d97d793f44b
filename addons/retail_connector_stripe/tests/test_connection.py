"""Connecting: the webhook endpoint, the check, who sees the key, and what the log holds."""

import json

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.retail_connector_stripe.stripe import const

from .common import StripeCase


@tagged("post_install", "-at_install")
class TestConnection(StripeCase):
    def levels(self):
        checks = self.backend._get_handler()._check_connection(self.backend)
        return {check.title: check.level for check in checks}

    def test_the_endpoint_is_made_once_and_its_secret_kept(self):
        self.subscribe()
        [endpoint] = self.account.all("webhook_endpoint")
        self.assertEqual(endpoint["url"], self.backend.webhook_url)
        self.assertEqual(self.backend._get_secret(const.SIGNING_KIND), endpoint["_secret"])
        self.subscribe()
        self.assertEqual(self.account.all("webhook_endpoint"), [endpoint])
        endpoint["enabled_events"] = ["payout.paid"]
        self.subscribe()
        self.assertEqual(sorted(endpoint["enabled_events"]), sorted(const.TOPICS))

    def test_an_endpoint_whose_secret_got_lost_is_made_anew(self):
        self.account.create_endpoint(self.backend.webhook_url, ["*"])
        other = self.account.create_endpoint("https://example.org/other", ["*"])
        self.subscribe()
        endpoints = {one["id"]: one for one in self.account.all("webhook_endpoint")}
        self.assertEqual(set(endpoints), {other["id"], self.backend.stripe_webhook_id})
        self.account.pay(500)
        letters = [letter for letter in self.letters() if letter.token == self.backend.token]
        self.assertEqual({answer.status for answer in self.let_in(letters)}, {200})

    def test_what_is_not_signed_is_refused_and_leaves_no_row(self):
        self.subscribe()
        self.account.pay(500)
        letter = self.letters()[0]
        before = len(self.messages())
        forged = [
            {**letter.headers, "stripe-signature": value}
            for value in ("", "t=1,v1=00", "é", letter.headers["stripe-signature"].replace("v1", "v0"))
        ]
        for headers in [*forged, {}]:
            [answer] = self.let_in([letter.__class__(letter.token, letter.endpoint, headers, letter.body)])
            self.assertTrue(400 <= answer.status < 500)
        self.assertEqual(len(self.messages()), before)

    def test_the_check_says_what_is_missing(self):
        self.assertNotIn("error", self.levels().values())
        self.world.denied.add("payout_read")
        self.assertEqual(self.levels()["The key lacks a permission: Payouts: read"], "error")
        self.world.denied.clear()
        self.backend.stripe_account = "acct_other"
        self.assertEqual(self.levels()["Another account answers"], "error")
        self.backend.stripe_is_live = True
        self.assertEqual(self.levels()["The key is of the other mode"], "error")

    def test_a_simulator_is_on_this_machine(self):
        with self.assertRaises(ValidationError):
            self.backend.stripe_api_url = "http://example.org"

    def test_the_key_is_shown_to_nobody(self):
        for group in ("account.group_account_invoice", "account.group_account_manager", "base.group_user"):
            user = new_test_user(self.env, "u_" + group.partition(".")[2], group, company_id=self.company.id)
            with self.assertRaises(AccessError):
                self.env["retail.credential"].with_user(user).search([]).read()
            with self.assertRaises(AccessError):
                self.backend.with_user(user).read(["stripe_api_url"])
        manager = new_test_user(
            self.env, "boss", "retail_integration_base.group_retail_manager", company_id=self.company.id
        )
        credentials = self.backend.with_user(manager).credential_ids
        self.assertNotIn("rk_test_simulated", str(credentials.read()))

    def test_no_key_and_no_card_in_any_log(self):
        self.subscribe()
        self.account.pay(500)
        self.let_in(self.letters())
        with self.assertLogs("odoo", "DEBUG") as logged:
            self.drain()
            self.world.options.key = "rk_test_other"
            self.flow()._job_poll()
            self.world.options.key = "rk_test_simulated"
        self.env.flush_all()
        rows = self.env["retail.sync.log"].search([("backend_id", "=", self.backend.id)])
        shown = [str(rows.read()), "\n".join(logged.output), str(self.messages().mapped("body_redacted"))]
        for text in shown:
            for secret in ("rk_test_simulated", self.backend._get_secret(const.SIGNING_KIND), "4242"):
                self.assertNotIn(secret, text)
        self.assertTrue(rows)
        self.assertTrue(json.dumps(shown))
