"""Posting notes to a backend of a running server, signed as a channel does."""

import base64
import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

from standardwebhooks import Webhook

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()


def make_shop(odoo, connector="manual", **values):
    """Make an armed backend whose flows are live; return a function that posts a note to it and returns the status.

    :param values: of the backend. The function has ``backend_id``
    """
    backend_id = odoo.create("retail.backend", name="Notes", connector=connector, **values)
    odoo.create("retail.credential", backend_id=backend_id, value=KEY)
    odoo.call("retail.backend", "action_arm", [backend_id])
    flows = odoo.call("retail.flow", "search", [("backend_id", "=", backend_id)])
    odoo.call("retail.flow", "action_live", flows)
    (backend,) = odoo.call("retail.backend", "read", [backend_id], ["token"])

    def post(external_id, version=1, text="hello", message_id=None, token=None, endpoint="webhook", tamper=False):
        document = {"schema": "note.v1", "external_id": external_id, "version": version, "text": text}
        body = json.dumps(document)
        message_id = message_id or f"{backend_id}:{external_id}:{version}"
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(KEY).sign(message_id, now, body),
        }
        url = f"{odoo.url}/retail/{token or backend['token']}/{endpoint}"
        request = urllib.request.Request(url, (body + " " * tamper).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    post.backend_id = backend_id
    return post


def wait_until(condition, seconds=120, pause=0.2):
    """Wait for ``condition``; the caller asserts what it wants to be true."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(pause)
