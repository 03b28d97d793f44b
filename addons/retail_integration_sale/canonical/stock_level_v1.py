"""``stock_level.v1``: how many units of one item one place of a channel may sell. Names follow GS1 and Shopify.

``external_id`` is ``<stock item>@<location>`` in the channel's ids. Quantities are whole units of the item.
"""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

_COUNT = {"type": "integer"}

SCHEMA = {
    **t.header("stock_level", 1),
    "inventory_item_id": t.ID,
    "location_id": t.ID,
    "sku": t.OPTIONAL_STRING,
    # What Odoo could deliver now: on hand, less reserved, less the safety buffer. May be negative: that is the truth.
    "available": t.required(_COUNT),
    # See ``engine/stock_ledger.py``. ``given`` is null while nobody knows what is in flight.
    "given": t.required(dict(_COUNT, nullable=True)),
    "taken": t.required(_COUNT),
    # What the channel shows now, if nothing happened there that is not known here; null: it has to be asked.
    "expected": t.required(dict(_COUNT, nullable=True)),
    # Whether an item that the channel does not stock at this place is to be stocked there.
    "may_activate": t.required(t.BOOLEAN),
}

registry.register("stock_level", 1, SCHEMA)
