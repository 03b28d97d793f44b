"""Ships in Odoo what a channel says was shipped, and knows again what Odoo told the channel itself."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from odoo import fields, models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater
from odoo.addons.retail_integration_base.engine.messages import ImportResult

from ..models.retail_binding_fulfilment import LIVE
from ..models.stock_picking_fulfilment import FROM_CHANNEL
from .importer_order import IMPORT_CONTEXT
from .order_reader import digest, to_datetime

#: How soon a fulfilment looks again for the end of what Odoo is telling the channel.
_COMMAND_DELAY = timedelta(seconds=3)
#: An order of which nothing has been heard for so long after its fulfilment is not coming.
_PATIENCE = timedelta(hours=24)


@dataclass
class _Work:
    """One document, what it is about, and how it ended."""

    document: dict
    order: Any = None
    binding: Any = None
    result: ImportResult | None = None
    #: line → units that are to leave the warehouse
    wanted: dict = field(default_factory=dict)
    #: line → units that people shipped before the channel said so
    agreed: dict = field(default_factory=dict)


class RetailImporterFulfilment(models.AbstractModel):
    """What was shipped is shipped once, whoever hears of it first.

    Of each line, what left Odoo and no fulfilment accounts for is what this one may account for; the rest of it is
    shipped now. So neither the echo of Odoo's own word, nor a person who validated the transfer, moves goods twice.
    """

    _name = "retail.importer.fulfilment"
    _inherit = "retail.importer"
    _description = "Fulfilment importer"

    _binding_model = "retail.binding.fulfilment"

    def _get_shared_names(self, backend, documents):
        """Two fulfilments of one order change the same transfers."""
        return {"fulfilled:%d:%s" % (backend.id, document["order_external_id"]) for document in documents}

    def _import_batch(self, backend, documents):
        """Ship the orders' transfers as ``documents`` say.

        :param retail.backend backend: the channel account the documents come from
        :param list[dict] documents: valid ``fulfilment.v1`` documents, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        """
        self = self.with_context(**IMPORT_CONTEXT, **{FROM_CHANNEL: True})
        backend = backend.with_env(self.env)
        works = [_Work(document) for document in documents]
        orders = self.env["retail.binding.order"]._find_by_external(
            backend, [document["order_external_id"] for document in documents]
        )
        known = self.env["retail.binding.fulfilment"]._find_by_external(
            backend, [document["external_id"] for document in documents], lock=True
        )
        for work in works:
            binding = orders.get(work.document["order_external_id"])
            work.order = binding.order_id if binding else None
            work.binding = known.get(work.document["external_id"])
            try:
                work.result = self._import_one(backend, work)
            except (NeedsHuman, RetryLater) as error:
                # Raised only before anything of this document was written.
                work.result = ImportResult.failed(error)
        return [work.result for work in works]

    def _import_one(self, backend, work):
        document, binding = work.document, work.binding
        if binding and document["version"] < binding.external_version:
            return ImportResult("superseded", binding.order_id, self.env._("A newer version is in Odoo."))
        if binding and registry.checksum(document) == binding.checksum:
            return ImportResult("unchanged", binding.order_id)
        if not work.order:
            return self._wait_for_order(backend, document)
        if work.order.retail_is_history:
            return ImportResult("ignored", work.order, self.env._("The order was done before Odoo took it over."))
        self._wait_for_commands(backend, work.order)
        if binding:
            return self._update(work)
        if document["status"] not in LIVE:
            return ImportResult("ignored", work.order, self.env._("It was cancelled before Odoo heard of it."))
        if document["status"] == "pending":
            return ImportResult("ignored", work.order, self.env._("Nothing has left yet: its next version says so."))
        return self._take_over(backend, work)

    # ---------------------------------------------------------------- what has to be there first

    def _wait_for_order(self, backend, document):
        """Return the end of a fulfilment whose order is not in Odoo and will not be.

        :raises RetryLater: the order is on its way, or may be
        """
        subject = "order:%s" % document["order_external_id"]
        messages = (
            self.env["retail.inbox"]
            .sudo()
            .search([("backend_id", "=", backend.id), ("subject_key", "=", subject)], order="id desc", limit=20)
        )
        is_coming = any(message.state in ("pending", "retry", "held", "quarantined") for message in messages)
        heard_at = to_datetime(document.get("shipped_at") or document.get("order_placed_at"))
        is_old = not heard_at or fields.Datetime.now() - heard_at > _PATIENCE
        if not is_coming and (messages or is_old):
            return ImportResult("ignored", note=self.env._("Its order is not in Odoo."))
        raise RetryLater(self.env._("The fulfilment waits for its order %s.", document["order_external_id"]))

    def _wait_for_commands(self, backend, order):
        """Let Odoo's own word to the channel come to its end first: this may be its echo.

        :raises RetryLater: a command is under way
        """
        under_way = (
            self.env["retail.outbox"]
            .sudo()
            .search_count(
                [
                    ("backend_id", "=", backend.id),
                    ("subject_key", "=", "fulfilment:odoo/%d" % order.id),
                    ("state", "in", ("pending", "retry")),
                ],
                limit=1,
            )
        )
        if under_way:
            raise RetryLater(self.env._("Odoo is telling the channel about this order."), delay=_COMMAND_DELAY)

    # ---------------------------------------------------------------- known ones

    def _update(self, work):
        document, binding = work.document, work.binding
        has_left = binding.picking_ids.filtered(lambda picking: picking.state == "done")
        if document["status"] not in LIVE and binding.status in LIVE and has_left:
            raise NeedsHuman(
                self.env._(
                    "The channel cancelled the fulfilment %(name)s of %(order)s, whose goods have left with "
                    "%(transfers)s.",
                    name=document.get("name") or document["external_id"],
                    order=work.order.name,
                    transfers=", ".join(has_left.mapped("name")),
                ),
                kind="fulfilment_cancelled",
                cause_key="fulfilment:cancelled_after_delivery",
                cause_title=self.env._("Fulfilments cancelled after delivery"),
                facts={"order_external_id": document["order_external_id"]},
            )
        before = (binding.status, binding.delivery_status or None, binding.tracking_digest)
        values = self._get_values(document)
        binding.write(values)
        self._write_tracking(binding.picking_ids, document, is_own=binding.origin == "odoo")
        after = (binding.status, binding.delivery_status or None, binding.tracking_digest)
        return ImportResult("updated" if before != after else "unchanged", work.order)

    def _get_values(self, document):
        parcels = document.get("parcels") or []
        return {
            "external_version": document["version"],
            "checksum": registry.checksum(document),
            "synced_at": fields.Datetime.now(),
            "name": document.get("name"),
            "status": document["status"],
            "delivery_status": document.get("delivery_status"),
            "location_external_id": document.get("location_external_id"),
            "service": document.get("service"),
            "shipped_at": to_datetime(document.get("shipped_at")),
            "delivered_at": to_datetime(document.get("delivered_at")),
            "tracking_numbers": ", ".join(parcel["number"] for parcel in parcels),
            "tracking_digest": digest(parcels),
        }

    def _write_tracking(self, pickings, document, is_own=False):
        """Write the channel's tracking on transfers; what Odoo itself shipped keeps its own."""
        numbers = ",".join(parcel["number"] for parcel in document.get("parcels") or [])
        for picking in pickings:
            if numbers and picking.carrier_tracking_ref != numbers and not (is_own and picking.carrier_tracking_ref):
                picking.carrier_tracking_ref = numbers

    # ---------------------------------------------------------------- new ones

    def _take_over(self, backend, work):
        place = self.env["retail.location.map"]._find_by_place(backend, work.document.get("location_external_id"))
        self._share_out(work)
        pickings = self.env["stock.picking"]
        if work.wanted:
            self._require_owner(backend, work, place)
            warehouse = place._get_warehouses()[:1]
            pickings = self.env["retail.fulfilment.shipper"]._ship(work.order, work.wanted, warehouse)
        binding = self._bind(backend, work)
        if pickings:
            pickings.write({"retail_fulfilment_id": binding.id, "retail_fulfilment_state": "received"})
        if work.agreed:
            self._note_agreed(backend, work, binding)
        self._write_tracking(binding.picking_ids, work.document)
        if pickings:
            return ImportResult("created", work.order)
        return ImportResult("created", work.order, self.env._("All of it had left Odoo's stock already."))

    def _share_out(self, work):
        """Find out how much of each line left Odoo already and how much is to leave now.

        :raises NeedsHuman: Odoo knows no such line, or not so much of it
        """
        order, lines = work.order, work.order._get_retail_lines()
        held = self.env["retail.binding.fulfilment"]._count_lines(order)
        problems = []
        for part in work.document["lines"]:
            line, units = lines.get(part["line_external_id"]), float(part["quantity"])
            if not line:
                problems.append(self.env._("a line that is not on the order (%s)", part["line_external_id"]))
                continue
            surplus = max(line.qty_delivered - held.get(line, 0.0), 0.0)
            agreed = min(surplus, units)
            if agreed:
                work.agreed[line] = agreed
            left = units - agreed
            if line.product_uom_id.compare(left, 0.0) <= 0:
                continue
            if line.qty_delivered_method == "stock_move":
                possible = self.env["retail.fulfilment.shipper"]._count_open(line)
            else:
                possible = line.product_uom_qty - line.qty_delivered
            if line.product_uom_id.compare(left, possible) > 0:
                problems.append(
                    self.env._(
                        "%(units)g of %(product)s, of which %(possible)g are left to ship",
                        units=left,
                        product=line.product_id.display_name,
                        possible=max(possible, 0.0),
                    )
                )
            work.wanted[line] = left
        if problems:
            raise NeedsHuman(
                self.env._(
                    "The channel fulfilled more of %(order)s (%(state)s) than Odoo can ship: %(problems)s.",
                    order=order.name,
                    state=dict(order._fields["state"]._description_selection(self.env))[order.state],
                    problems="; ".join(problems),
                ),
                kind="fulfilment_mismatch",
                cause_key="fulfilment:more_than_ordered:%s" % order.state,
                cause_title=self.env._("The channel fulfilled more than Odoo can ship"),
                facts={"order_external_id": work.document["order_external_id"]},
            )

    def _require_owner(self, backend, work, place):
        if backend._get_fulfilment_owner(place) != "odoo" or work.order.retail_takes_over:
            return
        raise NeedsHuman(
            self.env._(
                "%(order)s was fulfilled in the channel (%(name)s), but Odoo's warehouse ships here.",
                order=work.order.name,
                name=work.document.get("name") or work.document["external_id"],
            ),
            kind="fulfilment_foreign",
            cause_key="fulfilment:foreign:%s" % (work.document.get("location_external_id") or ""),
            cause_title=self.env._("Fulfilled in the channel where Odoo ships"),
            facts={"order_external_id": work.document["order_external_id"]},
        )

    def _bind(self, backend, work):
        bindings = self.env["retail.binding.fulfilment"]
        lines = {part["line_external_id"]: float(part["quantity"]) for part in work.document["lines"]}
        return bindings.create(
            {
                "backend_id": backend.id,
                "external_id": work.document["external_id"],
                "order_id": work.order.id,
                "origin": "channel",
                "line_ids": bindings._get_line_commands(work.order, lines),
                **self._get_values(work.document),
            }
        )

    def _note_agreed(self, backend, work, binding):
        """Link the transfers that people validated, and let a command that waits for a person find the link."""
        lines = set(work.agreed)
        pickings = work.order.picking_ids.filtered(
            lambda picking: (
                picking.state == "done"
                and not picking.retail_fulfilment_id
                and lines.intersection(picking.move_ids.sale_line_id)
                and picking._leaves_for_customer()
            )
        ).sorted("id")
        pickings[:1].write({"retail_fulfilment_id": binding.id, "retail_fulfilment_state": "agreed"})
        held = (
            self.env["retail.outbox"]
            .sudo()
            .search(
                [
                    ("backend_id", "=", backend.id),
                    ("subject_key", "=", "fulfilment:odoo/%d" % work.order.id),
                    ("state", "=", "held"),
                ]
            )
        )
        if pickings and held:
            held._requeue()
