"""The built-in connector: canonical documents brought as files, by hand, or posted by any program that can sign."""

import hashlib
import json

from odoo import models

from ..canonical import registry
from ..engine import standard_webhooks
from ..engine.errors import MalformedMessage, RetailError
from ..engine.messages import Check, MessageKey
from .retail_connector import WebhookPolicy


class ManualWebhookPolicy(WebhookPolicy):
    """Signed with Standard Webhooks; the body is one canonical document."""

    endpoints = ("webhook",)

    def verify(self, request, endpoint):
        return standard_webhooks.verify(request.headers, request.body, endpoint.secrets)

    def describe(self, request, endpoint):
        return describe_document(request.body, request.headers.get("webhook-id"))


def describe_document(body, message_id=None):
    """Return the :class:`MessageKey` of a canonical document in bytes.

    :param str message_id: the sender's own id of the message; without one the content is its own id
    :raises MalformedMessage: it is not a JSON object that names its schema, id and version
    """
    try:
        document = json.loads(body)
        schema, external_id, version = document["schema"], document["external_id"], document["version"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MalformedMessage("The body is not a canonical document: %s." % type(error).__name__) from error
    if not (isinstance(schema, str) and isinstance(external_id, str) and external_id and type(version) is int):
        raise MalformedMessage("A canonical document has a schema, a text as external_id and an integer version.")
    if not 0 <= version < 2**63:
        raise MalformedMessage("The version does not fit 63 bits.")
    if "\x00" in schema + external_id or len(external_id) > 200 or len(schema) > 60:
        raise MalformedMessage("The schema or external_id cannot be stored.")
    entity = schema.partition(".")[0]
    return MessageKey(
        topic=schema,
        entity=entity,
        subject_key="%s:%s" % (entity, external_id),
        dedupe_key=message_id or "%s:%s" % (schema, hashlib.sha256(body).hexdigest()),
        version=version,
    )


class RetailConnectorManual(models.AbstractModel):
    _name = "retail.connector.manual"
    _inherit = "retail.connector"
    _description = "Files and API"

    _webhook_policy = ManualWebhookPolicy()
    _lists_changes = False

    def _get_replay_sources(self, backend, entity):
        # There is nobody to ask: what was brought is the document.
        return ("stored",)

    def _get_flows(self):
        """One flow into Odoo per entity that has an importer; nobody to poll."""
        entities = sorted({name.partition(".")[0] for name in registry.names()})
        return [
            {"entity": entity, "direction": "in", "latency": "standard", "poll_interval_minutes": 0}
            for entity in entities
            if "retail.importer.%s" % entity in self.env
        ]

    def _get_documents(self, backend, messages):
        documents = {}
        for message in messages:
            try:
                documents[message.id] = registry.validate(json.loads(message.body))
            except RetailError as error:
                documents[message.id] = error
        return documents

    def _list_changes(self, backend, flow, since):
        return []

    def _check_connection(self, backend):
        checks = [Check("ok", self.env._("Nothing to connect to: documents are brought here."))]
        if not backend.sudo().credential_ids.filtered(lambda credential: credential.state == "active"):
            checks.append(
                Check(
                    "warning",
                    self.env._("No signing key"),
                    self.env._("Programs cannot post documents until there is one under Credentials."),
                )
            )
        return checks
