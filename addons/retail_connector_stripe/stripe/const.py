"""What Stripe fixes. Sources: Stripe API reference and "Currencies"."""

import re
from datetime import timedelta

API_URL = "https://api.stripe.com"
#: The version every object is fetched in, whatever the account's own.
API_VERSION = "2026-10-28.endive"
HEADER_SIGNATURE = "stripe-signature"

KEY_KIND = "stripe_restricted_key"
SIGNING_KIND = "stripe_webhook_secret"

_KEY = re.compile(r"[rs]k_(live|test)_[A-Za-z0-9_]{1,250}")


def is_key(key, is_live):
    """Return whether ``key`` is a restricted or secret key of that mode, and nothing that a header could not carry."""
    found = _KEY.fullmatch(key)
    return bool(found) and (found[1] == "live") is bool(is_live)


#: Requests per second. Source: Stripe, "Rate limits".
RATE_LIVE, RATE_TEST = 100, 25
PAGE = 100
#: A list that takes more pages does not end.
MAX_PAGES = 10_000

#: A poll begins that much before its watermark: a transaction may appear late.
OVERLAP = timedelta(hours=1)
#: The daily verification goes back that far.
VERIFIED = timedelta(days=7)
#: Payouts have no time of their last change; those so young are looked at each time.
PAYOUT_WINDOW = timedelta(days=35)

#: Events the webhook endpoint asks for.
TOPICS = (
    "charge.captured",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.succeeded",
    "charge.updated",
    "payout.canceled",
    "payout.created",
    "payout.failed",
    "payout.paid",
    "payout.reconciliation_completed",
    "payout.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
)

#: Currencies whose minor unit at Stripe is not a hundredth. ISK and UGX have two decimals at Stripe.
ZERO_DECIMALS = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMALS = frozenset("BHD JOD KWD OMR TND".split())
