"""Whatever happens, in whatever order it is heard of: the entries are the same, and every promise is kept."""

import itertools
import random

from odoo import Command
from odoo.tests import tagged

from odoo.addons.retail_integration_base.models.retail_undo import undone

from .common import StripeCase

DAY = 86400
STEPS = 500
ALL = tuple("I1 I2 I3 I4 I5 I6 I7 I9 A8".split())


@tagged("post_install", "-at_install")
class TestSettlementOrders(StripeCase):
    def entries(self):
        """Return what is booked, apart from when it was: per movement its day, its legs and what stays open of them."""
        self.env.flush_all()
        lines = self.env["retail.settlement.line"].search([("backend_id", "=", self.backend.id)])
        return {
            line.external_id: (
                line.move_id.date,
                line.move_id.state,
                tuple(
                    sorted(
                        (item.account_id.id, item.name, item.balance, item.amount_residual)
                        for item in line.move_id.line_ids
                    )
                ),
            )
            for line in lines
        }

    def test_all_orders_of_arrival_with_repetitions_end_in_identical_entries(self):
        self.subscribe()
        account = self.account
        charge = account.pay(5000)
        refund = account.refund(charge, 1200)
        account.fail_refund(refund)
        account.dispute(account.pay(3000))
        letters = self.letters()
        wanted = ("charge.succeeded", "refund.created", "refund.failed", "charge.dispute.created")
        told = [next(one for one in letters if b'"%s"' % kind.encode() in one.body) for kind in wanted]
        ends = []
        for order in itertools.permutations(told):
            with undone(self.env):
                for letter in (*order, *order[::2]):
                    self.let_in([letter])
                    self.drain()
                self.poll()
                ends.append(self.entries())
            self.env.invalidate_all()
        self.assertEqual(len(ends), 24)
        self.assertEqual(len(ends[0]), 5)
        for end in ends[1:]:
            self.assertEqual(end, ends[0])

    def believe(self, known):
        """Enter in Odoo what it would have booked of payments and refunds: one open item on A2 for each movement."""
        awaiting = ("charge", "refund", "refund_failure", "partial_capture_reversal")
        new = [
            one
            for one in self.account.all("balance_transaction")
            if one["reporting_category"] in awaiting and one["id"] not in known
        ]
        known.update(one["id"] for one in new)
        other = self.settlement.loss_account_id
        moves = self.env["account.move"].create(
            [
                {
                    "journal_id": self.general.id,
                    "ref": one["source"],
                    "line_ids": [
                        Command.create({"account_id": account.id, "balance": sign * one["amount"] / 100})
                        for account, sign in ((self.settlement.awaiting_account_id, 1), (other, -1))
                    ],
                }
                for one in new
            ]
        )
        moves.action_post()

    def happen(self, rng, charge):
        """Let one thing happen, to ``charge`` or to the account."""
        account, left = self.account, charge["amount_captured"] - charge["amount_refunded"]
        action = rng.choice("refund capture dispute payout fail hold time".split())
        if action == "refund" and left:
            refund = account.refund(charge, rng.randint(1, left))
            if rng.random() < 0.3:
                account.fail_refund(refund)
        elif action == "capture":
            held = account.create_intent(rng.randint(100, 9000), "eur", capture_method="manual")
            account.confirm(held)
            account.capture(held, rng.randint(50, held["amount"]))
        elif action == "dispute" and not charge["disputed"]:
            dispute = account.dispute(charge)
            if rng.random() < 0.5:
                account.close_dispute(dispute, won=True, returns_fee=rng.random() < 0.5)
        elif action == "payout":
            account.run_payout()
        elif action == "fail":
            for payout in [one for one in account.all("payout") if one["status"] == "in_transit"][:1]:
                account.fail_payout(payout)
        elif action == "hold":
            account.book(rng.choice(("reserve_hold", "reserve_release")), rng.randint(-500, 500), "eur")
        else:
            self.world.clock.advance(rng.randint(1, 2 * DAY))

    def test_seeded_steps_keep_the_promises(self):
        """Random things happen; after some all is taken in, and every promise is kept."""
        rng = random.Random(11)
        account, charges, believed = self.account, [], set()
        self.general = self.env["account.journal"].create({"name": "Sales", "code": "SLS", "type": "general"})
        for step in range(STEPS):
            if not charges or rng.random() < 0.3:
                charges.append(account.pay(rng.randint(50, 90000)))
            self.happen(rng, rng.choice(charges))
            if step % 100 == 99:
                self.believe(believed)
                self.poll()
                self.poll("payout")
                proofs = self.proofs()
                states = {code: proofs[code].state for code in ALL}
                self.assertEqual(
                    states, dict.fromkeys(ALL, "kept"), [(one.code, one.detail) for one in proofs.values()]
                )
        self.assertEqual(self.booked(), self.theirs())
