"""What turns canonical documents of one entity into Odoo records, whatever channel they come from."""

from odoo import models

#: Context key: external ids (frozenset) of the documents that a person wants applied again.
REAPPLY = "retail_reapply"
#: Context key: external ids (frozenset) of the documents that a backfill brought.
HISTORY = "retail_history"


class RetailImporter(models.AbstractModel):
    """Base of the importers: inherit as ``retail.importer.<entity>``."""

    _name = "retail.importer"
    _description = "Retail importer"

    #: Name of the binding model of the entity, e.g. ``retail.binding.order``.
    _binding_model = None

    def _get_bound_versions(self, backend, external_ids):
        """Return dict external id → version applied last, for those that are bound.

        Lets the drain and the poll leave out what is older without asking the vendor again.
        """
        if self._binding_model is None:
            return {}
        bindings = self.env[self._binding_model].sudo()._find_by_external(backend, external_ids)
        return {external_id: binding.external_version for external_id, binding in bindings.items()}

    def _get_shared_names(self, backend, documents):
        """Return the names of what documents of different subjects may both create, such as ``email:ada@example.org``.

        The batch waits until no other batch works on one of them: two orders of one new customer that arrive in the
        same second become one contact.

        :return: set of str
        """
        return set()

    def _reapplies(self, document):
        """Return whether a person replays what ``document`` is about.

        Then today's mapping is applied even if the channel changed nothing; never an older version, and nothing that
        people changed in Odoo meanwhile.
        """
        return document["external_id"] in self.env.context.get(REAPPLY, ())

    def _is_history(self, document):
        """Return whether a backfill brought ``document``: what was done with it, was done before Odoo had it."""
        return document["external_id"] in self.env.context.get(HISTORY, ())

    def _note_conflict(self, backend, error):
        """Learn that a batch lost against somebody else's change; it is about to start again.

        :param Exception error: a ``psycopg2.Error`` or ``LockError``; the transaction is rolled back already
        """

    def _import_batch(self, backend, documents):
        """Bring ``documents`` into Odoo.

        Called inside a savepoint by the drain. An importer that knows which document is at fault returns a failed
        result for it; anything it raises instead makes the drain bisect the batch.

        :param retail.backend backend: the channel account the documents come from
        :param list[dict] documents: valid documents of one entity and its newest schema, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        :raises RetailError: nothing was written for any of them
        """
        raise NotImplementedError
