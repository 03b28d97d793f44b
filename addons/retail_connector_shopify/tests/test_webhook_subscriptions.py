"""*Register webhooks* creates what is missing, mends what is restricted, and touches nobody else's."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.retail_connector_shopify.models.webhook_registration import require_callable
from odoo.addons.retail_connector_shopify.shopify import const
from odoo.addons.retail_integration_base.engine.errors import Refused

from .common import ShopifyCase


@tagged("post_install", "-at_install")
class TestWebhookSubscriptions(ShopifyCase):
    def there(self):
        return self.world.shop.all("WebhookSubscription")

    def topics(self):
        return sorted(one["topic"] for one in self.there())

    def setUp(self):
        super().setUp()
        self.backend.flow_ids.state = "live"

    def test_every_topic_of_a_flow_that_runs_is_subscribed_at_the_backends_address(self):
        self.subscribe()
        self.assertEqual(self.topics(), sorted(const.topic_enum(topic) for topic in const.TOPICS))
        self.assertEqual({one["uri"] for one in self.there()}, {self.backend.webhook_url})
        self.assertEqual(self.there()[0]["includeFields"], list(const.INCLUDED_FIELDS))
        self.assertTrue(self.backend.shopify_webhooks_at)

    def test_only_flows_that_are_not_off_are_subscribed(self):
        self.backend.flow_ids.filtered(lambda flow: flow.entity != "order").state = "off"
        self.subscribe()
        self.assertEqual(self.topics(), ["ORDERS_CANCELLED", "ORDERS_CREATE", "ORDERS_UPDATED"])

    def test_registering_again_creates_nothing(self):
        self.subscribe()
        before = [one["id"] for one in self.there()]
        self.subscribe()
        self.assertEqual([one["id"] for one in self.there()], before)

    def test_a_subscription_shopify_dropped_is_put_back_by_the_hourly_check(self):
        self.subscribe()
        dropped = self.there()[0]
        self.world.shop.remove(dropped)
        self.env["retail.backend"]._cron_shopify_heal_webhooks()
        self.assertIn(dropped["topic"], self.topics())

    def test_the_hourly_check_leaves_alone_who_never_registered(self):
        self.env["retail.backend"]._cron_shopify_heal_webhooks()
        self.assertFalse(self.world.requests)

    def test_the_hourly_check_survives_a_shop_that_is_down_and_says_so(self):
        self.subscribe()
        with self.faults("http_500"):
            self.env["retail.backend"]._cron_shopify_heal_webhooks()
        self.assertIn("could not be checked", self.backend.message_ids[0].body)

    def test_a_restricted_subscription_is_mended_in_place(self):
        self.subscribe()
        restricted = self.there()[0]
        restricted.update(filter="id:1", includeFields=["note"])
        self.subscribe()
        self.assertEqual(len(self.there()), len(const.TOPICS))
        mended = self.world.shop.get(restricted["id"])
        self.assertFalse(mended["filter"])
        self.assertEqual(mended["includeFields"], list(const.INCLUDED_FIELDS))

    def test_a_subscription_of_another_server_is_left_alone(self):
        from simulators.shopify.webhooks import subscriptions

        other = subscriptions.create(
            self.world.shop, self.world.app, "ORDERS_CREATE", "https://other.example/retail/abc/webhook"
        )
        self.subscribe()
        self.assertIn(other["id"], [one["id"] for one in self.there()])
        self.assertEqual(len(self.there()), len(const.TOPICS) + 1)

    def test_a_disarmed_backend_registers_nothing(self):
        self.backend.action_disarm()
        with self.assertRaises(UserError):
            self.subscribe()
        self.assertFalse(self.world.requests)

    def test_an_address_without_https_is_refused(self):
        for url in ("http://odoo.example", "http://192.168.1.5:8069"):
            self.env["ir.config_parameter"].set_param("web.base.url", url)
            with self.assertRaisesRegex(UserError, "https"):
                self.subscribe()
        self.assertFalse(self.there())

    def test_this_machine_is_an_address_only_for_a_simulator(self):
        require_callable(self.backend, self.backend.webhook_url)
        self.backend.shopify_api_url = False
        with self.assertRaises(Refused):
            require_callable(self.backend, self.backend.webhook_url)

    def test_with_all_flows_off_there_is_nothing_to_register(self):
        self.backend.flow_ids.write({"state": "off"})
        with self.assertRaisesRegex(UserError, "off"):
            self.subscribe()

    def test_what_shopify_does_not_accept_is_said_in_its_words(self):
        self.world.app.scopes = {"read_products"}
        with self.assertRaisesRegex(UserError, "permission"):
            self.subscribe()
