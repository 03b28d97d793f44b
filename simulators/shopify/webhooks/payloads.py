"""Payloads in the REST shape: the keys and their order come from Shopify's example, every value from the record.

A key of the example that no rule here fills is an error, so no example value ever reaches a receiver.
"""

import functools
import json
from pathlib import Path

from .fulfilment_payload import fulfilment_payload
from .order_payload import order_payload
from .party_payload import customer_payload
from .product_payload import product_payload
from .refund_payload import refund_event_payload
from .return_payload import return_payload

TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/cancelled",
    "orders/paid",
    "customers/create",
    "customers/update",
    "products/update",
    "fulfillments/create",
    "fulfillments/update",
    "refunds/create",
    "returns/approve",
    "returns/cancel",
    "returns/close",
)


@functools.cache
def example(topic):
    """The file of the example: ``response``, ``access_scopes``, …"""
    path = Path(__file__).parent.parent / "webhook_examples" / f"{topic}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def build(shop, topic, record):
    """The payload of ``topic`` about ``record``.

    :return: a dict that :mod:`json` can write
    """
    shape = example(topic)["response"]
    kind = topic.partition("/")[0]
    makers = {
        "orders": order_payload,
        "customers": customer_payload,
        "products": product_payload,
        "fulfillments": fulfilment_payload,
        "refunds": refund_event_payload,
        "returns": return_payload,
    }
    return makers[kind](shop, shape, record)
