"""Orders from before Odoo noted which refunds their lines contain: none is booked twice, and none is left out."""

from odoo import fields
from odoo.tests import tagged

from .refund_common import RefundCase


@tagged("post_install", "-at_install")
class TestRefundsOfOldOrders(RefundCase):
    def setUp(self):
        super().setUp()
        self.subscribe()

    def make_old(self, sale):
        """Let the order's link say what it said before refunds were noted: nothing."""
        binding = sale._get_retail_binding()
        binding.write({"refunds_taken": False, "is_refunds_known": False, "checksum": "of a document without refunds"})
        return binding

    def recover(self):
        """Let everything be listed that was refunded since yesterday."""
        flow = self.flow("refund", "in")
        flow.watermark = fields.Datetime.now() - self.hour * 24
        flow._job_poll()
        self.drain()
        for _attempt in range(2):
            self.retry()

    def test_one_from_before_the_import_is_not_booked_again(self):
        order, _none = self.order((3, 2), is_imported=False)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}], shipping=True, webhooks=False)
        self.poll("order")
        sale = self.sale_order(order)
        for state in ("delivered and invoiced", "recovered again"):
            if state == "delivered and invoiced":
                self.make_old(sale)
                self.ship(sale)
                self.invoice(sale)
            self.recover()
            self.assertFalse(self.credits(sale), state)
            self.assertEqual(sale.retail_refund_ids.state, "with_order")
            self.assert_agrees(order, sale, invoiced=True)
        self.assert_nothing_waits(order)

    def test_one_from_after_the_import_is_booked_once(self):
        order, sale = self.order((3, 2))
        self.make_old(sale)
        self.deliver(order)
        self.invoice(sale)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "RETURN"}], webhooks=False)
        self.recover()
        self.recover()
        self.assertEqual((len(self.credits(sale)), self.returned(sale)), (1, 1))
        self.assert_agrees(order, sale, invoiced=True)
        self.assert_nothing_waits(order)

    def test_of_two_like_ones_only_the_later_is_booked(self):
        order, _none = self.order((3,), is_imported=False)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}], webhooks=False)
        self.poll("order")
        sale = self.sale_order(order)
        self.make_old(sale)
        self.deliver(order)
        self.invoice(sale)
        late = self.refund(order, [{"line": 0, "quantity": 1, "restock": "RETURN"}], webhooks=False)
        self.recover()
        self.assertEqual(self.credits(sale).retail_refund_id.external_id, late["id"])
        self.assertEqual(self.returned(sale), 1)
        self.assert_agrees(order, sale, invoiced=True)
        self.assert_nothing_waits(order)

    def test_an_order_that_was_neither_delivered_nor_invoiced_follows_as_any_other(self):
        order, sale = self.order((3,))
        self.make_old(sale)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}], webhooks=False)
        self.recover()
        self.assertEqual((self.items(sale).product_uom_qty, sale.retail_refund_ids.state), (2, "with_order"))
        self.assert_nothing_waits(order)

    def test_where_nobody_can_tell_a_person_does(self):
        """The lines were changed by hand: they are the channel's neither with the refund nor without it."""
        for fix, count in (("contain_refund", 0), ("book_refund", 1)):
            with self.subTest(fix=fix):
                order, sale = self.order((4,))
                self.items(sale).product_uom_qty = 2
                sale.retail_keep_lines = True
                self.make_old(sale)
                self.invoice(sale)
                self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}], webhooks=False)
                self.recover()
                self.assertFalse(self.credits(sale), "nothing is booked silently")
                exception = self.exception("refund_unclear")
                self.assertIn(sale.name, exception.name)
                exception.action_fix(fix)
                self.drain()
                self.assertEqual(len(self.credits(sale)), count)
                self.assertEqual(self.messages("refund:" + order["refunds"][0]["id"]).state, "done")
                self.assertEqual(exception.state, "resolved")
