"""``fulfilment.v1``: goods of one order that left one place together. Names follow UBL 2.1 ``DespatchAdvice``.

Both ways: what a channel says was shipped, and what Odoo tells a channel it shipped.
"""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

LINE = {
    # The channel's id of the order's line.
    "line_external_id": t.ID,
    # Units shipped, decimal string.
    "quantity": t.required(t.DECIMAL),
}

# One parcel: a number, and where it can be followed.
PARCEL = {
    "number": t.required(t.STRING),
    "company": t.OPTIONAL_STRING,
    "url": t.OPTIONAL_STRING,
}

SCHEMA = {
    **t.header("fulfilment", 1),
    "order_external_id": t.ID,
    "order_placed_at": t.OPTIONAL_INSTANT,
    "name": t.OPTIONAL_STRING,
    # pending: asked for, not shipped yet; success: shipped; cancelled: taken back; failed: was never shipped
    "status": {"type": "string", "required": True, "allowed": ["pending", "success", "cancelled", "failed"]},
    # What the carrier says, in the channel's words (``in_transit``, ``delivered``); null if nothing.
    "delivery_status": t.OPTIONAL_STRING,
    "location_external_id": t.OPTIONAL_ID,
    # Who shipped it, if not the merchant: the name of a fulfilment service.
    "service": t.OPTIONAL_STRING,
    "shipped_at": t.OPTIONAL_INSTANT,
    "delivered_at": t.OPTIONAL_INSTANT,
    "lines": dict(t.list_of(LINE), required=True),
    "parcels": t.list_of(PARCEL),
    # ---- out of Odoo only
    "notify_customer": t.BOOLEAN,
    # What the channel may be asked to do first, if it stands in the way.
    "may_move": t.BOOLEAN,
    "may_release": t.BOOLEAN,
}

registry.register("fulfilment", 1, SCHEMA)
