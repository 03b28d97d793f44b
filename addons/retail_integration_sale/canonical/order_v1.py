"""``order.v1``: an order as it stands now in its channel. Names follow UBL 2.1 ``Order`` and schema.org ``Order``.

All amounts without another name are in ``currency`` (the shop's own). Amounts of lines are exact and never
percentages: a line's net is ``unit_price * quantity - sum(discounts)``.
"""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

from .customer_v1 import OPTIONAL_ADDRESS, OPTIONAL_CUSTOMER

# A tax the channel charged on one line, with its amount. ``rate`` is a fraction: "0.19" is 19 %.
TAX = {
    "title": t.required(t.STRING),
    "rate": t.required(t.DECIMAL),
    "amount": t.required(t.MONEY),
}

# A share of a discount that falls on one line: an exact, positive amount.
DISCOUNT = {
    "title": t.required(t.STRING),
    "code": t.OPTIONAL_STRING,
    "amount": t.required(t.MONEY),
}

LINE = {
    "external_id": t.ID,
    # product: a variant of the catalogue; custom: typed in by staff; tip; gift_card: one that was sold
    "kind": {"type": "string", "required": True, "allowed": ["product", "custom", "tip", "gift_card"]},
    # The channel's id of the variant and of its product, null where the catalogue has it no more.
    "variant_external_id": t.OPTIONAL_ID,
    "product_external_id": t.OPTIONAL_ID,
    "sku": t.OPTIONAL_STRING,
    "barcode": t.OPTIONAL_STRING,
    "title": t.required(t.STRING),
    "variant_title": t.OPTIONAL_STRING,
    # Units that stand now: ordered, less what was removed from the order. Decimal string.
    "quantity": t.required(t.DECIMAL),
    "ordered_quantity": t.DECIMAL,
    "unit_price": t.required(t.MONEY),
    "discounts": t.list_of(DISCOUNT),
    "taxes": t.list_of(TAX),
    "requires_shipping": t.BOOLEAN,
    "properties": t.list_of({"name": t.required(t.STRING), "value": t.OPTIONAL_STRING}),
}

SHIPPING_LINE = {
    "external_id": t.ID,
    "title": t.required(t.STRING),
    "code": t.OPTIONAL_STRING,
    "carrier": t.OPTIONAL_STRING,
    "price": t.required(t.MONEY),
    "discounts": t.list_of(DISCOUNT),
    "taxes": t.list_of(TAX),
}

DUTY = {
    "external_id": t.ID,
    "title": t.required(t.STRING),
    "price": t.required(t.MONEY),
    "taxes": t.list_of(TAX),
}

PAYMENT = {
    "external_id": t.ID,
    "gateway": t.required(t.STRING),
    "kind": {"type": "string", "required": True, "allowed": ["authorization", "capture", "sale", "void", "refund"]},
    "status": {"type": "string", "required": True, "allowed": ["pending", "success", "failure", "error"]},
    "amount": t.required(t.MONEY),
    "processed_at": t.OPTIONAL_INSTANT,
    "is_gift_card": t.BOOLEAN,
    "parent_external_id": t.OPTIONAL_ID,
}

SOURCE = {
    "channel": t.OPTIONAL_STRING,
    "name": t.OPTIONAL_STRING,
    "utm_source": t.OPTIONAL_STRING,
    "utm_medium": t.OPTIONAL_STRING,
    "utm_campaign": t.OPTIONAL_STRING,
    "referrer": t.OPTIONAL_STRING,
    "location_external_id": t.OPTIONAL_ID,
}

TOTALS = {
    # Of lines after all discounts, in the form the channel shows (with tax where ``taxes_included``).
    "subtotal": t.required(t.MONEY),
    "discounts": t.required(t.MONEY),
    "shipping": t.required(t.MONEY),
    "taxes": t.required(t.MONEY),
    "duties": t.OPTIONAL_MONEY,
    "tips": t.OPTIONAL_MONEY,
    # Cash rounding made by the channel; part of ``total``.
    "rounding": t.OPTIONAL_MONEY,
    # What the customer owes for the order as it stands: Odoo's total must equal it to the cent.
    "total": t.required(t.MONEY),
    # The same in the currency the customer saw.
    "presentment_total": t.OPTIONAL_MONEY,
}

# What took units and amounts off the order since it was placed: ``refund.v1`` tells it in full.
REFUND = {
    "external_id": t.ID,
    "lines": dict(
        t.list_of({"line_external_id": t.ID, "quantity": t.required(t.DECIMAL)}),
        required=True,
    ),
    # What it took off ``totals.total``.
    "total": t.required(t.MONEY),
}

SCHEMA = {
    **t.header("order", 1),
    "name": t.required(t.STRING),
    "placed_at": t.required(t.INSTANT),
    "updated_at": t.required(t.INSTANT),
    "cancelled_at": dict(t.OPTIONAL_INSTANT, required=True),
    "cancel_reason": t.OPTIONAL_STRING,
    # The channel has put it away: nothing more is to happen to it there.
    "is_closed": t.BOOLEAN,
    "is_test": t.BOOLEAN,
    "currency": t.required(t.CURRENCY),
    "presentment_currency": dict(t.CURRENCY, nullable=True),
    "taxes_included": t.required(t.BOOLEAN),
    "financial_status": t.OPTIONAL_STRING,
    "fulfilment_status": t.OPTIONAL_STRING,
    # null: a guest the channel keeps no record of; ``email`` and ``phone`` are then the only identity there is
    "customer": dict(OPTIONAL_CUSTOMER, required=True),
    "email": t.OPTIONAL_STRING,
    "phone": t.OPTIONAL_STRING,
    # The order's own addresses, never the customer's default ones.
    "billing_address": OPTIONAL_ADDRESS,
    "shipping_address": OPTIONAL_ADDRESS,
    "lines": dict(t.list_of(LINE), required=True),
    "shipping_lines": t.list_of(SHIPPING_LINE),
    "duties": t.list_of(DUTY),
    "payments": t.list_of(PAYMENT),
    "refunds": t.list_of(REFUND),
    "totals": {"type": "dict", "schema": TOTALS, "required": True},
    "source": {"type": "dict", "schema": SOURCE, "nullable": True},
    "note": t.OPTIONAL_STRING,
    "tags": t.STRINGS,
    "attributes": t.list_of({"name": t.required(t.STRING), "value": t.OPTIONAL_STRING}),
}

registry.register("order", 1, SCHEMA)
