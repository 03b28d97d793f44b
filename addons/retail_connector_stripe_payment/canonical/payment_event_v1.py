"""``payment_event.v1``: what a payment service told about a payment that Odoo takes, in the service's own words."""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

SCHEMA = {
    **t.header("payment_event", 1),
    "kind": t.ID,
    # As sent, with what Odoo needs besides; its form is the service's.
    "event": {"type": "dict", "required": True},
    # Whether what Odoo needs besides was asked for, as far as there is anything.
    "is_complete": t.required(t.BOOLEAN),
    # Ids of the payment providers whose secret signed it.
    "provider_ids": {"type": "list", "required": True, "schema": {"type": "integer"}},
}

registry.register("payment_event", 1, SCHEMA)
