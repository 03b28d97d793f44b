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
        """The instant with second precision.

        :rtype: datetime
        """
        return self.precisely().replace(microsecond=0)

    def precisely(self):
        """The instant with all its digits: only ``X-Shopify-Triggered-At`` has them."""
        return self.start + timedelta(seconds=time.monotonic() - self._origin) + self._skipped

    def advance(self, seconds):
        """Let ``seconds`` (int or float, not negative) of simulated time pass at once."""
        if seconds < 0:
            raise ValueError("the clock does not run backwards")
        self._skipped += timedelta(seconds=seconds)
