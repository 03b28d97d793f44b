"""Whatever order messages come in, however often, and whichever are lost: the end is what the shop says."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common import ShopifyCase

#: What happens, one after the other: the shop changes, some of what was sent arrives, Odoo works, Odoo asks.
STEPS = st.lists(st.sampled_from(["edit", "note", "cancel", "arrive", "drain", "poll"]), max_size=8)


@tagged("post_install", "-at_install")
class TestInterleavings(ShopifyCase):
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(
        kind=st.sampled_from(["simple", "code_percent", "us_exclusive", "duties", "tip", "guest", "pos_cash"]),
        steps=STEPS,
        chance=st.integers(0, 2**32),
        is_lossy=st.booleans(),
        is_fast=st.booleans(),
    )
    def test_any_interleaving_of_created_updated_cancelled_ends_in_the_same_order(
        self, kind, steps, chance, is_lossy, is_fast
    ):
        rng = random.Random(chance)
        if not self.world.shop.all("WebhookSubscription"):
            self.subscribe()
        order = self.place(kind)
        under_way = self.letters()
        for step in steps:
            if not is_fast:
                self.world.clock.advance(1)
            self.do(step, order, under_way, rng)
            under_way += self.letters()
        if is_lossy and not is_fast:
            # Whatever is still under way is lost. The shop is asked at last.
            self.poll()
        else:
            arriving = under_way + rng.choices(under_way, k=3) if under_way else []
            rng.shuffle(arriving)
            for letter in arriving:
                self.let_in([letter])
                if rng.random() < 0.3:
                    self.drain()
            self.drain()
        self.assert_end(order, self.messages("order:" + order["id"]))

    def do(self, step, order, under_way, rng):
        from simulators.shopify import live
        from simulators.shopify.state.changes import NotPossible

        try:
            if step == "edit":
                position = rng.randrange(len(order["lineItems"]))
                live.edit(self.world, order, quantities=[{"line": position, "quantity": rng.randrange(5)}])
            elif step == "note":
                live.edit(self.world, order, note="Note %d" % rng.randrange(10**6))
            elif step == "cancel":
                live.cancel(self.world, order)
            elif step == "arrive" and under_way:
                # One of them, not the oldest; sometimes it arrives again later.
                letter = rng.choice(under_way)
                if rng.random() < 0.7:
                    under_way.remove(letter)
                self.let_in([letter])
            elif step == "drain":
                self.drain()
            elif step == "poll":
                self.poll()
        except NotPossible:
            """A cancelled order is not edited."""

    def assert_end(self, order, messages):
        story = messages.mapped(lambda one: (one.topic, one.state, one.reason))
        self.assertLessEqual(set(messages.mapped("state")), {"done", "superseded"}, story)
        binding = self.env["retail.binding.order"].search(
            [("backend_id", "=", self.backend.id), ("external_id", "=", order["id"])]
        )
        sales = self.env["sale.order"].search([("retail_external_name", "=", order["name"])])
        self.assertEqual(len(binding), 1, story)
        self.assertEqual(binding.order_id, sales, "There is one sales order: %s" % (story,))
        self.assertEqual(sales.state == "cancel", order["cancelledAt"] is not None, story)
        self.assertEqual(sales.retail_note or None, order["note"], story)
        if not order["cancelledAt"]:
            self.assert_same_total(order)

    def setUp(self):
        super().setUp()
        # One shop for all examples: names of orders must not come twice.
        self.assertFalse(self.messages())
