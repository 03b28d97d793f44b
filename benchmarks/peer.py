"""The best open Shopify connector for Odoo 19 (OCA's ``shopify_connector``), in a database of its own, to be measured
beside ours. It is installed for a run of this benchmark alone and is no part of the suite."""

import base64
import hmac
import json
import time
from contextlib import contextmanager

from setup import database
from setup.paths import LOCAL, PYTHON
from setup.shell import digest, run

from . import requests

REQUIREMENT = "odoo-addon-shopify_connector==19.0.1.1.0.4"
MODULE = "shopify_connector"
SECRET = "benchmark-secret"
#: One that it does nothing about afterwards: what is measured is taking it in.
TOPIC = "app/scopes_update"
_FOLDER = LOCAL / "peer"


def addons_path():
    """Return the folder with the peer's addon, which is downloaded once."""
    folder = _FOLDER / digest(REQUIREMENT)[:8]
    if not folder.exists():
        unfinished = folder.with_suffix(".new")
        run(
            [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--target", unfinished, REQUIREMENT],
            capture=True,
            failure=f"{REQUIREMENT} could not be installed.",
            todo="Read pip's message above.",
        )
        unfinished.rename(folder)
    return folder / "odoo" / "addons"


@contextmanager
def installed(ready):
    """Provide a database with the peer's addon and none of ours; yields its name and the options of its servers."""
    options = {
        "addons_path": ",".join(map(str, [*ready.odoo.addons, addons_path()])),
        "server_wide_modules": "base,web",
    }
    with database.built(ready.odoo, ready.server, "benchpeer", ["l10n_generic_coa", MODULE], **options) as name:
        yield name, options


def connect(odoo, **values):
    """Make a shop whose webhooks are accepted; return its id.

    :param OdooClient odoo: a server with the peer's addon
    :param values: further fields of ``shopify.instance``
    """
    return odoo.create(
        "shopify.instance",
        name="Peer",
        shop_url="peer.myshopify.com",
        access_token="token",
        webhook_secret=SECRET,
        **values,
    )


def webhooks(instance, count):
    """Return ``count`` signed webhooks as Shopify sends them, as large as those of :func:`requests.notes`."""
    run_id = time.time_ns()
    return [_webhook(instance, f"{run_id}-{number}") for number in range(count)]


def _webhook(instance, message_id):
    body = json.dumps(requests.note(message_id, 1, requests.PADDING))
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body.encode(), "sha256")).decode()
    extra = (
        f"X-Shopify-Topic: {TOPIC}\r\nX-Shopify-Webhook-Id: {message_id}\r\n"
        f"X-Shopify-Hmac-Sha256: {signature}\r\nX-Shopify-Shop-Domain: peer.myshopify.com\r\n"
    )
    return requests.post(f"/shopify/webhook/{instance}", body, extra)
