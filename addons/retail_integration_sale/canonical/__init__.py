"""Canonical documents of commerce, registered when the addon is loaded."""

from . import (
    customer_v1,
    fulfilment_v1,
    order_v1,
    privacy_request_v1,
    product_v1,
    refund_v1,
    return_v1,
    stock_level_v1,
)

__all__ = [
    "customer_v1",
    "fulfilment_v1",
    "order_v1",
    "privacy_request_v1",
    "product_v1",
    "refund_v1",
    "return_v1",
    "stock_level_v1",
]
