"""Tells the channel of a credit note, in the transaction that posts it."""

from decimal import Decimal

from odoo import fields, models
from odoo.tools import float_repr

from . import retail_binding_refund  # noqa: F401 has to be there
from .stock_picking_fulfilment import FROM_CHANNEL, units_text

#: What the channel's refund carries in its note, so that it is recognised whatever happened to the answer.
TOKEN = r"\bodoo-[0-9a-f]{16}\b"  # noqa: S105 no secret

STATES = [
    ("pending", "To be told"),
    ("told", "Told"),
    ("agreed", "Refunded there already"),
]


def mark_of(command):
    """Return the mark by which the refund that ``command`` makes is known: of an intent, or its plain values."""
    return "odoo-%s" % command.idempotency_key.replace("-", "")[:16]


class AccountMove(models.Model):
    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    retail_refund_state = fields.Selection(STATES, "Channel", readonly=True, copy=False)
    retail_refund_token = fields.Char(readonly=True, copy=False, index="btree_not_null")
    # Tells two postings of one credit note apart, between which it was a draft.
    retail_refund_serial = fields.Integer(readonly=True, copy=False)

    def _post(self, soft=True):
        posted = super()._post(soft)
        if not self.env.context.get(FROM_CHANNEL):
            posted._tell_refunds()
        return posted

    def button_draft(self):
        """What is a draft again is not told; what was told stays so."""
        result = super().button_draft()
        self.sudo().filtered(lambda move: move.retail_refund_state == "pending").retail_refund_state = False
        return result

    def _tell_refunds(self):
        """Order the channel to be told of the credit notes among these that it does not know."""
        for move in self:
            if move.move_type != "out_refund" or move.retail_refund_id or move.retail_refund_state:
                continue
            orders = move.sudo().invoice_line_ids.sale_line_ids.order_id.filtered("retail_backend_id")
            order = orders[:1]
            backend = order.retail_backend_id
            flow = backend._get_refund_flow() if order else None
            binding = order._get_retail_binding(backend) if flow else None
            if binding:
                move.sudo()._tell_refund(flow, binding)

    def _tell_refund(self, flow, binding):
        """What is told is decided now: it is the same however often, and however late, it is tried."""
        order = binding.order_id
        self.retail_refund_serial += 1
        payload = {
            "move_id": self.id,
            "serial": self.retail_refund_serial,
            "order": binding.external_id,
            "lines": self._get_refunded_lines(order),
            "charges": self._get_refunded_charges(order),
        }
        # Commands of one order are carried out one after the other: what can be paid back changes with each.
        command = self.env["retail.outbox"].sudo()._command(flow, "create", str(order.id), payload, record=self)
        if command:
            self.write({"retail_refund_state": "pending", "retail_refund_token": mark_of(command)})

    # ---------------------------------------------------------------- what it takes off the order

    def _get_refunded_lines(self, order):
        """Return what is credited of the order's goods: dicts like the lines of ``refund.v1``, amounts as text.

        At another price than theirs no goods are given up: that is an amount, and no more.
        """
        goods, found = self.env["retail.refund.goods"], []
        for line in order._get_retail_lines().values():
            credited = self._get_credit_lines(line).filtered(
                lambda one, line=line: (
                    one.product_uom_id == line.product_uom_id
                    and self.currency_id.compare_amounts(one.price_unit, line.price_unit) == 0
                    and one.discount == line.discount
                )
            )
            units = sum(credited.mapped("quantity"))
            if line.product_uom_id.compare(units, 0.0) <= 0:
                continue
            back, given_up = 0.0, 0.0
            if line.qty_delivered_method == "stock_move":
                back = min(units, float(goods._count_units(line, goods._find_foreign(line))))
            # Invoiced and not delivered, before this credit note: those are not shipped any more.
            given_up = min(units - back, max(line.qty_invoiced + units - line.qty_delivered - back, 0.0))
            kinds = {"returned": back, "cancelled": given_up, "none": units - back - given_up}
            for restock, count in kinds.items():
                if line.product_uom_id.compare(count, 0.0) > 0:
                    found.append(self._get_refunded_line(line, credited, restock, count, units))
        return found

    def _get_refunded_line(self, line, credited, restock, count, units):
        place = self.env["retail.location.map"]
        if restock == "returned":
            left = self.env["retail.refund.goods"]._find_out(line).picking_id[:1]
            place = place._find_by_origin(line.order_id.retail_backend_id, left)
        subtotal, tax = self._sum_up(credited)
        return {
            "line_external_id": line.retail_external_id,
            "quantity": units_text(count),
            "restock": restock,
            "location_external_id": place.external_id or None,
            "subtotal": self._share(subtotal, count / units),
            "tax": self._share(tax, count / units),
        }

    def _get_refunded_charges(self, order):
        found = []
        for line in order.order_line.filtered(lambda one: one.retail_line_type in ("shipping", "duty")):
            subtotal, tax = self._sum_up(self._get_credit_lines(line))
            if subtotal > 0:
                kind = line.retail_line_type
                charge = {"kind": kind, "charge_external_id": line.retail_external_id, "tax": self._share(tax, 1)}
                found.append({**charge, "subtotal": self._share(subtotal, 1)})
        return found

    def _get_credit_lines(self, sale_line):
        return self.invoice_line_ids.filtered(lambda one: sale_line in one.sale_line_ids)

    def _sum_up(self, lines):
        """Return ``(amount in the form of the prices, tax)`` of lines of this credit note, as floats."""
        tax = sum(line.price_total - line.price_subtotal for line in lines)
        return sum(line.price_unit * line.quantity * (1 - line.discount / 100) for line in lines), tax

    def _share(self, amount, share):
        return str(Decimal(float_repr(amount * share, self.currency_id.decimal_places)))


class RetailBackend(models.Model):
    _inherit = "retail.backend"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    refund_notify = fields.Boolean(
        "Channel Announces Refunds",
        default=True,
        help="The channel tells the customer when Odoo's credit note makes it pay back.",
    )

    def _get_refund_flow(self):
        """Return the flow that lets this backend's channel pay back what Odoo credits, empty where it is off."""
        return self.sudo().flow_ids.filtered(
            lambda flow: flow.entity == "refund" and flow.direction == "out" and flow.state != "off"
        )
