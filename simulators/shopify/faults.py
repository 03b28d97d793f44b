"""Misbehaviour on command: which fault strikes next."""

import random
import threading
from dataclasses import asdict, dataclass

API_FAULTS = ("throttle", "http_429", "http_500", "timeout", "slow_body", "truncated")
BULK_FAULTS = ("bulk_fail", "bulk_cut", "bulk_hostile")
WEBHOOK_FAULTS = ("drop_webhooks", "duplicate_webhooks", "reorder_webhooks", "delay_webhooks")


@dataclass
class Fault:
    """One order to misbehave.

    :param int count: how many times it strikes; None for as often as ``probability`` says
    :param float probability: chance to strike each time, from 0 to 1
    :param float retry_after: seconds for the ``Retry-After`` header
    :param float seconds: how long a timeout, a slow body, a delayed or reordered webhook takes
    :param int status: HTTP status of ``http_500``
    :param str on: ``graphql``, ``oauth`` or ``bulk`` (result files), for faults of the API
    :param str operation: only requests whose text has this name, e.g. ``fulfillmentCreate``
    """

    fault: str
    count: int | None = None
    probability: float = 1.0
    retry_after: float | None = None
    seconds: float | None = None
    status: int = 500
    on: str = "graphql"
    operation: str | None = None


class Faults:
    """The orders in force. The draw of lots is seeded, so a run can be repeated."""

    def __init__(self, seed):
        self._rng = random.Random(f"{seed}/faults")
        self._active = []
        self._lock = threading.Lock()

    def add(self, fault):
        """:raises ValueError: no such fault, or not there"""
        known = API_FAULTS + BULK_FAULTS + WEBHOOK_FAULTS
        if fault.fault not in known:
            raise ValueError(f"unknown fault {fault.fault!r}; known: {', '.join(known)}")
        if fault.count is not None and fault.count < 1:
            raise ValueError("count must be at least 1; leave it out for a fault that lasts")
        if fault.on not in ("graphql", "oauth", "bulk"):
            raise ValueError("on must be graphql, oauth or bulk")
        if fault.fault == "throttle" and fault.on != "graphql":
            raise ValueError("only GraphQL is throttled by points; use http_429 elsewhere")
        with self._lock:
            self._active.append(fault)

    def clear(self):
        with self._lock:
            self._active.clear()

    def active(self):
        """:rtype: list[dict]"""
        with self._lock:
            return [asdict(fault) for fault in self._active]

    def strike(self, names, on="graphql", text=""):
        """:return: the first :class:`Fault` among ``names`` that strikes a request of ``text`` now, or None"""
        with self._lock:
            for fault in self._active:
                is_meant = fault.fault in WEBHOOK_FAULTS + BULK_FAULTS or (
                    fault.on == on and (fault.operation or "") in text
                )
                if fault.fault in names and is_meant and self._hits(fault):
                    return fault
        return None

    def _hits(self, fault):
        if self._rng.random() >= fault.probability:
            return False
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self._active.remove(fault)
        return True
