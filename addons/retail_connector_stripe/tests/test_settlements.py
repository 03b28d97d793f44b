"""From Stripe's events and lists to entries: nothing lost, nothing twice, whatever comes in which order."""

import math
import random
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.retail_connector_stripe.stripe import const

from .common import StripeCase

DAY = 86400


@tagged("post_install", "-at_install")
class TestSettlements(StripeCase):
    def live(self):
        """Let a bit of everything happen to the account."""
        account = self.account
        first, second = account.pay(5000), account.pay(12345)
        account.refund(first, 1000)
        account.fail_refund(account.refund(second, 500))
        account.close_dispute(account.dispute(account.pay(3000)), won=True)
        held = account.create_intent(2000, "eur", capture_method="manual")
        account.confirm(held)
        account.capture(held, 1500)
        account.confirm(account.create_intent(700, "eur"), fails=True)

    def test_events_in_any_order_and_number_end_as_the_account(self):
        self.subscribe()
        self.live()
        letters = self.letters()
        letters += letters[::2]
        random.Random(5).shuffle(letters)
        answers = self.let_in(letters)
        self.assertEqual({answer.status for answer in answers}, {200})
        self.drain()
        partial = {one["id"] for one in self.account.all("balance_transaction") if one["type"] == "refund"} - {
            refund["balance_transaction"] for refund in self.account.all("refund")
        }
        # No event tells of the part of an authorisation that was not captured: the list does.
        self.assertEqual(self.booked(), {key: net for key, net in self.theirs().items() if key not in partial})
        self.poll()
        self.assertEqual(self.booked(), self.theirs())
        self.assertFalse(self.messages().filtered(lambda one: one.state in ("pending", "retry", "held", "quarantined")))

    def test_the_list_alone_brings_everything_and_again_nothing(self):
        self.live()
        self.poll()
        self.assertEqual(self.booked(), self.theirs())
        messages = len(self.messages())
        self.poll()
        self.assertEqual(len(self.messages()), messages)
        self.env["retail.backend"]._cron_stripe_verify()
        self.poll()
        self.assertEqual(len(self.messages()), messages)

    def test_the_list_takes_one_request_for_a_page(self):
        self.account.pay(100)
        self.world.clock.advance(2 * DAY)
        self.patch(const, "PAGE", 20)
        for number in range(50):
            self.account.pay(100 + number)
        self.flow().watermark = fields.Datetime.now() + timedelta(days=1)
        self.world.requests.clear()
        self.poll()
        asked = sum(count for path, count in self.world.requests.items() if "/v1/" in path)
        self.assertEqual(len(self.booked()), 50)
        self.assertLessEqual(asked, math.ceil(50 / const.PAGE) + 3)

    def test_a_list_that_breaks_off_goes_on_from_its_last_page(self):
        self.patch(const, "PAGE", 10)
        self.account.pay(100)
        self.world.clock.advance(2 * DAY)
        for number in range(35):
            self.account.pay(100 + number)
            self.world.clock.advance(7200)
        flow = self.flow()
        flow.watermark = fields.Datetime.now() + timedelta(days=1)
        from odoo.addons.retail_integration_base.models.retail_flow import RetailFlow

        stored = []
        real = RetailFlow._store_changes

        def store(flow, changes):
            if len(stored) == 2:
                stored.append(None)
                raise RuntimeError("the worker dies")
            stored.append(len(changes))
            return real(flow, changes)

        self.patch(RetailFlow, "_store_changes", store)
        begin = flow.watermark
        flow._job_poll()
        self.assertIn("dies", flow.poll_error)
        self.assertGreater(flow.watermark, begin)
        self.assertEqual(len(self.messages()), 20)
        self.world.requests.clear()
        self.poll()
        self.assertEqual(len(self.booked()), 35)
        self.assertLessEqual(self.world.requests["GET /v1/balance_transactions"], 4)

    def test_after_an_outage_of_35_days_all_of_it_is_there(self):
        self.account.pay(100)
        for _day in range(35):
            self.world.clock.advance(DAY)
            self.account.pay(1000)
        self.poll()
        self.assertEqual(self.booked(), self.theirs())

    def test_a_payout_shows_what_it_carries_and_adds_up(self):
        self.live()
        self.world.clock.advance(3 * DAY)
        payout = self.account.run_payout()
        self.poll()
        self.poll("payout")
        record = self.env["retail.payout"].search([("backend_id", "=", self.backend.id)])
        self.assertEqual((record.external_id, record.status), (payout["id"], "in_transit"))
        self.assertEqual((record.missing_count, record.difference), (0, 0))
        self.assertEqual(round(record.carried_net * 100), payout["amount"])
        proofs = self.proofs()
        states = {code: proofs[code].state for code in ("I1", "I2", "I3", "I4", "I6", "I7", "A8")}
        self.assertEqual(states, dict.fromkeys(states, "kept"), proofs["I3"].detail)

    def test_a_payout_that_fails_is_brought_up_to_date(self):
        self.live()
        self.world.clock.advance(3 * DAY)
        payout = self.account.run_payout()
        self.poll("payout")
        self.account.arrive(payout)
        self.account.fail_payout(payout)
        self.poll("payout")
        self.poll()
        record = self.env["retail.payout"].search([("backend_id", "=", self.backend.id)])
        self.assertEqual((record.status, record.missing_count), ("failed", 0))
        self.assertEqual(self.settlement.transit_account_id.current_balance, 0)
        messages = len(self.messages())
        self.poll("payout")
        self.assertEqual(len(self.messages()), messages)

    def test_a_manual_payout_claims_no_breakdown(self):
        self.account.pay(5000)
        self.account.pay_out(1000)
        self.poll("payout")
        record = self.env["retail.payout"].search([("backend_id", "=", self.backend.id)])
        self.assertEqual((record.has_breakdown, record.is_automatic), (False, False))

    def test_a_balance_that_is_not_booked_is_seen(self):
        self.account.pay(5000)
        self.poll()
        self.assertEqual(self.proofs()["I1"].state, "kept")
        self.account.pay(700)
        proof = self.proofs()["I1"]
        self.assertEqual(proof.state, "broken")
        self.assertTrue(proof.detail)

    def test_a_fault_of_stripe_is_tried_again(self):
        self.account.pay(5000)
        self.world.faults.add("http_500", path="balance_transactions")
        flow = self.flow()
        flow._job_poll()
        self.assertTrue(flow.poll_error)
        self.poll()
        self.assertEqual(self.booked(), self.theirs())
