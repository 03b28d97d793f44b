"""Refunds of any channel with canonical documents: each in its own company, whatever the channel says of them."""

from odoo.tests import tagged

from odoo.addons.retail_integration_base.models.retail_importer import HISTORY

from .common import RetailSaleCase, line, money, order


@tagged("post_install", "-at_install")
class TestRefunds(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.sale = self.import_order(order(total="30.00", lines=[line(quantity=3)]))

    def document(self, units=1, external_id="R1", version=1, **more):
        return {
            "schema": "refund.v1",
            "external_id": external_id,
            "version": version,
            "order_external_id": "1001",
            "refunded_at": "2026-05-02T10:00:00Z",
            "currency": "EUR",
            "taxes_included": True,
            "lines": [
                {
                    "line_external_id": "L1",
                    "quantity": str(units),
                    "restock": "returned",
                    "subtotal": money(10 * units),
                    "tax": money(0),
                }
            ],
            **more,
        }

    def refund(self, *args, **more):
        [result] = self.import_documents(self.document(*args, **more), entity="refund")
        return result

    def returned(self):
        moves = self.sale.order_line.move_ids.filtered(lambda one: one.origin_returned_move_id and one.state == "done")
        return sum(moves.mapped("quantity"))

    def test_a_refund_is_booked_once_however_often_it_comes(self):
        self.deliver(self.sale)
        outcomes = [self.refund(version=version).outcome for version in (2, 2, 1, 3)]
        self.assertEqual(outcomes, ["created", "unchanged", "superseded", "unchanged"])
        self.assertEqual((self.returned(), self.sale.amount_total), (1, 20))

    def test_two_refunds_in_one_batch_are_two(self):
        self.deliver(self.sale)
        results = self.import_documents(self.document(), self.document(external_id="R2"), entity="refund")
        self.assertEqual([one.outcome for one in results], ["created", "created"])
        self.assertEqual((self.returned(), self.sale.amount_total), (2, 10))

    def test_one_that_is_more_than_was_sold_is_an_exception_and_stops_no_other(self):
        self.deliver(self.sale)
        results = self.import_documents(self.document(4), self.document(external_id="R2"), entity="refund")
        self.assertEqual([one.outcome for one in results], ["failed", "created"])
        self.assertEqual(results[0].error.kind, "refund_mismatch")
        self.assertEqual((self.returned(), self.sale.amount_total), (1, 20))

    def test_a_line_that_is_not_on_the_order_is_an_exception_and_books_nothing(self):
        self.deliver(self.sale)
        part = dict(self.document()["lines"][0], line_external_id="L9")
        self.assertEqual(self.refund(lines=[part]).error.kind, "refund_mismatch")
        self.assertEqual((self.returned(), self.sale.amount_total), (0, 30))

    def test_an_amount_in_another_currency_books_nothing(self):
        self.deliver(self.sale)
        part = dict(self.document()["lines"][0], subtotal=money(10, "USD"))
        self.assertEqual(self.refund(lines=[part]).outcome, "failed")
        self.assertEqual((self.returned(), self.sale.amount_total), (0, 30))

    def test_the_same_order_id_of_another_companys_channel_books_nothing_here(self):
        self.deliver(self.sale)
        other = self.make_backend("Other", company=self.make_company("Red Plate Ltd"))
        [result] = self.import_documents(self.document(), backend=other, entity="refund")
        self.assertEqual((result.outcome, self.returned()), ("ignored", 0))

    def test_an_old_order_of_a_channel_that_cannot_be_asked_is_a_persons_decision(self):
        self.deliver(self.sale)
        self.sale._get_retail_binding().write({"is_refunds_known": False})
        self.assertEqual(self.refund().error.kind, "refund_unclear")
        self.assertEqual((self.returned(), self.sale.amount_total), (0, 30))

    def test_a_later_version_of_an_old_order_tells_which_refunds_it_contains(self):
        self.deliver(self.sale)
        binding = self.sale._get_retail_binding()
        refunds = [
            {"external_id": one, "lines": [{"line_external_id": "L1", "quantity": "1"}], "total": money(10)}
            for one in ("R0", "R1")
        ]
        left = line(quantity=2, ordered_quantity="4")
        for told, taken in ((refunds[:1], ["R0"]), (refunds, ["R0"])):
            binding.write({"refunds_taken": False, "is_refunds_known": False})
            quantity = 4 - len(told)
            document = order(
                total="%d.00" % (10 * quantity),
                version=10 + len(told),
                lines=[dict(left, quantity=str(quantity))],
                refunds=told,
            )
            self.import_documents(document)
            self.assertEqual((binding.refunds_taken, binding.is_refunds_known), (taken, True))

    def test_one_of_an_order_from_before_odoo_is_a_persons_decision_and_books_nothing(self):
        document = order("1002", total="30.00", lines=[line(quantity=3)], fulfilment_status="fulfilled")
        service = self.backend._as_service()
        importer = service.env["retail.importer.order"].with_context(**{HISTORY: frozenset(["1002"])})
        [result] = importer._import_batch(service, [document])
        sale = result.record.with_env(self.env)
        self.assertTrue(sale.retail_is_history)
        refund = self.refund(order_external_id="1002")
        self.assertEqual((refund.outcome, refund.error.kind), ("failed", "refund_of_history"))
        self.assertEqual((float(refund.error.amount[0]), refund.error.amount[1]), (10.0, "EUR"))
        self.assertFalse(sale.invoice_ids or sale.picking_ids or sale.retail_refund_ids)
