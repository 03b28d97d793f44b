"""A connector to the vendor of ``simulators/notes``: notes as state, parcels as commands."""

import json
from datetime import datetime, timezone
from urllib.parse import urlencode

from odoo import fields, models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetailError
from odoo.addons.retail_integration_base.engine.http import VendorHttp
from odoo.addons.retail_integration_base.engine.messages import Change, MessageKey, Sent
from odoo.addons.retail_integration_base.models.retail_connector_manual import ManualWebhookPolicy


class RetailBackend(models.Model):
    _inherit = "retail.backend"

    connector = fields.Selection(
        selection_add=[("test_notes", "Vendor of notes (tests)")], ondelete={"test_notes": "cascade"}
    )
    test_notes_url = fields.Char("Address of the vendor of notes")


class RetailConnectorNotes(models.AbstractModel):
    _name = "retail.connector.test_notes"
    _inherit = "retail.connector.manual"
    _description = "Vendor of notes"

    _webhook_policy = ManualWebhookPolicy()
    _lists_changes = True

    #: A :class:`RateLimit`; ``None``: the vendor takes whatever comes.
    _rate_limit = None

    def _get_rate_limit(self, backend, endpoint):
        return self._rate_limit

    def _get_replay_sources(self, backend, entity):
        return ("stored", "channel")

    def _get_flows(self):
        return [
            *super()._get_flows(),
            {"entity": "note", "direction": "out", "latency": "standard", "poll_interval_minutes": 0},
            {"entity": "parcel", "direction": "out", "latency": "realtime", "poll_interval_minutes": 0},
        ]

    def _get_documents(self, backend, messages):
        # A channel is asked before its hints are believed.
        http = self._http(backend)
        http.request("GET", "/v1/status")
        asked = [message for message in messages if message.asks_channel]
        documents = super()._get_documents(backend, [message for message in messages if not message.asks_channel])
        return documents | {message.id: self._ask(http, message) for message in asked}

    def _ask(self, http, message):
        """Return what the vendor has now of the note a message is about."""
        try:
            answer = http.request("GET", "/v1/written/%s" % message.external_id).json()
        except RetailError as error:
            return error
        return registry.validate(self._read_note(answer))

    def _read_note(self, note):
        return {"schema": "note.v1", "external_id": note["id"], "version": note["version"], "text": note["text"]}

    def _list_changes(self, backend, flow, since):
        http, page = self._http(backend), 0
        start = since.replace(tzinfo=timezone.utc).timestamp()
        while page is not None:
            answer = http.request("GET", "/v1/written?" + urlencode({"since": start, "page": page})).json()
            yield self._read_page(answer["notes"], since)
            page = answer["next"]

    def _read_page(self, notes, since):
        changes = []
        for note in notes:
            moment = datetime.fromtimestamp(note["written_at"], timezone.utc).replace(tzinfo=None)
            since = max(since, moment)
            key = MessageKey(
                topic="written",
                entity="note",
                subject_key="note:%s" % note["id"],
                dedupe_key="written:%s:%d" % (note["id"], note["version"]),
                version=note["version"],
                occurred_at=moment.replace(microsecond=0),
            )
            changes.append(Change(key, json.dumps(self._read_note(note)).encode()))
        return changes, since.replace(microsecond=0)

    def _get_push_size(self, flow):
        return 100 if flow.entity == "note" else 1

    def _http(self, backend):
        budget = backend._get_budget()
        http = VendorHttp(backend.sudo().test_notes_url, timeout=3, guard=backend._require_armed, budget=budget)
        self.env["retail.drain"]._commit()
        return http

    def _push(self, backend, flow, outbound):
        http = self._http(backend)
        if flow.entity == "note":
            return self._push_notes(http, outbound)
        return {item.id: self._push_parcel(http, item) for item in outbound}

    def _push_notes(self, http, outbound):
        notes = [{"id": item.document["external_id"], "text": item.document["text"]} for item in outbound]
        answer = http.request("PUT", "/v1/notes", json={"notes": notes}).json()
        results = {result["id"]: result for result in answer["results"]}
        return {item.id: self._read_result(results[item.document["external_id"]]) for item in outbound}

    def _read_result(self, result):
        if result["status"] == "stored":
            return Sent(result["id"], result)
        return NeedsHuman(
            "The vendor refuses note %s: %s." % (result["id"], result["reason"]),
            kind="vendor_refused",
            cause_key="note:refused",
            cause_title="The vendor refuses notes",
        )

    def _push_parcel(self, http, item):
        parcel = {"reference": item.intent.idempotency_key, "text": item.document["text"]}
        answer = http.request("POST", "/v1/parcels", json=parcel, trace_id=item.intent.trace_id).json()
        return Sent(answer["id"], answer)

    def _find_sent(self, backend, flow, intents):
        references = {intent.idempotency_key: intent.id for intent in intents}
        query = urlencode([("reference", reference) for reference in references])
        answer = self._http(backend).request("GET", "/v1/parcels?" + query).json()
        return {references[parcel["reference"]]: Sent(parcel["id"], parcel) for parcel in answer["parcels"]}
