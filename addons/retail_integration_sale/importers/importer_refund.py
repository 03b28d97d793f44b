"""Books what a channel paid back as credit notes, returns and payments of Odoo."""

from odoo import fields, models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import ImportResult

from ..models.stock_picking_fulfilment import FROM_CHANNEL
from .importer_order import IMPORT_CONTEXT
from .order_reader import to_datetime
from .refund_agreement import to_decimal_of
from .refund_plan import RefundPlan, RefundWork


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
        self.env["retail.refund.gate"]._ask_for_orders(backend, works)
        for work in works:
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
        gate = self.env["retail.refund.gate"]
        gate._require_currency(work)
        if not work.order:
            gate._require_order(backend, work)
            return ImportResult("ignored", note=self.env._("Its order is not in Odoo."))
        if binding:
            return self._update(backend, work)
        return self._take_over(backend, work)

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
        agreement = self.env["retail.refund.agreement"]
        own = agreement._find_own(backend, work)
        if own:
            return self._agree(backend, work, own, agreement._adopt_returns(work))
        pickings = self.env["stock.picking"].sudo()
        if self.env["retail.refund.gate"]._is_with_order(backend, work):
            # Goodwill is no part of the order's lines, wherever the rest is.
            rest = dict(work.document, lines=[], charges=[], rounding=None)
            plan = (
                self.env["retail.refund.planner"]._plan(backend, self._with(work, rest))
                if self._is_live(work)
                else RefundPlan()
            )
            state = "booked" if plan.specs else "with_order"
        else:
            pickings = agreement._adopt_returns(work)
            by_hand = agreement._find_by_hand(work)
            if by_hand:
                return self._agree(backend, work, by_hand, pickings)
            self.env["retail.refund.gate"]._require_sale(work)
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

    def _agree(self, backend, work, credit, pickings):
        binding = self.env["retail.refund.agreement"]._agree(backend, work, credit, pickings)
        self._write_payments(backend, work)
        note = self.env["retail.refund.booker"]._pay(backend, binding)
        return ImportResult("created", work.order, note or self.env._("Odoo had credited it: %s.", credit.name))

    def _take_own(self, backend, document, credit):
        """Link a refund that the channel made because Odoo told it of ``credit``. Doing it twice changes nothing.

        The money is on its way, so that what does not fit is left to people and keeps nothing from being linked.
        """
        self = self.with_context(**IMPORT_CONTEXT, **{FROM_CHANNEL: True}).with_company(backend.company_id)
        backend, external_id = backend.with_env(self.env), document["external_id"]
        orders = self.env["retail.binding.order"]._find_by_external(backend, [document["order_external_id"]], lock=True)
        known = self.env["retail.binding.refund"]._find_by_external(backend, [external_id], lock=True)
        order_binding = orders[document["order_external_id"]]
        work = RefundWork(document, order_binding.order_id.sudo(), order_binding, known.get(external_id))
        credit = credit.with_env(self.env).sudo()
        agreement = self.env["retail.refund.agreement"]
        if work.binding:
            if not work.binding.sudo().credit_ids:
                agreement._link(work, credit, work.binding)
            return
        try:
            with self.env.cr.savepoint():
                self._agree(backend, work, credit, agreement._adopt_returns(work))
        except (NeedsHuman, RetryLater) as error:
            self.env.invalidate_all()
            work.adopted.clear()
            binding = self._bind(backend, work, RefundPlan(wanted=to_decimal_of(credit)), "agreed")
            agreement._link(work, credit, binding)
            self._write_payments(backend, work)
            work.order._message_log(body=self.env._("Refunded in %(name)s. %(error)s", name=backend.name, error=error))

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
