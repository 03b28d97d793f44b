"""Events, and the webhooks that tell of them: made at once, sent when somebody asks, signed as Stripe signs."""

import copy
import hashlib
import hmac
import json
import time

from . import objects


class Sender:
    """Keeps what has to be sent. A test takes the letters in whatever order and number it likes."""

    def __init__(self, account, api_version):
        self.account, self.api_version = account, api_version
        #: ``(endpoint, event)`` not delivered yet
        self.outbox = []

    def emit(self, kind, obj, previous=None):
        """Record the event ``kind`` about ``obj`` as it is now."""
        account = self.account
        base = {"id": account.new_id("event"), "created": account.now(), "livemode": account.options.livemode}
        event = objects.event({**base, "type": kind}, copy.deepcopy(obj), self.api_version, previous)
        account.put("event", event)
        for endpoint in account.all("webhook_endpoint"):
            wanted = endpoint["enabled_events"]
            if endpoint["status"] == "enabled" and ("*" in wanted or kind in wanted):
                self.outbox.append((endpoint, event))

    def take(self):
        """Return what is to be delivered as ``(url, headers, body)``, and forget it."""
        letters, self.outbox = self.outbox, []
        return [letter(endpoint, event) for endpoint, event in letters]


def letter(endpoint, event, now=None):
    body = json.dumps(event, ensure_ascii=False, indent=2).encode()
    headers = {"content-type": "application/json; charset=utf-8"}
    headers["stripe-signature"] = sign(endpoint["_secret"], body, int(time.time() if now is None else now))
    return endpoint["url"], headers, body


def sign(secret, body, timestamp):
    """:return: the value of ``Stripe-Signature``"""
    digest = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
