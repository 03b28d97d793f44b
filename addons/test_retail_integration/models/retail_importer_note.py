"""An importer that does as its documents say: ``text`` may order it to fail."""

import os
import signal
from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater
from odoo.addons.retail_integration_base.engine.messages import ImportResult


class RetailImporterNote(models.AbstractModel):
    _name = "retail.importer.note"
    _inherit = "retail.importer"
    _description = "Note importer"
    _binding_model = "retail.binding.note"

    def _get_shared_names(self, backend, documents):
        if any(document["text"] == "bug before the import" for document in documents):
            raise KeyError("text")
        return {"text:%s" % document["text"] for document in documents if document["text"].startswith("shared")}

    def _import_batch(self, backend, documents):
        if all(document["text"] == "nothing" for document in documents):
            return [ImportResult("unchanged") for _document in documents]
        bindings = self.env["retail.binding.note"].sudo()
        bound = bindings._find_by_external(backend, [document["external_id"] for document in documents], lock=True)
        return [self._import_one(backend, document, bound.get(document["external_id"])) for document in documents]

    def _import_one(self, backend, document, binding):
        text, version = document["text"], document["version"]
        if text == "needs human" and not self.env["test.retail.mend"].sudo()._is_mended(document["external_id"]):
            return ImportResult.failed(
                NeedsHuman(
                    "Note %s needs a decision." % document["external_id"],
                    kind="odoo_refused",
                    cause_key="note:decision",
                    cause_title="Notes that need a decision",
                    amount=(Decimal("12.50"), "EUR"),
                    facts={"external_id": document["external_id"]},
                )
            )
        if text == "retry later":
            raise RetryLater("Note %s has to wait." % document["external_id"])
        if text == "user error":
            raise UserError(self.env._("Odoo says no to %s.", document["external_id"]))
        if text == "bug":
            raise ZeroDivisionError("division by zero in %s" % document["external_id"])
        if text == "key twice":
            number = self.env["retail.drain.group"].sudo().search([], limit=1).number
            self.env["retail.drain.group"].sudo().create({"number": number})
        if text == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        checksum = registry.checksum(document)
        if not binding:
            note = (
                self.env["test.retail.note"]
                .sudo()
                .create({"name": document["external_id"], "text": text, "effects": 1, "history": str(version)})
            )
            self.env["retail.binding.note"].sudo().create(
                {
                    "backend_id": backend.id,
                    "external_id": document["external_id"],
                    "external_version": version,
                    "checksum": checksum,
                    "note_id": note.id,
                    "synced_at": fields.Datetime.now(),
                }
            )
            return ImportResult("created", record=note)
        note = binding.note_id
        if version < binding.external_version:
            return ImportResult("superseded", record=note, note="A newer version has been applied.")
        # Its whole mapping is the text: a replay finds out whether the note is still what is made of it today.
        if checksum == binding.checksum and not (self._reapplies(document) and note.text != text):
            binding.external_version = version
            return ImportResult("unchanged", record=note)
        note.write({"text": text, "effects": note.effects + 1, "history": "%s,%s" % (note.history, version)})
        binding.write({"external_version": version, "checksum": checksum, "synced_at": fields.Datetime.now()})
        return ImportResult("updated", record=note)
