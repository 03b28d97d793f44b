"""What each resource does. A handler takes the world, the fields and the id in the path, and returns JSON."""

from .errors import ApiError, invalid
from .forms import integer
from .lists import FILTERS, expand, page

#: path of a collection → object kind
COLLECTIONS = {
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "disputes": "dispute",
    "events": "event",
    "payment_intents": "payment_intent",
    "payouts": "payout",
    "refunds": "refund",
    "webhook_endpoints": "webhook_endpoint",
}


def handle(world, method, parts, fields):
    """Return the JSON-like answer to ``method`` on the path ``/v1/<parts>``.

    :raises ApiError: it is refused
    """
    account = world.account
    if parts == ["account"] and method == "GET":
        return _account(world)
    if parts == ["balance"] and method == "GET":
        return account.balance()
    kind = COLLECTIONS.get(parts[0])
    if kind and method == "GET":
        _require(world, kind)
        if len(parts) == 1:
            return _public(page(account, kind, fields, "/v1/" + parts[0]))
        if len(parts) == 2:
            return _public(expand(account, account.get(kind, parts[1]), fields.get("expand") or []))
    action = _ACTIONS.get((method, parts[0], parts[2] if len(parts) > 2 else len(parts) > 1))
    if action:
        result = action(account, fields, *parts[1:2])
        return _public(expand(account, result, fields.get("expand") or []))
    raise ApiError(f"Unrecognized request URL ({method}: /v1/{'/'.join(parts)}).", 404)


def _require(world, kind):
    permission = f"{kind}_read"
    if permission in world.denied:
        raise ApiError(
            f"The provided key does not have the required permissions for this endpoint. Having the 'rak_{permission}' "
            "permission would allow this request to continue.",
            403,
            code="more_permissions_required",
        )


def _public(value):
    """Return ``value`` without what Stripe does not show."""
    if isinstance(value, dict):
        return {key: _public(inner) for key, inner in value.items() if not key.startswith("_")}
    return [_public(one) for one in value] if isinstance(value, list) else value


def _account(world):
    options = world.options
    return {
        "id": world.account.id,
        "object": "account",
        "business_profile": None,
        "business_type": "company",
        "charges_enabled": True,
        "country": options.country,
        "default_currency": options.currency,
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


def _create_intent(account, fields):
    amount = integer(fields, "amount", minimum=1, maximum=99999999)
    if amount is None or not fields.get("currency"):
        raise invalid("Missing required param: amount or currency.", "amount")
    values = {key: fields[key] for key in ("description", "customer", "metadata", "capture_method") if key in fields}
    intent = account.create_intent(amount, fields["currency"].lower(), **values)
    if fields.get("confirm") == "true":
        account.confirm(intent, fails=fields.get("payment_method") == "pm_card_chargeDeclined")
    return intent


def _confirm(account, fields, object_id):
    intent = account.get("payment_intent", object_id)
    account.confirm(intent, fails=fields.get("payment_method") == "pm_card_chargeDeclined")
    return intent


def _capture(account, fields, object_id):
    return account.capture(account.get("payment_intent", object_id), integer(fields, "amount_to_capture"))


def _cancel(account, fields, object_id):
    return account.cancel(account.get("payment_intent", object_id), fields.get("cancellation_reason"))


def _refund(account, fields):
    charge_id = fields.get("charge")
    if not charge_id and fields.get("payment_intent"):
        charge_id = account.get("payment_intent", fields["payment_intent"])["latest_charge"]
    if not charge_id:
        raise invalid("One of the following params should be provided: payment_intent, charge.", "charge")
    amount = integer(fields, "amount", minimum=1)
    return account.refund(account.get("charge", charge_id), amount, fields.get("reason"), fields.get("metadata"))


def _pay_out(account, fields):
    amount = integer(fields, "amount", minimum=1)
    if amount is None:
        raise invalid("Missing required param: amount.", "amount")
    return account.pay_out(amount, fields.get("currency"), fields.get("method", "standard"))


def _create_endpoint(account, fields):
    if not fields.get("url") or not fields.get("enabled_events"):
        raise invalid("Missing required param: url or enabled_events.", "url")
    extra = {key: fields[key] for key in ("description", "metadata") if key in fields}
    return account.create_endpoint(fields["url"], fields["enabled_events"], fields.get("api_version"), **extra)


def _update_endpoint(account, fields, object_id):
    endpoint = account.get("webhook_endpoint", object_id)
    endpoint.update({key: fields[key] for key in ("url", "enabled_events", "description", "metadata") if key in fields})
    if "disabled" in fields:
        endpoint["status"] = "disabled" if fields["disabled"] == "true" else "enabled"
    return endpoint


def _delete_endpoint(account, fields, object_id):
    account.drop("webhook_endpoint", object_id)
    return {"id": object_id, "object": "webhook_endpoint", "deleted": True}


#: (method, collection, action; or whether an id is in the path) → function
_ACTIONS = {
    ("POST", "payment_intents", False): _create_intent,
    ("POST", "payment_intents", "confirm"): _confirm,
    ("POST", "payment_intents", "capture"): _capture,
    ("POST", "payment_intents", "cancel"): _cancel,
    ("POST", "refunds", False): _refund,
    ("POST", "payouts", False): _pay_out,
    ("POST", "webhook_endpoints", False): _create_endpoint,
    ("POST", "webhook_endpoints", True): _update_endpoint,
    ("DELETE", "webhook_endpoints", True): _delete_endpoint,
}

assert set(COLLECTIONS.values()) == set(FILTERS)
