"""``settlement_line.v1``: one movement of the balance a payment service keeps for the merchant."""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

# A part of the fee. ``tax``: VAT on the service's own fee.
FEE = {
    "kind": {"type": "string", "required": True, "allowed": ["fee", "tax"]},
    "amount": t.required(t.MONEY),
    "description": t.OPTIONAL_STRING,
}

SCHEMA = {
    **t.header("settlement_line", 1),
    # The account at the service the balance belongs to.
    "account_external_id": t.ID,
    "created_at": t.required(t.INSTANT),
    # When it can be paid out.
    "available_at": t.OPTIONAL_INSTANT,
    # The service's word for what it is, as ``engine/settlement_rules.py`` lists them; others are told apart too.
    "category": t.ID,
    # What moved before fees, what the service kept, what the balance changed by: amount - fee = net.
    "amount": t.required(t.MONEY),
    "fee": t.required(t.MONEY),
    "net": t.required(t.MONEY),
    "fees": t.list_of(FEE),
    "description": t.OPTIONAL_STRING,
    # Ids at the service: of what it is about, and all that Odoo's payment may be known by.
    "source_external_id": t.OPTIONAL_ID,
    "references": t.STRINGS,
}

registry.register("settlement_line", 1, SCHEMA)
