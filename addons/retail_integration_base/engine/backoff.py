"""When to try again: exponential back-off with full jitter.

Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: of the schemes compared there, full
jitter finishes the same work with the fewest calls.
"""

import random
from datetime import timedelta

BASE_DELAY = timedelta(seconds=2)
MAX_DELAY = timedelta(hours=1)
#: Attempts before a transient failure becomes a person's work: with the delays above about three
#: hours on average, six at most.
MAX_ATTEMPTS = 16


def next_delay(attempts, at_least=None, rng=random):
    """Return how long to wait after a failed attempt.

    :param int attempts: attempts made so far, 1 or more
    :param timedelta at_least: the vendor's own wish (``Retry-After``); the result is never below it
    :param rng: object with ``uniform(a, b)``, for tests
    :return: timedelta
    """
    ceiling = min(MAX_DELAY, BASE_DELAY * 2 ** min(attempts, 20))
    delay = timedelta(seconds=rng.uniform(0, ceiling.total_seconds()))
    if at_least is not None:
        # Jitter on top of the wish: the vendor's limit must not be met by every worker at the same instant.
        delay = at_least + timedelta(seconds=rng.uniform(0, min(ceiling, BASE_DELAY).total_seconds()))
    return delay
