"""Shopify's instants (RFC 3339 with the shop's offset, precision of a second or finer) and what is made of them."""

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def parse_instant(text):
    """Return the aware datetime in UTC that ``text`` names, or ``None`` where it names none.

    A text without an offset names no instant.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(timezone.utc) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def to_micros(moment):
    """Return microseconds since 1970 of an aware datetime: the version of a subject. ``None`` before 1970."""
    if moment is None or moment < _EPOCH:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_rfc3339(moment):
    """Return the canonical text (``…Z``) of an aware datetime, or ``None``."""
    if moment is None:
        return None
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + "Z"


def canonical(text):
    """Return a Shopify instant as canonical documents carry it, or ``None``."""
    return to_rfc3339(parse_instant(text))
