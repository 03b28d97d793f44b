"""Histograms as arrays: which bucket a duration belongs to."""

from bisect import bisect_left

#: Upper bounds in seconds. A change makes the stored arrays meaningless: it needs a migration that empties them.
ACK_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
PROCESSING_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)


def bucket_of(bounds, seconds):
    """Return the index of the bucket of ``seconds``: ``len(bounds)`` for what is above all. A bound is inside."""
    return bisect_left(bounds, seconds)


def cumulated(bounds, counts, total):
    """Return ``(le, count)`` pairs as Prometheus has them: each bucket holds those before it.

    :param list[int] counts: per bucket, one more than ``bounds``
    :param int total: of all observations, which ``+Inf`` shows
    """
    pairs, running = [], 0
    for bound, count in zip(bounds, counts, strict=False):
        running += count
        pairs.append((repr(float(bound)), running))
    return [*pairs, ("+Inf", total)]
