"""The leaky bucket with which vendors limit a client."""

import threading
import time


class Bucket:
    """The leaky bucket of one app in one shop.

    :param int maximum: points it holds
    :param int restore_rate: points that come back per second
    :param clock: ``function() -> seconds`` that only grows
    """

    def __init__(self, maximum=2000, restore_rate=100, clock=time.monotonic):
        self.maximum, self.restore_rate = maximum, restore_rate
        self._clock, self._lock = clock, threading.Lock()
        self._level, self._moment = float(maximum), clock()

    def take(self, points):
        """:return: whether there was enough; nothing is taken when not"""
        with self._lock:
            self._refill()
            if points > self._level:
                return False
            self._level -= points
            return True

    def give_back(self, points):
        with self._lock:
            self._refill()
            self._level = min(self.maximum, self._level + points)

    def drain(self):
        """Leave nothing in it."""
        with self._lock:
            self._refill()
            self._level = 0.0

    def configure(self, maximum, restore_rate):
        with self._lock:
            self._refill()
            self.maximum, self.restore_rate = maximum, restore_rate
            self._level = float(maximum)

    def status(self):
        """``throttleStatus``."""
        with self._lock:
            self._refill()
            return {
                "maximumAvailable": float(self.maximum),
                "currentlyAvailable": int(self._level),
                "restoreRate": float(self.restore_rate),
            }

    def _refill(self):
        moment = self._clock()
        self._level = min(self.maximum, self._level + (moment - self._moment) * self.restore_rate)
        self._moment = moment
