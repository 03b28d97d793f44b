"""What customers ask a shop about their data becomes a request with a deadline, is done, and leaves a receipt."""

import json
from datetime import timedelta

import pytest

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.retail_connector_shopify.shopify import const, privacy, webhook
from odoo.addons.retail_integration_base.engine.errors import MalformedMessage

from . import pure
from .common import ShopifyCase

POLICY = webhook.ShopifyWebhookPolicy()
CUSTOMER = {"id": 191167, "email": "john@example.com", "phone": None}


@pytest.mark.parametrize("topic", const.COMPLIANCE_TOPICS)
def test_a_compliance_topic_is_taken_whatever_the_flows_are(topic):
    request = pure.request({"customer": CUSTOMER}, topic)
    assert POLICY.verify(request, pure.endpoint(topics=())) == 1
    key = POLICY.describe(request, pure.endpoint())
    assert (key.entity, key.is_state) == ("privacy_request", False)
    assert "191167" not in key.subject_key + key.dedupe_key


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"customer": None},
        {"customer": {"id": "191167"}},
        {"customer": {"id": -1}},
        {"customer": {"id": True}},
        {"customer": CUSTOMER, "orders_to_redact": {"a": 1}},
        {"customer": CUSTOMER, "orders_to_redact": ["1001"]},
    ],
)
def test_a_request_that_does_not_say_whom_it_is_about_is_unreadable(payload):
    with pytest.raises(MalformedMessage):
        privacy.read_request("customers/redact", payload)


