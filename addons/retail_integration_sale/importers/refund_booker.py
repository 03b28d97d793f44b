"""Writes what a :class:`RefundPlan` says: order lines, credit note, returns, outbound payments."""

from contextlib import contextmanager
from decimal import Decimal

from odoo import models
from odoo.fields import Command
from odoo.tools import float_repr

from .order_reader import to_datetime


class RetailRefundBooker(models.AbstractModel):
    _name = "retail.refund.booker"
    _description = "Booker of channel refunds"

    def _book(self, backend, work, plan, binding):
        """Write ``plan``; ``binding`` exists and everything points to it."""
        self = self.sudo()
        is_set_off = not all(spec.is_credited for spec in plan.specs)
        with self._booking(backend, work, plan, binding, is_set_off) as lines:
            self._credit(backend, work, plan, lines, binding)

    def _take_credit(self, backend, work, plan, pairs, binding):
        """Write ``plan``, whose credit note is there: its lines become those of the order lines they stand for.

        :param list pairs: lines of the credit note, for each spec of ``plan``
        """
        self = self.sudo()
        with self._booking(backend, work, plan, binding) as lines:
            for line, credit_lines in zip(lines, pairs, strict=True):
                credit_lines.sale_line_ids = line

    @contextmanager
    def _booking(self, backend, work, plan, binding, is_set_off=False):
        """Change the order, and let the goods come back; meanwhile, with its lines for the specs, credit them.

        :param bool is_set_off: the next invoice has to be right, for which the order has to fall by the refund exactly
        """
        order = work.order
        before = order.amount_total
        is_locked = order.locked
        if is_locked:
            order.action_unlock()
        yield self._add_lines(backend, work, plan.specs)
        for line, outcome in plan.outcomes.items():
            if outcome.cancelled:
                line.product_uom_qty = float(Decimal(repr(line.product_uom_qty)) - outcome.cancelled)
        if is_set_off:
            self._round(backend, work, plan, before)
        if is_locked:
            order.action_lock()
        if plan.returns:
            goods = self.env["retail.refund.goods"]
            pickings = goods._return(backend, plan.returns, {"retail_refund_id": binding.id})
            goods._validate(pickings)
        binding.write({"booked_amount": before - order.amount_total})

    # ---------------------------------------------------------------- lines of the order

    def _add_lines(self, backend, work, specs, first=0):
        """Give what is not taken off a line of the order a line of its own; return them in the order of ``specs``.

        :param int first: how many of the refund's specs come before these
        """
        order = work.order
        sequence = max(order.order_line.mapped("sequence"), default=0)
        new = [(index, spec) for index, spec in enumerate(specs, first) if spec.sale_line is None]
        lines = self.env["sale.order.line"].create(
            [
                {
                    "order_id": order.id,
                    "retail_line_type": "refund",
                    "retail_external_id": "%s|%d" % (work.document["external_id"], index),
                    # What was sold is counted with what was sold: of this there is nothing to deliver.
                    "product_id": backend._get_service_product("discount_product_id").id,
                    "name": spec.name,
                    "product_uom_qty": -float(spec.quantity),
                    "price_unit": float(spec.price_unit),
                    "discount": 0.0,
                    "tax_ids": [Command.set(spec.taxes.ids)],
                    "sequence": sequence + 10 + index,
                }
                for index, spec in new
            ]
        )
        by_index = dict(zip((index for index, _spec in new), lines, strict=True))
        return [by_index.get(index, spec.sale_line) for index, spec in enumerate(specs, first)]

    def _round(self, backend, work, plan, before):
        """Let the order fall by what the refund takes off it: Odoo may round the taxes of all lines together, while the
        plan adds up the refund's own.

        :param float before: the order's total without the refund
        :raises NeedsHuman: it fell by something else than the refund
        """
        order, planner = work.order, self.env["retail.refund.planner"]
        digits = order.currency_id.decimal_places
        fell = Decimal(float_repr(before - order.amount_total, digits))
        missing = plan.wanted - fell
        if not missing:
            return
        unit = Decimal(1).scaleb(-digits)
        if abs(missing) > max(Decimal(str(backend.rounding_tolerance)), unit * len(order.order_line.tax_ids)):
            raise planner._mismatch(
                work,
                self.env._("it is %(wanted)s, but Odoo's order falls by %(fell)s", wanted=plan.wanted, fell=fell),
                "amount",
            )
        spec = planner._plan_rounding(backend, work, self.env._("Rounding"), missing)
        self._add_lines(backend, work, [spec], len(plan.specs))

    # ---------------------------------------------------------------- credit note

    def _credit(self, backend, work, plan, lines, binding):
        """Credit what was invoiced. It is posted where the invoices are; one of a draft waits as a draft.

        :raises NeedsHuman: Odoo makes another total of it
        """
        parts = [(spec, line) for spec, line in zip(plan.specs, lines, strict=True) if spec.credited]
        if not parts:
            return
        order = work.order
        invoices = self.env["retail.refund.planner"]._find_invoices(order)
        invoice = self._find_invoice(invoices, [line for _spec, line in parts])
        refunded_at = to_datetime(work.document["refunded_at"])
        values = {
            **order._prepare_invoice(),
            "move_type": "out_refund",
            "invoice_date": refunded_at.date(),
            "ref": work.document.get("note") or work.name,
            "retail_refund_id": binding.id,
            "invoice_line_ids": [
                Command.create(self._get_credit_line(spec, line, sequence))
                for sequence, (spec, line) in enumerate(parts, 1)
            ],
        }
        if invoice:
            values["partner_id"] = invoice.partner_id.id
        credit = self.env["account.move"].sudo().with_company(order.company_id).create(values)
        if all(spec.is_credited for spec in plan.specs):
            made = Decimal(float_repr(credit.amount_total, order.currency_id.decimal_places))
            if made != plan.wanted:
                raise self.env["retail.refund.planner"]._mismatch(
                    work,
                    self.env._("it is %(wanted)s, but Odoo's credit note is %(made)s", wanted=plan.wanted, made=made),
                    "credit",
                )
        is_paid_back = bool(work.document.get("payments"))
        if not is_paid_back:
            credit.reversed_entry_id = invoice
        if all(move.state == "posted" for move in invoices):
            credit.action_post()
        # Posting sets a reversal off against its invoice. What is paid back is not: the invoice was paid with one
        # payment of the channel, the credit note is with another.
        credit.reversed_entry_id = invoice

    def _find_invoice(self, invoices, lines):
        """Return the invoice that most of ``lines`` are on: what the credit note reverses."""
        sold = self.env["sale.order.line"].concat(*lines)
        return max(invoices, key=lambda move: len(move.invoice_line_ids.sale_line_ids & sold), default=invoices)

    def _get_credit_line(self, spec, line, sequence):
        values = line._prepare_invoice_line(quantity=float(spec.credited), sequence=sequence)
        return {
            **values,
            # The product itself, so that revenue by product is right, though the order's line is a refund's.
            "product_id": spec.product.id,
            "product_uom_id": spec.product.uom_id.id if line.retail_line_type == "refund" else values["product_uom_id"],
            "name": spec.name,
            "price_unit": float(spec.price_unit),
            "tax_ids": [Command.set(spec.taxes.ids)],
        }

    # ---------------------------------------------------------------- what was paid back

    def _pay(self, backend, binding):
        """Book the payments of a refund that went through, once each, where its gateway has a journal.

        Only against a posted credit note: where nothing was invoiced, nothing that was paid is in the books either.

        :return: str, what is not booked and why; empty if nothing
        """
        notes, binding = [], binding.sudo()
        credit = binding.credit_ids.filtered(lambda move: move.state == "posted")
        for payment in binding.payment_ids.sorted("id"):
            if payment.kind != "refund" or payment.status != "success" or payment.account_payment_id:
                continue
            if not credit:
                continue
            if payment.journal_id.type not in ("bank", "cash", "credit"):
                notes.append(self.env._("“%s” has no journal, so its payment is not booked.", payment.gateway))
                continue
            if credit.currency_id.is_zero(sum(credit.mapped("amount_residual"))):
                # By hand, or because the invoice was never paid in Odoo: an accountant knows which.
                notes.append(
                    self.env._("%s is set off already, so its payment is not booked.", ", ".join(credit.mapped("name")))
                )
                continue
            payment.account_payment_id = self._make_payment(payment, credit)
        return " ".join(dict.fromkeys(notes))

    def _make_payment(self, payment, credit):
        register = (
            self.env["account.payment.register"]
            .sudo()
            .with_context(active_model="account.move", active_ids=credit.ids, dont_redirect_to_payments=True)
        )
        wizard = register.create(
            {
                "journal_id": payment.journal_id.id,
                "amount": payment.amount,
                "currency_id": payment.currency_id.id,
                "payment_date": payment.processed_at.date() if payment.processed_at else credit.invoice_date,
                "communication": "%s %s" % (credit.name, payment.gateway),
                "payment_difference_handling": "open",
            }
        )
        return wizard._create_payments()
