"""What the account has since a watermark, oldest first, page by page."""

import hashlib
import json
from datetime import datetime, timezone

from odoo.addons.retail_integration_base.engine.messages import Change, MessageKey, Page

from . import const
from .mapper import trimmed

_EXPAND = ["data.source"]


def list_balance_transactions(client, account, since, checkpoint=None):
    """Yield a :class:`Page` per page. It holds whole transactions: none of them is asked for again.

    Stripe lists the newest first. From the last transaction before ``since`` its pages go upwards, so that each can be
    stored with its watermark, and whoever is interrupted goes on from there: one request finds it, one per hundred
    follows. An account that has none before is listed downwards; then the watermark stays where it was until the oldest
    is there, and a checkpoint says how far down the list has come.

    :param str account: id of the Stripe account
    :param datetime since: naive UTC; :data:`const.OVERLAP` earlier is where it begins
    :param dict checkpoint: of the last page stored, or ``None``
    """
    start = _seconds(since - const.OVERLAP)
    if not _is_usable(checkpoint, account, start):
        before = client.get("balance_transactions", limit=1, created={"lt": start})["data"]
        if before:
            return _upwards(client, before[0]["id"], since)
        checkpoint = {"account": account, "start": start, "newest": None, "after": None}
    return _downwards(client, since, checkpoint)


def _is_usable(checkpoint, account, start):
    """Return whether a list that was interrupted is one of this account and reaches as far back as is wanted now."""
    return bool(checkpoint) and checkpoint.get("account") == account and checkpoint.get("start", start + 1) <= start


def _upwards(client, external_id, since):
    watermark = since
    for page in client.pages_after("balance_transactions", external_id, expand=_EXPAND):
        # The last page may be empty of what is new; its watermark is the same then.
        watermark = max(watermark, _moment(page[-1]["created"]))
        yield Page([_transaction(one) for one in page], watermark)


def _downwards(client, since, checkpoint):
    """What comes meanwhile is newer than the newest of the first page: the next list, from there upwards, has it."""
    params = {"starting_after": checkpoint["after"]} if checkpoint["after"] else {}
    for page in client.pages("balance_transactions", expand=_EXPAND, **params):
        newest = checkpoint["newest"] or page[0]["created"]
        checkpoint = {**checkpoint, "newest": newest, "after": page[-1]["id"]}
        yield Page([_transaction(one) for one in page[::-1]], since, checkpoint)
    if checkpoint["newest"]:
        # The oldest is there: from here on the watermark says everything.
        yield Page([], max(since, _moment(checkpoint["newest"])))


def list_payouts(client, since):
    """Yield a :class:`Page` per page: payouts that are young enough to change, told apart by what they say."""
    start = _seconds(min(since, datetime.now(timezone.utc).replace(tzinfo=None)) - const.PAYOUT_WINDOW)
    newest_first = list(client.pages("payouts", created={"gte": start}))
    watermark = since
    for page in reversed(newest_first):
        watermark = max(watermark, _moment(page[0]["created"]))
        yield Page([_payout(one) for one in page[::-1]], watermark)


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
