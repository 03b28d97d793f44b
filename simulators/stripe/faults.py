"""Misbehaviour on command."""

import threading
from dataclasses import dataclass

NAMES = ("http_429", "http_500", "timeout", "slow_body", "truncated")


@dataclass
class Fault:
    """One order to misbehave.

    :param int count: how many requests it strikes
    :param str path: only requests whose path contains it
    :param bool is_late: of ``http_500``: the request takes effect, the answer is lost
    """

    fault: str
    count: int = 1
    path: str = ""
    seconds: float | None = None
    is_late: bool = False


class Faults:
    """The orders in force, first come first struck."""

    def __init__(self):
        self._active, self._lock = [], threading.Lock()

    def add(self, fault, **options):
        if fault not in NAMES:
            raise ValueError(f"unknown fault {fault!r}; known: {', '.join(NAMES)}")
        with self._lock:
            self._active.append(Fault(fault, **options))

    def clear(self):
        with self._lock:
            self._active.clear()

    def strike(self, path):
        """:return: the :class:`Fault` that strikes a request of ``path`` now, or None"""
        with self._lock:
            for fault in self._active:
                if fault.path in path:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._active.remove(fault)
                    return fault
        return None
