"""*Check connection* names exactly what is wrong, first what has to be mended first."""

from datetime import date
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_connector_shopify.models.connection_check import ConnectionCheck
from odoo.addons.retail_connector_shopify.shopify import const
from odoo.addons.retail_connector_shopify.shopify.webhook import SIGNING_KIND

from .common import ShopifyCase


@tagged("post_install", "-at_install")
class TestCheckConnection(ShopifyCase):
    def setUp(self):
        super().setUp()
        self.world.app.scopes = set(const.SCOPES)

    def check(self):
        """Return dict title → Check."""
        self.env.flush_all()
        return {check.title: check for check in self.backend._get_handler()._check_connection(self.backend)}

    def assert_only_error(self, title, *details):
        checks = self.check()
        errors = [check for check in checks.values() if check.level == "error"]
        self.assertEqual([check.title for check in errors], [title], checks)
        for detail in details:
            self.assertIn(detail, errors[0].detail)

    def assert_warning(self, title, *details):
        check = self.check()[title]
        self.assertEqual(check.level, "warning")
        for detail in details:
            self.assertIn(detail, check.detail)

    def test_all_is_well(self):
        self.subscribe()
        checks = self.check()
        self.assertEqual({check.level for check in checks.values()}, {"ok"}, checks)
        self.assertIn("Connected with the shop Harbour & Vale", checks)
        self.assertIn("7 webhook subscriptions are in place", checks)

    def test_the_button_keeps_the_answer_on_the_form(self):
        self.backend.action_check_connection()
        self.assertIn("Connected with the shop", self.backend.check_result)
        self.assertTrue(self.backend.checked_at)

    def test_disarmed_is_said_and_nobody_is_called(self):
        self.backend.action_disarm()
        self.assert_only_error("Disarmed")
        self.assertFalse(self.world.requests)

    def test_missing_settings_are_named_one_by_one_and_nobody_is_called(self):
        self.backend.write({"shopify_domain": False, "shopify_client_id": False})
        self.backend.credential_ids.action_revoke()
        errors = [check.title for check in self.check().values() if check.level == "error"]
        self.assertEqual(errors, ["No shop", "No client ID", "No client secret"])
        self.assertFalse(self.world.requests)

    def test_a_wrong_client_id(self):
        self.backend.shopify_client_id = "nobody"
        self.assert_only_error("Wrong client ID or client secret")

    def test_a_wrong_client_secret_does_not_hide_behind_a_token_that_still_lives(self):
        self.check()
        self.backend._set_secret(SIGNING_KIND, "wrong")
        self.assert_only_error("Wrong client ID or client secret")

    def test_a_domain_that_cannot_be_reached(self):
        self.backend.shopify_api_url = "http://127.0.0.1:9"
        self.assert_only_error("Shopify cannot be reached now", "127.0.0.1:9")

    def test_a_host_that_is_no_shop(self):
        from http.server import BaseHTTPRequestHandler

        handler = self.door.server.RequestHandlerClass
        self.addCleanup(setattr, handler, "do_POST", handler.do_POST)
        handler.do_POST = lambda request: BaseHTTPRequestHandler.send_error(request, 404)
        self.backend.shopify_api_url = self.door.url
        self.assert_only_error("No shop answers under this domain")

    def test_another_shop_answers(self):
        self.backend.shopify_domain = "other-shop.myshopify.com"
        self.assert_only_error("Another shop answers", "other-shop.myshopify.com", "harbour-vale.myshopify.com")

    def test_a_currency_without_pricelist(self):
        self.company.currency_id = self.env.ref("base.USD")
        self.assert_only_error("No pricelist in the shop's currency EUR")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Shop", "currency_id": self.env.ref("base.EUR").id, "company_id": self.company.id}
        )
        self.backend.pricelist_ids = pricelist
        self.assertEqual(self.check()["The shop sells in EUR"].level, "ok")

    def test_missing_permissions_are_named(self):
        self.world.app.scopes = {"read_orders", "write_customers"}
        self.assert_only_error(
            "Permissions are missing", "read_locations, read_products, read_returns, write_inventory"
        )

    def test_superfluous_permissions_are_named(self):
        self.world.app.scopes = {*const.SCOPES, "write_products", "read_all_orders"}
        self.assert_warning("The app has more permissions than it needs", "write_products")
        self.assertNotIn("read_all_orders", self.check()["The app has more permissions than it needs"].detail)

    def test_withheld_customer_data(self):
        self.world.shop.settings.protected_customer_data = False
        self.addCleanup(setattr, self.world.shop.settings, "protected_customer_data", True)
        self.assert_warning("The shop withholds customers' names and e-mail addresses")

    def test_missing_and_restricted_webhooks(self):
        self.assert_warning("Webhook subscriptions are missing or restricted", "orders/create", "products/update")
        self.subscribe()
        subscription = next(
            one for one in self.world.shop.all("WebhookSubscription") if one["topic"] == "ORDERS_UPDATED"
        )
        subscription["filter"] = "total_price:>100"
        self.assert_warning("Webhook subscriptions are missing or restricted", "orders/updated")

    def test_an_address_shopify_cannot_call(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "http://odoo.local:8069")
        self.assert_only_error("This server has no public address", "http://odoo.local:8069")

    def test_all_flows_off(self):
        self.backend.flow_ids.write({"state": "off"})
        self.assert_warning("All flows are off")

    def test_a_version_that_ends_soon_and_one_that_ended(self):
        self.backend.shopify_api_version = "2026-07"
        self.check()
        with patch.object(fields.Date, "today", return_value=date(2027, 5, 2)):
            self.assert_warning("The API version 2026-07 ends in 60 days", "2027-07-01")
        with patch("simulators.shopify.schemas.SUPPORTED", ("2026-10",)):
            errors = [check.title for check in self.check().values() if check.level == "error"]
        self.assertEqual(errors, ["No shop answers under this domain"])

    def test_a_version_the_shop_calls_unsupported(self):
        look = ConnectionCheck(self.backend._get_handler(), self.backend)
        versions = [{"handle": "2027-01", "supported": True}, {"handle": "2026-10", "supported": False}]
        [check] = look._check_version(self.backend, {"publicApiVersions": versions})
        self.assertEqual((check.level, check.title), ("error", "The API version 2026-10 is not supported any more"))
        self.assertIn("2027-01", check.detail)
