"""``Stripe-Signature``, with the verdict of Stripe's official Python SDK on every header and body.

Source: ``stripe.WebhookSignature.verify_header`` and Stripe, "Verify webhook signatures". Two things are ours: several
secrets may be valid, and no more than :data:`MAX_SIGNATURES` signatures are looked at.
"""

import hashlib
import hmac
import time

from odoo.addons.retail_integration_base.engine.errors import Refused

TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 32
_SCHEME = "v1"


def verify(header, body, secrets, now=None):
    """Return the id of the secret that signed ``body``.

    :param str header: as received, or ``None``
    :param bytes body: as received
    :param secrets: iterable of :class:`Secret`, values ``whsec_…`` as a whole
    :param float now: seconds since 1970, for tests
    :raises Refused: 401, or 400 for bytes that are no UTF-8, which Stripe never sends
    """
    if not header:
        raise Refused("There is no Stripe-Signature.", reason="no_signature")
    try:
        timestamp, signatures = _parse(header)
    except (ValueError, IndexError) as error:
        raise Refused("The Stripe-Signature cannot be read.", reason="bad_header") from error
    signed = b"%d." % timestamp + body
    signer = next((secret.id for secret in secrets if _is_signed(secret.value, signed, signatures)), None)
    if signer is None:
        raise Refused("No signature fits.", reason="bad_signature")
    if timestamp < (time.time() if now is None else now) - TOLERANCE_SECONDS:
        raise Refused("The signature is more than five minutes old.", reason="stale_timestamp")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("The body is not UTF-8.", reason="bad_encoding", status=400) from error
    return signer


def _parse(header):
    """Return ``(int timestamp, list of signatures)``; the SDK takes the first ``t`` and reads it as Python does.

    :raises ValueError, IndexError: it is malformed
    """
    items = [part.split("=", 2) for part in header.split(",")]
    timestamp = int([item[1] for item in items if item[0] == "t"][0])  # noqa: RUF015 as the SDK: none is an IndexError
    return timestamp, [item[1] for item in items if item[0] == _SCHEME][:MAX_SIGNATURES]


def _is_signed(secret, signed, signatures):
    if not secret.strip(b" \t\r\n\f\v"):
        return False
    expected = hmac.new(secret, signed, hashlib.sha256).hexdigest()
    for signature in signatures:
        if not signature.isascii():
            # The SDK's comparison ends with an error here, whatever signatures follow.
            return False
        if hmac.compare_digest(expected, signature):
            return True
    return False
