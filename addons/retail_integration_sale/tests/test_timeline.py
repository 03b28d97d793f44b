"""The timeline of orders, transfers, invoices and payments: each includes what came for what it belongs to."""

from lxml import etree

from .common import RetailSaleCase, line, order, payment


class TestTimeline(RetailSaleCase):
    def setUp(self):
        super().setUp()
        self.map_taxes()
        [self.message] = self.bring(order(lines=[line(variant_external_id="V1")], payments=[payment()]))
        self.sale = self.orders("1001")
        self.assertTrue(self.sale, self.message.reason)
        self.env.flush_all()

    def entries(self, record, user=None):
        action = record.with_user(user or self.env.user).action_view_retail_timeline()
        return self.env["retail.timeline.entry"].with_user(user or self.env.user).search(action["domain"])

    def kinds(self, record, user=None):
        return [(entry.kind, entry.res_model or False) for entry in self.entries(record, user)]

    def test_an_order_shows_its_message_its_link_its_payment_and_its_transfer(self):
        kinds = self.kinds(self.sale)
        for kind in (
            ("received", False),
            ("attempt", False),
            ("made", "sale.order"),
            ("linked", "sale.order"),
            ("paid", "sale.order"),
            ("made", "stock.picking"),
        ):
            self.assertIn(kind, kinds)

    def test_a_transfer_shows_what_came_for_its_order_and_when_it_was_done(self):
        picking = self.sale.picking_ids
        self.assertTrue(picking.has_retail_timeline)
        self.assertNotIn(("done", "stock.picking"), self.kinds(picking))
        self.deliver(self.sale)
        kinds = self.kinds(picking)
        self.assertIn(("received", False), kinds)
        self.assertIn(("made", "sale.order"), kinds)
        self.assertIn(("done", "stock.picking"), kinds)

    def test_a_deferred_reservation_shows_as_on_its_way(self):
        self.defer_reservation()
        self.bring(order("1002", lines=[line(variant_external_id="V1")]))
        sale = self.orders("1002")
        self.assertIn(("reserving", "stock.picking"), self.kinds(sale.picking_ids))
        self.reserve()
        self.assertNotIn(("reserving", "stock.picking"), self.kinds(sale.picking_ids))

    def test_an_invoice_shows_its_order_and_its_own_states(self):
        self.deliver(self.sale)
        invoice = self.invoice(self.sale)
        self.env.flush_all()
        self.assertTrue(invoice.has_retail_timeline)
        kinds = self.kinds(invoice)
        self.assertIn(("received", False), kinds)
        self.assertIn(("made", "account.move"), kinds)
        self.assertIn(("made", "account.move"), self.kinds(self.sale))

    def test_a_payment_shows_what_it_paid(self):
        self.deliver(self.sale)
        invoice = self.invoice(self.sale)
        journal = self.env["account.journal"].create(
            {"name": "Bank", "code": "BNK9", "type": "bank", "company_id": self.company.id}
        )
        outstanding = self.env["account.account"].create(
            {"name": "Outstanding", "code": "103900", "account_type": "asset_current", "company_ids": self.company.ids}
        )
        journal.inbound_payment_method_line_ids.payment_account_id = outstanding
        paid = self.env["account.payment"].create(
            {
                "journal_id": journal.id,
                "amount": 10.0,
                "partner_id": self.sale.partner_id.id,
                "invoice_ids": invoice.ids,
            }
        )
        self.env.flush_all()
        kinds = self.kinds(paid)
        self.assertIn(("made", "account.payment"), kinds)
        self.assertIn(("received", False), kinds)
        self.assertIn(("made", "account.payment"), self.kinds(self.sale))

    def test_an_auditor_who_reads_no_orders_sees_the_message_and_nothing_of_the_order(self):
        auditor = self.make_user("timeline_audits", "retail_integration_base.group_retail_auditor")
        entries = self.env["retail.timeline.entry"].with_user(auditor).search([("trace", "=", self.message.trace_id)])
        self.assertIn("received", entries.mapped("kind"))
        self.assertFalse(self.env["sale.order"].with_user(auditor).has_access("read"))
        self.assertFalse(entries.filtered("res_model"))

    def test_the_button_is_on_each_form_for_auditors_alone(self):
        auditor = self.make_user(
            "timeline_sees",
            "retail_integration_base.group_retail_auditor",
            "sales_team.group_sale_salesman_all_leads",
            "stock.group_stock_user",
            "account.group_account_invoice",
        )
        clerk = self.make_user(
            "timeline_sees_not",
            "sales_team.group_sale_salesman_all_leads",
            "stock.group_stock_user",
            "account.group_account_invoice",
        )
        for model in ("sale.order", "stock.picking", "account.move", "account.payment"):
            for user, count in ((auditor, 1), (clerk, 0)):
                arch = etree.fromstring(self.env[model].with_user(user).get_view(view_type="form")["arch"])
                found = arch.xpath("//button[@name='action_view_retail_timeline']")
                self.assertEqual(len(found), count, (model, user.login))

    def test_a_page_names_each_event_in_words(self):
        entries = self.entries(self.sale)
        said = entries.mapped(lambda entry: (entry.system, entry.what))
        self.assertTrue(all(system and what for system, what in said), said)
        [made] = entries.filtered(lambda entry: entry.kind == "made" and entry.res_model == "sale.order")
        self.assertEqual((made.system, made.what), ("Odoo", self.sale.name))
