"""The simulator's clock: real time from a chosen start, which tests may move forward."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Aware UTC time with second precision, as Shopify's own timestamps have.

    :param datetime start: aware instant at which the simulator's life begins; default now
    """

    def __init__(self, start=None):
        self.start = (start or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        self._origin = time.monotonic()
        self._skipped = timedelta()

    def now(self):
        """:rtype: datetime"""
        elapsed = timedelta(seconds=time.monotonic() - self._origin)
        return (self.start + elapsed + self._skipped).replace(microsecond=0)

    def advance(self, seconds):
        """Let ``seconds`` (int or float, not negative) of simulated time pass at once."""
        if seconds < 0:
            raise ValueError("the clock does not run backwards")
        self._skipped += timedelta(seconds=seconds)
