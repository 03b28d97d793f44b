"""The state of one Stripe account, and everything that can happen to its money.

Amounts are integers in the currency's minor unit, as Stripe counts it. Each method is one thing that happens; it makes
the balance transactions and events that Stripe makes.
"""

import random
import threading
from decimal import ROUND_HALF_UP, Decimal

from . import objects
from .errors import invalid, missing

DAY = 86400
PREFIXES = {
    "balance_transaction": "txn",
    "charge": "ch",
    "dispute": "dp",
    "event": "evt",
    "payment_intent": "pi",
    "payout": "po",
    "refund": "re",
    "webhook_endpoint": "we",
}
#: Stripe counts these in whole units. Source: Stripe, "Currencies", zero-decimal currencies.
ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Account:
    """One account. ``emit(type, object, previous)`` is told what happened."""

    def __init__(self, clock, options):
        self.clock, self.options = clock, options
        self.lock = threading.RLock()
        self.id = "acct_1Simulated"
        self._rng = random.Random(f"{options.seed}/ids")
        self._objects = {kind: {} for kind in PREFIXES}
        self._pending = []
        #: id of a balance transaction → id of the automatic payout that carries it
        self.payout_of = {}
        self.fee_bps, self.fee_fixed = 140, 25
        self.dispute_fee = 2000
        self.emit = lambda *_: None

    # ------------------------------------------------------------ records

    def now(self):
        return int(self.clock.now().timestamp())

    def all(self, kind):
        """:return: list of the objects of ``kind``, oldest first"""
        self._mature()
        return list(self._objects[kind].values())

    def find(self, object_id):
        """:return: the object with this id, whatever its kind, or None"""
        self._mature()
        for found in self._objects.values():
            if object_id in found:
                return found[object_id]
        return None

    def get(self, kind, object_id):
        """:raises ApiError: there is none"""
        self._mature()
        try:
            return self._objects[kind][object_id]
        except KeyError:
            raise missing(kind, object_id) from None

    def new_id(self, kind):
        return f"{PREFIXES[kind]}_3" + "".join(self._rng.choices(_ALPHABET, k=22))

    def put(self, kind, one):
        self._objects[kind][one["id"]] = one
        return one

    def drop(self, kind, object_id):
        self.get(kind, object_id)
        del self._objects[kind][object_id]

    def _common(self, kind):
        return {"id": self.new_id(kind), "created": self.now(), "livemode": self.options.livemode}

    def _mature(self):
        now = self.now()
        if self._pending:
            for one in self._pending:
                if one["available_on"] <= now:
                    one["status"] = "available"
            self._pending = [one for one in self._pending if one["status"] == "pending"]

    # ------------------------------------------------------------ balance

    def book(self, kind, amount, currency, source=None, fees=(), days=2, **values):
        """Make one balance transaction.

        :param str kind: its ``type``
        :param fees: ``fee_detail`` dicts; their sum is the fee
        :param int days: until it is available
        """
        base = {"id": self.new_id("balance_transaction"), "created": self.now(), "type": kind, "source": source}
        base.update(amount=amount, currency=currency, available_on=self.now() + days * DAY, **values)
        one = objects.balance_transaction(base, list(fees))
        self._pending.append(one)
        return self.put("balance_transaction", one)

    def balance(self):
        sums = {"available": {self.options.currency: 0}, "pending": {self.options.currency: 0}}
        for one in self.all("balance_transaction"):
            bucket = sums[one["status"]]
            bucket[one["currency"]] = bucket.get(one["currency"], 0) + one["net"]
        lists = {
            name: [
                {"amount": amount, "currency": currency, "source_types": {"card": amount}}
                for currency, amount in sorted(by_currency.items())
            ]
            for name, by_currency in sums.items()
        }
        return {"object": "balance", "livemode": self.options.livemode, **lists}

    def _fees(self, amount, currency):
        fixed = self.fee_fixed if currency not in ZERO_DECIMAL else 0
        fee = _share(amount, self.fee_bps) + fixed
        details = [objects.fee_detail(fee, currency, "stripe_fee", "Stripe processing fees")]
        if self.options.tax_bps:
            tax = _share(fee, self.options.tax_bps)
            details.append(objects.fee_detail(tax, currency, "tax", "VAT"))
        return details

    # ------------------------------------------------------------ payments

    def create_intent(self, amount, currency, **values):
        one = objects.payment_intent(
            {**self._common("payment_intent"), "amount": amount, "currency": currency, **values}
        )
        self.put("payment_intent", one)
        self.emit("payment_intent.created", one)
        return one

    def confirm(self, intent, fails=False, settles_in=None, rate=None):
        """The buyer pays.

        :param bool fails: the card is declined
        :param str settles_in: currency of the balance, where it is another than the charge's, at ``rate`` (str)
        :return: the charge
        """
        if intent["status"] not in (
            "requires_payment_method",
            "requires_confirmation",
            "requires_action",
            "processing",
        ):
            raise invalid(f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.")
        one = objects.charge(
            {
                **self._common("charge"),
                "amount": intent["amount"],
                "currency": intent["currency"],
                "payment_intent": intent["id"],
                "customer": intent["customer"],
                "description": intent["description"],
                "metadata": dict(intent["metadata"]),
            }
        )
        self.put("charge", one)
        intent["latest_charge"] = one["id"]
        if fails:
            one.update(status="failed", paid=False, failure_code="card_declined", failure_message="Declined.")
            intent.update(status="requires_payment_method")
            self.emit("charge.failed", one)
            self.emit("payment_intent.payment_failed", intent)
            return one
        if intent["capture_method"] == "manual":
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
            self.emit("payment_intent.amount_capturable_updated", intent)
            return one
        self._capture(intent, one, intent["amount"], settles_in, rate)
        return one

    def capture(self, intent, amount=None):
        """Capture what was authorised, or a part of it: the whole is booked, then the rest is taken back."""
        if intent["status"] != "requires_capture":
            raise invalid(f"This PaymentIntent could not be captured because it has a status of {intent['status']}.")
        amount = intent["amount_capturable"] if amount is None else amount
        if not 0 < amount <= intent["amount_capturable"]:
            raise invalid("The amount to capture is more than what is capturable.", "amount_to_capture")
        self._capture(intent, self.get("charge", intent["latest_charge"]), amount)
        return intent

    def _capture(self, intent, one, amount, settles_in=None, rate=None):
        settled, currency = intent["amount"], settles_in or intent["currency"]
        extra = {}
        if rate:
            settled = int((Decimal(settled) * Decimal(rate)).quantize(Decimal(1), ROUND_HALF_UP))
            extra = {"exchange_rate": float(rate)}
        booked = self.book("charge", settled, currency, one["id"], self._fees(settled, currency), **extra)
        if amount < intent["amount"]:
            self.book(
                "refund", amount - intent["amount"], currency, one["id"], reporting_category="partial_capture_reversal"
            )
        one.update(captured=True, amount_captured=amount, balance_transaction=booked["id"])
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        self.emit("charge.captured" if intent["capture_method"] == "manual" else "charge.succeeded", one)
        self.emit("payment_intent.succeeded", intent)

    def cancel(self, intent, reason=None):
        if intent["status"] in ("succeeded", "canceled"):
            raise invalid(f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.")
        intent.update(status="canceled", canceled_at=self.now(), cancellation_reason=reason, amount_capturable=0)
        self.emit("payment_intent.canceled", intent)
        return intent

    def pay(self, amount, currency=None, settles_in=None, rate=None, **values):
        """An intent that is paid at once.

        :return: the charge
        """
        with self.lock:
            intent = self.create_intent(amount, currency or self.options.currency, **values)
            return self.confirm(intent, settles_in=settles_in, rate=rate)

    # ------------------------------------------------------------ refunds

    def refund(self, charge, amount=None, reason=None, metadata=None):
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = left if amount is None else amount
        if not 0 < amount <= left:
            raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", "amount")
        one = objects.refund(
            {
                **_without_mode(self._common("refund")),
                "amount": amount,
                "currency": charge["currency"],
                "charge": charge["id"],
                "payment_intent": charge["payment_intent"],
                "reason": reason,
                "metadata": metadata or {},
            }
        )
        booked = self.book("refund", -self._settled(charge, amount), self._currency(charge), one["id"], days=0)
        one["balance_transaction"] = booked["id"]
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.put("refund", one)
        self.emit("refund.created", one)
        self.emit("charge.refunded", charge)
        return one

    def fail_refund(self, refund):
        """The bank sends the money back."""
        charge = self.get("charge", refund["charge"])
        amount = self._settled(charge, refund["amount"])
        booked = self.book(
            "adjustment", amount, self._currency(charge), refund["id"], days=0, reporting_category="refund_failure"
        )
        refund.update(status="failed", failure_reason="lost_or_stolen_card", failure_balance_transaction=booked["id"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        self.emit("refund.failed", refund)
        return refund

    def _currency(self, charge):
        return self.get("balance_transaction", charge["balance_transaction"])["currency"]

    def _settled(self, charge, amount):
        """Return ``amount`` of a charge in the currency of the balance, at the rate of the charge."""
        booked = self.get("balance_transaction", charge["balance_transaction"])
        if booked["currency"] == charge["currency"]:
            return amount
        return int((Decimal(amount) * booked["amount"] / charge["amount"]).quantize(Decimal(1), ROUND_HALF_UP))

    # ------------------------------------------------------------ disputes

    def dispute(self, charge, amount=None, is_inquiry=False):
        amount = charge["amount"] if amount is None else amount
        values = {"amount": amount, "currency": charge["currency"], "charge": charge["id"]}
        values["payment_intent"] = charge["payment_intent"]
        one = objects.dispute({**self._common("dispute"), **values}, self.now() + 9 * DAY)
        if is_inquiry:
            one.update(status="warning_needs_response", is_charge_refundable=True)
        else:
            currency = self._currency(charge)
            fee = objects.fee_detail(self.dispute_fee, currency, "stripe_fee", "Dispute fee")
            booked = self.book(
                "adjustment",
                -self._settled(charge, amount),
                currency,
                one["id"],
                [fee],
                0,
                reporting_category="dispute",
            )
            one["balance_transactions"].append(booked)
        charge["disputed"] = True
        self.put("dispute", one)
        self.emit("charge.dispute.created", one)
        return one

    def close_dispute(self, dispute, won, returns_fee=False):
        charge = self.get("charge", dispute["charge"])
        is_inquiry = dispute["status"].startswith("warning_")
        if won and not is_inquiry:
            currency = self._currency(charge)
            fees = [objects.fee_detail(-self.dispute_fee, currency, "stripe_fee", "Dispute fee")] if returns_fee else []
            amount = self._settled(charge, dispute["amount"])
            booked = self.book(
                "adjustment", amount, currency, dispute["id"], fees, 0, reporting_category="dispute_reversal"
            )
            dispute["balance_transactions"].append(booked)
            self.emit("charge.dispute.funds_reinstated", dispute)
        dispute["status"] = "warning_closed" if is_inquiry else "won" if won else "lost"
        self.emit("charge.dispute.closed", dispute)
        return dispute

    # ------------------------------------------------------------ payouts

    def run_payout(self, currency=None):
        """Pay out automatically what is available.

        :return: the payout, or None: there is nothing
        """
        currency = currency or self.options.currency
        due = [
            one
            for one in self.all("balance_transaction")
            if one["currency"] == currency
            and one["status"] == "available"
            and one["id"] not in self.payout_of
            # What brought an earlier payout back is paid out again.
            and one["type"] != "payout"
        ]
        amount = sum(one["net"] for one in due)
        if not due or not amount:
            return None
        payout = self._pay_out(amount, currency)
        self.payout_of.update((one["id"], payout["id"]) for one in due)
        self.payout_of[payout["balance_transaction"]] = payout["id"]
        return payout

    def pay_out(self, amount, currency=None, method="standard"):
        """A payout by hand; nobody says which transactions it carries."""
        return self._pay_out(
            amount,
            currency or self.options.currency,
            automatic=False,
            method=method,
            reconciliation_status="not_applicable",
        )

    def _pay_out(self, amount, currency, **values):
        base = {**self._common("payout"), "amount": amount, "currency": currency}
        one = objects.payout({**base, "arrival_date": self.now() + DAY, **values})
        one["balance_transaction"] = self.book("payout", -amount, currency, one["id"], days=0)["id"]
        self.put("payout", one)
        self.emit("payout.created", one)
        return one

    def arrive(self, payout):
        payout.update(status="paid", trace_id={"status": "supported", "value": "TRACE" + payout["id"][-8:]})
        self.emit("payout.paid", payout)
        return payout

    def fail_payout(self, payout):
        booked = self.book("payout_failure", payout["amount"], payout["currency"], payout["id"], days=0)
        payout.update(status="failed", failure_code="account_closed", failure_balance_transaction=booked["id"])
        self.emit("payout.failed", payout)
        return payout

    # ------------------------------------------------------------ webhook endpoints

    def create_endpoint(self, url, enabled_events, api_version=None, **values):
        """:return: the endpoint with its secret, which is shown this once"""
        base = {**self._common("webhook_endpoint"), "url": url, "enabled_events": enabled_events}
        one = objects.webhook_endpoint({**base, "api_version": api_version, **values})
        one["_secret"] = "whsec_" + "".join(self._rng.choices(_ALPHABET, k=32))
        self.put("webhook_endpoint", one)
        return {**one, "secret": one["_secret"]}


def _share(amount, bps):
    return int((Decimal(amount) * bps / 10000).quantize(Decimal(1), ROUND_HALF_UP))


def _without_mode(values):
    return {key: value for key, value in values.items() if key != "livemode"}
