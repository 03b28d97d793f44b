"""``@idempotent(key:)``: where it is mandatory, and what a key remembers.

Source: Shopify, "Idempotent requests", and the changelog of 2026-04 that makes the directive mandatory for these
mutations.
"""

import json
from dataclasses import dataclass

MANDATORY = frozenset(
    {
        "inventoryActivate",
        "inventoryAdjustQuantities",
        "inventoryMoveQuantities",
        "inventorySetOnHandQuantities",
        "inventorySetQuantities",
        "inventoryShipmentAddItems",
        "inventoryShipmentCreate",
        "inventoryShipmentCreateInTransit",
        "inventoryShipmentReceive",
        "inventoryTransferCreate",
        "inventoryTransferCreateAsReadyToShip",
        "inventoryTransferDuplicate",
        "inventoryTransferSetItems",
        "locationActivate",
        "locationDeactivate",
        "refundCreate",
    }
)

MISSING = "The @idempotent directive is required for the {field} mutation."
BLANK = "The idempotency key cannot be blank."
# Messages of the codes, from the schema's ``InventorySetQuantitiesUserErrorCode``
_CODES = {
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": (
        "The same idempotency key cannot be used with different operation parameters."
    ),
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": (
        "A previous request with this idempotency key failed. Retry with a new idempotency key."
    ),
}


def key_node(field_node):
    """The value node of the ``key`` argument on a field of the document, or None without the directive."""
    for directive in field_node.directives or ():
        if directive.name.value == "idempotent":
            for argument in directive.arguments or ():
                if argument.name.value == "key":
                    return argument.value
    return None


def key_of(field_node, variables):
    """The key's text, or None without the directive.

    :param dict variables: coerced values
    """
    node = key_node(field_node)
    if node is None:
        return None
    return variables.get(node.name.value) if node.kind == "variable" else node.value


def refusal(payload_type, code):
    """The payload that refuses a key.

    :param payload_type: the mutation's payload type; every field but ``userErrors`` is null
    """
    payload = dict.fromkeys(payload_type.fields)
    payload["userErrors"] = [{"field": None, "message": _CODES[code], "code": code}]
    return payload


@dataclass
class _Entry:
    parameters: str
    answer: dict


class Memory:
    """Answers by mutation and key."""

    def __init__(self):
        self._entries = {}

    def recall(self, field_name, key, args):
        """:return: ``(the first answer or None, error code or None)``"""
        entry = self._entries.get((field_name, key))
        if entry is None:
            return None, None
        if entry.parameters != _canonical(args):
            return None, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
        if entry.answer["userErrors"]:
            return None, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
        return entry.answer, None

    def remember(self, field_name, key, args, answer):
        self._entries[field_name, key] = _Entry(_canonical(args), answer)


def _canonical(args):
    return json.dumps(args, sort_keys=True, default=str)
