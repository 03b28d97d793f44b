"""What the tests of refunds and returns share: a shop with accounts, orders in every state, and what became of them."""

from decimal import Decimal

from odoo import fields
from odoo.tools import float_repr

from .fulfilment_common import FulfilmentCase


class RefundCase(FulfilmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.env["account.journal"].search(
            [("company_id", "=", cls.company.id), ("type", "=", "bank")], limit=1
        )
        cls.env["retail.payment.map"].create(
            {"backend_id": cls.backend.id, "gateway": "shopify_payments", "journal_id": cls.bank.id}
        )
        flows = cls.backend.flow_ids.filtered(
            lambda flow: flow.entity in ("refund", "return") and flow.direction == "in"
        )
        flows.write({"state": "live", "watermark": fields.Datetime.now()})

    @classmethod
    def _make_company(cls):
        company = super()._make_company()
        cls.env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
        cls.tax_group = cls.env["account.tax.group"].create(
            {"name": "VAT", "company_id": company.id, "country_id": cls.env.ref("base.de").id}
        )
        company.currency_id = cls.env.ref("base.EUR")
        company.country_id = company.account_fiscal_country_id = cls.env.ref("base.de")
        return company

    # ---------------------------------------------------------------- the shop

    def refund(self, order, lines=None, **options):
        """Refund in the shop a second later; see ``live_refunds.refund``."""
        from simulators.shopify import live_refunds

        self.world.clock.advance(1)
        return live_refunds.refund(self.world, order, lines, **options)

    def fulfil(self, order, lines=None, **options):
        from simulators.shopify import live_fulfilments

        return live_fulfilments.fulfil(self.world, order, lines, **options)

    # ---------------------------------------------------------------- Odoo

    def deliver(self, order, lines=None):
        """Ship in the shop, and in Odoo through its message."""
        self.fulfil(order, lines)
        self.receive_all()

    def invoice(self, sale, is_posted=True):
        moves = sale._create_invoices()
        if is_posted:
            moves.action_post()
        return moves

    def reverse(self, invoice, units=None):
        """Post the credit note that an accountant makes of ``invoice``: of all of it, or of ``units`` of each product
        and nothing else."""
        wizard = self.env["account.move.reversal"].with_context(active_model="account.move", active_ids=invoice.ids)
        made = wizard.create({"journal_id": invoice.journal_id.id}).refund_moves()
        credit = self.env["account.move"].browse(made["res_id"])
        if units is not None:
            goods = credit.invoice_line_ids.filtered(
                lambda line: line.sale_line_ids.retail_line_type == "item" and line.product_id in units
            )
            (credit.invoice_line_ids - goods).unlink()
            for line in goods:
                line.quantity = units[line.product_id]
        credit.action_post()
        return credit

    def settle(self, order):
        """Let in what the shop has told, and work everything off to its end."""
        self.receive_all()
        for _attempt in range(4):
            if not self.messages().filtered(lambda one: one.state == "retry"):
                break
            self.retry()
        self.assert_nothing_waits(order)

    def credits(self, sale):
        return sale.invoice_ids.filtered(lambda move: move.move_type == "out_refund")

    def returned(self, sale):
        """Return units that came back, by line."""
        moves = sale.order_line.move_ids.filtered(lambda one: one.origin_returned_move_id and one.state == "done")
        return sum(moves.mapped("quantity"))

    def items(self, sale):
        return sale.order_line.filtered(lambda line: line.retail_line_type == "item")

    # ---------------------------------------------------------------- to the cent

    def exact(self, amount):
        return Decimal(float_repr(amount, 2))

    def net_invoiced(self, sale):
        return sum(
            (1 if move.move_type == "out_invoice" else -1) * self.exact(move.amount_total)
            for move in sale.invoice_ids
            if move.state != "cancel"
        )

    def stands(self, order):
        """Return what the customer still owes for the order in the shop, adjustments included (Decimal)."""
        current = order["currentTotalPriceSet"].shopMoney.amount
        return current + order["refundDiscrepancySet"].shopMoney.amount

    def assert_agrees(self, order, sale, invoiced=None):
        """The order's total, and what is invoiced of it, are the shop's."""
        self.assertEqual(self.exact(sale.amount_total), self.stands(order), sale.order_line.mapped("name"))
        if invoiced is not None:
            self.assertEqual(self.net_invoiced(sale), self.stands(order) if invoiced else 0)

    def assert_nothing_waits(self, order):
        """Everything about an order came to its end, without a person."""
        subjects = [record["id"] for record in (order, *order["refunds"])]
        messages = self.messages().filtered(lambda one: one.subject_key.partition(":")[2] in subjects)
        waiting = messages.filtered(lambda one: one.state not in ("done", "superseded", "ignored"))
        self.assertFalse(waiting, waiting.mapped(lambda one: (one.subject_key, one.state, one.reason)))
