"""The gateway as one pure function, called by the routed controller and by any faster way in.

What comes in is hostile until its signature is checked. Whatever a caller sends, the answer is 2xx or 4xx; only the
database can make it 503.
"""

from dataclasses import dataclass, field
from datetime import datetime, timezone

from . import telemetry
from .errors import MalformedMessage, Refused
from .lanes import lane_of
from .messages import PRIORITY
from .text import clean_text
from .trace import trace_id_of

#: A longer body is not read (413). Vendors' own limits are below: Shopify cuts at 5 MB.
MAX_BODY_BYTES = 25 * 1024 * 1024
#: A longer body is stored but not parsed in the web worker.
MAX_PARSE_BYTES = 10 * 1024 * 1024
#: Headers that are never stored.
_DROPPED_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization"))
_MAX_HEADER_CHARACTERS = 4096
_MAX_KEY_CHARACTERS = 255


@dataclass(frozen=True)
class Answer:
    """What the caller gets. ``reason`` names the case in counters and logs; the caller sees only the status."""

    status: int
    reason: str
    inbox_id: int | None = None
    backend_id: int | None = None
    #: the lane that has work now; ``None`` where nothing is to be done about the message
    lane: int | None = None
    #: the columns of the message, where one was verified
    row: dict | None = field(default=None, repr=False, compare=False)


def receive(request, find_endpoint, find_policy, store):
    """Check one webhook and store it.

    :param WebhookRequest request: as received; ``len(request.body)`` is at most :data:`MAX_BODY_BYTES`
    :param find_endpoint: function token → :class:`Endpoint` or ``None``
    :param find_policy: function connector code → :class:`WebhookPolicy` or ``None``
    :param store: function row (dict of ``retail_inbox`` and ``retail_inbox_work`` columns) → id of the new row, or
        ``None`` if the message was there already; it has committed when it returns
    :return: Answer
    """
    endpoint = find_endpoint(request.token)
    if endpoint is None:
        return Answer(404, "unknown_token")
    known = {"backend_id": endpoint.backend_id}
    policy = find_policy(endpoint.connector)
    if policy is None or request.endpoint not in policy.endpoints:
        return Answer(404, "unknown_endpoint", **known)
    if not endpoint.is_armed:
        # Not stored: a copied database that took a message would keep it from the real one.
        return Answer(403, "disarmed", **known)
    endpoint = endpoint.valid_at(datetime.now(timezone.utc).replace(tzinfo=None))
    if not endpoint.secrets:
        return Answer(404, "no_secret", **known)
    if len(request.body) > MAX_BODY_BYTES:
        return Answer(413, "too_large", **known)
    try:
        credential_id = policy.verify(request, endpoint)
    except Refused as refusal:
        return Answer(refusal.status, refusal.reason, **known)
    row = _row(request, endpoint, policy)
    row["credential_id"] = credential_id
    with telemetry.about("receive", row):
        inbox_id = store(row)
    if inbox_id is None:
        return Answer(200, "duplicate", row=row, **known)
    lane = None if row["entity"] in endpoint.paused else row["lane"]
    return Answer(200, "accepted", inbox_id=inbox_id, lane=lane, row=row, **known)


def _row(request, endpoint, policy):
    """Return the columns of a verified message, readable or not."""
    key, problem = None, None
    if len(request.body) > MAX_PARSE_BYTES:
        problem = "The body has %d bytes; more than %d are not read." % (len(request.body), MAX_PARSE_BYTES)
    else:
        try:
            key = policy.describe(request, endpoint)
        except MalformedMessage as error:
            problem = error.message
    headers = {
        name: clean_text(value)[:_MAX_HEADER_CHARACTERS]
        for name, value in request.headers.items()
        if name not in _DROPPED_HEADERS
    }
    if key is None:
        key = policy.describe_unreadable(request, endpoint)
    return message_row(
        endpoint.backend_id,
        key,
        flow=endpoint.flows.get(key.entity),
        body=request.body,
        headers=headers,
        origin="webhook",
        endpoint_name=request.endpoint,
        trace_id=trace_id_of(request.headers),
        problem=problem,
    )


def message_row(
    backend_id, key, *, flow, body, headers, origin, endpoint_name="", trace_id="", problem=None, received_at=None
):
    """Return the columns of one inbox message, ready for :func:`~.inbox_sql.insert_message`.

    :param MessageKey key: who the message is about
    :param tuple flow: ``(flow id, latency class)`` or ``None`` where the backend has no flow for the entity
    """
    flow_id, latency = flow or (None, "standard")
    subject_key = clean_text(key.subject_key)[:_MAX_KEY_CHARACTERS]
    return {
        "backend_id": backend_id,
        "flow_id": flow_id,
        "endpoint": clean_text(endpoint_name),
        "origin": origin,
        "topic": clean_text(key.topic)[:_MAX_KEY_CHARACTERS],
        "entity": key.entity,
        "subject_key": subject_key,
        "version": key.version,
        "is_state": key.is_state,
        "dedupe_key": clean_text(key.dedupe_key)[:_MAX_KEY_CHARACTERS],
        "trace_id": trace_id,
        "headers": headers,
        "body": body,
        "body_size": len(body),
        "problem": clean_text(problem) if problem else None,
        "occurred_at": key.occurred_at,
        "received_at": received_at or datetime.now(timezone.utc).replace(tzinfo=None),
        "lane": lane_of(backend_id, subject_key),
        "priority": PRIORITY[latency],
    }
