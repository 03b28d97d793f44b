"""Many orders at once, and through the whole way: message, drain, exception, replay."""

import logging

from odoo.tests import tagged

from odoo.addons.retail_integration_sale.importers.claims import claim

from .common import RetailSaleCase, address, customer, in_currency, line, money, order, payment, shipping, tax

_logger = logging.getLogger(__name__)


@tagged("post_install", "-at_install")
class TestOrderBatches(RetailSaleCase):
    def make_batch(self, count, first=1):
        return [
            order(
                str(number),
                total="30.00",
                lines=[line("L1"), line("L2", sku="PLATE"), line("L3", sku="MUG")],
                customer=customer("C%d" % number, email="c%d@example.com" % number, name="Customer %d" % number),
                billing_address=address(name="Customer %d" % number),
                shipping_address=address(name="Customer %d" % number),
            )
            for number in range(first, first + count)
        ]

    def test_one_bad_order_never_stops_the_batch(self):
        documents = self.make_batch(50)
        documents[17]["lines"][1]["sku"] = "NOT-KNOWN"
        results = self.import_documents(*documents)
        self.assertEqual([result.outcome for result in results].count("created"), 49)
        self.assertEqual(results[17].outcome, "failed")
        self.assertEqual(results[17].error.kind, "product_unknown")
        sales = self.env["sale.order"].search([("retail_backend_id", "=", self.backend.id)])
        self.assertEqual(len(sales), 49)
        self.assertEqual(set(sales.mapped("state")), {"sale"})
        self.assertEqual(set(sales.picking_ids.mapped("state")), {"assigned"})

    def test_each_kind_of_trouble_stays_with_its_own_order(self):
        self.env["res.partner"].create([{"name": name, "email": "two@example.com"} for name in ("A", "B")])
        documents = self.make_batch(6)
        documents[0]["lines"][0]["sku"] = "NOT-KNOWN"
        documents[1]["lines"][0]["taxes"] = [tax("0.19", "1.60")]
        documents[2]["customer"]["email"] = "two@example.com"
        documents[3]["totals"]["total"]["amount"] = "31.00"
        documents[4] = in_currency(documents[4], "USD")
        results = self.import_documents(*documents)
        self.assertEqual(
            [result.error.kind if result.error else result.outcome for result in results],
            [
                "product_unknown",
                "tax_unmapped",
                "customer_ambiguous",
                "amount_mismatch",
                "currency_unmapped",
                "created",
            ],
        )

    def test_an_order_with_an_amount_in_another_currency_is_held_alone(self):
        def dollars(document):
            return document["shipping_lines"][0]["price"]

        documents = [order(str(number), total="14.90", shipping_lines=[shipping()]) for number in (1, 2)]
        dollars(documents[0])["currency"] = "USD"
        messages = self.bring(*documents)
        self.assertEqual(messages.mapped("state"), ["held", "done"])
        exception = self.env["retail.exception"].search([("subject_key", "=", "order:1")])
        self.assertEqual(exception.kind, "vendor_changed")
        self.assertIn("shipping_lines.0.price: USD", exception.name)
        self.assertFalse(self.orders("1"))

    def test_what_the_customer_saw_and_paid_may_be_in_another_currency(self):
        seen = {"presentment_total": money("11.00", "USD")}
        sale = self.import_order(order(totals=seen, payments=[{**payment(), "amount": money("11.00", "USD")}]))
        self.assertEqual(sale.retail_presentment_total, 11.0)
        self.assertEqual(sale.retail_payment_ids.currency_id.name, "USD")

    def test_results_come_in_the_order_of_the_documents(self):
        self.import_order(order("2", version=5))
        results = self.import_documents(
            order("1"), order("2", version=4), order("3", lines=[line(sku="?")]), order("2x"), order("4", is_test=True)
        )
        self.assertEqual(
            [result.outcome for result in results], ["created", "superseded", "failed", "created", "ignored"]
        )

    def test_the_number_of_queries_per_order_is_shown(self):
        """No assertion about speed: the figures are for whoever changes the importer."""
        self.import_documents(*self.make_batch(1, first=900))
        for count in (1, 10, 50):
            documents = self.make_batch(count, first=count * 1000)
            before = self.env.cr.sql_log_count
            results = self.import_documents(*documents)
            queries = self.env.cr.sql_log_count - before
            self.assertEqual({result.outcome for result in results}, {"created"})
            _logger.runbot("%d orders: %d queries, %.1f per order", count, queries, queries / count)

    def test_batches_wait_for_each_other_only_where_they_would_make_the_same_contact(self):
        self.import_order(order("1"))
        self.env["res.partner"].create({"name": "Known", "email": "known@example.com"})
        service = self.backend._as_service()
        names = service.env["retail.importer.order"]._get_shared_names(
            service,
            [
                order("2"),
                order("3", customer=customer("C3", email="New@example.com")),
                order("4", customer=None, email="guest@example.com"),
                order("5", customer=customer("C5", email="known@example.com")),
                order("6", customer=None),
            ],
        )
        known = self.env["res.partner"].search([("email", "=", "known@example.com")])
        self.assertEqual(
            names,
            {
                "customer:C3",
                "email:new@example.com",
                "email:guest@example.com",
                "customer:C5",
                "addresses:%d" % known.id,
            },
        )

    def test_batches_with_a_new_address_of_one_known_customer_wait_for_each_other(self):
        partner = self.import_order(order("1")).partner_id
        service = self.backend._as_service()
        importer = service.env["retail.importer.order"]
        gift = address(name="Joe Doe", street="Gift Road 7")
        expected = {"addresses:%d" % partner.id}
        self.assertEqual(importer._get_shared_names(service, [order("2", shipping_address=gift)]), expected)
        self.assertEqual(importer._get_shared_names(service, [order("3", billing_address=gift)]), expected)
        self.assertEqual(importer._get_shared_names(service, [order("1", version=2, shipping_address=gift)]), expected)
        self.import_order(order("2", shipping_address=gift))
        self.assertFalse(importer._get_shared_names(service, [order("3", shipping_address=gift), order("4")]))

    def test_an_order_with_refunds_waits_for_their_batches(self):
        self.import_order(order("1"))
        service = self.backend._as_service()
        refund = {"external_id": "R1", "lines": [], "total": money("0")}
        names = [
            service.env[f"retail.importer.{entity}"]._get_shared_names(service, [document])
            for entity, document in (
                ("order", order("1", version=2, refunds=[refund])),
                ("refund", {"order_external_id": "1"}),
            )
        ]
        self.assertEqual(names[0], names[1])

    def test_a_product_that_another_batch_links_at_this_moment_is_sold_without_waiting(self):
        with self.registry.cursor() as other:
            if other.connection is self.env.cr.connection:
                self.skipTest("this run has one connection only")
            claim(other, ["link:%d:%d" % (self.backend.id, self.mug.id)])
            sale = self.import_order(order("1", lines=[line(variant_external_id="V1")]))
        self.assertEqual(sale.order_line.product_id, self.mug)
        self.assertFalse(self.env["retail.binding.product"].search([("external_id", "=", "V1")]))
        self.import_order(order("2", lines=[line(variant_external_id="V1")]))
        self.assertTrue(self.env["retail.binding.product"].search([("external_id", "=", "V1")]))

    # ---------------------------------------------------------------- the whole way

    def test_messages_become_orders_and_say_which(self):
        messages = self.bring(order("1"), order("2"))
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual({message.res_model for message in messages}, {"sale.order"})
        self.assertEqual(set(messages.mapped("res_id")), set(self.orders("1", "2").ids))

    def test_an_order_that_odoo_itself_refuses_stops_nobody_else(self):
        documents = self.make_batch(5)
        self.backend.order_naming = "channel"
        confirm = self.env.registry["sale.order"]._action_confirm

        def refusing_confirm(orders):
            if any(sale.name == "#3" for sale in orders):
                raise ValueError("No route for this product")
            return confirm(orders)

        self.patch(self.env.registry["sale.order"], "_action_confirm", refusing_confirm)
        with self.assertLogs("odoo.addons.retail_integration_base", "ERROR"):
            messages = self.bring(*documents)
        self.assertEqual(messages.mapped("state"), ["done", "done", "held", "done", "done"])
        self.assertFalse(self.env["sale.order"].search([("name", "=", "#3")]))
