"""After an outage: what the shop has is listed, compared with what is here, and taken; a replay asks the shop anew."""

import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_connector_shopify.shopify import const

from .common import ShopifyCase


@tagged("post_install", "-at_install")
class TestRecovery(ShopifyCase):
    def setUp(self):
        super().setUp()
        self.patch(const, "POLL_PAGE", 2)
        self.since = fields.Datetime.now() - timedelta(hours=1)

    def recover(self, entity="order"):
        return self.env["retail.recovery"]._begin(self.flow(entity), self.since)

    def list(self, entity="order"):
        recovery = self.recover(entity)
        self.assertEqual(recovery._job_work(), "listed", recovery.error)
        self.env.invalidate_all()
        return recovery

    def statuses(self, recovery, *orders):
        lines = {line.subject_key: line.status for line in recovery.line_ids}
        return [lines.get("order:%s" % order["id"]) for order in orders]

    def test_orders_whose_webhooks_got_lost_are_found_and_taken(self):
        self.subscribe()
        here = self.place("simple")
        self.receive_all()
        lost = [self.place("simple", webhooks=False) for _number in range(4)]
        watermark = self.flow().watermark
        recovery = self.list()
        self.assertEqual(self.statuses(recovery, here, *lost), ["applied", *["missing"] * 4])
        self.assertFalse(self.sale_order(lost[0]), "a list takes nothing")
        recovery.action_take()
        self.assertEqual(recovery._job_work(), "done")
        self.drain()
        for order in (here, *lost):
            self.assert_same_total(order)
        self.assertEqual(self.flow().watermark, watermark)
        self.assertEqual(self.list().lacking_count, 0)

    def test_an_order_that_changed_unheard_is_older_here(self):
        from simulators.shopify import live

        self.subscribe()
        order = self.place("company")
        self.receive_all()
        time.sleep(1.1)  # Shopify's times have seconds: two states of one second have one version
        live.edit(self.world, order, quantities=[{"line": 0, "quantity": 9}])
        self.letters()  # lost
        recovery = self.list()
        self.assertEqual(self.statuses(recovery, order), ["older"])
        recovery.action_take()
        recovery._job_work()
        self.drain()
        self.assert_same_total(order)

    def test_a_shop_that_fails_in_the_middle_is_asked_on_from_where_it_was(self):
        orders = [self.place("simple", webhooks=False) for _number in range(5)]
        recovery = self.recover()
        steps = recovery.sudo()._steps()
        recovery.sudo()._set_running()
        next(steps)
        next(steps)  # one page
        steps.close()  # and the worker dies
        listed = recovery.total
        self.assertGreater(listed, 0)
        with self.faults("http_500", count=1):
            self.assertIn("later", recovery._job_work())
        self.env.invalidate_all()
        self.assertEqual((recovery.state, recovery.total), ("running", listed))
        self.assertTrue(recovery.wait_until)
        self.assertEqual(recovery._job_work(), "listed")
        self.env.invalidate_all()
        self.assertEqual(set(self.statuses(recovery, *orders)), {"missing"})

    def test_products_and_customers_that_went_through_are_not_missing(self):
        from simulators.shopify import live

        self.subscribe()
        product = self.world.shop.all("Product")[0]
        live.edit_record(self.world, product, {"vendor": "Kontor"}, "products/update")
        self.receive_all()
        recovery = self.list("product")
        lines = {line.subject_key: line.status for line in recovery.line_ids}
        self.assertEqual(lines["product:%s" % product["id"]], "applied")

    def test_a_replay_asks_the_shop_for_what_it_has_now(self):
        from simulators.shopify import live

        self.subscribe()
        order = self.place("company")
        self.receive_all()
        message = self.messages()[0]
        wizard = self.env["retail.replay"].browse(message.action_open_replay()["res_id"])
        self.assertFalse(wizard.can_choose, "a webhook is a hint: nothing was stored that could be applied")
        self.assertIn("the channel is asked", wizard.source_note)
        live.edit(self.world, order, quantities=[{"line": 0, "quantity": 9}])
        self.letters()
        wizard.action_replay()
        self.drain()
        self.assertEqual(message.state, "done")
        self.assert_same_total(order)
