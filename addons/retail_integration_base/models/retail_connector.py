"""What a connector addon implements, and nothing more."""

import hashlib

from odoo import models

from ..engine.errors import MalformedMessage, Refused
from ..engine.messages import MessageKey, Page


class WebhookPolicy:
    """How one vendor's webhooks are checked and read. Pure Python: the fast lane has no environment.

    One instance per connector, without state. Both methods see bytes; neither may touch a database or a network.
    """

    #: Endpoint names (last part of the URL) this vendor calls.
    endpoints = ("webhook",)

    def verify(self, request, endpoint):
        """Return the id of the secret that signed ``request``.

        :param WebhookRequest request: as received
        :param Endpoint endpoint: the backend's secrets and settings
        :return: int, id of the ``retail.credential``
        :raises Refused: wrong signature, shop or topic; its ``status`` is the answer to the caller
        """
        raise Refused("This connector takes no webhooks.", reason="no_webhooks", status=404)

    def describe(self, request, endpoint):
        """Return the :class:`MessageKey` of a verified request.

        :raises MalformedMessage: the bytes do not say what they are about; they are stored and quarantined
        """
        raise MalformedMessage("This connector cannot read webhooks.")

    def describe_unreadable(self, request, endpoint):
        """Return a key for a verified request that :meth:`describe` could not read.

        Each distinct body is a subject of its own, so that it holds nothing else up.
        """
        digest = hashlib.sha256(request.endpoint.encode() + b"\x00" + request.body).hexdigest()
        return MessageKey(
            topic="unreadable",
            entity="unreadable",
            subject_key="unreadable:" + digest,
            dedupe_key="unreadable:" + digest,
        )


class RetailConnector(models.AbstractModel):
    """Handler of a vendor: inherit as ``retail.connector.<code>``, one per value of ``retail.backend.connector``."""

    _name = "retail.connector"
    _description = "Retail connector"

    #: A :class:`WebhookPolicy`; ``None`` where the vendor sends nothing.
    _webhook_policy = None
    #: Whether :meth:`_list_changes` can be asked.
    _lists_changes = True
    #: Entities whose history the vendor puts into a file: what a backfill takes.
    _exported_entities = ()
    #: Names of the vendor's fields that hold personal data, beside those that are masked anyway (``engine/redact.py``).
    _personal_keys = ()

    def _get_flows(self):
        """Return the flows a backend of this connector has: dicts of values of ``retail.flow``.

        Each has at least ``entity``, ``direction`` and ``latency``.
        """
        raise NotImplementedError

    def _get_endpoint_settings(self, backend):
        """Return what :class:`WebhookPolicy` needs of ``backend`` as plain values (cached by the gateway)."""
        return {}

    def _get_rate_limit(self, backend, endpoint):
        """Return the :class:`~..engine.budget.RateLimit` of one of the vendor's APIs, or ``None``: it has none.

        :param str endpoint: ``retail.flow.endpoint``
        """
        return

    def _get_documents(self, backend, messages):
        """Turn stored messages into canonical documents, asking the vendor where a message is only a hint.

        Runs outside any transaction: it may call the vendor, it must not write to Odoo.

        :param retail.backend backend: one record
        :param list[InboundMessage] messages: of one entity, at most one per subject
        :return: dict message id → valid canonical document, or a :class:`RetailError` for that message alone
        :raises RetailError: none of the messages could be served (e.g. the vendor is down)
        """
        raise NotImplementedError

    def _get_replay_sources(self, backend, entity):
        """Return where a replay of a message of ``entity`` may take its document from, the usual way first.

        ``stored``: the bytes of the message are the document. ``channel``: the message is a hint, or the channel can be
        asked although it was none; then :meth:`_get_documents` looks at ``message.asks_channel``.
        """
        return ("channel",)

    def _get_push_size(self, flow):
        """Return how many documents of ``flow`` (out of Odoo) one call to the vendor takes at most."""
        return 1

    def _push(self, backend, flow, outbound):
        """Send documents to the vendor.

        Runs outside any transaction, as :meth:`_get_documents` does. Each command carries its idempotency key, for a
        vendor that takes one.

        :param list[Outbound] outbound: at most :meth:`_get_push_size`, at most one per subject
        :return: dict intent id → :class:`Sent`, or a :class:`RetailError` for that intent alone
        :raises RetailError: none was sent; if ``evidence["is_outcome_unknown"]`` is true, all may have been
        """
        raise NotImplementedError

    def _find_sent(self, backend, flow, intents):
        """Ask the vendor which commands have reached it, after an attempt that came to no certain end.

        :param list[Intent] intents: commands
        :return: dict intent id → :class:`Sent`, for those that it has
        :raises RetailError: the vendor cannot be asked; nothing is sent then
        """
        raise NotImplementedError

    def _list_changes(self, backend, flow, since):
        """List what changed at the vendor since ``since`` (naive UTC datetime), oldest first.

        :return: iterable of ``(changes, watermark)``: a page (list of :class:`Change`) and the naive UTC datetime
            up to which everything is known once the page is stored
        :raises RetailError: the vendor cannot be asked
        """
        raise NotImplementedError

    def _list_pages(self, backend, flow, since, checkpoint=None):
        """List as :meth:`_list_changes` does, going on where a list that broke off had come to.

        A connector overrides this where its watermark alone does not say where to go on.

        :param checkpoint: of the last page that was stored; it may be of a list that began with another ``since``
        :return: iterable of :class:`Page`
        """
        for changes, watermark in self._list_changes(backend, flow, since):
            yield Page(changes, watermark)

    def _get_export_note(self, backend, flow, request):
        """Return in a sentence what the vendor does not show us of what is asked for, or ``False``."""
        return False

    def _start_export(self, backend, flow, request):
        """Have the vendor make a file of what there is.

        :param ExportRequest request: of what, since when
        :return: str, the vendor's id of it
        :raises RetailError: it does not begin now, or never will
        """
        raise NotImplementedError

    def _find_export(self, backend, flow, request):
        """Return the id of the export that was begun for ``request``, or ``None``.

        It is asked after a crash, before another one is begun.
        """
        raise NotImplementedError

    def _get_export(self, backend, flow, export_id):
        """Return the :class:`Export` as it is now.

        :raises RetailError: the vendor cannot be asked
        """
        raise NotImplementedError

    def _open_export(self, backend, flow, export, offset):
        """Yield the bytes of the file of an :class:`Export` that is ready, from ``offset`` on, in small chunks.

        :raises ExportGone: its address leads nowhere any more
        :raises RetailError: it broke off; what was yielded is good
        """
        raise NotImplementedError

    def _read_export_line(self, flow, line):
        """Return the :class:`ExportLine` that the bytes of a line are.

        :raises MalformedMessage: they are none
        """
        raise NotImplementedError

    def _join_export(self, flow, subject, root, parts):
        """Return the :class:`Change` whose body is a subject with all its parts: :meth:`_get_documents` need not ask.

        It is a hint where the file does not hold the whole of it.

        :param bytes root: the subject's own line; ``None``: it did not come
        :param list[bytes] parts: the lines that belong to it
        """
        raise NotImplementedError

    def _get_admin_url(self, backend, entity, external_id):
        """Return the address of a record in the vendor's own back office, or ``None`` where it has none."""
        return

    def _check_connection(self, backend):
        """Ask the vendor whether everything needed is there.

        :return: list of :class:`Check`, in the order a person would fix them
        """
        raise NotImplementedError
