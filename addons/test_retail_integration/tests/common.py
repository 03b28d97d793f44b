"""The small world of the framework's tests: one armed backend that takes signed notes."""

import base64
import json
from datetime import datetime, timezone

from standardwebhooks import Webhook

from odoo.tests import TransactionCase

from odoo.addons.retail_integration_base.tests.draining import drain_all

SIGNING_KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER_KEY = "whsec_" + base64.b64encode(b"o" * 32).decode()


def note_body(external_id, text="hello", version=1):
    return json.dumps({"schema": "note.v1", "external_id": external_id, "version": version, "text": text}).encode()


def signed_headers(body, message_id="msg_1", key=SIGNING_KEY, at=None):
    """Return the headers an official Standard Webhooks sender puts on ``body``."""
    at = at or datetime.now(timezone.utc)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(message_id, at, body.decode("utf-8", "surrogateescape")),
    }


class RetailCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What the notes are worth, they are worth in euros.
        euro = cls.env.ref("base.EUR")
        if euro != cls.env.company.currency_id:
            euro.rate_ids.unlink()
            cls.env["res.currency.rate"].create({"currency_id": euro.id, "name": "2020-01-01", "rate": 0.8})
        cls.backend = cls.make_backend("Notes")
        cls.flow = cls.backend.flow_ids.filtered(lambda flow: flow.entity == "note")

    @classmethod
    def make_backend(cls, name, company=None, armed=True):
        backend = cls.env["retail.backend"].create(
            {"name": name, "connector": "manual", "company_id": (company or cls.env.company).id}
        )
        cls.env["retail.credential"].create(
            {"backend_id": backend.id, "kind": "signing_key", "value": SIGNING_KEY, "state": "active"}
        )
        if armed:
            backend.action_arm()
        backend.flow_ids.write({"state": "live"})
        return backend

    @classmethod
    def make_user(cls, login, group, companies=None):
        companies = companies or cls.env.company
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": login,
                "company_id": companies[0].id,
                "company_ids": [(6, 0, companies.ids)],
                "group_ids": [(6, 0, [cls.env.ref("base.group_user").id, cls.env.ref(group).id])],
            }
        )

    def bring(self, external_id, text="hello", version=1, backend=None, message_id=None):
        """Store one note as if it had come, and return its message."""
        from odoo.addons.retail_integration_base.models.retail_connector_manual import describe_document

        body = note_body(external_id, text, version)
        return self.env["retail.inbox"]._receive_manual(
            backend or self.backend, describe_document(body, message_id), body
        )

    def drain(self):
        """Work off everything that is due."""
        return drain_all(self.env)

    def notes(self):
        return self.env["test.retail.note"].search([], order="name")
