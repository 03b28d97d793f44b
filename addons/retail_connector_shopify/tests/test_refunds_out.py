"""From a posted credit note to what Shopify pays back: once, whatever happens on the way."""

from odoo.tests import tagged

from .common import ShopifyCase
from .refund_common import RefundCase


@tagged("post_install", "-at_install")
class TestRefundsOut(RefundCase):
    def setUp(self):
        super().setUp()
        self.flow("refund", "out").state = "live"
        self.subscribe()

    def told(self):
        return self.commands().filtered(lambda one: one.entity == "refund")

    def assert_refunded_once(self, order, sale, credit):
        """The shop paid back what Odoo credited, and both know that these are one."""
        self.settle(order)
        self.flow("refund", "in")._job_poll()
        self.drain()
        [refund] = order["refunds"]
        self.assertEqual(refund["totalRefundedSet"].shopMoney.amount, self.exact(credit.amount_total))
        self.assertEqual((self.credits(sale), sale.retail_refund_ids.external_id), (credit, refund["id"]))
        self.assertEqual((credit.retail_refund_id.state, credit.retail_refund_state), ("agreed", "told"))
        self.assertEqual(self.told().mapped("state"), ["done"])
        return refund

    # ---------------------------------------------------------------- what is told

    def test_a_credit_note_of_everything_is_paid_back_and_its_refund_books_nothing(self):
        order, sale = self.order((2, 1))
        credit = self.reverse(self.invoice(sale))
        self.drain()
        refund = self.assert_refunded_once(order, sale, credit)
        parts = [(part["restockType"], part["quantity"]) for part in refund["refundLineItems"]]
        self.assertEqual(parts, [("CANCEL", 2), ("CANCEL", 1)])
        self.assertFalse(order["totalOutstandingSet"])
        self.assertIn(credit.name, refund["note"])
        self.assert_agrees(order, sale, invoiced=True)
        self.assertEqual(self.items(sale).mapped("product_uom_qty"), [0, 0], "nothing of it is shipped any more")
        self.assertNotEqual(sale.invoice_status, "to invoice")

    def test_goods_that_came_back_are_restocked_and_others_are_not(self):
        for is_back, restock in ((True, "RETURN"), (False, "NO_RESTOCK")):
            with self.subTest(is_back=is_back):
                order, sale = self.order((3,))
                self.deliver(order)
                invoice = self.invoice(sale)
                if is_back:
                    wizard = self.env["stock.return.picking"].with_context(
                        active_id=sale.picking_ids.id, active_model="stock.picking"
                    )
                    wizard = wizard.create({"picking_id": sale.picking_ids.id})
                    wizard.product_return_moves.quantity = 1
                    self.validate(wizard._create_return())
                credit = self.reverse(invoice, {self.items(sale).product_id: 1})
                self.drain()
                self.settle(order)
                [refund] = order["refunds"]
                [part] = refund["refundLineItems"]
                self.assertEqual((part["restockType"], part["quantity"]), (restock, 1))
                self.assertEqual(self.credits(sale), credit)
                self.assertEqual(self.returned(sale), int(is_back))
                self.assert_agrees(order, sale, invoiced=True)
                self.assertNotEqual(sale.invoice_status, "to invoice")

    def test_shipping_alone_is_paid_back(self):
        order, sale = self.order((1,))
        invoice = self.invoice(sale)
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        made = wizard.create({"journal_id": invoice.journal_id.id}).refund_moves()
        credit = self.env["account.move"].browse(made["res_id"])
        credit.invoice_line_ids.filtered(lambda line: line.sale_line_ids.retail_line_type != "shipping").unlink()
        credit.action_post()
        self.drain()
        refund = self.assert_refunded_once(order, sale, credit)
        self.assertEqual(len(refund["refundShippingLines"]), 1)
        self.assertFalse(refund["orderAdjustments"])
        self.assert_agrees(order, sale, invoiced=True)

    def test_an_amount_beyond_the_lines_is_paid_back_as_an_adjustment(self):
        order, sale = self.order((2,))
        invoice = self.invoice(sale)
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        made = wizard.create({"journal_id": invoice.journal_id.id}).refund_moves()
        credit = self.env["account.move"].browse(made["res_id"])
        goods = credit.invoice_line_ids.filtered(lambda line: line.sale_line_ids.retail_line_type == "item")
        (credit.invoice_line_ids - goods).unlink()
        goods.price_unit = 1.5
        credit.action_post()
        self.drain()
        refund = self.assert_refunded_once(order, sale, credit)
        self.assertFalse(refund["refundLineItems"], "two mugs for less are still two mugs")
        self.assertEqual(self.items(sale).product_uom_qty, 2)
        self.assert_agrees(order, sale, invoiced=True)

    def test_what_was_paid_in_odoo_is_paid_back_in_odoo(self):
        order, sale = self.order((2, 1))
        invoice = self.invoice(sale)
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        register.create({"journal_id": self.bank.id}).action_create_payments()
        credit = self.reverse(invoice)
        self.drain()
        self.assert_refunded_once(order, sale, credit)
        payment = credit.retail_refund_id.payment_ids.account_payment_id
        self.assertEqual((payment.payment_type, payment.journal_id), ("outbound", self.bank))
        self.assertEqual(self.exact(payment.amount), self.exact(credit.amount_total))

    def test_a_note_that_was_a_draft_in_between_is_told_once(self):
        order, sale = self.order((1,))
        credit = self.reverse(self.invoice(sale))
        credit.button_draft()
        self.drain()
        self.assertFalse(order["refunds"])
        credit.action_post()
        self.drain()
        credit.button_draft()
        credit.action_post()
        self.drain()
        self.assertEqual(len(order["refunds"]), 1)
        self.settle(order)
        self.assertEqual(len(self.credits(sale)), 1)

    def test_without_the_flow_nothing_is_told(self):
        self.flow("refund", "out").state = "off"
        order, sale = self.order((1,))
        self.reverse(self.invoice(sale))
        self.drain()
        self.assertFalse(order["refunds"] or self.told())

    # ---------------------------------------------------------------- once

    def test_the_crash_between_the_call_and_the_commit_pays_back_once(self):
        order, sale = self.order((2, 1))
        credit = self.reverse(self.invoice(sale))
        with self.lose_answer_of("RefundCreate"):
            self.drain()
        self.assertEqual((len(order["refunds"]), self.told().state), (1, "retry"))
        self.retry()
        self.assert_refunded_once(order, sale, credit)

    def test_the_refund_that_is_heard_of_before_its_answer_is_recognised(self):
        order, sale = self.order((2,))
        credit = self.reverse(self.invoice(sale))
        with self.lose_answer_of("RefundCreate"):
            self.drain()
        self.settle(order)
        self.assertEqual(credit.retail_refund_id.external_id, order["refunds"][0]["id"])
        self.retry()
        self.assertEqual((len(order["refunds"]), len(self.credits(sale)), self.told().state), (1, 1, "done"))

    def test_an_answer_that_is_lost_with_the_shops_memory_of_its_key_pays_back_once(self):
        order, sale = self.order((2,))
        credit = self.reverse(self.invoice(sale))
        with self.lose_answer_of("RefundCreate"):
            self.drain()
        self.world.forget_keys()
        self.retry()
        self.assert_refunded_once(order, sale, credit)

    def test_while_the_shop_does_not_answer_nothing_is_lost(self):
        order, sale = self.order((1,))
        with self.faults("http_500", status=503):
            credit = self.reverse(self.invoice(sale))
            self.drain()
        self.assertFalse(order["refunds"])
        self.retry()
        self.assert_refunded_once(order, sale, credit)

    def test_what_the_shop_began_is_never_sent_back(self):
        order, sale = self.order((2, 1))
        self.deliver(order)
        self.invoice(sale)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "RETURN"}])
        self.settle(order)
        self.assertEqual((len(self.credits(sale)), len(order["refunds"])), (1, 1))
        self.assertFalse(self.told())

    def test_what_staff_paid_back_already_is_not_paid_back_again(self):
        order, sale = self.order((2,))
        invoice = self.invoice(sale)
        self.refund(order, webhooks=False)
        credit = self.reverse(invoice)
        self.drain()
        self.settle(order)
        self.assertEqual((len(order["refunds"]), self.credits(sale)), (1, credit))
        self.assertEqual(credit.retail_refund_state, "agreed")

    def test_what_staff_paid_back_otherwise_is_booked_first(self):
        order, sale = self.order((3,))
        invoice = self.invoice(sale)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}], webhooks=False)
        self.reverse(invoice, {self.items(sale).product_id: 2})
        self.drain()
        self.assertEqual((len(order["refunds"]), self.told().state), (1, "retry"))
        self.flow("refund", "in")._job_poll()
        self.drain()
        self.retry()
        self.settle(order)
        self.assertEqual((len(order["refunds"]), len(self.credits(sale))), (2, 2))
        self.assert_agrees(order, sale, invoiced=True)

    # ---------------------------------------------------------------- what stands in the way

    def test_a_refused_refund_is_an_exception_that_says_why_and_can_be_tried_again(self):
        from simulators.shopify import live_fulfilments
        from simulators.shopify.state import fulfilments

        order, sale = self.order((2,))
        self.flow("fulfilment", "in").state = "off"
        shipped = live_fulfilments.fulfil(self.world, order, webhooks=False)
        credit = self.reverse(self.invoice(sale))
        self.drain()
        exception = self.exception("refund_refused")
        self.assertIn("cannot be refunded as CANCEL", exception.name)
        self.assertIn(credit.name, exception.name)
        self.assertFalse(order["refunds"])
        fulfilments.cancel(self.world.shop, shipped)
        self.told().action_replay()
        self.drain()
        self.assertEqual(exception.state, "resolved")
        self.assert_refunded_once(order, sale, credit)

    def test_an_order_paid_in_another_currency_is_left_to_people_and_recognised(self):
        order = self.place("other_currency", webhooks=False)
        self.poll("order")
        sale = self.sale_order(order)
        credit = self.reverse(self.invoice(sale))
        self.drain()
        exception = self.exception("refund_refused")
        self.assertIn("then the credit note is recognised", exception.name)
        self.refund(order)
        self.settle(order)
        self.assertEqual((self.credits(sale), credit.retail_refund_id.external_id), (credit, order["refunds"][0]["id"]))

    def test_the_customer_is_told_only_if_the_backend_says_so(self):
        for is_told in (True, False):
            with self.subTest(is_told=is_told):
                self.backend.refund_notify = is_told
                order, sale = self.order((1,))
                self.reverse(self.invoice(sale))
                self.drain()
                self.assertEqual(order["refunds"][0].get("_notified", 0), int(is_told))


@tagged("post_install", "-at_install")
class TestRefundFlows(ShopifyCase):
    def test_the_flows_are_off_until_somebody_lets_them_go_live(self):
        flows = self.backend.flow_ids.filtered(lambda flow: flow.entity in ("refund", "return"))
        self.assertEqual(sorted(flows.mapped("direction")), ["in", "in", "out"])
        self.assertEqual(set(flows.mapped("state")), {"off"})
