"""Plans what a refund does to an order that was delivered or invoiced, at least in part. Nothing is written."""

from datetime import timedelta
from decimal import Decimal

from odoo import fields, models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater
from odoo.addons.retail_integration_base.engine.money import to_decimal

from .order_reader import to_datetime
from .refund_plan import CreditSpec, LineOutcome, RefundPlan

_ZERO = Decimal(0)
_ONE = Decimal(1)
#: How long a refund of shipped goods waits for the fulfilment that shipped them.
_PATIENCE = timedelta(hours=24)


class RetailRefundPlanner(models.AbstractModel):
    """Money and goods apart: see ``docs/decisions/0014-a-refund-is-lines-of-its-own.md``."""

    _name = "retail.refund.planner"
    _description = "Planner of channel refunds"

    def _plan(self, backend, work):
        """Return the :class:`RefundPlan` of ``work``.

        :raises NeedsHuman: Odoo and the channel do not agree on what was sold, or a person has to say where goods are
        :raises RetryLater: the goods have yet to be shipped in Odoo
        """
        plan = RefundPlan()
        for part in work.document["lines"]:
            self._plan_line(backend, work, plan, part)
        for charge in work.document.get("charges") or []:
            plan.specs.append(self._plan_charge(backend, work, charge))
        for adjustment in work.document.get("adjustments") or []:
            plan.specs += self._plan_adjustment(backend, work, adjustment)
        rounding = to_decimal(work.document.get("rounding"))
        if rounding:
            plan.specs.append(self._plan_rounding(backend, work, self.env._("Cash rounding"), rounding))
        self._settle(backend, work, plan)
        return plan

    # ---------------------------------------------------------------- lines

    def _plan_line(self, backend, work, plan, part):
        line = work.order._get_retail_lines().get(part["line_external_id"])
        if not line:
            raise self._mismatch(
                work, self.env._("it names a line that is not on the order (%s)", part["line_external_id"]), "line"
            )
        units = Decimal(part["quantity"])
        outcome = plan.outcomes.setdefault(line, LineOutcome())
        earlier = self._get_earlier(work, line)
        ordered, delivered = self._exact(line.product_uom_qty), self._exact(line.qty_delivered)
        stands = ordered - (earlier.quantity - earlier.cancelled) - outcome.quantity
        if units > stands:
            raise self._mismatch(
                work,
                self.env._(
                    "%(units)s of %(product)s are refunded, of which %(possible)s are left on the order",
                    units=units,
                    product=line.product_id.display_name,
                    possible=stands,
                ),
                "units",
            )
        is_open = max(ordered - outcome.cancelled - delivered, _ZERO)
        is_out = max(delivered - (earlier.quantity - earlier.cancelled) - (outcome.quantity - outcome.cancelled), _ZERO)
        cancelled, returned = self._share_out(backend, work, part, line, units, is_open, is_out)
        invoiced = self._exact(line.qty_invoiced) + self._count_pending(line) - earlier.credited - outcome.credited
        self._plan_money(backend, work, plan, part, line, cancelled, invoiced, stands - units)
        outcome.quantity += units
        outcome.cancelled += cancelled
        outcome.returned += returned
        # What people took back already is linked, not moved again.
        agreed = min(returned, work.adopted.get(line, _ZERO))
        if agreed:
            work.adopted[line] -= agreed
        if returned > agreed:
            plan.returns.append((line, returned - agreed, part.get("location_external_id")))

    def _share_out(self, backend, work, part, line, units, is_open, is_out):
        """Return how many of ``units`` are not delivered any more and how many come back now.

        :param Decimal is_open: units that Odoo has still to deliver
        :param Decimal is_out: units that are with the customer
        """
        is_service = line.qty_delivered_method != "stock_move"
        if is_service or part["restock"] == "cancelled":
            cancelled = min(units, is_open)
            left = units - cancelled
            if not left or is_service:
                return cancelled, _ZERO
            decision = work.order.retail_refund_goods
            if not decision:
                raise self._left_already(work, line, left)
            return cancelled, left if decision == "return" else _ZERO
        is_apart = bool(work.document.get("return_external_id")) and self._is_return_live(backend)
        if is_apart:
            return max(units - is_out, _ZERO), _ZERO  # what becomes of the goods is told with the return
        if part["restock"] == "returned":
            returned = min(units, is_out)
            if returned < units:
                self._wait_for_fulfilment(backend, work)
            return min(units - returned, is_open), returned
        still_open = Decimal(part.get("open_quantity") or "0")
        cancelled = min(units, max(is_open - still_open, _ZERO))
        return max(cancelled, min(units - is_out, is_open)), _ZERO

    def _is_return_live(self, backend):
        return bool(
            backend.sudo().flow_ids.filtered(
                lambda one: one.entity == "return" and one.direction == "in" and one.state in ("live", "paused")
            )
        )

    def _wait_for_fulfilment(self, backend, work):
        """Let the fulfilment come first that shipped in the channel what now came back to it.

        :raises RetryLater: there is a flow that will tell
        """
        flow = backend.sudo().flow_ids.filtered(
            lambda one: one.entity == "fulfilment" and one.direction == "in" and one.state in ("live", "paused")
        )
        refunded_at = to_datetime(work.document["refunded_at"])
        if flow and fields.Datetime.now() - refunded_at < _PATIENCE:
            raise RetryLater(self.env._("The refund waits for the fulfilment of the goods that came back."))

    def _plan_money(self, backend, work, plan, part, line, cancelled, invoiced, stays):
        """Plan the credit of one line at the price it was sold for, and what discounts took off that.

        :param Decimal cancelled: units that are not delivered any more
        :param Decimal invoiced: units that are invoiced and not credited yet
        :param Decimal stays: units that the customer still has to pay for
        """
        outcome = plan.outcomes[line]
        units, unit_price = Decimal(part["quantity"]), self._exact(line.price_unit, 6)
        kept = units - cancelled
        credited_kept = min(kept, max(invoiced, _ZERO))
        # Of what is not delivered any more, only what was invoiced beyond what stays on the order.
        credited_open = min(cancelled, max(invoiced - credited_kept - stays, _ZERO))
        outcome.credited += credited_kept
        name = (line.name or line.product_id.display_name).partition("\n")[0]
        if kept:
            plan.specs.append(
                CreditSpec(line.product_id, self.env._("Refund: %s", name), kept, unit_price, line.tax_ids, about=line)
            )
            plan.specs[-1].credited = credited_kept
        if cancelled:
            plan.specs.append(
                CreditSpec(line.product_id, name, cancelled, unit_price, line.tax_ids, sale_line=line, about=line)
            )
            plan.specs[-1].credited = credited_open
        discount = unit_price * units - to_decimal(part["subtotal"])
        if discount:
            is_credited = credited_kept + credited_open == units
            product = backend._get_service_product("discount_product_id")
            title = self.env._("Discount on what is refunded: %s", name)
            spec = CreditSpec(product, title, _ONE, -discount, line.tax_ids)
            spec.credited = _ONE if is_credited else _ZERO
            plan.specs.append(spec)
        plan.wanted += self._total(work, part["subtotal"], part["tax"])

    def _count_pending(self, line):
        """Return the units of ``line`` on credit notes that the channel is being told of: refunds of their own."""
        pending = line.invoice_lines.filtered(lambda one: one.move_id.retail_refund_state == "pending")
        return self._exact(sum(pending.mapped("quantity")))

    def _get_earlier(self, work, line):
        """Return the :class:`LineOutcome` of all refunds of ``line`` that are booked."""
        found = LineOutcome()
        for booked in work.order.retail_refund_ids.line_ids:
            if booked.sale_line_id == line:
                found.quantity += self._exact(booked.quantity)
                found.cancelled += self._exact(booked.cancelled_quantity)
                found.returned += self._exact(booked.returned_quantity)
                found.credited += self._exact(booked.credited_quantity)
        return found

    # ---------------------------------------------------------------- what is no line

    def _plan_charge(self, backend, work, charge):
        kind, external_id = charge["kind"], charge.get("charge_external_id")
        lines = work.order.order_line.filtered(lambda line: line.retail_line_type == kind)
        line = lines.filtered(lambda one: one.retail_external_id == external_id) or lines[:1]
        if not line:
            raise self._mismatch(work, self.env._("it pays back a charge that is not on the order"), "charge")
        name = self.env._("Refund: %s", (line.name or "").partition("\n")[0])
        spec = CreditSpec(line.product_id, name, _ONE, to_decimal(charge["subtotal"]), line.tax_ids, about=line)
        spec.credited = _ONE if line.qty_invoiced else _ZERO
        return spec

    def _plan_adjustment(self, backend, work, adjustment):
        """Plan goodwill, or a fee that was kept back: an amount of its own, with the channel's tax on it."""
        amount, tax = to_decimal(adjustment["amount"]), to_decimal(adjustment["tax"])
        if not amount and not tax:
            return []
        reason = (adjustment.get("reason") or "").replace("_", " ")
        name = self.env._("Refund beyond its lines") if amount > 0 else self.env._("Kept back from the refund")
        spec = CreditSpec(
            backend._get_service_product("discount_product_id"),
            "%s (%s)" % (name, reason) if reason else name,
            _ONE,
            amount,
            self._find_adjustment_taxes(work, amount, tax),
        )
        spec.credited = _ONE if self._find_invoices(work.order) else _ZERO
        return [spec]

    def _find_adjustment_taxes(self, work, amount, tax):
        """Return the taxes of the order's lines that make ``tax`` of ``amount``: the channel names none."""
        if not tax:
            return self.env["account.tax"]
        totals = self.env["retail.order.totals"]
        for taxes in {line.tax_ids for line in work.order.order_line if line.tax_ids}:
            probe = CreditSpec(self.env["product.product"], "", _ONE, amount, taxes)
            _total, made = totals._compute_totals(work.order.company_id, work.order.currency_id, [probe])
            if made == tax:
                return taxes
        raise self._mismatch(work, self.env._("the tax of %s on an adjustment is none of the order's", tax), "tax")

    def _plan_rounding(self, backend, work, name, amount):
        product = backend._get_service_product("rounding_product_id")
        spec = CreditSpec(product, name, _ONE, amount, self.env["account.tax"])
        spec.credited = _ONE if self._find_invoices(work.order) else _ZERO
        return spec

    # ---------------------------------------------------------------- to the cent

    def _settle(self, backend, work, plan):
        """Make the planned lines sum up to what the channel says, with Odoo's own tax engine.

        :raises NeedsHuman: they differ by more than the backend tolerates
        """
        document, order = work.document, work.order
        charges, adjustments = document.get("charges") or [], document.get("adjustments") or []
        plan.wanted += sum((self._total(work, one["subtotal"], one["tax"]) for one in charges), _ZERO)
        plan.wanted += sum((self._total(work, one["amount"], one["tax"]) for one in adjustments), _ZERO)
        plan.wanted += to_decimal(document.get("rounding"))
        taxes = sum((to_decimal(one["tax"]) for one in [*document["lines"], *charges, *adjustments]), _ZERO)
        totals = self.env["retail.order.totals"]
        planned, planned_taxes = totals._compute_totals(order.company_id, order.currency_id, plan.specs)
        difference = plan.wanted - planned
        tolerance = Decimal(str(backend.rounding_tolerance))
        count = max(sum(len(spec.taxes) for spec in plan.specs), 1)
        unit = _ONE.scaleb(-order.currency_id.decimal_places)
        is_accepted = document["external_id"] in (order.retail_refund_accepted or [])
        if not is_accepted and (
            abs(difference) > tolerance or abs(taxes - planned_taxes) > max(tolerance, count * unit)
        ):
            raise self._mismatch(
                work,
                self.env._(
                    "it is %(wanted)s with %(taxes)s of taxes in the channel, but makes %(planned)s with "
                    "%(planned_taxes)s of taxes in Odoo",
                    wanted=plan.wanted,
                    taxes=taxes,
                    planned=planned,
                    planned_taxes=planned_taxes,
                ),
                "amount",
            )
        if difference:
            spec = self._plan_rounding(backend, work, self.env._("Rounding"), difference)
            # A credit note that stands for all of it is to be exact; otherwise the next invoice is.
            spec.credited = _ONE if all(other.is_credited for other in plan.specs) else _ZERO
            plan.specs.append(spec)

    def _total(self, work, subtotal, tax):
        return to_decimal(subtotal) + (_ZERO if work.document["taxes_included"] else to_decimal(tax))

    def _exact(self, value, digits=4):
        return Decimal(repr(value)).quantize(_ONE.scaleb(-digits))

    def _find_invoices(self, order):
        """Return the order's invoices that are not cancelled, the oldest first."""
        return order.invoice_ids.filtered(
            lambda move: move.move_type == "out_invoice" and move.state != "cancel"
        ).sorted("id")

    # ---------------------------------------------------------------- for a person

    def _get_amount(self, work):
        paid = sum((to_decimal(one["amount"]) for one in work.document.get("payments") or []), _ZERO)
        parts = [one for one in work.document["lines"] if "subtotal" in one] + (work.document.get("charges") or [])
        return paid or sum((self._total(work, one["subtotal"], one["tax"]) for one in parts), _ZERO)

    def _mismatch(self, work, problem, cause):
        return NeedsHuman(
            self.env._(
                "A refund or return of %(order)s (%(name)s) cannot be booked: %(problem)s.",
                order=work.order.name,
                name=work.name,
                problem=problem,
            ),
            kind="refund_mismatch",
            cause_key="refund:%s" % cause,
            cause_title=self.env._("Refunds that do not fit their orders"),
            amount=(self._get_amount(work), work.order.currency_id.name),
            facts={"order_external_id": work.document["order_external_id"], "problem": cause},
        )

    def _left_already(self, work, line, units):
        return NeedsHuman(
            self.env._(
                "The channel cancelled %(units)s of %(product)s of %(order)s (%(name)s) and paid back, but Odoo has "
                "delivered them.",
                units=units,
                product=line.product_id.display_name,
                order=work.order.name,
                name=work.name,
            ),
            kind="refund_goods_left",
            cause_key="refund:goods_left",
            cause_title=self.env._("Cancelled in the channel after Odoo delivered"),
            amount=(self._get_amount(work), work.document["currency"]),
            facts={"order_external_id": work.document["order_external_id"]},
        )
