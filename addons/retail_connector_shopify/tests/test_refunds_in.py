"""What the shop pays back becomes Odoo's documents, whatever state the order is in, once, and to the cent."""

from odoo.tests import tagged

from .refund_common import RefundCase


@tagged("post_install", "-at_install")
class TestRefundsIn(RefundCase):
    def setUp(self):
        super().setUp()
        self.subscribe()

    def test_a_refund_of_a_delivered_and_invoiced_order_makes_credit_note_return_and_payment(self):
        order, sale = self.order((2, 1))
        self.deliver(order)
        invoice = self.invoice(sale)
        made = self.refund(order)
        self.settle(order)
        credit = self.credits(sale)
        self.assertEqual((len(credit), credit.state, credit.reversed_entry_id), (1, "posted", invoice))
        self.assertEqual(credit.retail_refund_id.external_id, made["id"])
        self.assertEqual(self.exact(credit.amount_total), made["totalRefundedSet"].shopMoney.amount)
        self.assertEqual(self.returned(sale), 3)
        payment = credit.retail_refund_id.payment_ids.account_payment_id
        self.assertEqual((payment.payment_type, payment.journal_id), ("outbound", self.bank))
        self.assertEqual(self.exact(payment.amount), made["totalRefundedSet"].shopMoney.amount)
        self.assertIn(credit.payment_state, ("paid", "in_payment"))
        self.assert_agrees(order, sale, invoiced=True)
        self.assertEqual(sale.invoice_status, "invoiced", "nothing is asked to be invoiced again")

    # ---------------------------------------------------------------- every state, every kind

    #: state of the order → (lines to deliver, whether it is invoiced, whether all of it)
    STATES = {
        "nothing": ((), False, False),
        "invoiced": ((), True, True),
        "delivered": (None, False, False),
        "delivered and invoiced": (None, True, True),
        "delivered in part": (({"line": 0, "quantity": 1},), False, False),
        "delivered in part, invoiced": (({"line": 0, "quantity": 1},), True, True),
        "delivered, invoiced in part": (None, True, False),
        "delivered in part, invoiced in part": (({"line": 0, "quantity": 1},), True, False),
    }
    #: kind of refund → function (units of the first line that were shipped, that were not) → options or None
    KINDS = {
        "everything": lambda shipped, left: {},
        "one unit that is not shipped": lambda shipped, left: (
            left and {"lines": [{"line": 0, "quantity": 1, "restock": "CANCEL"}]}
        ),
        "one unit that is not shipped and lost": lambda shipped, left: (
            left and not shipped and {"lines": [{"line": 0, "quantity": 1, "restock": "NO_RESTOCK"}]}
        ),
        "one unit that came back": lambda shipped, left: (
            shipped and {"lines": [{"line": 0, "quantity": 1, "restock": "RETURN"}]}
        ),
        "one unit the customer keeps": lambda shipped, left: (
            shipped and not left and {"lines": [{"line": 0, "quantity": 1, "restock": "NO_RESTOCK"}]}
        ),
        "shipping": lambda shipped, left: {"lines": [], "shipping": True},
        "a part of shipping": lambda shipped, left: {"lines": [], "shipping": "1.23"},
        "goodwill": lambda shipped, left: {"lines": [], "paid": "3.33"},
        "less than it is worth": lambda shipped, left: {
            "lines": [{"line": 1, "quantity": 1, "restock": "CANCEL" if left else "RETURN"}],
            "shipping": True,
            "paid": "0.50",
        },
    }

    def test_a_refund_of_any_kind_in_any_state_agrees_to_the_cent(self):
        """All at once, as a worker's batches are: each is looked at for itself."""
        cases = []
        for state, (delivered, is_invoiced, is_whole) in self.STATES.items():
            shipped = 3 if delivered is None else len(delivered)
            for kind, choose in self.KINDS.items():
                options = choose(shipped, 3 - shipped)
                if options or options == {}:
                    order, _none = self.order((3, 2), is_imported=False)
                    cases.append(({"state": state, "kind": kind}, order, delivered, is_invoiced, is_whole, options))
        self.poll("order")
        sales = {name: self.sale_order(order) for name, order in ((one[1]["id"], one[1]) for one in cases)}
        for _case, order, delivered, _is_invoiced, _is_whole, _options in cases:
            if delivered != ():
                self.fulfil(order, delivered and list(delivered))
        self.receive_all()
        self.invoice_some(
            {sales[order["id"]]: is_whole for _case, order, _a, is_invoiced, is_whole, _b in cases if is_invoiced}
        )
        refunds = [self.refund(order, **options) for *_case, order, _a, _b, _c, options in cases]
        self.receive_all()
        for _attempt in range(4):
            if self.messages().filtered(lambda one: one.state == "retry"):
                self.retry()
        for (case, order, _delivered, _is_invoiced, is_whole, _options), made in zip(cases, refunds, strict=True):
            with self.subTest(**case):
                self.assert_nothing_waits(order)
                self.check(order, sales[order["id"]], made, is_whole)

    def invoice_some(self, wholes):
        """Post an invoice for each order: of all of it, or of one of its three units."""
        moves = self.env["sale.order"].concat(*wholes)._create_invoices(grouped=True)
        for move in moves:
            if not wholes[move.invoice_line_ids.sale_line_ids.order_id]:
                line = move.invoice_line_ids.filtered(lambda one: one.quantity == 3)
                line.quantity = 1
        moves.action_post()

    def check(self, order, sale, made, is_whole):
        self.assert_agrees(order, sale, invoiced=True if is_whole else None)
        shop_units = [line["currentQuantity"] for line in order["lineItems"]]
        back = [part["quantity"] for part in made["refundLineItems"] if part["restockType"] == "RETURN"]
        self.assertEqual(self.returned(sale), sum(back))
        left = [line["unfulfilledQuantity"] for line in order["lineItems"]]
        self.assertEqual([line.product_uom_qty - line.qty_delivered for line in self.items(sale)], left)
        self.assertEqual(sale.retail_refund_ids.external_id, made["id"])
        if is_whole:
            self.assertEqual(len(self.credits(sale)), 1)
            paid = sale.retail_refund_ids.payment_ids.account_payment_id
            self.assertEqual(sum(map(self.exact, paid.mapped("amount"))), made["totalRefundedSet"].shopMoney.amount)
            self.assertNotEqual(sale.invoice_status, "to invoice")
        if sale.invoice_status == "to invoice":
            sale._create_invoices(final=True).action_post()
        if self.net_invoiced(sale) or any(shop_units):
            self.assertIn(self.net_invoiced(sale), (self.stands(order), 0))

    # ---------------------------------------------------------------- amounts of every kind

    def test_refunds_of_all_kinds_of_orders_agree_to_the_cent(self):
        kinds = (
            "code_percent code_amount two_discounts line_discount free_shipping us_exclusive canada_exclusive "
            "other_currency duties tip custom_line gift_card_paid pos_cash"
        )
        for kind in kinds.split():
            with self.subTest(kind=kind):
                order = self.place(kind, webhooks=False)
                self.poll("order")
                sale = self.sale_order(order)
                self.assert_same_total(order)
                self.invoice(sale)
                first = next(i for i, line in enumerate(order["lineItems"]) if line["unfulfilledQuantity"] or i == 0)
                restock = "CANCEL" if order["lineItems"][first]["unfulfilledQuantity"] else "NO_RESTOCK"
                if order["lineItems"][first]["currentQuantity"] > 1:
                    self.refund(order, [{"line": first, "quantity": 1, "restock": restock}])
                    self.settle(order)
                    self.assert_agrees(order, sale, invoiced=True)
                self.refund(order)
                self.settle(order)
                self.assertEqual(sum(map(self.exact, self.credits(sale).mapped("amount_total"))), self.shown(order))

    def test_what_the_next_invoice_sets_off_is_exact_where_taxes_are_rounded_together(self):
        """Two taxes of 5 and 9.975 % on prices without them, delivered and not invoiced yet."""
        self.company.tax_calculation_rounding_method = "round_globally"
        orders = []
        for units in range(2, 8):
            order = self.place(
                "canada_exclusive",
                lines=[{"sku": sku, "quantity": units} for sku in self.skus(units, 2)],
                webhooks=False,
            )
            orders.append(order)
        self.poll("order")
        for order in orders:
            self.fulfil(order)
        self.receive_all()
        for order in orders:
            self.refund(order, [{"line": 0, "quantity": 1, "restock": "RETURN"}])
        self.receive_all()
        self.retry()
        for order in orders:
            sale = self.sale_order(order)
            self.assert_nothing_waits(order)
            self.assert_agrees(order, sale)
            sale._create_invoices(final=True).action_post()
            self.assert_agrees(order, sale, invoiced=True)

    def skus(self, first, count):
        """Return ``count`` SKUs of the shop, other ones for another ``first``."""
        known = [variant["sku"] for variant in self.world.shop.all("ProductVariant") if variant["sku"]]
        return known[first * count : (first + 1) * count]

    def shown(self, order):
        """Return what the refunds of an order took off it in the shop (Decimal)."""
        from simulators.shopify.state import refunds

        return sum(refunds.worth_of(order, refund).shopMoney.amount for refund in order["refunds"])

    # ---------------------------------------------------------------- in any order, any number of times

    def test_it_may_be_told_twice_in_any_order_and_asked_for(self):
        order, sale = self.order((2, 1))
        self.deliver(order)
        self.invoice(sale)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "RETURN"}])
        self.refund(order, [{"line": 1, "quantity": 1, "restock": "NO_RESTOCK"}], shipping=True)
        letters = self.letters()
        self.let_in(list(reversed(letters)) + letters)
        self.drain()
        self.poll_refunds()
        self.settle(order)
        self.assertEqual((len(self.credits(sale)), self.returned(sale)), (2, 1))
        self.assertEqual(len(sale.retail_refund_ids.payment_ids.account_payment_id), 2)
        self.assert_agrees(order, sale, invoiced=True)

    def poll_refunds(self):
        flow = self.flow("refund", "in")
        flow._job_poll()
        self.assertFalse(flow.poll_error)
        self.drain()

    def test_what_no_webhook_tells_is_found_by_asking(self):
        order, sale = self.order((2,))
        self.invoice(sale)
        self.refund(order, webhooks=False)
        self.poll_refunds()
        self.assertEqual(self.exact(self.credits(sale).amount_total), self.shown(order))

    def test_one_that_comes_before_its_order_waits_for_it_and_is_part_of_its_lines(self):
        order, _none = self.order((2,), is_imported=False)
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}])
        self.let_in([one for one in self.letters() if one.headers["x-shopify-topic"] == "refunds/create"])
        self.drain()
        waiting = self.messages("refund:" + order["refunds"][0]["id"])
        self.assertEqual(waiting.state, "retry")
        self.poll("order")
        self.retry()
        sale = self.sale_order(order)
        self.assertEqual((waiting.state, sale.retail_refund_ids.state), ("done", "with_order"))
        self.assertEqual(self.items(sale).product_uom_qty, 1)
        self.assert_agrees(order, sale)
        self.assertFalse(self.credits(sale))

    def test_what_is_delivered_between_the_refund_and_its_message_is_booked_apart(self):
        order, sale = self.order((2,))
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}])
        letters = self.letters()
        self.ship(sale, units={0: 1})
        self.invoice(sale)
        self.let_in(letters)
        self.drain()
        self.settle(order)
        self.assertEqual(self.items(sale).product_uom_qty, 1)
        self.assert_agrees(order, sale, invoiced=True)

    def test_a_replay_books_what_a_mapping_kept_from_being_paid_and_nothing_else(self):
        self.backend.payment_map_ids.unlink()
        order, sale = self.order((1,))
        self.invoice(sale)
        self.refund(order)
        self.settle(order)
        refund = sale.retail_refund_ids
        self.assertEqual((len(self.credits(sale)), refund.payment_ids.account_payment_id.ids), (1, []))
        message = self.messages("refund:" + order["refunds"][0]["id"])[-1]
        self.assertIn("journal", message.reason)
        self.env["retail.payment.map"].create(
            {"backend_id": self.backend.id, "gateway": "shopify_payments", "journal_id": self.bank.id}
        )
        for _time in range(2):
            message.action_replay()
            self.drain()
        self.assertEqual((len(self.credits(sale)), len(refund.payment_ids.account_payment_id)), (1, 1))

    # ---------------------------------------------------------------- what a person decides

    def test_an_invoiced_order_that_the_shop_cancels_is_credited_and_cancelled(self):
        from simulators.shopify import live

        order, sale = self.order((2, 1))
        self.invoice(sale)
        self.world.clock.advance(1)
        live.cancel(self.world, order)
        self.world.sender.emit("refunds/create", order["refunds"][0])
        self.settle(order)
        self.assertEqual((sale.state, self.net_invoiced(sale)), ("cancel", 0))

    def test_what_odoo_shipped_and_the_shop_cancelled_is_a_persons_decision(self):
        for fix, back in (("return_refunded", 2), ("keep_refunded", 0)):
            with self.subTest(fix=fix):
                self.flow("fulfilment", "out").state = "off"
                order, sale = self.order((2,))
                self.ship(sale)
                self.invoice(sale)
                self.refund(order)
                self.receive_all()
                self.assertFalse(self.credits(sale), "nothing is booked silently")
                self.exception("refund_goods_left").action_fix(fix)
                self.settle(order)
                self.assertEqual(self.exact(self.credits(sale).amount_total), self.shown(order))
                self.assertEqual(self.returned(sale), back)
                self.env["retail.exception"].search([("state", "=", "open")]).write({"state": "resolved"})

    def test_a_credit_note_made_by_hand_is_recognised_and_not_made_again(self):
        order, sale = self.order((2,))
        invoice = self.invoice(sale)
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard.create({"journal_id": invoice.journal_id.id}).refund_moves()
        self.refund(order)
        self.settle(order)
        self.assertEqual((len(self.credits(sale)), sale.retail_refund_ids.state), (1, "agreed"))

    def test_a_return_made_by_hand_is_recognised_and_not_made_again(self):
        for is_credited in (False, True):
            with self.subTest(is_credited=is_credited):
                order, sale = self.order((3,))
                self.deliver(order)
                invoice = self.invoice(sale)
                picking = sale.picking_ids
                wizard = self.env["stock.return.picking"].with_context(active_id=picking.id, active_model=picking._name)
                wizard = wizard.create({"picking_id": picking.id})
                wizard.product_return_moves.quantity = 1
                self.validate(wizard._create_return())
                if is_credited:
                    self.credit_by_hand(invoice)
                self.refund(order, [{"line": 0, "quantity": 1, "restock": "RETURN"}])
                self.settle(order)
                self.assertEqual((self.returned(sale), len(self.credits(sale))), (1, 1))
                self.assertEqual(self.exact(self.credits(sale).amount_total), self.shown(order))
                self.assertEqual(self.items(sale).qty_delivered, 3)

    def credit_by_hand(self, invoice):
        """Credit one unit, as an accountant does who reverses the invoice and takes out the rest."""
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard.create({"journal_id": invoice.journal_id.id}).refund_moves()
        credit = self.credits(invoice.invoice_line_ids.sale_line_ids.order_id)
        credit.invoice_line_ids.filtered(lambda one: one.quantity != 3).unlink()
        credit.invoice_line_ids.quantity = 1
        credit.action_post()

    def test_a_credit_note_made_by_hand_of_another_amount_is_a_persons_decision(self):
        order, sale = self.order((2,))
        invoice = self.invoice(sale)
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        wizard.create({"journal_id": invoice.journal_id.id}).refund_moves()
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "CANCEL"}])
        self.receive_all()
        self.assertIn("by hand", self.exception("refund_mismatch").name)
        self.assertEqual(len(self.credits(sale)), 1)

    def test_an_order_that_differs_by_more_than_its_refunds_is_still_an_exception(self):
        from simulators.shopify import live

        order, sale = self.order((2, 2))
        self.deliver(order, [{"line": 0, "quantity": 2}])
        self.refund(order, [{"line": 0, "quantity": 1, "restock": "RETURN"}])
        self.world.clock.advance(1)
        live.edit(self.world, order, quantities=[{"line": 1, "quantity": 5}])
        self.receive_all()
        self.retry()
        self.exception("order_changed_after_delivery")
        self.assertEqual(self.returned(sale), 1, "the refund is booked all the same")

    def test_a_draft_invoice_is_credited_by_a_draft(self):
        order, sale = self.order((1,))
        self.invoice(sale, is_posted=False)
        self.refund(order)
        self.settle(order)
        self.assertEqual(self.credits(sale).state, "draft")
        self.assertFalse(sale.retail_refund_ids.payment_ids.account_payment_id)
