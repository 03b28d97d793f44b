"""The signature is the vendor's: its own libraries accept what is sent, and refuse it tampered with."""

import json
import os
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shopify_app.verify.webhook import verify_webhook_req

from simulators.shopify.app import App
from simulators.shopify.signing import sign

SECRET = App.client_secret

# Reads {"secret", "requests": [{"headers", "body" in base64}]}, writes what Shopify's library says of each
_NODE = """
require("@shopify/shopify-api/adapters/node");
const {shopifyApi, LogSeverity} = require("@shopify/shopify-api");
const {readFileSync} = require("node:fs");
const {secret, requests} = JSON.parse(readFileSync(0, "utf8"));
const shopify = shopifyApi({apiKey: "key", apiSecretKey: secret, scopes: ["read_orders"], hostName: "example.com",
  apiVersion: "2026-07", isEmbeddedApp: false, logger: {level: LogSeverity.Error}});
(async () => {
  const found = [];
  for (const {headers, body} of requests) {
    const rawBody = Buffer.from(body, "base64").toString("utf8");
    const rawRequest = {method: "POST", url: "/hook", headers};
    found.push(await shopify.webhooks.validate({rawBody, rawRequest}));
  }
  console.log(JSON.stringify(found));
})();
"""


def by_python(headers, body, secret=SECRET):
    """What PyPI's ``shopifyapp`` says."""
    request = {"method": "POST", "url": "https://example.com/hook", "headers": headers, "body": body.decode("utf-8")}
    return verify_webhook_req(request, {"client_id": "key", "client_secret": secret}).ok


def by_node(entries, secret=SECRET):
    """What npm's ``@shopify/shopify-api`` says of several requests.

    :param list entries: ``(headers, body)``
    """
    import base64

    node = shutil.which("node")
    assert node, "node is missing: run the set-up"
    requests = [
        {"headers": {k.lower(): v for k, v in h.items()}, "body": base64.b64encode(b).decode()} for h, b in entries
    ]
    done = subprocess.run(
        [node, "-e", _NODE],
        input=json.dumps({"secret": secret, "requests": requests}),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NODE_NO_WARNINGS": "1"},
    )
    assert done.returncode == 0, f"@shopify/shopify-api did not run; is NODE_PATH set?\n{done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture
def sent(hooked, receiver, settled):
    """Real deliveries: of an order, its edit and its cancellation, with text beyond ASCII in them."""
    order = hooked.place("custom_line", note="Grüße \U0001f6a2 „ahoi“")
    hooked.control("POST", f"/orders/{order['number']}/edit", tags=["ümlaut"])
    hooked.control("POST", f"/orders/{order['number']}/cancel")
    settled()
    assert len(receiver.seen) == 4
    return receiver.seen


def test_the_vendors_python_library_accepts_what_is_sent(sent):
    assert all(by_python(headers, body) for headers, body in sent)


def test_the_vendors_python_library_refuses_it_tampered_with(sent):
    headers, body = sent[0]
    assert not by_python(headers, body.replace(b"custom", b"Custom", 1) + b" ")
    assert not by_python(headers, body, secret="another")
    assert not by_python({**headers, "X-Shopify-Hmac-Sha256": sent[1][0]["X-Shopify-Hmac-Sha256"]}, body)


def test_the_vendors_javascript_library_accepts_what_is_sent_and_reads_the_headers(sent):
    found = by_node(sent)
    assert [entry["valid"] for entry in found] == [True] * 4
    for entry, (headers, _body) in zip(found, sent, strict=True):
        assert entry["domain"] == "harbour-vale.myshopify.com"
        assert entry["topic"] == headers["X-Shopify-Topic"].replace("/", "_").upper()
        assert (entry["eventId"], entry["webhookId"]) == (
            headers["X-Shopify-Event-Id"],
            headers["X-Shopify-Webhook-Id"],
        )


def test_the_vendors_javascript_library_refuses_it_tampered_with(sent):
    headers, body = sent[0]
    without = {name: value for name, value in headers.items() if name != "X-Shopify-Hmac-Sha256"}
    assert [entry["valid"] for entry in by_node([(headers, body + b" "), (without, body)])] == [False, False]
    assert by_node([(headers, body)], secret="another")[0]["valid"] is False


@given(body=st.text(st.characters(exclude_categories=["Cs"])), secret=st.text("abcdef0123456789", min_size=1))
def test_any_text_signed_here_is_accepted_by_the_vendors_library(body, secret):
    raw = body.encode("utf-8")
    headers = {"X-Shopify-Hmac-Sha256": sign(secret, raw), "X-Shopify-Shop-Domain": "a.myshopify.com"}
    assert by_python(headers, raw, secret)
