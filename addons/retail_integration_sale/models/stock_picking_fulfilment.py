"""Tells the channel what a transfer shipped, in the transaction that ships it."""

import json
import re
from decimal import Decimal

from odoo import fields, models

#: Context key: what is being shipped or written here comes from the channel, which need not be told.
FROM_CHANNEL = "retail_fulfilment_from_channel"
_TRACKING = frozenset(("carrier_tracking_ref", "carrier_id"))
_SEPARATORS = re.compile(r"[\s,;+]+")

STATES = [
    ("pending", "To be told"),
    ("told", "Told"),
    ("agreed", "Known to it already"),
    ("received", "Shipped by the channel"),
    ("cancelled", "Cancelled there"),
]


class StockPicking(models.Model):
    _inherit = "stock.picking"

    retail_fulfilment_id = fields.Many2one(
        "retail.binding.fulfilment",
        "Fulfilment in Channel",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    retail_fulfilment_state = fields.Selection(STATES, "Channel", readonly=True, copy=False)
    retail_delivery_status = fields.Char(related="retail_fulfilment_id.delivery_status")
    # Tells two changes to the same tracking apart, between which it was another.
    retail_tracking_serial = fields.Integer(readonly=True, copy=False)

    def _action_done(self):
        """Order the channel to be told, with what the lines' delivered quantities grew by.

        Odoo's own count is taken: a kit counts when its last part has left, an intermediate step does not.
        """
        orders = self.sale_id.filtered("retail_backend_id")
        if not orders or self.env.context.get(FROM_CHANNEL):
            return super()._action_done()
        before = {line: line.qty_delivered for line in orders.order_line}
        result = super()._action_done()
        for order in orders:
            self._tell_order(order, before)
        return result

    def write(self, vals):
        is_tracking = bool(_TRACKING & vals.keys()) and not self.env.context.get(FROM_CHANNEL)
        before = {picking: picking._get_tracking_key() for picking in self} if is_tracking else {}
        result = super().write(vals)
        self.browse(
            [picking.id for picking, key in before.items() if picking._get_tracking_key() != key]
        )._tell_tracking()
        return result

    # ---------------------------------------------------------------- commands

    def _tell_order(self, order, before):
        """Order the transfers of ``order`` that are done now to be told.

        :param dict before: line → delivered quantity before
        """
        backend = order.sudo().retail_backend_id
        flow = backend._get_fulfilment_flow()
        binding = order._get_retail_binding(backend) if flow else None
        if not binding:
            return
        left = {line: line.qty_delivered - before.get(line, 0.0) for line in order._get_retail_lines().values()}
        left = {line: units for line, units in left.items() if line.product_uom_id.compare(units, 0.0) > 0}
        pickings = self.filtered(
            lambda picking: picking.sale_id == order and picking.state == "done" and picking._leaves_for_customer()
        ).sorted("id")
        for picking in pickings:
            shipped = picking._take_share(left, is_last=picking == pickings[-1:])
            place = self.env["retail.location.map"].sudo()._find_by_origin(backend, picking)
            if not shipped or backend._get_fulfilment_owner(place) == "channel":
                continue
            picking.sudo().retail_fulfilment_state = "pending"
            # Commands of one order are carried out one after the other: what is left of it for the channel changes
            # with each, and which of two like ones an answer that was lost belonged to could not be told otherwise.
            self.env["retail.outbox"].sudo()._command(
                flow,
                "create",
                str(order.id),
                {"picking_id": picking.id, "order": binding.external_id, "lines": shipped},
                record=picking,
            )

    def _leaves_for_customer(self):
        return any(move.location_dest_id.usage == "customer" and move.state == "done" for move in self.move_ids)

    def _take_share(self, left, is_last):
        """Return what this transfer shipped of ``left`` (line → units), as ``{external id: "2"}``, and take it out.

        Transfers that are validated together share by their own moves; what can only be counted for all of them, the
        kits, goes with the last.
        """
        shares = {}
        for line, units in list(left.items()):
            if not is_last:
                moves = self.move_ids.filtered(
                    lambda move, line=line: (
                        move.sale_line_id == line and move.product_id == line.product_id and move.state == "done"
                    )
                )
                own = sum(move.product_uom._compute_quantity(move.quantity, line.product_uom_id) for move in moves)
                units = min(units, own)
            if line.product_uom_id.compare(units, 0.0) > 0:
                shares[line.retail_external_id] = units_text(units)
                left[line] -= units
        return shares

    def _tell_tracking(self):
        """Order the channel to be told the tracking of transfers it knows of."""
        for picking in self:
            order, backend = picking.sale_id, picking.sudo().sale_id.retail_backend_id
            is_told = picking.state == "done" and picking.retail_fulfilment_state in ("pending", "told")
            flow = backend._get_fulfilment_flow() if backend and is_told else None
            if not flow:
                continue
            picking.sudo().retail_tracking_serial += 1
            payload = {
                "picking_id": picking.id,
                "order": order._get_retail_binding(backend).external_id,
                "serial": picking.retail_tracking_serial,
            }
            self.env["retail.outbox"].sudo()._command(flow, "tracking", str(order.id), payload, record=picking)

    def _get_tracking_key(self):
        return self.carrier_tracking_ref or "", self.carrier_id.id

    def _propose_return(self):
        """Make the transfer that brings back all this one shipped; a person validates it."""
        self.ensure_one()
        wizard = self.env["stock.return.picking"].with_context(active_id=self.id, active_model=self._name)
        wizard = wizard.sudo().create({"picking_id": self.id})
        for line in wizard.product_return_moves:
            line.quantity = line.move_id.quantity
        return wizard._create_return()

    # ---------------------------------------------------------------- what is told

    def _get_parcels(self, backend):
        """Return the parcels of ``fulfilment.v1``: one per tracking number, in the order they were entered."""
        self.ensure_one()
        numbers = [number for number in _SEPARATORS.split(self.carrier_tracking_ref or "") if number]
        carrier = self.carrier_id
        mapped = backend.carrier_map_ids.filtered(lambda one: one.carrier_id == carrier and one.tracking_company)
        company = (mapped[:1].tracking_company or carrier.name) if carrier else None
        urls = self._get_tracking_urls(numbers)
        return [{"number": number, "company": company, "url": urls.get(number)} for number in dict.fromkeys(numbers)]

    def _get_tracking_urls(self, numbers):
        """Return dict number → address, as far as the delivery method knows one."""
        text = self.carrier_tracking_url or ""
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return {str(name): url for name, url in (pair for pair in found if len(pair) == 2)}
        if not text.startswith(("http://", "https://")):
            return {}
        if len(numbers) == 1:
            return {numbers[0]: text}
        # Odoo puts the whole reference where one number belongs.
        reference = self.carrier_tracking_ref
        return {number: text.replace(reference, number) for number in numbers if reference in text}


def units_text(units):
    """Return a quantity as a decimal string.

    >>> units_text(2.0), units_text(0.3)
    ('2', '0.3')
    """
    return format(Decimal(repr(round(units, 6))).normalize(), "f")
