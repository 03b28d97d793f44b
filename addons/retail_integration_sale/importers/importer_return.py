"""Brings back the goods that customers return in a channel, as its staff finds them."""

from datetime import timedelta
from decimal import Decimal

from odoo import fields, models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater
from odoo.addons.retail_integration_base.engine.messages import ImportResult

from ..models.stock_picking_fulfilment import FROM_CHANNEL
from .importer_order import IMPORT_CONTEXT
from .order_reader import to_datetime
from .refund_plan import RefundWork

_OVER = ("done", "cancel")
#: How long a return waits for its order, or for the fulfilment of what comes back.
_PATIENCE = timedelta(hours=24)


class RetailImporterReturn(models.AbstractModel):
    """An open return is a transfer that waits; what arrives is received as it is found.

    Restocked goods go to stock, damaged ones arrive and are scrapped, missing ones are expected no more. What people
    received in Odoo before the channel's staff looked at it is agreed on, not received twice.
    """

    _name = "retail.importer.return"
    _inherit = "retail.importer"
    _description = "Return importer"

    _binding_model = "retail.binding.return"

    def _get_shared_names(self, backend, documents):
        """Returns, refunds and fulfilments of one order change the same transfers."""
        return {"fulfilled:%d:%s" % (backend.id, document["order_external_id"]) for document in documents}

    def _import_batch(self, backend, documents):
        """Carry out ``documents``.

        :param retail.backend backend: the channel account the documents come from
        :param list[dict] documents: valid ``return.v1`` documents, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        """
        self = self.with_context(**IMPORT_CONTEXT, **{FROM_CHANNEL: True}).with_company(backend.company_id)
        backend = backend.with_env(self.env)
        orders = self.env["retail.binding.order"]._find_by_external(
            backend, [document["order_external_id"] for document in documents]
        )
        known = self.env["retail.binding.return"]._find_by_external(
            backend, [document["external_id"] for document in documents], lock=True
        )
        results = []
        for document in documents:
            binding = orders.get(document["order_external_id"])
            work = RefundWork(document, order=binding.order_id.sudo() if binding else None, order_binding=binding)
            work.binding = known.get(document["external_id"])
            try:
                # Odoo's own checks can refuse in the middle, and then nothing of this return may stay.
                with self.env.cr.savepoint():
                    results.append(self._import_one(backend, work))
            except (NeedsHuman, RetryLater) as error:
                results.append(ImportResult.failed(error))
        return results

    def _import_one(self, backend, work):
        document, binding = work.document, work.binding
        if binding and document["version"] < binding.external_version:
            return ImportResult("superseded", binding.order_id, self.env._("A newer version is in Odoo."))
        if binding and registry.checksum(document) == binding.checksum:
            return ImportResult("unchanged", binding.order_id)
        if not work.order:
            if self._is_late(document):
                return ImportResult("ignored", note=self.env._("Its order is not in Odoo."))
            raise RetryLater(self.env._("The return waits for its order %s.", work.name))
        outcome = "updated" if binding else "created"
        before = binding.status if binding else "requested"
        binding = work.binding = binding or self._bind(backend, work)
        if before == "requested" and document["status"] in ("open", "closed"):
            self._expect(backend, work)
        for disposition in document.get("dispositions") or []:
            if disposition["external_id"] not in binding.disposition_ids.mapped("external_id"):
                self._dispose(backend, work, disposition)
        if document["status"] in ("closed", "cancelled", "declined"):
            # Nothing more is expected.
            binding.sudo().picking_ids.filtered(lambda one: one.state not in _OVER).action_cancel()
        binding.write(self._get_agreement(document))
        return ImportResult(outcome, work.order)

    def _is_late(self, document):
        return fields.Datetime.now() - to_datetime(document["opened_at"]) > _PATIENCE

    def _bind(self, backend, work):
        return self.env["retail.binding.return"].create(
            {
                "backend_id": backend.id,
                "external_id": work.document["external_id"],
                "order_id": work.order.id,
                "opened_at": to_datetime(work.document["opened_at"]),
                **self._get_agreement(work.document),
            }
        )

    def _get_agreement(self, document):
        return {
            "name": document.get("name"),
            "status": document["status"],
            "external_version": document["version"],
            "checksum": registry.checksum(document),
            "synced_at": fields.Datetime.now(),
        }

    def _get_line(self, work, external_id):
        line = work.order._get_retail_lines().get(external_id)
        if not line:
            raise self.env["retail.refund.planner"]._mismatch(
                work, self.env._("it names a line that is not on the order (%s)", external_id), "line"
            )
        return line

    def _expect(self, backend, work):
        """Make the transfers that wait for the goods.

        :raises RetryLater: what comes back has yet to be shipped in Odoo
        """
        wanted, goods = [], self.env["retail.refund.goods"].sudo()
        for part in work.document["lines"]:
            line, units = self._get_line(work, part["line_external_id"]), Decimal(part["quantity"])
            if line.qty_delivered_method != "stock_move":
                continue
            if Decimal(repr(line.qty_delivered)) < units and not self._is_late(work.document):
                raise RetryLater(self.env._("The return waits for the fulfilment of its goods."))
            # What people took back before the channel told of it is this return's.
            moves = goods._adopt(line)
            moves.picking_id.retail_return_id = work.binding
            units -= goods._count_units(line, moves)
            if units > 0:
                wanted.append((line, units, None))
        if wanted:
            goods._return(backend, wanted, {"retail_return_id": work.binding.id})

    # ---------------------------------------------------------------- what became of it

    def _dispose(self, backend, work, disposition):
        line, units = self._get_line(work, disposition["line_external_id"]), float(disposition["quantity"])
        kind, binding = disposition["kind"], work.binding.sudo()
        if kind != "pending" and line.qty_delivered_method == "stock_move":
            units_open = self._take(backend, binding, line, units, disposition)
            if line.product_uom_id.compare(units_open, 0.0) > 0 and not self._was_received(binding, line, units):
                raise self.env["retail.refund.planner"]._mismatch(
                    work,
                    self.env._(
                        "%(units)g of %(product)s arrived that are not expected",
                        units=units_open,
                        product=line.product_id.display_name,
                    ),
                    "return",
                )
        self.env["retail.return.disposition"].create(
            {
                "return_id": binding.id,
                "external_id": disposition["external_id"],
                "sale_line_id": line.id,
                "kind": kind,
                "quantity": units,
            }
        )

    def _take(self, backend, binding, line, units, disposition):
        """Receive ``units`` from the transfers that wait, or expect them no more; return how many none waits for."""
        kind, share = disposition["kind"], 0.0
        place = self.env["retail.location.map"]._find_by_place(backend, disposition.get("location_external_id"))
        for product, needed in self.env["retail.refund.goods"].sudo()._get_needed(line, units).items():
            left = needed
            for move in binding.picking_ids.move_ids.filtered(
                lambda one, product=product: (
                    one.sale_line_id == line and one.product_id == product and one.state not in _OVER
                )
            ):
                taken = min(left, move.product_uom._compute_quantity(move.product_uom_qty, product.uom_id))
                if product.uom_id.compare(taken, 0.0) <= 0:
                    continue
                left -= taken
                quantity = product.uom_id._compute_quantity(taken, move.product_uom)
                if kind == "missing":
                    self._expect_less(move, quantity)
                else:
                    self._receive(move, quantity, self._get_destination(move, kind, place.warehouse_ids[:1]))
            share = max(share, left / needed if needed else 0.0)
        return units * share

    def _expect_less(self, move, quantity):
        if move.product_uom.compare(move.product_uom_qty, quantity) <= 0:
            move._action_cancel()
        else:
            move.product_uom_qty -= quantity

    def _get_destination(self, move, kind, warehouse):
        """Return where the goods go: damaged ones straight to scrap, so that nobody can sell them in between."""
        if kind == "damaged":
            domain = [("company_id", "in", [move.company_id.id, False]), ("usage", "=", "inventory")]
            return self.env["stock.location"].sudo().search(domain, order="company_id, id", limit=1)
        if warehouse and warehouse != move.picking_id.picking_type_id.warehouse_id:
            return warehouse.lot_stock_id
        return move.location_dest_id

    def _receive(self, move, quantity, destination):
        for other in move.picking_id.move_ids:
            other.picked = False
        move.quantity = quantity
        move.picked = True
        # Of these units only: what is still to come goes where it was to go.
        move.move_line_ids.location_dest_id = destination
        move.picking_id._action_done()

    def _was_received(self, binding, line, units):
        """Return whether people received in Odoo what the channel's staff finds only now."""
        moves = binding.picking_ids.move_ids.filtered(
            lambda move: move.sale_line_id == line and move.state == "done" and move.origin_returned_move_id
        )
        received = float(self.env["retail.refund.goods"].sudo()._count_units(line, moves))
        told = sum(
            one.quantity
            for one in binding.disposition_ids
            if one.sale_line_id == line and one.kind in ("restocked", "damaged")
        )
        return line.product_uom_id.compare(received, told + units) >= 0
