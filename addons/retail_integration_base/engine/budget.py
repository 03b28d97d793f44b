"""Calls are paid for before they are made. One that cannot be paid for is not made, and nobody sleeps until it can.

Two kinds of vendors: those that publish a rate (``RateLimit(100, per_second=100)``), and those that say with each
answer what is left (``RateLimit.learned(…)``), whose figures are the only ones that count.
"""

import logging
import math
from dataclasses import dataclass
from datetime import timedelta

import psycopg2

from . import budget_sql
from .errors import BudgetSpent
from .messages import PRIORITY

_logger = logging.getLogger(__name__)

#: Share of a budget's maximum that a class of work leaves to those more urgent. The little that realtime leaves is for
#: the difference between two clocks.
RESERVED_SHARE = {"realtime": 0.02, "standard": 0.15, "batch": 0.30, "backfill": 0.50}


@dataclass(frozen=True)
class RateLimit:
    """What a vendor's API takes.

    :param float maximum: calls (or points) that may come at once; ``None``: the vendor says so with each answer
    :param float per_second: how many come back per second
    :param float dearest: the most one call costs, reserved for a kind of call whose cost no answer has stated yet
    """

    maximum: float | None
    per_second: float | None = None
    dearest: float = 1

    @classmethod
    def learned(cls, dearest):
        """A limit that the vendor states with each answer. Until the first one, there is one call per second."""
        return cls(None, None, dearest)


class RateBudget:
    """The budget of one backend's API, for one piece of work.

    :param open_cursor: function without arguments that gives a context manager of a cursor, committed at its end
    :param RateLimit limit: of the vendor
    :param str latency: class of the work, a key of :data:`RESERVED_SHARE`
    """

    def __init__(self, open_cursor, backend_id, endpoint, limit, latency="realtime"):
        self._open_cursor = open_cursor
        self._latency = latency
        self._spent = 0.0
        self._values = {
            "backend_id": backend_id,
            "endpoint": endpoint,
            "maximum": limit.maximum,
            "restore_rate": limit.per_second,
            "first_cost": limit.dearest,
            "share": RESERVED_SHARE[latency],
            "priority": PRIORITY[latency],
        }

    def take(self, kind="call", units=1):
        """Pay for a call before it is made.

        :param str kind: calls of one kind cost alike (per unit)
        :param int units: e.g. how many objects the call asks for
        :return: Reservation
        :raises BudgetSpent: it is not there, and when it will be. Nothing was sent
        """
        values = dict(self._values, kind=kind, units=units, spent=self._spent)
        with self._open_cursor() as cr:
            reserved = budget_sql.take(cr, values)
            if reserved is None:
                seconds = budget_sql.postpone(
                    cr, values, [priority for priority in PRIORITY.values() if priority >= values["priority"]]
                )
        if reserved is None:
            raise BudgetSpent(
                "The budget of calls is used up.",
                delay=timedelta(seconds=seconds),
                evidence={"kind": kind, "units": units, "latency": self._latency},
            )
        self._spent += reserved
        return Reservation(self, values, reserved)


class Reservation:
    """What one call has been paid with, until its answer says what it cost."""

    def __init__(self, budget, values, reserved):
        self._budget, self._values, self.reserved = budget, values, reserved

    def settle(self, *, requested=None, actual=None, maximum=None, available=None, restore_rate=None):
        """Put the answer's figures in the place of the reservation; those that are ``None`` or senseless are unknown.

        :param float requested: what the vendor asked for before it knew what the call would cost
        :param float actual: what it cost
        :param float maximum: with ``available`` and ``restore_rate``: what the vendor says of its budget after the call
        """
        is_said = _is_positive(maximum) and _is_positive(restore_rate) and available is not None
        cost = self.reserved if actual is None else float(actual)
        self._budget._spent += cost - self.reserved
        values = dict(
            self._values,
            reserved=self.reserved,
            actual=cost,
            unit_cost=float(requested) / self._values["units"] if _is_positive(requested) else None,
            said_maximum=float(maximum) if is_said else None,
            said_rate=float(restore_rate) if is_said else None,
            available=min(max(float(available), 0.0), float(maximum)) if is_said else None,
        )
        try:
            with self._budget._open_cursor() as cr:
                budget_sql.settle(cr, values)
        except psycopg2.Error as error:
            # The vendor has answered, and what it answered is worth more than this figure, which time corrects.
            _logger.warning("The cost of a call could not be noted: %s", type(error).__name__)

    def give_back(self):
        """The call was not carried out, or its answer will be corrected by the next one's figures."""
        self.settle(actual=0)


def _is_positive(number):
    return number is not None and math.isfinite(number) and number > 0
