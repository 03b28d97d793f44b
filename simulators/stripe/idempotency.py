"""``Idempotency-Key``: the first answer is kept, whatever it was but a refusal before execution.

Source: Stripe API reference, "Idempotent requests".
"""

import threading
from contextlib import contextmanager

from .errors import ApiError


class Memory:
    """Answers by key."""

    def __init__(self):
        self._entries, self._running, self._lock = {}, set(), threading.Lock()

    def recall(self, key, path, fields):
        """:return: ``(status, body)`` of the first answer, or None

        :raises ApiError: the key was used with other parameters
        """
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] != (path, fields):
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                400,
                "idempotency_error",
            )
        return entry[1]

    def remember(self, key, path, fields, answer):
        self._entries[key] = ((path, fields), answer)

    @contextmanager
    def running(self, key):
        """:raises ApiError: 409, another request with this key is under way"""
        with self._lock:
            if key in self._running:
                raise ApiError(
                    "There is currently another in-progress request using this Idempotent Key.",
                    409,
                    "idempotency_error",
                    code="idempotency_key_in_use",
                )
            self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)
