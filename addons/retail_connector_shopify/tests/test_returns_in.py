"""From a return in the shop to its transfer, and from what staff finds to stock, scrap or nothing: once each."""

from odoo.tests import tagged

from .refund_common import RefundCase
from .stock_common import STOCK, ShopStockCase


@tagged("post_install", "-at_install")
class TestReturnsIn(RefundCase):
    def setUp(self):
        super().setUp()
        self.subscribe()

    def open_return(self, order, lines, **options):
        from simulators.shopify import live_refunds

        self.world.clock.advance(1)
        return live_refunds.open_return(self.world, order, lines, **options)

    def dispose(self, record, line, quantity, kind, **options):
        from simulators.shopify import live_refunds

        self.world.clock.advance(1)
        live_refunds.dispose(self.world, record, line, quantity, kind, **options)

    def poll_returns(self):
        flow = self.flow("return", "in")
        flow._job_poll()
        self.assertFalse(flow.poll_error)
        self.drain()

    def coming(self, sale):
        moves = sale.retail_return_ids.picking_ids.move_ids
        return sum(moves.filtered(lambda one: one.state not in ("done", "cancel")).mapped("product_uom_qty"))

    def scrapped(self, sale):
        lines = sale.retail_return_ids.picking_ids.move_ids.move_line_ids
        return sum(
            lines.filtered(lambda one: one.state == "done" and one.location_dest_id.usage == "inventory").mapped(
                "quantity"
            )
        )

    def test_a_return_has_its_stock_effect_each_unit_as_it_is_found(self):
        order, sale = self.order((5,))
        self.deliver(order)
        record = self.open_return(order, [{"line": 0, "quantity": 4}])
        self.receive_all()
        self.assertEqual((self.coming(sale), self.returned(sale)), (4, 0))
        self.dispose(record, 0, 1, "PROCESSING_REQUIRED")
        self.poll_returns()
        self.assertEqual((self.coming(sale), self.returned(sale)), (4, 0), "it is there, but nobody has looked at it")
        for kind, coming, returned, scrapped in (
            ("RESTOCKED", 3, 1, 0),
            ("NOT_RESTOCKED", 2, 2, 1),
            ("MISSING", 1, 2, 1),
        ):
            self.dispose(record, 0, 1, kind)
            for _time in range(2):
                self.poll_returns()
            self.assertEqual(
                (self.coming(sale), self.returned(sale), self.scrapped(sale)), (coming, returned, scrapped)
            )
        from simulators.shopify import live_refunds

        live_refunds.end_return(self.world, record)
        self.receive_all()
        self.assertEqual((self.coming(sale), sale.retail_return_ids.status), (0, "closed"))
        self.assertEqual(self.items(sale).qty_delivered, 5, "what was delivered is history")

    def test_a_refund_of_a_return_moves_its_goods_once_whichever_comes_first(self):
        for is_refunded_first in (True, False):
            with self.subTest(is_refunded_first=is_refunded_first):
                order, sale = self.order((2,))
                self.deliver(order)
                self.invoice(sale)
                record = self.open_return(order, [{"line": 0, "quantity": 1}])
                self.receive_all()
                refund = {"lines": [{"line": 0, "quantity": 1, "restock": "RETURN"}], "return_id": record["id"]}
                if is_refunded_first:
                    self.refund(order, **refund)
                    self.receive_all()
                    self.assertEqual(self.returned(sale), 0)
                self.dispose(record, 0, 1, "RESTOCKED")
                self.poll_returns()
                if not is_refunded_first:
                    self.refund(order, **refund)
                self.receive_all()
                self.retry()
                self.assertEqual(self.returned(sale), 1)
                self.assert_agrees(order, sale, invoiced=True)
                self.assertNotEqual(sale.invoice_status, "to invoice")

    def test_what_people_received_first_is_not_received_twice(self):
        order, sale = self.order((2,))
        self.deliver(order)
        record = self.open_return(order, [{"line": 0, "quantity": 2}])
        self.receive_all()
        self.validate(sale.retail_return_ids.picking_ids)
        self.dispose(record, 0, 2, "RESTOCKED")
        self.poll_returns()
        self.assertEqual((self.returned(sale), self.coming(sale)), (2, 0))

    def test_a_return_of_goods_that_odoo_has_not_shipped_waits_for_their_fulfilment(self):
        order, sale = self.order((1,))
        self.fulfil(order, webhooks=False)
        record = self.open_return(order, [{"line": 0, "quantity": 1}])
        letters = [one for one in self.letters() if one.headers["x-shopify-topic"] == "returns/approve"]
        self.let_in(letters)
        self.drain()
        self.assertEqual(self.messages("return:" + record["id"]).state, "retry")
        self.flow("fulfilment", "in")._job_poll()
        self.drain()
        self.retry()
        self.assertEqual(self.coming(sale), 1)

    def test_a_cancelled_return_is_expected_no_more(self):
        from simulators.shopify import live_refunds

        order, sale = self.order((1,))
        self.deliver(order)
        record = self.open_return(order, [{"line": 0, "quantity": 1}])
        self.receive_all()
        live_refunds.end_return(self.world, record, "CANCELED")
        self.receive_all()
        self.assertEqual((self.coming(sale), self.returned(sale)), (0, 0))


@tagged("post_install", "-at_install")
class TestReturnedStock(ShopStockCase):
    def test_restocked_and_damaged_units_leave_shop_and_odoo_agreeing(self):
        from simulators.shopify import live_fulfilments, live_refunds

        flows = self.backend.flow_ids.filtered(lambda flow: flow.entity in ("fulfilment", "return", "refund"))
        flows.write({"state": "live", "watermark": self.backend.flow_ids.mapped("watermark")[0]})
        self.subscribe()
        self.reconcile()
        order = self.sell(3)
        self.receive_all()
        live_fulfilments.fulfil(self.world, order)
        self.receive_all()
        self.reconcile()
        self.assertEqual((self.shown(), self.available()), (STOCK - 3, STOCK - 3))
        self.world.clock.advance(1)
        record = live_refunds.open_return(self.world, order, [{"line": 0, "quantity": 2}])
        for kind in ("RESTOCKED", "NOT_RESTOCKED"):
            self.world.clock.advance(1)
            live_refunds.dispose(self.world, record, 0, 1, kind)
        self.receive_all()
        self.backend.flow_ids.filtered(lambda flow: flow.entity == "return")._job_poll()
        self.drain()
        self.commit()
        self.drain()
        self.assertEqual((self.shown(), self.available()), (STOCK - 2, STOCK - 2))
        self.reconcile()
        self.assertEqual((self.shown(), self.available()), (STOCK - 2, STOCK - 2))
