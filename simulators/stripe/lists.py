"""Lists, newest first: cursors, filters, expansion. Source: Stripe API reference, "Pagination", "Expanding"."""

import operator

from .errors import invalid, missing
from .forms import integer

_OPERATORS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
#: object kind → fields it can be filtered by, beside ``created``
FILTERS = {
    "balance_transaction": ("currency", "source", "type", "payout"),
    "charge": ("customer", "payment_intent", "transfer_group"),
    "dispute": ("charge", "payment_intent"),
    "event": ("type", "types", "delivery_success"),
    "payment_intent": ("customer",),
    "payout": ("status", "destination", "arrival_date"),
    "refund": ("charge", "payment_intent"),
    "webhook_endpoint": (),
}
_COMMON = {"limit", "starting_after", "ending_before", "expand", "created"}


def page(account, kind, fields, url):
    """Return the list object of ``kind``.

    :param dict fields: as sent
    :raises ApiError: a filter or cursor is unknown
    """
    unknown = set(fields) - _COMMON - set(FILTERS[kind])
    if unknown:
        raise invalid(f"Received unknown parameter: {sorted(unknown)[0]}", sorted(unknown)[0])
    limit = integer(fields, "limit", 10, 1, 100)
    found = [one for one in reversed(account.all(kind)) if _fits(account, one, fields)]
    is_backwards = "ending_before" in fields
    cursor = fields.get("ending_before") or fields.get("starting_after")
    if cursor:
        position = next((place for place, one in enumerate(found) if one["id"] == cursor), None)
        if position is None:
            raise missing(kind, cursor)
        found = found[:position] if is_backwards else found[position + 1 :]
    data = found[-limit:] if is_backwards else found[:limit]
    answer = {"object": "list", "data": data, "has_more": len(found) > limit, "url": url}
    return expand(account, answer, fields.get("expand") or [])


def _fits(account, one, fields):
    for name in ("created", "arrival_date"):
        if name in fields and not _in_range(one.get(name), fields[name], name):
            return False
    if "types" in fields and one["type"] not in fields["types"]:
        return False
    if "payout" in fields and account.payout_of.get(one["id"]) != fields["payout"]:
        return False
    plain = ("currency", "source", "type", "customer", "payment_intent", "transfer_group", "status", "charge")
    return all(one.get(name) == fields[name] for name in plain if name in fields)


def _in_range(value, wanted, name):
    if not isinstance(wanted, dict):
        return value == integer({name: wanted}, name)
    return all(_OPERATORS[key](value, integer(wanted, key)) for key in wanted)


def expand(account, answer, paths):
    """Return a copy of ``answer`` with the objects in place of their ids.

    :param list[str] paths: such as ``data.source``
    :raises ApiError: there is nothing to expand
    """
    for path in paths:
        answer = _expanded(account, answer, path.split("."), path)
    return answer


def _expanded(account, value, steps, path):
    if isinstance(value, list):
        return [_expanded(account, one, steps, path) for one in value]
    if isinstance(value, str):
        value = account.find(value) or value
    if not steps or value is None:
        return value
    if not isinstance(value, dict) or steps[0] not in value:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    return {**value, steps[0]: _expanded(account, value[steps[0]], steps[1:], path)}
