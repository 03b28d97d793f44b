"""``return.v1``: goods that a customer sends back, and what became of them. Names follow UBL 2.1 where it has one.

What is paid back for them is ``refund.v1``'s business.
"""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

LINE = {
    # The channel's id of the order's line.
    "line_external_id": t.ID,
    # Units expected back, decimal string.
    "quantity": t.required(t.DECIMAL),
}

# What the channel's staff found. Facts that are added and never change.
DISPOSITION = {
    "external_id": t.ID,
    "line_external_id": t.ID,
    # restocked: can be sold; damaged: arrived, and cannot; missing: did not arrive; pending: to be looked at
    "kind": {"type": "string", "required": True, "allowed": ["restocked", "damaged", "missing", "pending"]},
    "quantity": t.required(t.DECIMAL),
    "location_external_id": t.OPTIONAL_ID,
}

SCHEMA = {
    **t.header("return", 1),
    "order_external_id": t.ID,
    "order_name": t.OPTIONAL_STRING,
    "name": t.OPTIONAL_STRING,
    "status": {
        "type": "string",
        "required": True,
        "allowed": ["requested", "open", "closed", "cancelled", "declined"],
    },
    "opened_at": t.required(t.INSTANT),
    "lines": dict(t.list_of(LINE), required=True),
    "dispositions": t.list_of(DISPOSITION),
}

registry.register("return", 1, SCHEMA)
