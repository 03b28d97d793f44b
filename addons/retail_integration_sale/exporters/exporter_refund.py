"""Says what a credit note pays back, and links what the channel made of it."""

from decimal import Decimal

from odoo import models
from odoo.tools import float_repr

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater


class RetailExporterRefund(models.AbstractModel):
    """One command, ``create``, once per posting of a credit note. Its key is the sales order."""

    _name = "retail.exporter.refund"
    _inherit = "retail.exporter"
    _description = "Refund exporter"
    _record_model = "account.move"

    def _get_records(self, intents):
        ids = {intent.id: intent.payload["move_id"] for intent in intents}
        found = {move.id: move for move in self.env["account.move"].browse(set(ids.values())).exists()}
        return {intent_id: found[move_id] for intent_id, move_id in ids.items() if move_id in found}

    def _get_documents(self, backend, flow, intents):
        # As superuser: the service user has no rights in accounting, and needs none but these.
        moves = self.sudo()._get_records(intents)
        documents = {}
        for intent in intents:
            try:
                documents[intent.id] = self._get_document(backend, intent, moves.get(intent.id))
            except (NeedsHuman, RetryLater) as error:
                documents[intent.id] = error
        return documents

    def _get_document(self, backend, intent, move):
        """Return ``refund.v1`` of a credit note; ``None`` where it is one no more, or has its refund by now.

        :raises RetryLater: the channel has yet to be told that the goods were shipped, or the order to be read
        :raises NeedsHuman: a person has to split it
        """
        is_current = move and move.retail_refund_serial == intent.payload["serial"]
        if not is_current or move.state != "posted" or move.retail_refund_id or move.retail_refund_state != "pending":
            return None
        orders = self.env["retail.binding.order"].sudo()._find_by_external(backend, [intent.payload["order"]])
        binding = orders[intent.payload["order"]]
        order = binding.order_id
        if move.invoice_line_ids.sale_line_ids.order_id != order or move.currency_id != order.currency_id:
            raise self._for_a_person(intent, move)
        if any(picking.retail_fulfilment_state == "pending" for picking in order.picking_ids):
            raise RetryLater(self.env._("The refund waits until the channel knows what was shipped."))
        if not binding.is_refunds_known:
            # What was paid back before has to be told from what is to be.
            self.env["retail.refund.gate"]._ask(backend, {binding.external_id})
            raise RetryLater(self.env._("The refund waits for its order to be read once more."))
        currency = move.currency_id
        return {
            "schema": "refund.v1",
            "external_id": "odoo/%d" % move.id,
            "version": 0,
            "order_external_id": intent.payload["order"],
            "order_name": order.retail_external_name or order.name,
            "refunded_at": "%sT00:00:00Z" % move.invoice_date.isoformat(),
            "note": "%s (%s)" % (move.name, move.retail_refund_token),
            "currency": currency.name,
            "taxes_included": any(order.order_line.tax_ids.mapped("price_include")),
            "lines": [self._in_currency(part, currency) for part in intent.payload["lines"]],
            "charges": [self._in_currency(part, currency) for part in intent.payload["charges"]],
            "amount": self._money(float_repr(move.amount_total, currency.decimal_places), currency),
            "notify_customer": backend.refund_notify,
        }

    def _in_currency(self, part, currency):
        return {**part, **{name: self._money(part[name], currency) for name in ("subtotal", "tax")}}

    def _money(self, amount, currency):
        return {"amount": str(Decimal(amount)), "currency": currency.name}

    def _for_a_person(self, intent, move):
        return NeedsHuman(
            self.env._(
                "The credit note %s is about several orders, or in another currency than its order. Refund it in the "
                "channel, then ignore this; or make a credit note for each order.",
                move.name,
            ),
            kind="refund_refused",
            cause_key="refund:several_orders",
            cause_title=self.env._("Credit notes that the channel cannot be told of"),
            amount=(Decimal(float_repr(move.amount_total, 2)), move.currency_id.name),
            facts={"order_external_id": intent.payload["order"]},
        )

    # ---------------------------------------------------------------- answers

    def _accept(self, backend, flow, answers):
        moves = self.sudo()._get_records([intent for intent, _sent in answers])
        for intent, sent in answers:
            move = moves.get(intent.id)
            if move and not move.retail_refund_id:
                self.env["retail.importer.refund"]._take_own(backend, sent.answer["document"], move)
