"""Stripe's balance transactions and payouts → canonical documents."""

from datetime import datetime, timezone

from odoo.addons.retail_integration_base.engine.errors import VendorChanged

from .money import from_minor

#: What a list is kept as: nothing of the buyer, nothing of the card.
_KEPT = """id object amount available_on created currency description exchange_rate fee fee_details net
reporting_category type""".split()
_KEPT_OF_SOURCE = "id object payment_intent charge balance_transaction".split()
_STATUS = {
    "pending": "pending",
    "in_transit": "in_transit",
    "paid": "paid",
    "failed": "failed",
    "canceled": "cancelled",
}


def trimmed(transaction):
    """Return a balance transaction (``source`` expanded or not) without personal data."""
    kept = {key: transaction.get(key) for key in _KEPT}
    source = transaction.get("source")
    if isinstance(source, dict):
        kept["source"] = {key: source[key] for key in _KEPT_OF_SOURCE if isinstance(source.get(key), str)}
    else:
        kept["source"] = source
    return kept


def map_balance_transaction(transaction, account):
    """Return the ``settlement_line.v1`` of a balance transaction.

    :param str account: id of the Stripe account
    :raises VendorChanged: a key that must be there is not
    """
    try:
        currency = transaction["currency"]
        source = transaction.get("source")
        source = source if isinstance(source, dict) else {"id": source}
        references = [source.get("id"), source.get("payment_intent"), source.get("charge")]
        return {
            "schema": "settlement_line.v1",
            "external_id": transaction["id"],
            "version": transaction["created"],
            "account_external_id": account,
            "created_at": _instant(transaction["created"]),
            "available_at": _instant(transaction["available_on"]),
            "category": transaction.get("reporting_category") or transaction["type"],
            "amount": from_minor(transaction["amount"], currency),
            "fee": from_minor(transaction["fee"], currency),
            "net": from_minor(transaction["net"], currency),
            "fees": [
                {
                    "kind": "tax" if detail["type"] == "tax" else "fee",
                    "amount": from_minor(detail["amount"], detail["currency"]),
                    "description": detail.get("description"),
                }
                for detail in transaction.get("fee_details") or []
            ],
            "description": transaction.get("description"),
            "source_external_id": source.get("id"),
            "references": sorted({one for one in references if isinstance(one, str)}),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise _unexpected("balance transaction", error) from error


def map_payout(payout, account, line_ids, fetched_at):
    """Return the ``payout.v1`` of a payout.

    :param list[str] line_ids: of the transactions it carries, or ``None``: Stripe does not say
    :param int fetched_at: milliseconds since 1970; a payout states no time of its last change
    """
    try:
        trace = payout.get("trace_id") or {}
        return {
            "schema": "payout.v1",
            "external_id": payout["id"],
            "version": fetched_at,
            "account_external_id": account,
            "created_at": _instant(payout["created"]),
            "arrives_at": _instant(payout["arrival_date"]),
            "amount": from_minor(payout["amount"], payout["currency"]),
            "status": _STATUS[payout["status"]],
            "is_automatic": payout["automatic"],
            "line_external_ids": line_ids,
            "own_line_external_id": _id(payout.get("balance_transaction")),
            "failure_line_external_id": _id(payout.get("failure_balance_transaction")),
            "failure": payout.get("failure_message") or payout.get("failure_code"),
            "bank_reference": trace.get("value"),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise _unexpected("payout", error) from error


def _unexpected(what, error):
    return VendorChanged(
        "Stripe's %s has another form than it publishes." % what, differences=["%s: %s" % (type(error).__name__, error)]
    )


def _id(value):
    return value.get("id") if isinstance(value, dict) else value


def _instant(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
