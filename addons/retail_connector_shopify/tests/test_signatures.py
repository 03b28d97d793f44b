"""Signatures made by Shopify's own library are accepted here; what its verifiers refuse is refused here.

``data/signatures.json`` holds bodies signed by npm ``@shopify/shopify-api`` (the version is in the file). Where that
package is installed (the suite's ``package.json`` pins it) the file is made again and compared, and its verifier judges
the same messages. PyPI ``shopifyapp`` judges them where it is installed.
"""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from odoo.addons.retail_connector_shopify.shopify import webhook
from odoo.addons.retail_integration_base.engine.errors import Refused
from odoo.addons.retail_integration_base.engine.messages import WebhookRequest

from . import pure

HERE = Path(__file__).parent
CORPUS = json.loads((HERE / "data" / "signatures.json").read_text("utf-8"))
SECRET = CORPUS["secret"]
PACKAGE = Path("@shopify", "shopify-api", "package.json")


def node_modules():
    """Return the folder that holds Shopify's library, or skip."""
    places = [parent / ".local/node/node_modules" for parent in HERE.parents]
    if os.environ.get("SHOPIFY_NODE_MODULES"):
        places.insert(0, Path(os.environ["SHOPIFY_NODE_MODULES"]))
    found = next((place for place in places if (place / PACKAGE).is_file()), None)
    if found is None or not shutil.which("node"):
        pytest.skip("npm @shopify/shopify-api is not installed")
    return found


def ask_node(sign=(), verify=()):
    job = {"secret": SECRET, "sign": list(sign), "verify": list(verify)}
    command = ["node", str(HERE / "node" / "signatures.cjs"), str(node_modules())]
    done = subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


def headers(signature):
    return {
        "x-shopify-hmac-sha256": signature,
        "x-shopify-topic": "orders/create",
        "x-shopify-shop-domain": pure.SHOP,
        "x-shopify-api-version": "2026-07",
        "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    }


def genuine():
    return [(case["body"], case["signature"]) for case in CORPUS["cases"]]


def tampered():
    """Each genuine message, spoilt in every way that a careless verifier lets pass."""
    found = []
    for body, signature in genuine():
        digest = base64.b64decode(signature)
        swapped = signature[:-3] + ("B" if signature[-3] == "A" else "A") + signature[-2:]
        found += [
            (body + " ", signature),
            (body[1:] + "x", signature),
            (body.swapcase() + "0", signature),
            (body, swapped),
            (body, signature.swapcase()),
            (body, signature.rstrip("=")),
            (body, digest.hex()),
            (body, base64.b64encode(digest[:16]).decode()),
            (body, webhook.sign(b"another secret", body.encode()).decode()),
            (body, webhook.sign(b"", body.encode()).decode()),
        ]
    return found


def is_accepted_here(body, signature):
    request = WebhookRequest("token", "webhook", headers(signature), body.encode())
    try:
        return bool(webhook.ShopifyWebhookPolicy().verify(request, pure.endpoint(secrets=(SECRET.encode(),))))
    except Refused as refusal:
        assert refusal.reason == "bad_signature"
        return False


def test_what_shopifys_library_signed_is_accepted_here():
    assert len(CORPUS["cases"]) >= 8
    assert all(is_accepted_here(*case) for case in genuine())


def test_what_was_tampered_with_is_refused_here():
    assert not any(is_accepted_here(*case) for case in tampered())


def test_shopifys_npm_library_makes_these_signatures_and_judges_as_we_do():
    cases = genuine() + tampered()
    verify = [{"body": body, "headers": headers(signature)} for body, signature in cases]
    answer = ask_node(sign=[body for body, _signature in genuine()], verify=verify)
    assert answer["signatures"] == [signature for _body, signature in genuine()]
    assert answer["verdicts"] == [is_accepted_here(*case) for case in cases]


def test_shopifys_pypi_library_judges_as_we_do():
    shopify_app = pytest.importorskip("shopify_app.verify.webhook", reason="PyPI shopifyapp is not installed")
    for body, signature in genuine() + tampered():
        request = {"method": "POST", "url": "https://odoo.example/", "headers": headers(signature), "body": body}
        verdict = shopify_app.verify_webhook_req(request, {"client_id": "client", "client_secret": SECRET})
        assert verdict.ok is is_accepted_here(body, signature), (body, signature)
