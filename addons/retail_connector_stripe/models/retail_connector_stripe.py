"""The handler of Stripe: what the framework asks, answered by the pure modules under ``stripe/``."""

import time
from decimal import Decimal

from odoo import models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.budget import RateLimit
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, Refused, VendorChanged
from odoo.addons.retail_integration_base.engine.http import VendorHttp
from odoo.addons.retail_integration_base.engine.money import to_decimal
from odoo.addons.retail_integration_base.models.retail_connector import WebhookPolicy

from ..stripe import changes, const
from ..stripe.client import StripeClient
from ..stripe.mapper import map_balance_transaction, map_payout
from ..stripe.money import from_minor
from ..stripe.webhook import StripeWebhookPolicy, read_object
from .connection_check import ConnectionCheck


class Policy(StripeWebhookPolicy, WebhookPolicy):
    """The pure policy with what the framework does for unreadable messages."""


class RetailConnectorStripe(models.AbstractModel):
    _name = "retail.connector.stripe"
    _inherit = "retail.connector"
    _description = "Stripe connector"

    _webhook_policy = Policy()
    _personal_keys = (
        "billing_details",
        "calculated_statement_descriptor",
        "destination_details",
        "evidence",
        "payment_method_details",
        "receipt_email",
        "receipt_url",
        "shipping",
        "source",
    )

    def _get_flows(self):
        common = {"direction": "in", "latency": "standard", "poll_interval_minutes": 60}
        return [
            {"entity": "settlement_line", "sequence": 10, **common},
            {"entity": "payout", "sequence": 20, **common},
        ]

    def _get_endpoint_settings(self, backend):
        return {"account": backend.stripe_account or "", "is_live": backend.stripe_is_live}

    def _get_rate_limit(self, backend, endpoint):
        rate = const.RATE_LIVE if backend.stripe_is_live else const.RATE_TEST
        return RateLimit(rate, per_second=rate)

    def _open_client(self, backend):
        """Return the client of a backend.

        It makes sure, once per process and key, that the key is the account's: what another account has would be booked
        here otherwise.

        :raises NeedsHuman: it has no key
        :raises Refused: it is not armed here, or the key is of the other mode
        """
        backend._require_armed()
        http = VendorHttp(backend._stripe_base_url(), guard=backend._require_armed, budget=backend._get_budget())
        key = backend._get_secret(const.KEY_KIND)
        if not const.is_key(key, backend.stripe_is_live):
            raise Refused(
                "The key of %s is of the other mode, or no key to call with." % backend.name,
                reason="wrong_mode",
                status=403,
            )
        return StripeClient(http, key, backend.stripe_account or "")

    # ---------------------------------------------------------------- documents

    def _get_documents(self, backend, messages):
        """Map what a list gave as a whole; fetch what an event was about, as its body is as old as its first try."""
        client = self._open_client(backend)
        make = self._make_payout if messages[0].entity == "payout" else self._make_settlement_line
        documents = {}
        for message in messages:
            try:
                documents[message.id] = registry.validate(make(client, backend, message))
            except (NeedsHuman, VendorChanged) as error:
                documents[message.id] = error
        return documents

    def _make_settlement_line(self, client, backend, message):
        listed = None if message.origin == "webhook" or message.asks_channel else read_object(message.body)
        if not listed or listed.get("object") != "balance_transaction" or listed.get("id") != message.external_id:
            listed = client.retrieve("balance_transactions", message.external_id, expand=["source"])
        return map_balance_transaction(listed, backend.stripe_account)

    def _make_payout(self, client, backend, message):
        payout = client.retrieve("payouts", message.external_id)
        # Before what it carries is asked for: what changes in between makes another version.
        fetched_at = time.time_ns() // 10**6
        line_ids = None
        if payout.get("automatic") and payout.get("reconciliation_status") == "completed":
            line_ids = [
                one["id"]
                for page in client.pages("balance_transactions", payout=payout["id"])
                for one in page
                # Its own movement is no part of it; one that brought an earlier payout back is.
                if one["type"] != "payout"
            ]
        return map_payout(payout, backend.stripe_account, line_ids and sorted(line_ids), fetched_at)

    def _list_pages(self, backend, flow, since, checkpoint=None):
        client = self._open_client(backend)
        if flow.entity == "payout":
            return changes.list_payouts(client, since)
        return changes.list_balance_transactions(client, backend.stripe_account, since, checkpoint)

    def _get_balance(self, backend, currency):
        """Return what Stripe keeps in ``currency``, available or not yet.

        :return: Decimal
        """
        balance = self._open_client(backend).get("balance")
        try:
            parts = [
                one["amount"]
                for part in ("available", "pending")
                for one in balance[part]
                if one["currency"].upper() == currency
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise VendorChanged("Stripe's balance has another form than it publishes.") from error
        return sum((to_decimal(from_minor(amount, currency)) for amount in parts), Decimal(0))

    def _get_admin_url(self, backend, entity, external_id):
        if entity != "payout":
            return None
        return "https://dashboard.stripe.com/%spayouts/%s" % ("" if backend.stripe_is_live else "test/", external_id)

    # ---------------------------------------------------------------- webhook endpoint

    def _register_webhook(self, backend):
        """Have one endpoint at Stripe that calls this backend, and its secret here; return what was done.

        Stripe shows the secret once, when the endpoint is made. An endpoint whose secret never came here, as when the
        answer was lost, is of no use to anybody: it is taken away and made anew.
        """
        client, url = self._open_client(backend), backend.sudo().webhook_url
        ours = [one for page in client.pages("webhook_endpoints") for one in page if one.get("url") == url]
        secret = self.env["retail.credential"].sudo()._active_of(backend, const.SIGNING_KIND)
        kept = next((one for one in ours if secret and one["id"] == backend.stripe_webhook_id), None)
        for one in ours:
            if one is not kept:
                client.delete("webhook_endpoints/%s" % one["id"])
        if kept:
            if sorted(kept["enabled_events"]) == sorted(const.TOPICS) and kept["status"] == "enabled":
                return self.env._("The webhook endpoint is as it should be.")
            client.post("webhook_endpoints/%s" % kept["id"], {"enabled_events": const.TOPICS, "disabled": "false"})
            return self.env._("The webhook endpoint was brought up to date.")
        made = client.post(
            "webhook_endpoints",
            {"url": url, "enabled_events": const.TOPICS, "api_version": const.API_VERSION},
        )
        if not isinstance(made.get("secret"), str):
            raise VendorChanged("Stripe made a webhook endpoint and did not show its secret.")
        backend._set_secret(const.SIGNING_KIND, made["secret"])
        backend.sudo().stripe_webhook_id = made["id"]
        return self.env._("Stripe calls this backend from now on.")

    def _check_connection(self, backend):
        backend.check_access("write")
        return ConnectionCheck(self, backend).run()
