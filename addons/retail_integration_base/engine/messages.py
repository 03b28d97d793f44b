"""The plain values that cross the borders between gateway, connector, drain and importer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

#: Most urgent first. A flow's latency class gives the priority of its messages; a backfill's give way to all others.
PRIORITY = {"realtime": 10, "standard": 20, "batch": 30, "backfill": 40}
#: Header of a message that a backfill brought; its value is the backfill's id.
BACKFILL_HEADER = "retail-backfill"


@dataclass(frozen=True)
class WebhookRequest:
    """What a channel sent, before anything is believed.

    ``headers`` has names in lower case; ``body`` is the raw bytes the signature was made over; ``address`` its URL
    as the channel called it (some vendors sign it), or a function that returns it, as few ask for it.
    """

    token: str
    endpoint: str
    headers: dict
    body: bytes
    address: str | Callable[[], str] = ""

    @property
    def url(self):
        return self.address() if callable(self.address) else self.address


@dataclass(frozen=True)
class Secret:
    """One valid secret of a backend, decrypted. Never logged: ``repr`` hides the value."""

    id: int
    kind: str
    value: bytes = field(repr=False)
    #: naive UTC; ``None``: it does not end by itself
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Endpoint:
    """What the gateway knows of a backend without asking the database again."""

    backend_id: int
    connector: str
    is_armed: bool
    secrets: tuple
    #: what the connector's policy needs: shop domain, subscribed topics, …
    settings: dict
    #: entity → (flow id, latency class)
    flows: dict
    #: entities whose flow is paused: their messages are stored and call nobody
    paused: frozenset = frozenset()

    def valid_at(self, now):
        """Return this endpoint with the secrets that have not ended at ``now`` (naive UTC): it was cached before."""
        secrets = tuple(secret for secret in self.secrets if secret.expires_at is None or secret.expires_at > now)
        return self if len(secrets) == len(self.secrets) else replace(self, secrets=secrets)


@dataclass(frozen=True)
class MessageKey:
    """Who a message is about, as its connector reads it.

    :param str subject_key: ``<entity>:<external id>``; messages with one key are applied in order
    :param int version: grows with the subject's age (e.g. microseconds of ``updated_at``); ``None`` if unknown
    :param str dedupe_key: the same for every delivery of one event
    :param bool is_state: the message says "this is how it is (or: look again)", so that the newest stands for all
    """

    topic: str
    entity: str
    subject_key: str
    dedupe_key: str
    version: int | None = None
    occurred_at: datetime | None = None
    is_state: bool = True


@dataclass(frozen=True)
class InboundMessage:
    """A stored message as the drain hands it to a connector."""

    id: int
    topic: str
    entity: str
    subject_key: str
    version: int | None
    headers: dict
    body: bytes = field(repr=False)
    trace_id: str
    origin: str
    #: What kept the gateway from naming the subject, if anything.
    problem: str | None = None
    #: A person wants the channel asked again, where the connector would have taken the stored bytes.
    asks_channel: bool = False
    #: A person wants it worked off again.
    is_replay: bool = False

    @property
    def external_id(self):
        """The vendor's id in ``subject_key``."""
        return self.subject_key.partition(":")[2]


@dataclass
class ImportResult:
    """What became of one document.

    :param str outcome: ``created``, ``updated``, ``unchanged``, ``superseded``, ``ignored`` or ``failed``
    :param record: the Odoo record (a recordset of length 0 or 1), or ``None``
    :param str note: why, in a sentence, where the outcome alone does not say it
    :param Exception error: for ``failed``: what :mod:`errors` says has to happen next
    :param str code: for ``ignored`` without anybody having looked at it: ``flow_off``, ``no_flow`` or ``shadow``
    """

    outcome: str
    record: Any = None
    note: str = ""
    error: Exception | None = None
    code: str | None = None

    @classmethod
    def failed(cls, error):
        """Return the result of a document that ``error`` stopped."""
        return cls("failed", error=error, note=str(error))


@dataclass(frozen=True)
class Intent:
    """What is to be told to a vendor, as the drain hands it to an exporter.

    :param str key: of the Odoo record, as it was marked with (``"42"``)
    :param str operation: ``state``, or the name of a command
    :param str idempotency_key: of a command, the same however often it is tried; ``None`` for state
    :param payload: what a command was given
    :param str external_id: what the vendor called its record the last time, if it ever answered
    :param bool is_unknown: the last attempt came to no certain end: the vendor may have what it was told then
    """

    id: int
    entity: str
    key: str
    operation: str
    idempotency_key: str | None
    payload: Any
    external_id: str | None
    trace_id: str | None
    is_unknown: bool = False


@dataclass(frozen=True)
class Outbound:
    """An intent with the canonical document to be sent, as the drain hands it to a connector."""

    intent: Intent
    document: dict

    @property
    def id(self):
        return self.intent.id


@dataclass(frozen=True)
class Sent:
    """What the vendor answered to one intent.

    :param str external_id: the vendor's id of what there is now, if it has one
    :param answer: what the exporter needs of the answer, JSON-like; kept on the intent
    """

    external_id: str | None = None
    answer: Any = None


@dataclass(frozen=True)
class Change:
    """One line of what a vendor says has changed since a watermark.

    ``body`` is stored as the message's raw bytes (the reference, or the whole object).
    """

    key: MessageKey
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Page:
    """One page of what a vendor lists.

    :param list changes: of :class:`Change`
    :param datetime watermark: naive UTC; up to here everything is known once the page is stored
    :param checkpoint: JSON-like: what the connector has to be told to go on behind this page, where the watermark does
        not say it, as in a list that only goes from the newest to the oldest; ``None`` where it does
    """

    changes: list
    watermark: datetime
    checkpoint: Any = None


@dataclass(frozen=True)
class ExportRequest:
    """What a vendor is asked to put into a file.

    :param datetime since: naive UTC: what was made there since then
    :param bool is_whole: the subjects with all their parts; otherwise references that tell what there is
    :param bool is_open_only: what is done may be left out
    :param str key: names this request and no other
    """

    since: datetime
    is_whole: bool
    is_open_only: bool
    key: str


@dataclass(frozen=True)
class Export:
    """How far a vendor is with a file of its history.

    :param str state: ``running``; ``ready``; ``lost``: it failed, was cancelled, or its time is over
    :param str reason: why it is lost
    :param str url: where the file is, once it is ready; ``None`` where there is nothing in it
    :param int object_count: lines of the file, or how many there are so far
    :param int root_count: of these, the subjects themselves
    """

    state: str
    reason: str = ""
    url: str | None = field(default=None, repr=False)
    object_count: int = 0
    root_count: int = 0


@dataclass(frozen=True)
class ExportLine:
    """One line of such a file.

    :param str subject: the vendor's id of what it is about; of a part, that of the subject it belongs to
    :param Change change: of the line that is the subject itself, else ``None``; its body is a hint
    :param bool is_done: nothing is left to do about the subject at the vendor
    """

    subject: str
    change: Change | None = None
    is_done: bool = False


@dataclass(frozen=True)
class Check:
    """One line of *Check connection*.

    :param str level: ``ok``, ``warning`` or ``error``
    :param str title: what was checked
    :param str detail: what was found, and what to do about it
    """

    level: str
    title: str
    detail: str = ""