@tagged("post_install", "-at_install")
class TestPrivacyRequests(ShopifyCase):
    def setUp(self):
        super().setUp()
        self.world.app.compliance_uri = self.backend.webhook_url
        self.subscribe()
        self.order = self.place("new_customer")
        self.receive_all()
        self.sale = self.sale_order(self.order)
        self.partner = self.sale.partner_id
        self.customer = self.world.shop.get(self.order["customerId"])

    def ask(self, kind, **options):
        from simulators.shopify import live_privacy

        live_privacy.ask(self.world, kind, self.customer, **options)
        self.receive_all()
        return self.env["retail.privacy.request"].search([("backend_id", "=", self.backend.id)], order="id desc")

    def bodies(self):
        """Return all that is stored of messages, as text."""
        self.env.cr.execute("SELECT body FROM retail_inbox WHERE body IS NOT NULL")
        return " ".join(bytes(body).decode() for (body,) in self.env.cr.fetchall())

    def cancel(self):
        """Leave nothing that binds anybody to keep the contact."""
        self.sale._action_cancel()

    def test_nobody_binds_us_so_the_customer_is_forgotten_at_once(self):
        self.cancel()
        email = self.partner.email
        request = self.ask("redact")
        self.assertEqual((request.kind, request.state), ("redaction", "done"))
        self.assertEqual((self.partner.name, self.partner.active), ("Redacted %s" % self.partner.id, False))
        for name in ("email", "phone", "street", "city", "zip"):
            self.assertFalse(self.partner[name], name)
        self.assertFalse(self.partner.message_ids.filtered(lambda one: email in (one.body or "")))
        self.assertNotIn(email, self.bodies())
        self.assertIn("Redacted and archived: the contact %s" % self.partner.id, request.receipt)
        self.assertTrue(request.closed_at)
        self.assertEqual(self.messages(request.external_id and "privacy_request:" + request.external_id).state, "done")

    def test_who_was_forgotten_is_not_filled_in_again_by_what_comes_later(self):
        self.cancel()
        self.ask("redact")
        self.world.clock.advance(60)
        self.customer["lastName"] = self.order["note"] = "Newly said"
        for topic, record in (("customers/update", self.customer), ("orders/updated", self.order)):
            record["updatedAt"] = self.world.clock.now()
            self.world.sender.emit(topic, record)
            self.receive_all()
        self.assertEqual((self.partner.name, self.partner.active), ("Redacted %s" % self.partner.id, False))
        self.assertFalse(self.partner.email or self.partner.phone or self.partner.street)
        self.assertNotIn(self.customer["email"], self.env["res.partner"].search([]).mapped("email"))

    def test_what_books_and_orders_bind_us_to_keep_waits_for_a_decision(self):
        request = self.ask("redact")
        self.assertEqual((request.state, request.partner_id), ("open", self.partner))
        self.assertIn("Kept: the contact %s, because of confirmed orders (1)." % self.partner.id, request.receipt)
        self.assertEqual(request.deadline, (request.requested_at + timedelta(days=30)).date())
        self.assertEqual(request.activity_ids.date_deadline, request.deadline)
        self.assertTrue(self.partner.email or self.partner.phone)
        self.assertNotIn(self.customer["email"], self.bodies())
        request.action_keep_contact()
        self.assertEqual((request.state, request.closed_by_id), ("done", self.env.user))
        self.assertFalse(request.activity_ids)
        self.assertTrue(self.partner.active)

    def test_a_person_may_decide_to_redact_all_the_same_and_the_order_keeps_its_amounts(self):
        total = self.sale.amount_total
        request = self.ask("redact")
        request.action_redact_contact()
        self.assertEqual((request.state, self.partner.email, self.partner.active), ("done", False, False))
        self.assertEqual((self.sale.partner_id, self.sale.amount_total), (self.partner, total))
        with self.assertRaises(UserError):
            request.action_redact_contact()

    def test_somebody_who_works_here_is_not_redacted(self):
        new_test_user(self.env, "buyer", "base.group_user").partner_id.write({"parent_id": False})
        user = self.env["res.users"].search([("login", "=", "buyer")])
        user.partner_id = self.partner
        request = self.ask("redact")
        self.assertIn("users (1)", request.receipt)
        with self.assertRaisesRegex(UserError, "Archive the user first"):
            request.action_redact_contact()

    def test_a_bank_account_is_a_reason_to_ask_and_goes_with_the_contact(self):
        self.cancel()
        self.env["res.partner.bank"].create({"acc_number": "DE02120300000000202051", "partner_id": self.partner.id})
        request = self.ask("redact")
        self.assertIn("because of bank accounts (1).", request.receipt)
        request.action_redact_contact()
        self.assertFalse(self.partner.bank_ids)

    def test_a_customer_of_another_channel_too_waits_for_a_decision(self):
        self.cancel()
        other = self.backend.copy({"name": "Another shop", "shopify_domain": "another.myshopify.com"})
        self.env["retail.binding.partner"].create(
            {"backend_id": other.id, "external_id": "gid://shopify/Customer/5", "partner_id": self.partner.id}
        )
        request = self.ask("redact")
        self.assertIn("because of other channels whose customer it is (1).", request.receipt)
        self.assertEqual((request.state, self.partner.active), ("open", True))

    def test_what_the_customer_asked_before_is_forgotten_too(self):
        self.ask("data_request")
        self.assertIn(self.customer["email"], self.bodies())
        self.ask("redact")
        self.assertNotIn(self.customer["email"], self.bodies())

    def test_colleagues_of_a_company_are_not_the_customer(self):
        self.cancel()
        colleague = self.env["res.partner"].create({"name": "Ann", "parent_id": self.partner.id, "type": "contact"})
        self.ask("redact")
        self.assertEqual((colleague.name, colleague.active), ("Ann", True))

    def test_it_is_carried_out_once_however_often_it_is_told(self):
        request = self.ask("redact", copies=2)
        self.assertEqual(len(request), 1)
        self.assertEqual(len(request.message_ids.tracking_value_ids), 0)

    def test_a_customer_nobody_knows_ends_with_a_receipt(self):
        self.customer = dict(self.customer, id="gid://shopify/Customer/4711", legacyResourceId=4711)
        request = self.ask("redact")
        self.assertEqual(request.state, "done")
        self.assertIn("Odoo has no contact of this customer.", request.receipt)

    def test_a_message_that_waits_keeps_its_content_and_the_request_stays_open(self):
        self.cancel()
        self.flow("order").state = "paused"
        self.world.sender.emit("orders/updated", self.order)
        self.let_in(self.letters())
        request = self.ask("redact")
        self.assertEqual(request.state, "open")
        self.assertIn("Kept: the content of 1 messages that are not finished.", request.receipt)
        with self.assertRaisesRegex(UserError, "1 messages about this customer are not finished"):
            request.action_keep_contact()
        self.flow("order").state = "live"
        self.drain()
        request.action_keep_contact()
        self.assertEqual((request.state, self.bodies()), ("done", ""))

    def test_data_that_is_asked_for_is_a_file_until_it_was_handed_out(self):
        request = self.ask("data_request")
        self.assertEqual((request.kind, request.state, request.order_count), ("data", "open", 1))
        attachments = self.env["ir.attachment"].search([("res_model", "=", request._name), ("res_id", "=", request.id)])
        content = json.loads(attachments.raw)
        self.assertEqual(content["contacts"][0]["name"], self.partner.name)
        self.assertEqual(content["orders"][0]["order"], self.order["name"])
        self.assertEqual(len(content["orders"][0]["lines"]), len(self.sale.order_line))
        request.action_handed_out()
        self.assertFalse(attachments.exists())
        self.assertIn("Handed out by", request.receipt)

    def test_a_shop_that_leaves_is_forgotten_when_somebody_says_so(self):
        request = self.ask("shop_redact")
        self.assertEqual((request.kind, request.state), ("shop", "open"))
        self.assertTrue(self.backend.is_armed)
        request.action_forget_shop()
        self.assertFalse(self.backend.is_armed)
        self.assertEqual((request.state, self.bodies()), ("done", ""))
        self.assertTrue(self.partner.active, "contacts are the company's own")

    def test_a_backend_from_before_gets_the_flow_with_an_update(self):
        self.flow("privacy_request").unlink()
        self.env["retail.backend"]._create_missing_flows("shopify")
        self.assertEqual(self.flow("privacy_request").state, "live")
        self.assertEqual(self.ask("data_request").kind, "data")

    def test_only_managers_see_requests_and_nobody_writes_them(self):
        request = self.ask("data_request")
        groups = "retail_integration_base.group_retail_%s"
        company = {"company_ids": [(6, 0, self.company.ids)], "company_id": self.company.id}
        operator = new_test_user(self.env, "operator", groups % "operator", **company)
        manager = new_test_user(self.env, "manager", groups % "manager", **company)
        with self.assertRaises(AccessError):
            request.with_user(operator).read(["kind"])
        self.assertEqual(request.with_user(manager).kind, "data")
        with self.assertRaises(UserError):
            request.with_user(manager).write({"state": "done"})
        request.with_user(manager).action_handed_out()
        self.assertEqual(request.closed_by_id, manager)
        with self.assertRaises(UserError):
            request.unlink()
