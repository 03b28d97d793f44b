"""Gives Odoo's payment transactions what Stripe told about them."""

from datetime import timedelta

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import Refused, RetryLater
from odoo.addons.retail_integration_base.engine.messages import ImportResult

from ..stripe import payment_event

#: A transaction that is not committed yet, as when Stripe is quicker than Odoo's own request, is there by then.
_PATIENCE = timedelta(seconds=5)


class RetailImporterPaymentEvent(models.AbstractModel):
    _name = "retail.importer.payment_event"
    _inherit = "retail.importer"
    _description = "Payment event importer"

    def _get_shared_names(self, backend, documents):
        """The events of a payment and of its charge are about one transaction."""
        return {
            "payment:%s" % reference
            for document in documents
            if (reference := payment_event.reference_of(document["event"]))
        }

    def _import_batch(self, backend, documents):
        """Bring the transactions of ``documents`` to where Stripe says they are.

        :param list[dict] documents: valid ``payment_event.v1`` documents, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        """
        return [self._import_one(backend, document) for document in documents]

    def _import_one(self, backend, document):
        event = document["event"]
        transaction = self.env["payment.transaction"]._retail_find(event)
        if not transaction:
            return self._get_unknown(event)
        if transaction.provider_id.id not in document["provider_ids"]:
            # Its secret says whose event it is: nobody may tell of another provider's payments.
            return ImportResult.failed(
                Refused("The event is signed by another provider than the transaction's.", reason="wrong_provider")
            )
        if not document["is_complete"]:
            # The transaction came between the fetch and now.
            return ImportResult.failed(RetryLater("Stripe has to be asked for more of it.", delay=_PATIENCE))
        before = transaction._retail_get_state()
        transaction._retail_apply(event)
        return ImportResult("unchanged" if transaction._retail_get_state() == before else "updated", transaction)

    def _get_unknown(self, event):
        if not payment_event.may_be_odoos(event):
            note = self.env._("It carries no reference: it is no payment of Odoo's.")
            return ImportResult("ignored", note=note)
        return ImportResult.failed(
            RetryLater(
                "Odoo has no transaction for this event of Stripe yet.",
                delay=_PATIENCE,
                evidence={"kind": event["type"]},
            )
        )
