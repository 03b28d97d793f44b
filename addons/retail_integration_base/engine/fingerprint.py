"""One stable key per cause, so that a hundred messages that fail for one reason are one card."""

import hashlib
import re

_GID = re.compile(r"gid://[\w/.-]+")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)
_HEX = re.compile(r"\b0x[0-9a-f]+\b", re.I)
_NUMBER = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")


def normalise_text(text):
    """Return ``text`` without what differs between two occurrences of one failure (ids, numbers, space).

    >>> normalise_text("Order 1042 of  gid://shopify/Order/77 failed at 0x7f01")
    'order # of <id> failed at <ref>'
    """
    text = _GID.sub("<id>", text)
    text = _UUID.sub("<id>", text)
    text = _HEX.sub("<ref>", text)
    text = _NUMBER.sub("#", text)
    return _SPACE.sub(" ", text).strip().lower()


def cause_fingerprint(kind, cause_key):
    """Return a hex digest (40 characters) naming the cause ``cause_key`` of ``kind``.

    ``cause_key`` is exact where the raiser names the cause (``sku:MUG-L``); free text goes through
    :func:`normalise_text` first (see :func:`text_cause_key`).
    """
    return hashlib.sha256(("%s\x00%s" % (kind, cause_key)).encode("utf-8", "replace")).hexdigest()[:40]


def text_cause_key(error):
    """Return a cause key for an error nobody named: its class and its normalised text."""
    return "%s:%s" % (type(error).__name__, normalise_text(str(error))[:200])
