"""Signatures of the Standard Webhooks specification, checked on bytes.

Source: Standard Webhooks specification v1.0.0, "Verifying the authenticity of a webhook": HMAC-SHA256 over
``{webhook-id}.{webhook-timestamp}.{body}`` with the base64-decoded secret; several space-separated signatures may come.
"""

import base64
import binascii
import hashlib
import hmac
import time

from .errors import Refused

TOLERANCE_SECONDS = 5 * 60
SECRET_PREFIX = b"whsec_"
_MAX_SIGNATURES = 32
_MAX_TIMESTAMP_DIGITS = 12


def verify(headers, body, secrets, now=None):
    """Return the id of the secret that signed ``body``.

    :param dict headers: names in lower case
    :param bytes body: as received
    :param secrets: iterable of :class:`~.messages.Secret`, values ``whsec_<base64>``
    :param float now: seconds since 1970, for tests
    :return: int
    :raises Refused: a header is missing or malformed, the time is off by more than five minutes, no signature fits
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and timestamp and given):
        raise Refused("A webhook-id, webhook-timestamp and webhook-signature are needed.", reason="no_signature")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _MAX_TIMESTAMP_DIGITS):
        raise Refused("The timestamp is not a number.", reason="bad_timestamp")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        raise Refused("The timestamp is more than five minutes off.", reason="stale_timestamp")
    signed = message_id.encode("utf-8", "surrogateescape") + b"." + timestamp.encode() + b"." + body
    signatures = [
        _decode(value.encode("utf-8", "replace"))
        for version, _, value in (part.partition(",") for part in given.split(" ")[:_MAX_SIGNATURES])
        if version == "v1"
    ]
    for secret in secrets:
        expected = sign_bytes(secret.value, signed)
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            return secret.id
    raise Refused("No signature fits.", reason="bad_signature")


def sign_bytes(secret, signed):
    """Return the raw HMAC of ``signed`` with a ``whsec_…`` secret (bytes)."""
    return hmac.new(_decode(secret.removeprefix(SECRET_PREFIX)), signed, hashlib.sha256).digest()


def _decode(value):
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        # A value that is not base64 fits nothing; it must not become an error of its own.
        return b"\x00not base64"
