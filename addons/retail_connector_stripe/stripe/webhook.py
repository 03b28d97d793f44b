"""Whether a webhook is Stripe's and ours, and what it is about. Bytes in, verdict out; no database, no network."""

import json
import re
from datetime import datetime, timezone

from odoo.addons.retail_integration_base.engine.errors import MalformedMessage, Refused
from odoo.addons.retail_integration_base.engine.messages import MessageKey

from . import const, signature

_ID = re.compile(r"[A-Za-z0-9_]{3,120}")
#: Of an event that no money has moved for yet: it is kept, and nobody works on it.
NOTICE = "notice"


class StripeWebhookPolicy:
    """Implements ``WebhookPolicy`` of the base (verify, describe); the handler mixes the two."""

    endpoints = ("webhook",)

    def verify(self, request, endpoint):
        """Return the id of the webhook secret that signed ``request``.

        :raises Refused: 401 or 400 of :mod:`signature`, 403 ``wrong_mode`` or ``wrong_account``
        """
        # The restricted key is a secret of the backend too; it is no key to sign with.
        secrets = [secret for secret in endpoint.secrets if secret.kind == const.SIGNING_KIND]
        signer = signature.verify(request.headers.get(const.HEADER_SIGNATURE), request.body, secrets)
        try:
            event = read_object(request.body)
        except MalformedMessage:
            return signer
        if event.get("livemode") is not None and event["livemode"] is not endpoint.settings.get("is_live"):
            raise Refused("A live event on a test backend, or the reverse.", reason="wrong_mode", status=403)
        account = event.get("account") or event.get("context")
        if account and account != endpoint.settings.get("account"):
            raise Refused("The event is of another account.", reason="wrong_account", status=403)
        return signer

    def describe(self, request, endpoint):
        """Return the :class:`MessageKey` of a verified request.

        A snapshot event and the thin event of one occurrence have one dedupe key.

        :raises MalformedMessage: the bytes are no event
        """
        event = read_object(request.body)
        topic = event.get("type")
        if event.get("object") not in ("event", "v2.core.event") or not isinstance(topic, str) or not topic:
            raise MalformedMessage("The body is no event.")
        event_id = event.get("snapshot_event") or event.get("id")
        if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
            raise MalformedMessage("The event has no usable id.")
        entity, external_id = _subject_of(event)
        return MessageKey(
            topic=topic,
            entity=entity,
            subject_key="%s:%s" % (entity, external_id or event_id),
            dedupe_key=event_id,
            occurred_at=_instant(event.get("created")),
        )


def read_object(body):
    """Return the JSON object in ``body``.

    :raises MalformedMessage: whatever is wrong with it
    """
    try:
        payload = json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise MalformedMessage("The body is nested too deeply to be read.") from error
    except ValueError as error:
        raise MalformedMessage("The body is not JSON: %s." % str(error)[:200]) from error
    if not isinstance(payload, dict):
        raise MalformedMessage("The body is JSON but no object (%s)." % type(payload).__name__)
    return payload


def _subject_of(event):
    """Return ``(entity, id)`` of what an event says has changed."""
    data = event.get("data")
    obj = data.get("object") if isinstance(data, dict) else None
    if not isinstance(obj, dict):
        # A thin event names its object and no more.
        obj = event.get("related_object") if isinstance(event.get("related_object"), dict) else {}
        obj = {"object": obj.get("type"), "id": obj.get("id")}
    kind = obj.get("object")
    if kind == "payout":
        return _known("payout", obj.get("id"))
    if kind in ("charge", "refund"):
        return _known("settlement_line", obj.get("failure_balance_transaction") or obj.get("balance_transaction"))
    if kind == "dispute":
        booked = obj.get("balance_transactions")
        return _known("settlement_line", booked[-1] if isinstance(booked, list) and booked else None)
    return NOTICE, None


def _known(entity, reference):
    """Return the subject of an id, or of an object that stands in its place."""
    external_id = reference.get("id") if isinstance(reference, dict) else reference
    if isinstance(external_id, str) and _ID.fullmatch(external_id):
        return entity, external_id
    return NOTICE, None


def _instant(value):
    if type(value) is not int:
        return None
    try:
        return datetime.fromtimestamp(value, timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
