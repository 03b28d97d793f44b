"""``customer.v1``: a person or company that buys. Names follow schema.org ``Person``/``PostalAddress``."""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

ADDRESS = {
    "external_id": t.OPTIONAL_ID,
    "name": t.OPTIONAL_STRING,
    "company_name": t.OPTIONAL_STRING,
    "street": t.OPTIONAL_STRING,
    "street2": t.OPTIONAL_STRING,
    "postal_code": t.OPTIONAL_STRING,
    "city": t.OPTIONAL_STRING,
    # ISO 3166-2 subdivision without the country ("CA" of "US-CA"); ``region_name`` where the channel has no code.
    "region_code": t.OPTIONAL_STRING,
    "region_name": t.OPTIONAL_STRING,
    "country": t.COUNTRY,
    "phone": t.OPTIONAL_STRING,
}
OPTIONAL_ADDRESS = {"type": "dict", "schema": ADDRESS, "nullable": True}

# What an order says of its customer. Everything may be missing: a channel can hide protected customer data.
CUSTOMER = {
    "external_id": t.OPTIONAL_ID,
    "name": t.OPTIONAL_STRING,
    "first_name": t.OPTIONAL_STRING,
    "last_name": t.OPTIONAL_STRING,
    "company_name": t.OPTIONAL_STRING,
    "email": t.OPTIONAL_STRING,
    "phone": t.OPTIONAL_STRING,
    "language": t.OPTIONAL_STRING,
    "vat": t.OPTIONAL_STRING,
    "is_tax_exempt": {"type": "boolean", "nullable": True},
    "tags": t.STRINGS,
    "note": t.OPTIONAL_STRING,
}
OPTIONAL_CUSTOMER = {"type": "dict", "schema": CUSTOMER, "nullable": True}

SCHEMA = {
    **t.header("customer", 1),
    **{key: rule for key, rule in CUSTOMER.items() if key != "external_id"},
    "created_at": t.OPTIONAL_INSTANT,
    "updated_at": t.OPTIONAL_INSTANT,
    "default_address": OPTIONAL_ADDRESS,
    "addresses": t.list_of(ADDRESS),
}

registry.register("customer", 1, SCHEMA)
