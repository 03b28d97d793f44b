"""How the schema's fields are answered from the shop's records."""

from . import (
    access_control,
    bulk,
    customers,
    fulfilments,
    inventory,
    order_parts,
    orders,
    products,
    refunds,
    returns,
    root,
    shop,
    webhooks,
)
