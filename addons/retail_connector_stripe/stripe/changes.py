"""What the account has since a watermark, oldest first, page by page."""

import hashlib
import json
from datetime import datetime, timezone

from odoo.addons.retail_integration_base.engine.messages import Change, MessageKey

from . import const
from .mapper import trimmed


def list_balance_transactions(client, since):
    """Yield ``(changes, watermark)`` per page. A page holds whole transactions: none of them is asked for again.

    Stripe lists the newest first. From the last transaction before ``since`` its pages go upwards, so that each can be
    stored with its watermark, and whoever is interrupted goes on from there: one request finds it, one per hundred
    follows. An account that has none before is listed downwards, and kept until the oldest is there.

    :param datetime since: naive UTC; :data:`const.OVERLAP` earlier is where it begins
    """
    start = _seconds(since - const.OVERLAP)
    before = client.get("balance_transactions", limit=1, created={"lt": start})["data"]
    expand = ["data.source"]
    if before:
        pages = client.pages_after("balance_transactions", before[0]["id"], expand=expand)
    else:
        newest_first = list(client.pages("balance_transactions", expand=expand))
        pages = (page[::-1] for page in reversed(newest_first))
    watermark = since
    for page in pages:
        # The last page may be empty of what is new; its watermark is the same then.
        watermark = max(watermark, _moment(page[-1]["created"]))
        yield [_transaction(one) for one in page], watermark


def list_payouts(client, since):
    """Yield ``(changes, watermark)``: payouts that are young enough to change, told apart by what they say."""
    start = _seconds(min(since, datetime.now(timezone.utc).replace(tzinfo=None)) - const.PAYOUT_WINDOW)
    newest_first = list(client.pages("payouts", created={"gte": start}))
    watermark = since
    for page in reversed(newest_first):
        watermark = max(watermark, _moment(page[0]["created"]))
        yield [_payout(one) for one in page[::-1]], watermark


def _transaction(one):
    key = MessageKey(
        topic="poll/balance_transactions",
        entity="settlement_line",
        subject_key="settlement_line:%s" % one["id"],
        dedupe_key="poll:%s" % one["id"],
        # It never changes but for its availability, which is a date it states from the start.
        version=one["created"],
        occurred_at=_moment(one["created"]),
    )
    return Change(key, json.dumps(trimmed(one)).encode())


def _payout(one):
    digest = hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()
    key = MessageKey(
        topic="poll/payouts",
        entity="payout",
        subject_key="payout:%s" % one["id"],
        dedupe_key="poll:%s:%s" % (one["id"], digest[:32]),
        occurred_at=_moment(one["created"]),
    )
    return Change(key, json.dumps({"id": one["id"], "object": "payout", "status": one["status"]}).encode())


def _seconds(moment):
    return int(moment.replace(tzinfo=timezone.utc).timestamp())


def _moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)
