"""From a signed webhook to a sales order: the whole way, with the shop played by its simulator."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_connector_shopify.shopify import const, webhook

from .common import ShopifyCase


@tagged("post_install", "-at_install")
class TestOrdersIn(ShopifyCase):
    def test_a_webhook_becomes_a_sales_order(self):
        self.subscribe()
        order = self.place("simple")
        answers = self.receive_all()
        self.assertEqual([(answer.status, answer.reason) for answer in answers], [(200, "accepted")])
        sale = self.sale_order(order)
        self.assertEqual(sale.state, "sale")
        self.assertEqual(sale.client_order_ref, order["name"])
        self.assertEqual(sale.company_id, self.company)
        self.assertEqual(sale.date_order, order["processedAt"].replace(tzinfo=None))
        self.assert_same_total(order)
        self.assertEqual(self.messages().mapped("state"), ["done"])

    def test_the_callers_trace_goes_from_the_webhook_to_every_call_and_the_orders_timeline(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        self.subscribe()
        order = self.place("simple")
        [letter] = self.letters()
        headers = {**letter.headers, "traceparent": "00-%s-00f067aa0ba902b7-01" % trace}
        self.world.app.revoke_tokens()
        self.world.traces.clear()
        self.let_in([replace(letter, headers=headers)])
        self.drain()
        self.assertEqual(self.messages().trace_id, trace)
        paths = {path for path, _traceparent in self.world.traces}
        self.assertIn("/admin/oauth/access_token", paths)
        self.assertTrue(any(path.endswith("/graphql.json") for path in paths))
        self.assertEqual({value.split("-")[1] for _path, value in self.world.traces}, {trace})
        timeline = self.sale_order(order).action_view_retail_timeline()["domain"]
        entries = self.env["retail.timeline.entry"].search(timeline)
        self.assertEqual(set(entries.mapped("trace_id")) - {False}, {trace})
        self.assertIn("paid", entries.mapped("kind"))
        self.assertTrue(all(entries.mapped("what")) and entries.mapped("url"))
        [linked] = entries.filtered(lambda entry: entry.kind == "linked")
        self.assertEqual(linked.url, "https://admin.shopify.com/store/%s/orders/%s" % (
            self.backend.shopify_domain.split(".")[0], order["legacyResourceId"]
        ))  # fmt: skip

    def test_a_redelivered_webhook_creates_no_second_order(self):
        self.subscribe()
        with self.faults("duplicate_webhooks", count=1):
            order = self.place("simple")
            letters = self.letters()
        self.assertEqual(len(letters), 2)
        self.assertEqual({answer.reason for answer in self.let_in(letters)}, {"accepted", "duplicate"})
        self.drain()
        self.assertEqual(len(self.messages()), 1)
        self.assertEqual(len(self.sale_order(order)), 1)

    def test_the_body_of_a_webhook_is_a_hint_and_never_believed(self):
        """What is booked is what Shopify says when it is asked, not what a message said when it was sent."""
        from simulators.shopify import live

        self.subscribe()
        order = self.place("company")
        old = self.letters()
        live.edit(self.world, order, quantities=[{"line": 0, "quantity": 9}])
        self.letters()
        self.let_in(old)
        self.drain()
        self.assert_same_total(order)
        self.assertNotIn(b"total", old[0].body)
        self.assertNotIn(b"email", old[0].body)

    def test_every_kind_of_order_has_the_shops_total(self):
        from simulators.shopify.state.kinds import KINDS

        self.subscribe()
        self.backend.order_import_tests = True
        orders = [self.place(kind) for kind in KINDS]
        self.receive_all()
        for order in orders:
            self.assert_same_total(order)

    def test_hundreds_of_seeded_orders_have_the_shops_totals(self):
        self.world.options.orders = 300
        self.world.reset(new_seed=11)
        self.addCleanup(setattr, self.world.options, "seed", 7)
        self.addCleanup(setattr, self.world.options, "orders", 0)
        self.world.bucket.configure(10**7, 10**7)
        self.backend.order_import_tests = True
        self.flow().watermark = fields.Datetime.now() - timedelta(days=60)
        self.poll()
        orders = self.world.shop.all("Order")
        self.assertGreater(len(orders), 300)
        for order in orders:
            self.assert_same_total(order)
        booked = self.env["sale.order"].search([("retail_backend_id", "=", self.backend.id)])
        self.assertEqual(len(booked), len(orders))
        self.assertFalse(self.backend.open_exception_count)

    def test_an_order_that_is_edited_and_cancelled_follows_the_shop(self):
        from simulators.shopify import live

        self.subscribe()
        order = self.place("code_percent")
        self.receive_all()
        self.world.clock.advance(60)
        live.edit(self.world, order, note="Ring twice", quantities=[{"line": 0, "quantity": 4}])
        self.receive_all()
        self.assert_same_total(order)
        self.assertEqual(self.sale_order(order).retail_note, "Ring twice")
        self.world.clock.advance(60)
        live.cancel(self.world, order)
        self.receive_all()
        self.assertEqual(self.sale_order(order).state, "cancel")

    def test_a_lost_webhook_is_caught_by_the_poll(self):
        self.subscribe()
        with self.faults("drop_webhooks"):
            order = self.place("simple")
            self.assertEqual(self.letters(), [])
        self.assertFalse(self.sale_order(order))
        self.poll()
        self.assert_same_total(order)
        self.assertEqual(self.messages().origin, "poll")

    def test_a_lost_update_is_caught_by_the_poll(self):
        from simulators.shopify import live

        self.subscribe()
        order = self.place("company")
        self.receive_all()
        self.world.clock.advance(30)
        with self.faults("drop_webhooks"):
            live.edit(self.world, order, quantities=[{"line": 1, "quantity": 7}])
            self.letters()
        self.poll()
        self.assert_same_total(order)

    def test_a_poll_that_finds_what_webhooks_told_stores_nothing(self):
        self.subscribe()
        for _number in range(3):
            self.place("simple")
        self.receive_all()
        before = len(self.messages())
        self.poll()
        self.poll()
        self.assertEqual(len(self.messages()), before)

    def test_while_shopify_is_down_messages_wait_and_then_go_through(self):
        self.subscribe()
        order = self.place("simple")
        self.let_in(self.letters())
        with self.faults("http_500", status=503):
            self.drain()
        message = self.messages()
        self.assertEqual((message.state, message.error_class), ("retry", "vendor_unavailable"))
        self.assertFalse(self.sale_order(order))
        message._requeue()
        self.drain()
        self.assert_same_total(order)

    def test_a_throttled_drain_comes_back_no_sooner_than_shopify_asks(self):
        self.subscribe()
        self.place("simple")
        self.let_in(self.letters())
        with self.faults("http_429", retry_after=90):
            before = fields.Datetime.now()
            self.drain()
        message = self.messages()
        self.assertEqual(message.state, "retry")
        self.assertGreaterEqual(message.next_attempt_at, before + timedelta(seconds=90))

    def test_an_order_deleted_in_shopify_is_a_persons_business_and_stops_no_other(self):
        self.subscribe()
        gone, other = self.place("simple"), self.place("simple")
        self.let_in([self.aged(letter) for letter in self.letters()])
        self.world.shop.remove(gone)
        self.drain()
        self.assert_same_total(other)
        exception = self.env["retail.exception"].search([("backend_id", "=", self.backend.id), ("state", "=", "open")])
        self.assertEqual((exception.kind, exception.subject_key), ("subject_missing", "order:" + gone["id"]))

    def aged(self, letter):
        """Return a webhook of an event that happened an hour ago."""
        moment = fields.Datetime.now() - timedelta(hours=1)
        headers = {**letter.headers, const.HEADER_TRIGGERED: moment.isoformat() + "Z"}
        return replace(letter, headers=headers)

    def test_a_webhook_that_overtakes_its_order_waits_for_it(self):
        self.subscribe()
        order = self.place("simple")
        self.let_in(self.letters())
        self.world.shop.remove(order)
        self.drain()
        self.assertEqual(self.messages().state, "retry")
        self.world.shop.add(order)
        self.messages()._requeue()
        self.drain()
        self.assert_same_total(order)

    def test_an_update_that_overtakes_its_data_is_not_taken_for_done(self):
        from simulators.shopify import live

        self.subscribe()
        order = self.place("simple")
        self.receive_all()
        self.world.clock.advance(60)
        before = order["updatedAt"]
        live.edit(self.world, order, note="Ring twice")
        after, order["updatedAt"], order["note"] = order["updatedAt"], before, None
        self.receive_all()
        self.assertEqual(self.messages()[-1].state, "retry")
        order.update(updatedAt=after, note="Ring twice")
        self.messages()[-1]._requeue()
        self.drain()
        self.assertEqual(self.sale_order(order).retail_note, "Ring twice")

    def test_an_api_that_stays_behind_is_believed_at_last(self):
        self.subscribe()
        order = self.place("simple")
        letters = [self.aged(letter) for letter in self.letters()]
        order["updatedAt"] -= timedelta(minutes=1)
        self.let_in(letters)
        self.drain()
        self.assert_same_total(order)

    def test_a_signed_body_that_says_nothing_is_quarantined(self):
        self.subscribe()
        self.place("simple")
        [letter] = self.letters()
        secret = self.world.app.client_secret.encode()
        letters = []
        nul = (b'{"id": 1, "note": "\x00"}', b'{"id": 1, "a": "\\u0000"}')
        for body in (b"", b"[]", b"{", *nul, b"[" * 100_000, b"\xff"):
            headers = {
                **letter.headers,
                const.HEADER_HMAC: webhook.sign(secret, body).decode(),
                const.HEADER_EVENT: "event-%d" % len(letters),
            }
            letters.append(replace(letter, body=body, headers=headers))
        self.assertEqual({answer.status for answer in self.let_in(letters)}, {200})
        self.drain()
        self.assertEqual(self.messages().mapped("state"), ["quarantined"] * 7)

    def test_what_is_not_signed_or_not_ours_is_refused_and_leaves_no_row(self):
        self.subscribe()
        self.place("simple")
        [letter] = self.letters()
        spoilt = {
            (401, "bad_signature"): replace(letter, body=letter.body + b" "),
            (403, "wrong_shop"): replace(letter, headers={**letter.headers, const.HEADER_SHOP: "other.myshopify.com"}),
            (404, "unknown_topic"): replace(letter, headers={**letter.headers, const.HEADER_TOPIC: "orders/delete"}),
            (404, "unknown_token"): replace(letter, token="x"),
        }
        for expected, request in spoilt.items():
            [answer] = self.let_in([request])
            self.assertEqual((answer.status, answer.reason), expected)
        self.flow().state = "off"
        [answer] = self.let_in([letter])
        self.assertEqual((answer.status, answer.reason), (404, "unknown_topic"))
        self.backend.action_disarm()
        [answer] = self.let_in([letter])
        self.assertEqual((answer.status, answer.reason), (403, "disarmed"))
        self.assertFalse(self.messages())

    def test_a_rotated_client_secret_is_accepted_beside_the_old_one(self):
        self.subscribe()
        first, second = self.place("simple"), None
        old = self.letters()
        self.world.app.client_secret = "shpss_rotated"
        second = self.place("simple")
        new = self.letters()
        self.assertEqual([answer.reason for answer in self.let_in(new)], ["bad_signature"])
        self.backend._set_secret(webhook.SIGNING_KIND, "shpss_rotated")
        self.assertEqual([answer.reason for answer in self.let_in(old + new)], ["accepted", "accepted"])
        self.drain()
        self.assert_same_total(first)
        self.assert_same_total(second)

    def test_a_shop_that_withholds_personal_data_still_gets_its_orders_booked(self):
        self.world.shop.settings.protected_customer_data = False
        self.addCleanup(setattr, self.world.shop.settings, "protected_customer_data", True)
        self.subscribe()
        orders = [self.place(kind) for kind in ("simple", "guest", "company")]
        self.receive_all()
        for order in orders:
            self.assert_same_total(order)
        self.assertEqual(len(self.env["sale.order"].union(*map(self.sale_order, orders)).partner_id), 3)

    def test_customers_and_products_come_in_too(self):
        from simulators.shopify import live

        self.subscribe()
        customer = self.world.shop.all("Customer")[0]
        product = self.world.shop.all("Product")[0]
        live.edit_record(self.world, customer, {"note": "Regular"}, "customers/update")
        live.edit_record(self.world, product, {"vendor": "Kontor"}, "products/update")
        self.receive_all()
        states = {message.entity: (message.state, message.reason) for message in self.messages()}
        self.assertEqual(set(states), {"customer", "product"}, states)
        self.assertEqual({state for state, _reason in states.values()}, {"done"}, states)
        partner = self.env["retail.binding.partner"].search([("external_id", "=", customer["id"])]).partner_id
        self.assertEqual(partner.email, customer["email"])

    def test_cents_are_compared_exactly_here(self):
        """The assertion all the others rest on can fail."""
        self.subscribe()
        order = self.place("simple")
        self.receive_all()
        bag = order["currentTotalPriceSet"]
        order["currentTotalPriceSet"] = bag.map(lambda amount: amount + Decimal("0.01"))
        with self.assertRaises(AssertionError):
            self.assert_same_total(order)
