"""What a process measures by itself: counted in memory, given away every few seconds.

A process that is killed takes what it measured since the last time with it, at most :data:`FLUSH_SECONDS` of it.
"""

import threading

from .buckets import bucket_of

FLUSH_SECONDS = 5.0


class Measured:
    """Adds up durations and counts per database and series.

    :param give_away: function ``(database, rows)``, called in a thread of its own; rows as for
        :func:`~.rollup_sql.add_series`. If it raises, the rows are kept for the next time
    """

    def __init__(self, give_away):
        self._give_away = give_away
        self._lock = threading.Lock()
        self._rows = {}
        self._timer = None

    def add(self, database, metric, backend_id, label, way="", seconds=None, bounds=None):
        """Count one; with ``bounds`` also its duration in ``seconds``."""
        key = (metric, backend_id, label, way)
        with self._lock:
            rows = self._rows.setdefault(database, {})
            row = rows.get(key)
            if row is None:
                row = rows[key] = [0, 0.0, [0] * (len(bounds) + 1) if bounds else None]
            row[0] += 1
            if bounds:
                row[1] += seconds
                row[2][bucket_of(bounds, seconds)] += 1

    def call_later(self, function):
        """See that ``function`` is called soon, in a thread of its own, unless one is on its way."""
        if self._timer is None or not self._timer.is_alive():
            with self._lock:
                if self._timer is None or not self._timer.is_alive():
                    self._timer = threading.Timer(FLUSH_SECONDS, function)
                    self._timer.daemon = True
                    self._timer.start()

    def flush(self):
        """Give away what there is."""
        with self._lock:
            taken, self._rows = self._rows, {}
        for database, rows in taken.items():
            named = [
                {
                    "metric": metric,
                    "backend_id": backend_id,
                    "flow_id": None,
                    "label": label,
                    "way": way,
                    "value": value,
                    "seconds": seconds,
                    "buckets": buckets,
                }
                for (metric, backend_id, label, way), (value, seconds, buckets) in rows.items()
            ]
            try:
                self._give_away(database, named)
            except BaseException:
                self._take_back(database, rows)
                raise

    def _take_back(self, database, rows):
        with self._lock:
            current = self._rows.setdefault(database, {})
            for key, (value, seconds, buckets) in rows.items():
                row = current.setdefault(key, [0, 0.0, [0] * len(buckets) if buckets else None])
                row[0] += value
                row[1] += seconds
                if buckets:
                    row[2] = [one + other for one, other in zip(row[2], buckets, strict=True)]
