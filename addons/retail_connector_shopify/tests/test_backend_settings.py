"""Settings of a Shopify backend: what people type, what is refused, who may."""

from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.retail_connector_shopify.models import retail_backend
from odoo.addons.retail_connector_shopify.models.retail_connector_shopify import Policy
from odoo.addons.retail_connector_shopify.models.shopify_access import open_client
from odoo.addons.retail_integration_base.engine.errors import Refused
from odoo.addons.retail_integration_base.models.retail_connector import WebhookPolicy

from . import pure
from .common import ShopifyCase


@tagged("post_install", "-at_install")
class TestBackendSettings(ShopifyCase):
    def test_the_domain_is_kept_as_shopify_writes_it(self):
        self.backend.shopify_domain = "https://admin.shopify.com/store/Blue-Mug/orders"
        self.assertEqual(self.backend.shopify_domain, "blue-mug.myshopify.com")

    def test_what_names_no_shop_is_refused(self):
        for text in ("bluemug.com", "blue-mug.myshopify.com.evil.com", "http://169.254.169.254/"):
            with self.assertRaises(ValidationError):
                self.backend.shopify_domain = text

    def test_a_shop_has_one_backend(self):
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.env["retail.backend"].create(
                {"name": "Second", "connector": "shopify", "company_id": self.company.id, "shopify_domain": pure.SHOP}
            )
        self.backend.active = False
        self.env.flush_all()
        self.env["retail.backend"].create(
            {"name": "Second", "connector": "shopify", "company_id": self.company.id, "shopify_domain": pure.SHOP}
        )

    def test_a_simulator_is_on_this_machine_or_nowhere(self):
        for url in ("http://10.0.0.1", "https://evil.example", "file:///etc/passwd"):
            with self.assertRaises(ValidationError):
                self.backend.shopify_api_url = url
        self.backend.shopify_api_url = False
        self.assertEqual(self.backend._shopify_base_url(), "https://" + pure.SHOP)

    def test_production_calls_no_simulator(self):
        url = self.backend.shopify_api_url
        with patch.object(retail_backend, "server_environment", lambda: "production"):
            with self.assertRaises(ValidationError):
                self.backend.shopify_api_url = url
            # A database that was prepared elsewhere has it already.
            with self.assertRaises(Refused):
                open_client(self.backend)
            self.assertIn("A simulator is set", self.titles())
            with self.assertRaises(UserError):
                self.backend.action_shopify_register_webhooks()
            self.assertFalse(self.world.requests)
            self.backend.shopify_api_url = False
            self.assertEqual(self.backend._shopify_base_url(), "https://" + pure.SHOP)

    def titles(self):
        return [check.title for check in self.backend._get_handler()._check_connection(self.backend)]

    def test_a_backend_that_is_disarmed_in_the_middle_of_its_work_makes_no_further_call(self):
        client = open_client(self.backend)
        client.run("shop")
        calls = sum(self.world.requests.values())
        self.backend.action_disarm()
        self.env.flush_all()
        with self.assertRaises(Refused) as caught:
            client.run("shop")
        self.assertEqual(caught.exception.reason, "disarmed")
        self.assertEqual(sum(self.world.requests.values()), calls)

    def test_a_copied_backend_is_no_second_door_to_the_shop(self):
        copy = self.backend.copy({"name": "Copy"})
        self.assertFalse(copy.shopify_domain or copy.shopify_client_id or copy.shopify_api_url or copy.is_armed)
        self.assertFalse(copy.credential_ids)

    def test_another_domain_reaches_the_gateway_at_once(self):
        endpoints = self.env["retail.backend"]._endpoint_of
        self.assertEqual(endpoints(self.backend.token).settings["shop_domain"], pure.SHOP)
        self.backend.shopify_domain = "blue-mug"
        self.assertEqual(endpoints(self.backend.token).settings["shop_domain"], "blue-mug.myshopify.com")

    def test_the_gateway_knows_the_topics_of_flows_that_are_not_off(self):
        self.flow("customer").state = "off"
        self.flow("product").state = "shadow"
        topics = self.env["retail.backend"]._endpoint_of(self.backend.token).settings["topics"]
        self.assertEqual({topic.split("/")[0] for topic in topics}, {"orders", "products"})

    def test_the_policy_has_all_the_framework_calls(self):
        self.assertIsInstance(self.backend._get_handler()._webhook_policy, WebhookPolicy)
        self.assertTrue(callable(Policy().describe_unreadable))

    def test_a_backend_of_shopify_has_flows_for_orders_products_and_customers(self):
        flows = {(flow.entity, flow.direction, flow.latency) for flow in self.backend.flow_ids}
        self.assertLessEqual(
            {("order", "in", "realtime"), ("product", "in", "standard"), ("customer", "in", "standard")}, flows
        )

    def test_the_form_opens_and_saves(self):
        manager = self.env["res.users"].create(
            {
                "name": "Manager",
                "login": "shopify-manager",
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
                "group_ids": [(6, 0, [self.env.ref("retail_integration_base.group_retail_manager").id])],
            }
        )
        backend = self.backend.with_user(manager)
        with Form(backend) as form:
            form.shopify_domain = "Blue-Mug"
        self.assertEqual(backend.shopify_domain, "blue-mug.myshopify.com")

    def test_only_managers_register_and_check(self):
        operator = self.env["res.users"].create(
            {
                "name": "Operator",
                "login": "shopify-operator",
                "company_id": self.company.id,
                "company_ids": [(6, 0, self.company.ids)],
                "group_ids": [(6, 0, [self.env.ref("retail_integration_base.group_retail_operator").id])],
            }
        )
        backend = self.backend.with_user(operator)
        for action in (backend.action_shopify_register_webhooks, backend.action_check_connection):
            with self.assertRaises(AccessError):
                action()
        self.assertFalse(self.world.requests)
