"""The bytes of the requests that benchmarks send: made before the clock runs."""

import base64
import hmac
import json
import time

KEY_BYTES = b"b" * 32
KEY = "whsec_" + base64.b64encode(KEY_BYTES).decode()
#: With the rest of a note's document and headers 4 KB, as an order's webhook has.
PADDING = "x" * 3900


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


def post(path, body=PADDING, extra=""):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    return f"{head}{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def webhook(path, message_id, document):
    """Return a webhook of a canonical document, signed as Standard Webhooks does.

    :param str message_id: deliveries with one id are one message
    """
    body, stamp = json.dumps(document), int(time.time())
    signed = f"{message_id}.{stamp}.{body}".encode()
    signature = base64.b64encode(hmac.digest(KEY_BYTES, signed, "sha256")).decode()
    extra = f"webhook-id: {message_id}\r\nwebhook-timestamp: {stamp}\r\nwebhook-signature: v1,{signature}\r\n"
    return post(path, body, extra)


def note(external_id, version=1, text="hello"):
    """Return the canonical document of a note of the test addon."""
    return {"schema": "note.v1", "external_id": external_id, "version": version, "text": text}


def notes(path, count, run=None, text=PADDING):
    """Return ``count`` webhooks of as many notes, unlike any that were made before."""
    run = run or time.time_ns()
    return [webhook(path, f"{run}-{number}", note(f"{run}-{number}", 1, text)) for number in range(count)]
