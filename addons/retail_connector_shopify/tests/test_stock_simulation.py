"""Both sides sell, in any order and with webhooks as late as can be: the shop is never given what is sold already."""

import random

from odoo.tests import tagged

from .stock_common import ShopStockCase

SEEDS = range(6)
STEPS = 30
ACTIONS = (
    ["shop sells"] * 6
    + ["odoo sells"] * 3
    + ["webhook arrives"] * 4
    + ["order cancelled", "order edited", "receipt", "loss", "push", "push", "push", "poll", "lost answer", "reconcile"]
)


@tagged("post_install", "-at_install")
class TestStockSimulation(ShopStockCase):
    def test_whatever_is_sold_where_the_shop_is_never_given_what_is_sold_already_and_both_agree_at_rest(self):
        self.subscribe()
        self.reconcile()
        pushed = 0
        for seed in SEEDS:
            with self.subTest(seed=seed):
                pushed += self._run(random.Random(seed))
        # A run in which the shop is told nothing proves nothing.
        self.assertGreater(pushed, len(SEEDS) * 2)

    def _run(self, rng):
        before = self.calls("InventorySet")
        under_way, orders, story = [], [], []
        for _step in range(STEPS):
            action = rng.choice(ACTIONS)
            story.append(action)
            self.world.clock.advance(1)
            self._do(action, rng, under_way, orders, story)
            under_way += self.letters()
        self._come_to_rest(rng, under_way)
        for number in (0, 1):
            self.assertGreater(self.available(number), 0)
            self.assertEqual(self.shown(number), self.available(number), story)
            self.assertEqual((self.level(number).difference, self.level(number).in_flight), (0, 0), story)
        return self.calls("InventorySet") - before

    def _do(self, action, rng, under_way, orders, story):
        number = rng.randrange(2)
        self._do_in_shop(action, rng, number, orders)
        self._do_in_odoo(action, rng, number)
        if action == "webhook arrives" and under_way:
            self.let_in([under_way.pop(rng.randrange(len(under_way)))])
            self._drain(story)
        elif action == "push":
            self.make_due()
            self._drain(story)
        elif action == "poll":
            self.poll()
        elif action == "lost answer":
            with self.faults("truncated", count=rng.choice((1, 2, 4))):
                self._drain(story)
        elif action == "reconcile":
            self.reconcile(times=rng.randint(1, 3))

    def _do_in_shop(self, action, rng, number, orders):
        from simulators.shopify import live
        from simulators.shopify.state.changes import NotPossible

        try:
            if action == "shop sells":
                quantity = rng.randint(1, 3)
                if self.shown(number) >= quantity:  # it never sells what it does not offer
                    orders.append(self.sell(quantity, number))
            elif action == "order cancelled" and orders:
                live.cancel(self.world, orders.pop(rng.randrange(len(orders))))
            elif action == "order edited" and orders:
                live.edit(self.world, rng.choice(orders), quantities=[{"line": 0, "quantity": rng.randint(1, 3)}])
        except NotPossible:
            """A cancelled order is not edited, and one that leaves too little is not enlarged."""

    def _do_in_odoo(self, action, rng, number):
        if action == "odoo sells":
            quantity = rng.randint(1, 3)
            if self.available(number) >= quantity:
                self.receive(-quantity, number)
        elif action == "receipt":
            self.receive(rng.randint(1, 6), number)
        elif action == "loss":
            self.receive(-min(rng.randint(1, 4), max(self.available(number), 0)) or 1, number)

    def _drain(self, story):
        """Work everything off; whatever we did to the shop's figures gave it nothing that is sold already."""
        before = [self.shown(number) for number in (0, 1)]
        self.drain()
        for number in (0, 1):
            shown, free = self.shown(number), max(self.available(number) - self._sold_unseen(number), 0)
            if shown > before[number]:
                self.assertLessEqual(shown, free, (number, story))

    def _sold_unseen(self, number):
        """Return the units of the shop's orders that Odoo's stock does not show: the truth, seen from both sides."""
        sku, unseen = self.variants[number]["sku"], 0
        for order in self.world.shop.all("Order"):
            wanted = sum(line["currentQuantity"] for line in order["lineItems"] if line["sku"] == sku)
            sale = self.sale_order(order)
            lines = sale.order_line.move_ids.move_line_ids.filtered(
                lambda line: line.product_id == self.products[number] and line.state != "cancel"
            )
            unseen += wanted - sum(lines.mapped("quantity"))
        return int(unseen)

    def _come_to_rest(self, rng, under_way):
        rng.shuffle(under_way)
        self.let_in(under_way)
        self.make_due()
        self.drain()
        self.world.clock.advance(5)
        self.poll()
        self.reconcile(times=3)
        self.make_due()
        self.drain()
        # What both sides sold at the same moment is short. Goods come, and Odoo reserves them for who waits.
        waiting = self.env["stock.move"].search(
            [("sale_line_id.order_id.retail_backend_id", "=", self.backend.id), ("state", "not in", ("done", "cancel"))]
        )
        missing = waiting.grouped("product_id")
        for number, product in enumerate(self.products):
            self.receive(sum(missing.get(product, waiting.browse()).mapped("product_qty")) + 20, number)
        waiting._action_assign()
        self.commit()
        self.drain()
        self.reconcile(times=2)
        self.assertFalse(self.messages().filtered(lambda one: one.state in ("pending", "retry")))
