"""What turns Odoo records of one entity into canonical documents, whatever channel they go to."""

from odoo import models


class RetailExporter(models.AbstractModel):
    """Base of the exporters: inherit as ``retail.exporter.<entity>``."""

    _name = "retail.exporter"
    _description = "Retail exporter"

    #: Model of the record whose id the key of an intent is, if it is one.
    _record_model = None

    #: Whether a document equal to the last one sent tells nothing new. Not where the vendor changes what it was told.
    _skips_equal = True

    def _get_records(self, intents):
        """Return dict intent id → Odoo record, for those whose record is there.

        :param list[Intent] intents: of one flow
        """
        if self._record_model is None:
            return {}
        ids = {intent.id: int(intent.key) for intent in intents if intent.key.isdecimal()}
        records = self.env[self._record_model].browse(set(ids.values())).exists()
        by_id = {record.id: record for record in records}
        return {intent_id: by_id[record_id] for intent_id, record_id in ids.items() if record_id in by_id}

    def _get_documents(self, backend, flow, intents):
        """Say how things are now.

        Read at the last moment before sending, in a transaction that is committed before the vendor is called.

        :param retail.backend backend: where the documents go
        :param list[Intent] intents: of one flow
        :return: dict intent id → canonical document; a :class:`RetailError` for that intent alone; ``None`` where there
            is nothing to tell this backend (e.g. a product it does not carry); an :class:`ImportResult` where the
            exporter knows the end itself (e.g. the vendor has it already)
        """
        raise NotImplementedError

    def _accept(self, backend, flow, answers):
        """Note in Odoo what the vendor answered: bindings, tracking numbers, …

        Runs in the transaction that ends the intents, and again if that transaction is lost or somebody replays a
        command that is done: the vendor is not called again, and noting the same answer twice must change nothing.

        :param list[tuple] answers: ``(Intent, Sent)``
        """
