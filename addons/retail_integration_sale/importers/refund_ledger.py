"""Tells what an order has lost by refunds from what its channel changed otherwise."""

from decimal import Decimal

from odoo import models

from odoo.addons.retail_integration_base.engine.money import to_decimal


class RetailRefundLedger(models.AbstractModel):
    """An order that was delivered or invoiced keeps its lines; its refunds are booked by their own flow.

    So a later version of the order is no news where it differs from what is in Odoo by its refunds alone, whichever of
    the two is heard of first.
    """

    _name = "retail.refund.ledger"
    _description = "Ledger of channel refunds"

    def _is_live(self, backend):
        """Return whether refunds are booked by a flow of their own."""
        return bool(
            backend.sudo().flow_ids.filtered(
                lambda flow: flow.entity == "refund" and flow.direction == "in" and flow.state in ("live", "paused")
            )
        )

    def _explains(self, backend, work):
        """Return whether the refunds of ``work.document`` are all that the order in Odoo differs by.

        :param OrderWork work: of an order that exists
        """
        document, order = work.document, work.order
        outside = self._find_outside(work)
        if not outside or not self._is_live(backend):
            return False
        booked = order.sudo().retail_refund_ids.filtered(lambda refund: refund.state == "booked")
        expected = self._count(document["lines"])
        for refund in outside:
            for external_id, units in self._count(refund["lines"]).items():
                expected[external_id] = expected.get(external_id, Decimal(0)) + units
        known = {external_id: line.product_uom_qty for external_id, line in order._get_retail_lines().items()}
        for part in booked.line_ids:
            known[part.sale_line_id.retail_external_id] += part.cancelled_quantity
        for external_id in known.keys() | expected.keys():
            if abs(Decimal(repr(known.get(external_id, 0.0))) - expected.get(external_id, 0)) > Decimal("0.0001"):
                return False
        total = to_decimal(document["totals"]["total"]) + sum(to_decimal(one["total"]) for one in outside)
        before = Decimal(repr(order.amount_total)) + Decimal(repr(sum(booked.mapped("booked_amount"))))
        # Each of them was rounded on its own.
        tolerance = Decimal(str(backend.rounding_tolerance)) * (1 + len(outside))
        return abs(total - before) <= max(tolerance, Decimal("0.01"))

    def _find_coming(self, backend, work):
        """Return ids of refunds of the order that are on their way: not booked, and not waiting for a person."""
        if not self._is_live(backend):
            return []
        ids = [refund["external_id"] for refund in self._find_outside(work)]
        known = self.env["retail.binding.refund"]._find_by_external(backend, ids)
        missing = [external_id for external_id in ids if external_id not in known]
        held = (
            self.env["retail.inbox"]
            .sudo()
            .search(
                [
                    ("backend_id", "=", backend.id),
                    ("subject_key", "in", ["refund:%s" % external_id for external_id in missing]),
                    ("state", "in", ("held", "quarantined", "ignored")),
                ]
            )
        )
        settled = set(held.mapped("subject_key"))
        return [external_id for external_id in missing if "refund:%s" % external_id not in settled]

    def _find_outside(self, work):
        """Return the refunds of the document that the order's lines do not contain."""
        taken = set(work.binding.refunds_taken or []) if work.binding else set()
        return [one for one in work.document.get("refunds") or [] if one["external_id"] not in taken]

    def _count(self, lines):
        """Return dict line id → units."""
        return {line.get("line_external_id") or line["external_id"]: Decimal(line["quantity"]) for line in lines}
