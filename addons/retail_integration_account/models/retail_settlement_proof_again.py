"""I9: what was taken in is taken in again, undone, and nothing of it may have been written."""

from odoo import models
from odoo.exceptions import LockError

from odoo.addons.retail_integration_base.engine.errors import RetailError
from odoo.addons.retail_integration_base.engine.messages import InboundMessage
from odoo.addons.retail_integration_base.engine.money import to_decimal
from odoo.addons.retail_integration_base.models.retail_undo import undone

#: How many of the last messages are taken again each day.
_TAKEN = 100


class RetailSettlementProof(models.Model):
    _inherit = "retail.settlement.proof"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _prove_i9(self, settlement):
        """Take the last movements again. Only what the service listed as a whole: nobody is asked for it."""
        backend = settlement.backend_id._as_service()
        try:
            documents = self._read_last_documents(backend, settlement.currency_id.name)
        except RetailError as error:
            return {"state": "unknown", "expected": 0.0, "actual": 0.0, "detail": str(error)}
        if not documents:
            return {"state": "unknown", "expected": 0.0, "actual": 0.0}
        try:
            with undone(self.env) as touched:
                results = backend.env["retail.importer.settlement_line"]._import_batch(backend, documents)
                backend.env.flush_all()
                outcomes = [result.outcome for result in results]
        except LockError:
            detail = self.env._("Movements are being worked on; the next proof looks again.")
            return {"state": "unknown", "expected": 0.0, "actual": 0.0, "detail": detail}
        broken = [
            self.env._("%(id)s would be %(outcome)s", id=document["external_id"], outcome=outcome)
            for document, outcome in zip(documents, outcomes, strict=True)
            if outcome != "unchanged"
        ]
        written = {
            model for kind in (touched.created, touched.changed, touched.removed) for model in kind if kind[model]
        }
        if written and not broken:
            broken = [self.env._("It would write: %s", ", ".join(sorted(written)))]
        nets = [to_decimal(document["net"]) for document in documents]
        kept = [net for net, outcome in zip(nets, outcomes, strict=True) if outcome == "unchanged"]
        return self._result(settlement, float(sum(nets)), float(sum(kept)), broken)

    def _read_last_documents(self, backend, currency):
        """Return the documents of the last messages that say everything, at most one per movement."""
        messages = backend.env["retail.inbox"].search(
            [
                ("backend_id", "=", backend.id),
                ("entity", "=", "settlement_line"),
                ("origin", "=", "poll"),
                ("state", "=", "done"),
                ("body_dropped_at", "=", False),
            ],
            order="id desc",
            limit=_TAKEN,
        )
        bodies = messages._read_bodies()
        newest = {message.subject_key: message for message in reversed(messages)}
        asked = [
            InboundMessage(
                id=message.id,
                topic=message.topic,
                entity=message.entity,
                subject_key=message.subject_key,
                version=message.version or None,
                headers={},
                body=bodies[message.id],
                trace_id=message.trace_id,
                origin=message.origin,
            )
            for message in newest.values()
        ]
        found = backend._get_handler()._get_documents(backend, asked) if asked else {}
        documents = [one for one in found.values() if not isinstance(one, Exception)]
        return [document for document in documents if document["net"]["currency"] == currency]
