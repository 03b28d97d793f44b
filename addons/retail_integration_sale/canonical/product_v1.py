"""``product.v1``: a product with its variants (the sellable units). Names follow schema.org ``Product`` and GS1.

``external_id`` is the channel's id of the product; each variant has its own.
"""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

VARIANT = {
    "external_id": t.ID,
    "title": t.OPTIONAL_STRING,
    "sku": t.OPTIONAL_STRING,
    "barcode": t.OPTIONAL_STRING,
    "price": t.OPTIONAL_MONEY,
    "compare_at_price": t.OPTIONAL_MONEY,
    "cost": t.OPTIONAL_MONEY,
    "weight_kg": dict(t.DECIMAL, nullable=True),
    "is_taxable": {"type": "boolean", "nullable": True},
    "requires_shipping": {"type": "boolean", "nullable": True},
    # The channel's id of the stock-keeping item behind the variant, where it has one of its own.
    "inventory_item_id": t.OPTIONAL_ID,
    # option name → value, in the product's order of options
    "options": t.list_of({"name": t.required(t.STRING), "value": t.required(t.STRING)}),
}

SCHEMA = {
    **t.header("product", 1),
    "title": t.required(t.STRING),
    "description_html": t.OPTIONAL_STRING,
    "vendor": t.OPTIONAL_STRING,
    "product_type": t.OPTIONAL_STRING,
    "status": {"type": "string", "allowed": ["active", "draft", "archived"], "required": True},
    "tags": t.STRINGS,
    "updated_at": t.OPTIONAL_INSTANT,
    "variants": dict(t.list_of(VARIANT), required=True, minlength=1),
}

registry.register("product", 1, SCHEMA)
