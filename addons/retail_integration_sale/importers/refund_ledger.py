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
        outside = self._find_outside(work)
        return bool(outside) and self._is_live(backend) and self._fits(backend, work, outside)

    def _fits(self, backend, work, outside):
        """Return whether the order in Odoo, with what was booked of its refunds undone, is the channel's without
        the refunds ``outside``: units of each line, and the total."""
        document, order = work.document, work.order
        booked = order.sudo().retail_refund_ids.filtered("line_ids")
        expected = self._count(document["lines"])
        for refund in outside:
            for external_id, units in self._count(refund["lines"]).items():
                expected[external_id] = expected.get(external_id, Decimal(0)) + units
        known = {external_id: line.product_uom_qty for external_id, line in order._get_retail_lines().items()}
        for part in booked.line_ids:
            external_id = part.sale_line_id.retail_external_id
            known[external_id] = known.get(external_id, 0.0) + part.cancelled_quantity
        for external_id in known.keys() | expected.keys():
            if abs(Decimal(repr(known.get(external_id, 0.0))) - expected.get(external_id, 0)) > Decimal("0.0001"):
                return False
        total = to_decimal(document["totals"]["total"]) + sum(to_decimal(one["total"]) for one in outside)
        booked_amounts = order.sudo().retail_refund_ids.mapped("booked_amount")
        before = Decimal(repr(order.amount_total)) + Decimal(repr(sum(booked_amounts)))
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
        taken = work.recalled
        if taken is None:
            taken = work.binding.refunds_taken or [] if work.binding else []
        return [one for one in work.document.get("refunds") or [] if one["external_id"] not in taken]

    # ---------------------------------------------------------------- what the lines contain

    def _get_agreement(self, work):
        """Return what the order's link notes of its refunds once ``work`` is agreed on."""
        ids = [one["external_id"] for one in work.document.get("refunds") or []]
        if work.is_new or (not work.keeps_lines and not work.has_effects and work.order._follows_channel()):
            # The lines are the document's, and so are the refunds it has had.
            return {"refunds_taken": ids, "is_refunds_known": True}
        return {} if work.recalled is None else {"refunds_taken": work.recalled, "is_refunds_known": True}

    def _recall(self, backend, work):
        """Find out which refunds the lines contain of an order that was imported before that was noted.

        Its lines followed the channel up to some refund, and stayed as they were from then on: they contain the first
        so many of its refunds, of which one number makes both units and total right. None does where somebody changed
        the lines; then nobody can tell but a person.
        """
        if not work.binding or work.binding.is_refunds_known:
            return
        refunds = work.document.get("refunds") or []
        apart = set(work.order.sudo().retail_refund_ids.filtered("line_ids").mapped("external_id"))
        for count in range(len(refunds), -1, -1):
            taken, outside = refunds[:count], refunds[count:]
            if apart & {one["external_id"] for one in taken}:
                continue
            if self._fits(backend, work, outside):
                work.recalled = [one["external_id"] for one in taken]
                return

    def _count(self, lines):
        """Return dict line id → units."""
        return {line.get("line_external_id") or line["external_id"]: Decimal(line["quantity"]) for line in lines}
