"""Keeps payouts as the service has them. The money itself is booked by its movements, never from here."""

from datetime import timezone
from zoneinfo import ZoneInfo

from odoo import fields, models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman
from odoo.addons.retail_integration_base.engine.messages import ImportResult
from odoo.addons.retail_integration_base.engine.money import to_decimal

from .instants import to_datetime


class RetailImporterPayout(models.AbstractModel):
    _name = "retail.importer.payout"
    _inherit = "retail.importer"
    _description = "Payout importer"

    _binding_model = "retail.payout"

    def _import_batch(self, backend, documents):
        """Write what changed of ``documents``.

        :param list[dict] documents: valid ``payout.v1`` documents, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        """
        backend = backend.with_env(self.env)
        settlements = self.env["retail.settlement"]._find(
            backend, {document["amount"]["currency"] for document in documents}
        )
        known = self.env["retail.payout"]._find_by_external(
            backend, [document["external_id"] for document in documents], lock=True
        )
        return [self._import_one(backend, document, settlements, known) for document in documents]

    def _import_one(self, backend, document, settlements, known):
        payout = known.get(document["external_id"])
        checksum = registry.checksum(document)
        if payout and document["version"] < payout.external_version:
            return ImportResult("superseded", payout)
        if payout and payout.checksum == checksum:
            return ImportResult("unchanged", payout)
        currency = document["amount"]["currency"]
        settlement = settlements.get(currency)
        if not settlement:
            return ImportResult.failed(
                NeedsHuman(
                    self.env._("There is no settlement account in %s.", currency),
                    kind="settlement_unset",
                    cause_key="settlement:unset:%s" % currency,
                    cause_title=self.env._("No settlement account in %s", currency),
                    amount=(abs(to_decimal(document["amount"])), currency),
                )
            )
        values = self._get_values(settlement, document, checksum)
        if payout:
            payout.write(values)
        else:
            payout = self.env["retail.payout"].create(
                {"backend_id": backend.id, "external_id": document["external_id"], **values}
            )
        payout._link_lines()
        return ImportResult("updated" if document["external_id"] in known else "created", payout)

    def _get_values(self, settlement, document, checksum):
        carried = document.get("line_external_ids")
        arrives_at = to_datetime(document.get("arrives_at"))
        return {
            "settlement_id": settlement.id,
            "external_version": document["version"],
            "checksum": checksum,
            "synced_at": fields.Datetime.now(),
            "occurred_at": to_datetime(document["created_at"]),
            "arrival_date": arrives_at
            and arrives_at.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(settlement.timezone)).date(),
            "amount": float(to_decimal(document["amount"])),
            "status": document["status"],
            "is_automatic": document["is_automatic"],
            "has_breakdown": carried is not None,
            "carried_ids": carried or [],
            "is_complete": not carried,
            "own_line_external_id": document.get("own_line_external_id"),
            "failure_line_external_id": document.get("failure_line_external_id"),
            "failure": document.get("failure"),
            "bank_reference": document.get("bank_reference"),
        }
