"""The first list of an old account goes from the newest to the oldest: page by page, and on from where it broke off."""

import math
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_connector_stripe.stripe import const
from odoo.addons.retail_integration_base.models import retail_flow, retail_recovery

from .common import StripeCase

DAY = 86400


@tagged("post_install", "-at_install")
class TestFirstList(StripeCase):
    def setUp(self):
        super().setUp()
        self.patch(const, "PAGE", 10)
        for number in range(45):
            self.account.pay(100 + number)
            self.world.clock.advance(7200)

    def asked(self):
        return self.world.requests["GET /v1/balance_transactions"]

    def die_at(self, owner, name, page):
        """Let the worker die while it stores the page of that number, once."""
        calls, real = [], getattr(owner, name)

        def store(record, changes):
            calls.append(len(changes))
            if len(calls) == page:
                raise RuntimeError("the worker dies")
            return real(record, changes)

        self.patch(owner, name, store)

    def test_a_list_that_breaks_off_goes_on_from_its_last_page(self):
        self.die_at(retail_flow.RetailFlow, "_store_changes", 3)
        flow = self.flow()
        before = flow.watermark
        flow._job_poll()
        self.assertIn("dies", flow.poll_error)
        self.assertEqual((flow.watermark, len(self.messages())), (before, 20), "what is older is not there yet")
        self.assertTrue(flow.checkpoint)
        late = self.account.pay(777)
        self.world.requests.clear()
        self.poll()
        self.assertEqual(self.asked(), 3)
        self.assertEqual(len(self.booked()), 45)
        self.assertFalse(flow.checkpoint)
        self.poll()
        self.assertIn(late["balance_transaction"], self.booked())
        self.assertEqual(self.booked(), self.theirs())

    def test_it_takes_one_request_for_a_page(self):
        self.world.requests.clear()
        self.poll()
        self.assertEqual(self.booked(), self.theirs())
        self.assertLessEqual(sum(self.world.requests.values()), math.ceil(45 / const.PAGE) + 3)

    def test_what_is_to_begin_earlier_begins_anew(self):
        self.die_at(retail_flow.RetailFlow, "_store_changes", 3)
        flow = self.flow()
        flow._job_poll()
        flow.watermark -= timedelta(days=1)
        self.world.requests.clear()
        self.poll()
        self.assertEqual(self.asked(), 6)
        self.assertEqual(self.booked(), self.theirs())

    def test_where_there_is_no_room_it_goes_on_later(self):
        flow = self.flow()
        flow.backlog_limit = 15
        flow._job_poll()
        self.assertTrue(flow.checkpoint)
        self.assertLess(len(self.messages()), 45)
        for _turn in range(4):
            self.drain()
            flow._job_poll()
        self.drain()
        self.assertEqual(self.booked(), self.theirs())

    def test_a_recovery_goes_on_from_its_last_page_too(self):
        self.flow().watermark = fields.Datetime.now() + timedelta(days=30)
        self.die_at(retail_recovery.RetailRecovery, "_note_page", 3)
        recovery = self.env["retail.recovery"]._begin(self.flow(), fields.Datetime.now() - timedelta(days=2)).sudo()
        with self.assertRaisesRegex(RuntimeError, "dies"):
            for _step in recovery._list_steps():
                pass
        self.assertTrue(recovery.checkpoint)
        self.assertEqual(recovery.total, 20)
        self.world.requests.clear()
        self.assertEqual(recovery._job_work(), "listed")
        self.env.invalidate_all()
        self.assertEqual((recovery.missing_count, self.asked()), (45, 3))
        recovery.action_take()
        self.assertEqual(recovery._job_work(), "done")
        self.drain()
        self.assertEqual(self.booked(), self.theirs())
