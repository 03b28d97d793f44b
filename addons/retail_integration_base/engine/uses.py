"""When a secret was last used is for people: it is written once in five minutes per process, not per webhook."""

import time

INTERVAL_SECONDS = 300


class Uses:
    """Remembers what this process has written lately."""

    def __init__(self):
        self._noted = {}

    def is_due(self, credential_id):
        """Return whether the use of ``credential_id`` is to be written now, and take it as written."""
        now = time.monotonic()
        if now - self._noted.get(credential_id, -INTERVAL_SECONDS) < INTERVAL_SECONDS:
            return False
        self._noted[credential_id] = now
        return True
