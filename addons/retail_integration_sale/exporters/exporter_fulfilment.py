"""Says what a transfer shipped, and notes what the channel made of it."""

from odoo import fields, models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman

from ..importers.order_reader import digest
from ..models.retail_binding_fulfilment import LIVE


class RetailExporterFulfilment(models.AbstractModel):
    """Commands: ``create`` (once per transfer), ``tracking`` (as it is when it is sent) and ``cancel``.

    Their key is the sales order, so that those of one order are carried out one after the other; ``picking_id`` in the
    payload names the transfer.
    """

    _name = "retail.exporter.fulfilment"
    _inherit = "retail.exporter"
    _description = "Fulfilment exporter"
    _record_model = "stock.picking"

    def _get_records(self, intents):
        ids = {intent.id: intent.payload.get("picking_id") for intent in intents if intent.payload.get("picking_id")}
        found = {picking.id: picking for picking in self.env["stock.picking"].browse(set(ids.values())).exists()}
        return {intent_id: found[picking_id] for intent_id, picking_id in ids.items() if picking_id in found}

    def _get_documents(self, backend, flow, intents):
        pickings = self._get_records(intents)
        makers = {"create": self._get_new, "tracking": self._get_tracking, "cancel": self._get_cancelled}
        none = self.env["stock.picking"]
        return {
            intent.id: makers[intent.operation](backend, intent, pickings.get(intent.id, none)) for intent in intents
        }

    def _get_new(self, backend, intent, picking):
        """Return the document of a transfer; ``None`` where the channel has its fulfilment by now."""
        if picking.retail_fulfilment_id or picking.retail_fulfilment_state not in (False, "pending"):
            return None
        if not picking:
            return self._gone(intent)
        order = picking.sale_id
        place = self.env["retail.location.map"]._find_by_origin(backend, picking)
        return {
            **self._get_head(intent, "odoo/%d" % picking.id, "success"),
            "name": picking.name,
            "location_external_id": place.external_id or None,
            "shipped_at": "%sZ" % (picking.date_done or fields.Datetime.now()).isoformat(),
            "lines": [
                {"line_external_id": external_id, "quantity": quantity}
                for external_id, quantity in intent.payload["lines"].items()
            ],
            "parcels": picking._get_parcels(backend),
            "notify_customer": backend.fulfilment_notify,
            "may_move": backend.fulfilment_may_move or order.retail_may_move,
            "may_release": order.retail_may_release,
        }

    def _get_tracking(self, backend, intent, picking):
        fulfilment = picking.retail_fulfilment_id
        parcels = picking._get_parcels(backend) if picking else []
        if fulfilment.status not in LIVE or digest(parcels) == fulfilment.tracking_digest:
            return None
        return {
            **self._get_head(intent, fulfilment.external_id, fulfilment.status),
            "parcels": parcels,
            "notify_customer": backend.fulfilment_notify,
        }

    def _get_cancelled(self, backend, intent, _picking):
        external_id = intent.payload["fulfilment"]
        found = self.env["retail.binding.fulfilment"]._find_by_external(backend, [external_id])
        if not found or found[external_id].status not in LIVE:
            return None
        return self._get_head(intent, external_id, "cancelled")

    def _get_head(self, intent, external_id, status):
        return {
            "schema": "fulfilment.v1",
            "external_id": external_id,
            "version": 0,
            "order_external_id": intent.payload["order"],
            "status": status,
            "lines": [],
        }

    def _gone(self, intent):
        return NeedsHuman(
            self.env._("The transfer that was to be told to the channel does not exist any more."),
            kind="fulfilment_mismatch",
            cause_key="fulfilment:transfer_gone",
            facts={"order_external_id": intent.payload["order"]},
        )

    # ---------------------------------------------------------------- answers

    def _accept(self, backend, flow, answers):
        pickings = self._get_records([intent for intent, _sent in answers])
        none = self.env["stock.picking"]
        for intent, sent in answers:
            accept = {"create": self._accept_new, "tracking": self._accept_tracking, "cancel": self._accept_cancelled}
            accept[intent.operation](backend, intent, sent, pickings.get(intent.id, none))

    def _accept_new(self, backend, intent, sent, picking):
        if picking.retail_fulfilment_id or picking.retail_fulfilment_state == "agreed":
            return
        if not sent.external_id:
            picking.retail_fulfilment_state = "agreed"
            picking._message_log(
                body=self.env._("%s had fulfilled all of this already. It was told nothing.", backend.name)
            )
            return
        fulfilment = self._bind(backend, intent, sent)
        if fulfilment:
            picking.write({"retail_fulfilment_id": fulfilment.id, "retail_fulfilment_state": "told"})

    def _bind(self, backend, intent, sent):
        """Return the link to the channel's fulfilment ``sent``, new or known."""
        bindings = self.env["retail.binding.fulfilment"]
        found = bindings._find_by_external(backend, [sent.external_id])
        if found:
            return found[sent.external_id]
        external_id = intent.payload["order"]
        orders = self.env["retail.binding.order"]._find_by_external(backend, [external_id])
        if not orders:
            return bindings
        order, answer = orders[external_id].order_id, sent.answer or {}
        lines = answer.get("lines") or intent.payload["lines"]
        parcels = answer.get("parcels") or []
        return bindings.create(
            {
                "backend_id": backend.id,
                "external_id": sent.external_id,
                "external_version": answer.get("version") or 0,
                "order_id": order.id,
                "name": answer.get("name"),
                "origin": "odoo",
                "status": answer.get("status") or "success",
                "location_external_id": answer.get("location"),
                "shipped_at": fields.Datetime.now(),
                "synced_at": fields.Datetime.now(),
                "tracking_numbers": ", ".join(parcel["number"] for parcel in parcels),
                "tracking_digest": digest(parcels),
                "line_ids": bindings._get_line_commands(
                    order, {key: float(quantity) for key, quantity in lines.items()}
                ),
            }
        )

    def _accept_tracking(self, _backend, _intent, sent, picking):
        parcels = (sent.answer or {}).get("parcels") or []
        picking.retail_fulfilment_id.write(
            {
                "tracking_numbers": ", ".join(parcel["number"] for parcel in parcels),
                "tracking_digest": digest(parcels),
                "synced_at": fields.Datetime.now(),
            }
        )

    def _accept_cancelled(self, backend, intent, _sent, _picking):
        external_id = intent.payload["fulfilment"]
        fulfilment = self.env["retail.binding.fulfilment"]._find_by_external(backend, [external_id]).get(external_id)
        if fulfilment and fulfilment.status != "cancelled":
            fulfilment.write({"status": "cancelled", "synced_at": fields.Datetime.now()})
            fulfilment.picking_ids.retail_fulfilment_state = "cancelled"
