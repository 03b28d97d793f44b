"""``refund.v1``: what a channel took off an order and paid back. Names follow UBL 2.1 ``CreditNote``.

All amounts are positive where the customer is owed something, and in ``currency`` (the shop's own). ``subtotal`` is in
the form of the order's prices: with tax where ``taxes_included``. The goods are ``return.v1``'s business where
``return_external_id`` is given; otherwise ``restock`` says what became of them.
"""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

from .order_v1 import PAYMENT

LINE = {
    # The channel's id of the order's line.
    "line_external_id": t.ID,
    # Units refunded, decimal string.
    "quantity": t.required(t.DECIMAL),
    # returned: shipped units that are back in stock; cancelled: units that are not shipped any more; none: the
    # channel's stock did not change, so they were lost before they were shipped, or the customer keeps them
    "restock": {"type": "string", "required": True, "allowed": ["returned", "cancelled", "none"]},
    # Units of the line that the channel still has to ship, now.
    "open_quantity": dict(t.DECIMAL, nullable=True),
    "location_external_id": t.OPTIONAL_ID,
    "subtotal": t.required(t.MONEY),
    "tax": t.required(t.MONEY),
}

# A part of what a shipping line or a duty cost.
CHARGE = {
    "kind": {"type": "string", "required": True, "allowed": ["shipping", "duty"]},
    # Of the shipping line or the duty; null where the channel names none.
    "charge_external_id": t.OPTIONAL_ID,
    "subtotal": t.required(t.MONEY),
    "tax": t.required(t.MONEY),
}

# Given beyond what the parts make (positive), or kept back from it (negative): goodwill, a fee, rounding.
ADJUSTMENT = {
    "external_id": t.ID,
    "reason": t.OPTIONAL_STRING,
    "amount": t.required(t.MONEY),
    "tax": t.required(t.MONEY),
}

SCHEMA = {
    **t.header("refund", 1),
    "order_external_id": t.ID,
    "order_name": t.OPTIONAL_STRING,
    "order_placed_at": t.OPTIONAL_INSTANT,
    "return_external_id": t.OPTIONAL_ID,
    "refunded_at": t.required(t.INSTANT),
    "note": t.OPTIONAL_STRING,
    "currency": t.required(t.CURRENCY),
    "taxes_included": t.required(t.BOOLEAN),
    "lines": dict(t.list_of(LINE), required=True),
    "charges": t.list_of(CHARGE),
    "adjustments": t.list_of(ADJUSTMENT),
    # Cash rounding of what was paid back.
    "rounding": t.OPTIONAL_MONEY,
    # What was paid back, or is on its way.
    "payments": t.list_of(PAYMENT),
    # Of a credit note of Odoo: what the channel is to pay back, the way it was paid, and whether it says so.
    "amount": t.OPTIONAL_MONEY,
    "notify_customer": t.BOOLEAN,
}

registry.register("refund", 1, SCHEMA)
