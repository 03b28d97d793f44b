"""Exporters of notes (state) and of parcels (commands) that do as the note's text says."""

import os
import signal

from odoo import api, models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman

from . import test_retail_note  # noqa: F401 the model this file goes on with has to be there


class TestRetailNote(models.Model):
    _inherit = "test.retail.note"

    @api.model_create_multi
    def create(self, vals_list):
        notes = super().create(vals_list)
        notes._mark_note_dirty()
        return notes

    def write(self, vals):
        result = super().write(vals)
        if "text" in vals:
            self._mark_note_dirty()
        return result

    def send_parcels(self, texts):
        """Order one parcel per text for each note, from every live backend of the vendor of notes."""
        flows = self.env["retail.flow"].sudo().search([("entity", "=", "parcel"), ("state", "=", "live")])
        for note in self:
            for flow in flows:
                for text in texts:
                    self.env["retail.outbox"]._command(flow, "send", str(note.id), {"text": text}, record=note)
        return True

    def _mark_note_dirty(self):
        self.env["retail.outbox"]._mark_dirty("note", self.env.company, map(str, self.ids))


class RetailExporterNote(models.AbstractModel):
    _name = "retail.exporter.note"
    _inherit = "retail.exporter"
    _description = "Note exporter"
    _record_model = "test.retail.note"

    def _get_documents(self, backend, flow, intents):
        notes = self._get_records(intents)
        return {intent.id: self._get_document(notes.get(intent.id)) for intent in intents}

    def _get_document(self, note):
        if not note or note.text == "not for the channel":
            return None
        if note.text == "kill on the way out":
            os.kill(os.getpid(), signal.SIGKILL)
        if note.text == "undecided":
            return NeedsHuman(
                "Note %s is undecided." % note.name,
                kind="odoo_refused",
                cause_key="note:undecided",
                cause_title="Undecided",
            )
        return {"schema": "note.v1", "external_id": note.name, "version": 0, "text": note.text or ""}


class RetailExporterParcel(models.AbstractModel):
    _name = "retail.exporter.parcel"
    _inherit = "retail.exporter"
    _description = "Parcel exporter"
    _record_model = "test.retail.note"

    def _get_documents(self, backend, flow, intents):
        return {
            intent.id: {"schema": "note.v1", "external_id": intent.key, "version": 0, "text": intent.payload["text"]}
            for intent in intents
        }

    def _accept(self, backend, flow, answers):
        notes = self._get_records([intent for intent, _sent in answers])
        for intent, sent in answers:
            note = notes[intent.id].sudo()
            if note.text == "bug after the answer":
                raise ZeroDivisionError("division by zero")
            note.history = ",".join(filter(None, [note.history, sent.external_id]))
