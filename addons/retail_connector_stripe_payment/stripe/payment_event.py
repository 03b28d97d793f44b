"""What an event about a payment of Odoo's says. Bytes in, plain values out; no database, no network."""

import re
from datetime import datetime, timezone

from odoo.addons.retail_connector_stripe.stripe.webhook import read_object
from odoo.addons.retail_integration_base.engine.errors import MalformedMessage
from odoo.addons.retail_integration_base.engine.messages import MessageKey

ENTITY = "payment_event"
#: Of the events that Odoo handles, the only one whose object does not carry Odoo's reference.
REFUND_UPDATED = "charge.refund.updated"
REFUNDED = "charge.refunded"
_ID = re.compile(r"[A-Za-z0-9_]{3,120}")


def read_event(body, handled):
    """Return the event in ``body``, or ``None`` where it is none of ``handled``.

    :param bytes body: signed
    :param handled: collection of event types
    :raises MalformedMessage: it is no event of Stripe's form
    """
    event = read_object(body)
    if not isinstance(event.get("type"), str):
        raise MalformedMessage("The body is no event.")
    if event["type"] not in handled:
        return None
    data = event.get("data")
    obj = data.get("object") if isinstance(data, dict) else None
    if not isinstance(obj, dict) or not all(is_id(one) for one in (event.get("id"), obj.get("id"))):
        raise MalformedMessage("The event has no id, or no object with one.")
    if type(event.get("created")) is not int or not isinstance(obj.get("status", ""), str):
        raise MalformedMessage("The event has another form than Stripe publishes.")
    return event


def is_id(value):
    """Return whether ``value`` is one of Stripe's ids, and nothing else that could stand in an address."""
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def object_of(event):
    return event["data"]["object"]


def reference_of(event):
    """Return Odoo's reference of the transaction (str), or ``None``: the event carries none."""
    description = object_of(event).get("description")
    return description if event["type"] != REFUND_UPDATED and isinstance(description, str) and description else None


def may_be_odoos(event):
    """Return whether the event may be about a transaction of Odoo's, now or later."""
    return event["type"] == REFUND_UPDATED or bool(reference_of(event))


def key_of(event):
    """Return the :class:`MessageKey`. Events of one object are state: the newest stands for all."""
    return MessageKey(
        topic=event["type"],
        entity=ENTITY,
        subject_key="%s:%s" % (ENTITY, object_of(event)["id"]),
        # The settlement's own endpoint may have been told of the same event.
        dedupe_key="payment:%s" % event["id"],
        version=max(event["created"], 0),
        occurred_at=_moment(event["created"]),
    )


def _moment(seconds):
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
