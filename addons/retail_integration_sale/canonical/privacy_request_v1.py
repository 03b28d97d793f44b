"""``privacy_request.v1``: what a channel asks for on behalf of a person, or of a shop that leaves.

It names whom it is about by the channel's ids alone.
"""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

SCHEMA = {
    **t.header("privacy_request", 1),
    # data: the customer wants to see what is held; redaction: it is to be forgotten; shop: all of the shop is
    "kind": {"type": "string", "required": True, "allowed": ["data", "redaction", "shop"]},
    "requested_at": t.OPTIONAL_INSTANT,
    "customer_external_id": t.OPTIONAL_ID,
    "order_external_ids": t.required(t.STRINGS),
}

registry.register("privacy_request", 1, SCHEMA)
