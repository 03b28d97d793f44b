"""Canonical instants as Odoo keeps them."""

from datetime import datetime, timezone


def to_datetime(text):
    """Return the naive UTC datetime of a canonical instant, ``False`` of ``None``."""
    if not text:
        return False
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
