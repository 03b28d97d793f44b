"""Books what a channel paid back as credit notes, returns and payments of Odoo."""

from datetime import timedelta
from decimal import Decimal

from odoo import fields, models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import ImportResult
from odoo.addons.retail_integration_base.engine.money import to_decimal

from ..models.stock_picking_fulfilment import FROM_CHANNEL
from .importer_order import IMPORT_CONTEXT
from .order_reader import find_foreign_money, to_datetime
from .refund_plan import RefundPlan, RefundWork

#: How soon a refund looks again whether its order's lines have followed the channel.
_ORDER_DELAY = timedelta(seconds=5)
#: An order of which nothing has been heard for so long after its refund is not coming.
_PATIENCE = timedelta(hours=24)


class RetailImporterRefund(models.AbstractModel):
    """A refund is booked once, whatever was heard of first: the refund, its order, or what people did in Odoo.

    While nothing of an order is delivered or invoiced, its lines follow the channel and there is nothing to credit.
    Afterwards its lines are history, and a refund gets documents of its own.
    """

    _name = "retail.importer.refund"
    _inherit = "retail.importer"
    _description = "Refund importer"

    _binding_model = "retail.binding.refund"

    def _get_shared_names(self, backend, documents):
        """Two refunds of one order, and its fulfilments, change the same lines and transfers."""
        return {"fulfilled:%d:%s" % (backend.id, document["order_external_id"]) for document in documents}

    def _import_batch(self, backend, documents):
        """Book ``documents``.

        :param retail.backend backend: the channel account the documents come from
        :param list[dict] documents: valid ``refund.v1`` documents, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        """
        self = self.with_context(**IMPORT_CONTEXT, **{FROM_CHANNEL: True})
        self = self.with_company(backend.company_id)
        backend = backend.with_env(self.env)
        works = [RefundWork(document, is_reapplied=self._reapplies(document)) for document in documents]
        orders = self.env["retail.binding.order"]._find_by_external(
            backend, [document["order_external_id"] for document in documents], lock=True
        )
        known = self.env["retail.binding.refund"]._find_by_external(
            backend, [document["external_id"] for document in documents], lock=True
        )
        for work in works:
            work.order_binding = orders.get(work.document["order_external_id"])
            # As superuser: the service user has no rights in accounting, and needs none but these.
            work.order = work.order_binding.order_id.sudo() if work.order_binding else None
            work.binding = known.get(work.document["external_id"])
            try:
                # Odoo's own checks can refuse in the middle, and then nothing of this refund may stay.
                with self.env.cr.savepoint():
                    work.result = self._import_one(backend, work)
            except (NeedsHuman, RetryLater, VendorChanged) as error:
                work.result = ImportResult.failed(error)
        return [work.result for work in works]

    def _import_one(self, backend, work):
        document, binding = work.document, work.binding
        if binding and document["version"] < binding.external_version:
            return ImportResult("superseded", binding.order_id, self.env._("A newer version is in Odoo."))
        if binding and registry.checksum(document) == binding.checksum and not work.is_reapplied:
            return ImportResult("unchanged", binding.order_id)
        self._require_currency(work)
        if not work.order:
            return self._wait_for_order(backend, work)
        if binding:
            return self._update(backend, work)
        return self._take_over(backend, work)

    # ---------------------------------------------------------------- what has to be there first

    def _require_currency(self, work):
        document = work.document
        foreign = find_foreign_money(document)
        if work.order and work.order.currency_id.name != document["currency"]:
            foreign.append("currency: %s" % document["currency"])
        if foreign:
            raise VendorChanged(
                self.env._(
                    "A refund of %(order)s is not in its currency: %(amounts)s.", order=work.name, amounts=foreign
                ),
                differences=foreign,
            )

    def _wait_for_order(self, backend, work):
        """Return the end of a refund whose order is not in Odoo and will not be.

        :raises RetryLater: the order is on its way, or may be
        """
        document = work.document
        subject = "order:%s" % document["order_external_id"]
        messages = (
            self.env["retail.inbox"]
            .sudo()
            .search([("backend_id", "=", backend.id), ("subject_key", "=", subject)], order="id desc", limit=20)
        )
        is_coming = any(message.state in ("pending", "retry", "held", "quarantined") for message in messages)
        is_old = fields.Datetime.now() - to_datetime(document["refunded_at"]) > _PATIENCE
        if not is_coming and (messages or is_old):
            return ImportResult("ignored", note=self.env._("Its order is not in Odoo."))
        raise RetryLater(self.env._("The refund waits for its order %s.", work.name))

    def _is_with_order(self, work):
        """Return whether the order's lines contain the refund, because they follow the channel.

        :raises RetryLater: they will
        """
        document, order = work.document, work.order
        if document["external_id"] in (work.order_binding.refunds_taken or []):
            return True
        if order._is_history():
            return False
        if order.state == "cancel":
            return True  # nothing of it was delivered or invoiced
        if not document["lines"] and not document.get("charges"):
            return False  # an amount beyond the order's lines: they say nothing of it
        if order._follows_channel():
            raise RetryLater(self.env._("The refund waits for the order's lines to follow."), delay=_ORDER_DELAY)
        return False

    # ---------------------------------------------------------------- known ones

    def _update(self, backend, work):
        """Book what has come since: a payment that went through, or a journal that was mapped."""
        before = len(work.binding.payment_ids.account_payment_id)
        self._write_payments(backend, work)
        note = self.env["retail.refund.booker"]._pay(backend, work.binding)
        work.binding.write(self._get_agreement(work))
        is_changed = len(work.binding.payment_ids.account_payment_id) != before
        return ImportResult("updated" if is_changed else "unchanged", work.order, note)

    def _get_agreement(self, work):
        return {
            "external_version": work.document["version"],
            "checksum": registry.checksum(work.document),
            "synced_at": fields.Datetime.now(),
        }

    # ---------------------------------------------------------------- new ones

    def _take_over(self, backend, work):
        pickings = self.env["stock.picking"].sudo()
        if self._is_with_order(work):
            # Goodwill is no part of the order's lines, wherever the rest is.
            rest = dict(work.document, lines=[], charges=[], rounding=None)
            plan = (
                self.env["retail.refund.planner"]._plan(backend, self._with(work, rest))
                if self._is_live(work)
                else RefundPlan()
            )
            state = "booked" if plan.specs else "with_order"
        else:
            pickings = self._adopt_returns(work)
            agreed = self._find_agreed(work)
            if agreed:
                return self._agree(backend, work, agreed, pickings)
            plan, state = self.env["retail.refund.planner"]._plan(backend, work), "booked"
        binding = self._bind(backend, work, plan, state)
        pickings.retail_refund_id = binding
        if state == "booked":
            self.env["retail.refund.booker"]._book(backend, work, plan, binding)
        self._write_payments(backend, work)
        note = self.env["retail.refund.booker"]._pay(backend, binding)
        if state == "with_order":
            note = self.env._("The order's lines follow the channel: there is nothing to credit.")
        return ImportResult("created", work.order, note)

    def _is_live(self, work):
        return work.order.state != "cancel"

    def _with(self, work, document):
        return RefundWork(document, work.order, work.order_binding)

    def _bind(self, backend, work, plan, state):
        document = work.document
        return self.env["retail.binding.refund"].create(
            {
                "backend_id": backend.id,
                "external_id": document["external_id"],
                "order_id": work.order.id,
                "state": state,
                "refunded_at": to_datetime(document["refunded_at"]),
                "note": document.get("note"),
                "return_external_id": document.get("return_external_id"),
                "amount": float(plan.wanted),
                **self._get_agreement(work),
                "line_ids": [
                    fields.Command.create(
                        {
                            "sale_line_id": line.id,
                            "quantity": float(outcome.quantity),
                            "cancelled_quantity": float(outcome.cancelled),
                            "returned_quantity": float(outcome.returned),
                            "credited_quantity": float(outcome.credited),
                        }
                    )
                    for line, outcome in plan.outcomes.items()
                ],
            }
        )

    def _write_payments(self, backend, work):
        """Record the refund's payments, and which refund they belong to."""
        reader = self.env["retail.order.reader"]
        reader._write_payments(backend, [work], reader._load([]))
        ids = [payment["external_id"] for payment in work.document.get("payments") or []]
        payments = self.env["retail.order.payment"].search(
            [("backend_id", "=", backend.id), ("external_id", "in", ids), ("refund_id", "=", False)]
        )
        binding = work.binding or self.env["retail.binding.refund"]._find_by_external(
            backend, [work.document["external_id"]]
        ).get(work.document["external_id"])
        payments.refund_id = binding

    # ---------------------------------------------------------------- what people did first

    def _find_agreed(self, work):
        """Return the credit note that somebody made by hand for just this, possibly empty.

        :raises NeedsHuman: there are some that may or may not stand for it
        """
        order, document = work.order, work.document
        foreign = order.invoice_ids.filtered(
            lambda move: move.move_type == "out_refund" and move.state != "cancel" and not move.retail_refund_id
        )
        if not foreign or document["external_id"] in (order.retail_refund_accepted or []):
            return foreign.browse()
        wanted = self.env["retail.refund.planner"]._get_amount(work)
        same = foreign.filtered(lambda move: to_decimal_of(move) == wanted)
        if same:
            return same[:1]
        raise self.env["retail.refund.planner"]._mismatch(
            work,
            self.env._(
                "it is %(wanted)s, and there are credit notes made by hand of another amount: %(moves)s",
                wanted=wanted,
                moves=", ".join(foreign.mapped("display_name")),
            ),
            "by_hand",
        )

    def _adopt_returns(self, work):
        """Take the returns that people made for what the channel says came back; return their transfers.

        They stop lowering what was delivered, as no return of a refund does: see :class:`RetailRefundGoods`.
        """
        pickings, lines = self.env["stock.picking"].sudo(), work.order._get_retail_lines()
        for part in work.document["lines"]:
            line = lines.get(part["line_external_id"])
            if part["restock"] != "returned" or not line or line in work.adopted:
                continue
            moves = self.env["retail.refund.goods"]._find_foreign(line)
            moves.to_refund = False
            self.env.add_to_compute(line._fields["qty_delivered"], line)  # Odoo's own does not depend on it
            work.adopted[line] = Decimal(repr(sum(moves.mapped("product_qty"))))
            pickings |= moves.picking_id
        return pickings

    def _agree(self, backend, work, credit, pickings):
        """Take a credit note made by hand as the refund's own; goods that nobody took back yet come back now."""
        binding = self._bind(backend, work, RefundPlan(wanted=to_decimal_of(credit)), "agreed")
        credit.sudo().retail_refund_id = binding
        pickings.retail_refund_id = binding
        wanted, lines = [], work.order._get_retail_lines()
        for part in work.document["lines"]:
            line, units = lines.get(part["line_external_id"]), Decimal(part["quantity"])
            if part["restock"] == "returned" and line and line.qty_delivered_method == "stock_move":
                agreed = min(units, work.adopted.get(line, Decimal(0)))
                work.adopted[line] = work.adopted.get(line, Decimal(0)) - agreed
                if units > agreed and not work.document.get("return_external_id"):
                    wanted.append((line, units - agreed, part.get("location_external_id")))
        goods = self.env["retail.refund.goods"].sudo()
        goods._validate(goods._return(backend, wanted, {"retail_refund_id": binding.id}))
        self._write_payments(backend, work)
        note = self.env["retail.refund.booker"]._pay(backend, binding)
        return ImportResult("created", work.order, note or self.env._("It had been credited by hand: %s.", credit.name))


def to_decimal_of(move):
    """Return the exact total (Decimal) of a move."""
    return to_decimal({"amount": "%.*f" % (move.currency_id.decimal_places, move.amount_total)})
