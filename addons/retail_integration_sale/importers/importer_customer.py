"""Turns canonical customers of any channel into contacts."""

from odoo import models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.messages import ImportResult

from .importer_order import IMPORT_CONTEXT
from .partner_matcher import Identity, clean_email


class RetailImporterCustomer(models.AbstractModel):
    """Link a channel's customers to contacts; see ``retail.partner.matcher`` for the rules.

    Only the default address is taken, and only where the contact has none: the others in a customer's address book
    matter when an order uses them, and an order brings its own.
    """

    _name = "retail.importer.customer"
    _inherit = "retail.importer"
    _description = "Customer importer"

    _binding_model = "retail.binding.partner"

    def _get_shared_names(self, backend, documents):
        """A customer and their first order may come at the same time: they meet in one contact."""
        identities = [self._get_identity(document) for document in documents]
        return self.env["retail.partner.matcher"]._get_unknown_names(backend, identities)

    def _import_batch(self, backend, documents):
        """See :meth:`retail.importer._import_batch`; documents are ``customer.v1``."""
        self = self.with_context(**IMPORT_CONTEXT)
        backend = backend.with_env(self.env)
        model = self.env["retail.binding.partner"]
        bindings = model._find_by_external(backend, [document["external_id"] for document in documents], lock=True)
        results = [self._compare(bindings.get(document["external_id"]), document) for document in documents]
        open_documents = [document for document, result in zip(documents, results, strict=True) if not result]
        identities = {document["external_id"]: self._get_identity(document) for document in open_documents}
        self.env["retail.partner.matcher"]._resolve(backend, list(identities.values()))
        now_bound = model._find_by_external(backend, list(identities))
        for index, document in enumerate(documents):
            if results[index]:
                continue
            identity = identities[document["external_id"]]
            if identity.error:
                results[index] = ImportResult.failed(identity.error)
                continue
            now_bound[document["external_id"]].write(
                {
                    "external_version": document["version"],
                    "checksum": registry.checksum(document),
                    "synced_at": self.env.cr.now(),
                }
            )
            outcome = "updated" if document["external_id"] in bindings else "created"
            results[index] = ImportResult(outcome, identity.partner)
        return results

    def _compare(self, binding, document):
        """Return the result of a document that says nothing new, or ``None``."""
        if not binding or not binding.checksum:
            return None  # unknown, or only known from an order so far
        if document["version"] < binding.external_version:
            return ImportResult("superseded", binding.partner_id, self.env._("A newer version is in Odoo."))
        if registry.checksum(document) == binding.checksum and not self._reapplies(document):
            if document["version"] > binding.external_version:
                binding.write({"external_version": document["version"], "synced_at": self.env.cr.now()})
            return ImportResult("unchanged", binding.partner_id)
        return None

    def _get_identity(self, document):
        external_id = document["external_id"]
        return Identity(
            subject=self.env._("Customer %s", document.get("name") or external_id),
            placeholder="Customer %s" % external_id,
            external_id=external_id,
            customer=document,
            address=document.get("default_address") or {},
            email=clean_email(document.get("email")),
            phone=(document.get("phone") or "").strip(),
        )
