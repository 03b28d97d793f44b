"""Webhook signature.

Source: Shopify, "Deliver webhooks through HTTPS", section "Validate the origin of your webhook".
"""

import base64
import hashlib
import hmac


def sign(secret, body):
    """Return the value of ``X-Shopify-Hmac-Sha256``.

    :param str secret: the app's client secret
    :param bytes body: the raw body exactly as it is sent
    :rtype: str
    """
    digest = hmac.new(secret.encode("utf-8"), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")
