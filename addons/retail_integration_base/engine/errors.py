"""What the suite raises on purpose. Each class says what has to happen next, so no caller guesses from text."""

from datetime import timedelta


class RetailError(Exception):
    """Base of everything this suite raises on purpose.

    :param str message: a sentence for people: what happened, to which record, what to do
    :param dict evidence: structured fields for the sync log; redacted before it is stored
    """

    #: short machine name of the class, stored in ``retail.sync.log.error_class``
    code = "error"

    def __init__(self, message, *, evidence=None):
        super().__init__(message)
        self.message = message
        self.evidence = dict(evidence or {})


class RetryLater(RetailError):
    """Transient: network, 429, 5xx, a lock, a dependency that is not there yet. Nothing was written.

    :param timedelta delay: do not try before this (a vendor's ``Retry-After``); ``None``: back-off decides
    """

    code = "retry_later"

    def __init__(self, message, *, delay=None, evidence=None):
        super().__init__(message, evidence=evidence)
        if delay is not None and not isinstance(delay, timedelta):
            raise TypeError("delay must be a timedelta, got %r" % (delay,))
        self.delay = delay


class VendorUnavailable(RetryLater):
    """The vendor gave no usable answer: network, time-out, truncated, 5xx. Counted by the circuit breaker."""

    code = "vendor_unavailable"


class RateLimited(RetryLater):
    """The vendor asks to slow down. Never a person's work, however often."""

    code = "rate_limited"


class BudgetSpent(RateLimited):
    """Our own budget of calls does not allow one now: nothing was sent.

    The work is given back as if nobody had taken it, and taken up again after ``delay``; as after any other failure
    where ``evidence["is_outcome_unknown"]`` says that an earlier call of the same attempt may have taken effect.
    """

    code = "budget_spent"


class StillRunning(RetryLater):
    """The vendor is at it; it is asked again after ``delay``. Nothing failed."""

    code = "still_running"


class ExportGone(RetailError):
    """A file that the vendor made is not there any more: it has to be asked for again."""

    code = "export_gone"


class NeedsHuman(RetailError):
    """Data or policy: goes to the exception queue.

    :param str kind: a value of ``retail.exception.kind``
    :param str cause_key: what is the same for every message with this cause, e.g. ``sku:MUG-L``;
        normalised by :func:`~.fingerprint.cause_fingerprint`
    :param str cause_title: the cause in one plain sentence, without the subject's own name
    :param tuple amount: ``(Decimal amount, str ISO currency)`` at risk, or ``None``
    :param dict facts: what a fix needs to know (``{"sku": …, "external_id": …}``), kept on the exception
    """

    code = "needs_human"

    def __init__(self, message, *, kind, cause_key, cause_title=None, amount=None, facts=None, evidence=None):
        super().__init__(message, evidence=evidence)
        self.kind = kind
        self.cause_key = cause_key
        self.cause_title = cause_title or message
        self.amount = amount
        self.facts = dict(facts or {})


class Refused(RetailError):
    """Security: signature, environment, permission. Never retried by itself.

    :param str reason: short machine name (``bad_signature``, ``wrong_shop``, …), counted per backend
    :param int status: HTTP status for a caller that is refused at the gateway (always 4xx)
    """

    code = "refused"

    def __init__(self, message, *, reason="refused", status=401, evidence=None):
        super().__init__(message, evidence=evidence)
        self.reason = reason
        self.status = status


class VendorChanged(RetailError):
    """The vendor's answer does not fit its published schema, or our mapper's document does not fit ours.

    :param list differences: one string per difference, ``path: what is wrong``
    """

    code = "vendor_changed"

    def __init__(self, message, *, differences=(), evidence=None):
        super().__init__(message, evidence=evidence)
        self.differences = list(differences)


class MalformedMessage(RetailError):
    """Signed bytes that cannot be read as the message they claim to be. Stored, then quarantined."""

    code = "malformed"
