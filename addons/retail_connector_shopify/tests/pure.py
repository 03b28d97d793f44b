"""What the tests without Odoo share: a simulator, a client of it, and webhooks as Shopify sends them."""

import json
from contextlib import contextmanager
from decimal import Decimal

from odoo.addons.retail_connector_shopify.shopify import client, const, webhook
from odoo.addons.retail_integration_base.engine.http import VendorHttp
from odoo.addons.retail_integration_base.engine.messages import Endpoint, Secret, WebhookRequest

SHOP = "harbour-vale.myshopify.com"
SECRET = b"shpss_test_secret"
NEW_VERSION, OLD_VERSION = const.API_VERSIONS


class Tokens:
    """The least token source: asks the simulator, keeps the token until it is refused."""

    def __init__(self, http, world):
        self.http, self.world = http, world
        self.granted = []

    def get(self):
        return self.granted[-1] if self.granted else self.renew(None)

    def renew(self, stale):
        app = self.world.app
        self.granted.append(client.grant_token(self.http, app.client_id, app.client_secret)[0])
        return self.granted[-1]


@contextmanager
def simulator(**options):
    """Yield a running simulator with a budget that does not end; tests of throttling set their own."""
    from simulators.shopify import ShopifySimulator

    options.setdefault("orders", 0)
    with ShopifySimulator(**options) as running:
        running.world.bucket.configure(10**7, 10**7)
        yield running


def connect(running, version=NEW_VERSION, timeout=10, **options):
    """Return a :class:`ShopifyClient` of a running simulator."""
    http = VendorHttp(running.url, timeout=timeout, **options)
    return client.ShopifyClient(http, Tokens(http, running.world), version)


def endpoint(secrets=(SECRET,), topics=tuple(const.TOPICS), shop=SHOP):
    """Return the :class:`Endpoint` of a backend that knows ``secrets`` (oldest first)."""
    known = [Secret(0, "shopify_access_token", b"shpat_no_key_to_sign_with")]
    known += [Secret(number, webhook.SIGNING_KIND, value) for number, value in enumerate(secrets, 1)]
    return Endpoint(7, "shopify", True, tuple(known), {"shop_domain": shop, "topics": list(topics)}, {})


def request(body, topic="orders/create", secret=SECRET, **headers):
    """Return a :class:`WebhookRequest` as Shopify sends it; ``headers`` by suffix of the constant, None drops one."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    sent = {
        "hmac": webhook.sign(secret, body).decode(),
        "topic": topic,
        "shop": SHOP,
        "event": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "delivery": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "triggered": "2026-10-01T08:00:00.123456789Z",
        **headers,
    }
    names = {name: getattr(const, "HEADER_" + name.upper()) for name in sent}
    return WebhookRequest(
        token="token",
        endpoint="webhook",
        headers={names[name]: value for name, value in sent.items() if value is not None},
        body=body,
    )


def amount(money):
    """Return the Decimal of canonical money; ``None`` is zero."""
    return Decimal(money["amount"]) if money else Decimal(0)


def shop_total(order):
    """Return what is owed according to the simulator's record: with cash rounding, if anything is owed."""
    current, rounding = order["currentTotalPriceSet"].shopMoney.amount, order["totalCashRoundingAdjustment"]
    if not current:
        return current
    return current + rounding["paymentSet"].shopMoney.amount - rounding["refundSet"].shopMoney.amount


def parts_total(document):
    """Return what the parts of an ``order.v1`` sum to, worked out here from the schema's words alone."""

    def off(part):
        return sum((amount(one["amount"]) for one in part["discounts"]), Decimal(0))

    lines, shipping, duties = document["lines"], document["shipping_lines"], document["duties"]
    total = sum((amount(line["unit_price"]) * Decimal(line["quantity"]) - off(line) for line in lines), Decimal(0))
    total += sum((amount(line["price"]) - off(line) for line in shipping), Decimal(0))
    total += sum((amount(duty["price"]) for duty in duties), Decimal(0))
    if not document["taxes_included"]:
        total += sum(
            (amount(tax["amount"]) for part in [*lines, *shipping, *duties] for tax in part["taxes"]), Decimal(0)
        )
    return total + amount(document["totals"]["rounding"])
