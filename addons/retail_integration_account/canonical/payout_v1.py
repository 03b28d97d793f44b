"""``payout.v1``: money that left (or, negative, refilled) the balance a payment service keeps."""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

SCHEMA = {
    **t.header("payout", 1),
    "account_external_id": t.ID,
    "created_at": t.required(t.INSTANT),
    # The day the bank is to show it.
    "arrives_at": t.OPTIONAL_INSTANT,
    "amount": t.required(t.MONEY),
    "status": {"type": "string", "required": True, "allowed": ["pending", "in_transit", "paid", "failed", "cancelled"]},
    "is_automatic": t.required(t.BOOLEAN),
    # Ids of the movements it carries, without its own; null: the service does not say.
    "line_external_ids": dict(t.STRINGS, nullable=True),
    # Its own movement, and the one that brought it back.
    "own_line_external_id": t.OPTIONAL_ID,
    "failure_line_external_id": t.OPTIONAL_ID,
    "failure": t.OPTIONAL_STRING,
    # What the bank's statement may show of it.
    "bank_reference": t.OPTIONAL_STRING,
}

registry.register("payout", 1, SCHEMA)
