"""Takes down what a channel asks for about personal data, and forgets at once what nothing binds us to keep."""

from odoo import models

from odoo.addons.retail_integration_base.engine.messages import ImportResult

from .importer_order import IMPORT_CONTEXT
from .order_reader import to_datetime


class RetailImporterPrivacyRequest(models.AbstractModel):
    _name = "retail.importer.privacy_request"
    _inherit = "retail.importer"
    _description = "Privacy request importer"

    def _import_batch(self, backend, documents):
        """See :meth:`retail.importer._import_batch`; documents are ``privacy_request.v1``.

        As superuser: whom a request is about is no business of the service user's.
        """
        requests = self.with_context(**IMPORT_CONTEXT).env["retail.privacy.request"].sudo()
        external_ids = [document["external_id"] for document in documents]
        known = {
            one.external_id: one
            for one in requests.search([("backend_id", "=", backend.id), ("external_id", "in", external_ids)])
        }
        results = []
        for document in documents:
            request = known.get(document["external_id"])
            if request:
                results.append(ImportResult("unchanged", request))
                continue
            request = requests.create(
                {
                    "backend_id": backend.id,
                    "external_id": document["external_id"],
                    "kind": document["kind"],
                    "requested_at": to_datetime(document.get("requested_at")) or self.env.cr.now(),
                    "customer_external_id": document.get("customer_external_id"),
                    "order_external_ids": document["order_external_ids"],
                }
            )
            request._begin()
            results.append(ImportResult("created", request))
        return results
