"""Counters out of append-only tables, each row counted exactly once, in SQL.

The hot path counts nothing. Whoever is scraped folds the rows that were added since the last time into
``retail_metrics_series``, and notes in ``retail_metrics_source`` up to which id it got. Both are one transaction, so a
process that dies in between has counted nothing.

**How far may it go?** An id is given out before its transaction commits, so a row with a lower id may appear later than
one with a higher id. But whoever was given an id holds a write lock on the table: taken before the id, released after
the commit can be seen. So: read the sequence, *then* list the holders; once all of these have ended, every row up to
that id is there or never will be. Where some are left, id and holders are kept as the *candidate* for the next time.
Holders are virtual transaction ids, which are not used again while the server runs.
"""

from .buckets import PROCESSING_BOUNDS

#: Ids folded in one transaction; what is more waits for the next scrape or the cron.
MAX_ROWS = 50_000

_LAST_ID = {
    "retail_sync_log": "SELECT last_value - (NOT is_called)::int FROM retail_sync_log_id_seq",
    "retail_inbox": "SELECT last_value - (NOT is_called)::int FROM retail_inbox_id_seq",
}

_HOLDERS = """
SELECT array_agg(DISTINCT virtualtransaction)
FROM pg_locks
WHERE locktype = 'relation' AND granted AND relation = %s::regclass
  AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid IS DISTINCT FROM pg_backend_pid()
"""

_ALIVE = "SELECT 1 FROM pg_locks WHERE virtualtransaction = ANY(%s) LIMIT 1"

_LOCK_SOURCE = "SELECT position, candidate, holders FROM retail_metrics_source WHERE name = %s FOR UPDATE SKIP LOCKED"

_KEEP_SOURCE = "UPDATE retail_metrics_source SET position = %s, candidate = %s, holders = %s WHERE name = %s"

# Each gives (metric, backend, flow, label, count, seconds, bucket or NULL) of the ids in (position, limit].
_FOLD = {
    "retail_sync_log": [
        # A poll that failed is a line of the log without a message.
        """
        SELECT CASE WHEN inbox_id IS NULL AND outbox_id IS NULL THEN 'poll_failures' ELSE 'attempts' END,
               backend_id, flow_id, outcome, count(*), COALESCE(sum(duration_ms), 0) / 1000.0, NULL
        FROM retail_sync_log
        WHERE id > %(position)s AND id <= %(limit)s
        GROUP BY 1, 2, 3, 4
        """,
        # From received to done, once per message: a replay of what was done already does not count. The log has whole
        # seconds; the message has microseconds, unless somebody ordered its replay meanwhile.
        """
        SELECT 'processing', d.backend_id, d.flow_id, '', count(*), sum(d.seconds),
               cardinality(%(descending)s::float8[]) - width_bucket(-d.seconds, %(descending)s::float8[]) AS bucket
        FROM (
            SELECT l.backend_id, l.flow_id,
                   GREATEST(EXTRACT(EPOCH FROM COALESCE(m.finished_at, l.at) - m.received_at), 0)::float8 AS seconds
            FROM retail_sync_log l
            JOIN retail_inbox m ON m.id = l.inbox_id
            WHERE l.id > %(position)s AND l.id <= %(limit)s AND l.outcome = 'done'
              AND NOT EXISTS (SELECT 1 FROM retail_sync_log e
                              WHERE e.inbox_id = l.inbox_id AND e.outcome = 'done' AND e.id < l.id)
        ) d
        GROUP BY d.backend_id, d.flow_id, bucket
        """,
        # From changed to sent. An intent that was changed again meanwhile no longer says when it was changed before.
        """
        SELECT 'processing', d.backend_id, d.flow_id, '', count(*), sum(d.seconds),
               cardinality(%(descending)s::float8[]) - width_bucket(-d.seconds, %(descending)s::float8[]) AS bucket
        FROM (
            SELECT l.backend_id, l.flow_id,
                   GREATEST(EXTRACT(EPOCH FROM max(o.finished_at - o.dirty_at)), 0)::float8 AS seconds
            FROM retail_sync_log l
            JOIN retail_outbox o ON o.id = l.outbox_id AND o.finished_at IS NOT NULL
            WHERE l.id > %(position)s AND l.id <= %(limit)s AND l.outcome = 'done'
            GROUP BY l.backend_id, l.flow_id, o.id
        ) d
        GROUP BY d.backend_id, d.flow_id, bucket
        """,
    ],
    "retail_inbox": [
        """
        SELECT 'received', backend_id, flow_id, origin, count(*), 0, NULL
        FROM retail_inbox
        WHERE id > %(position)s AND id <= %(limit)s
        GROUP BY backend_id, flow_id, origin
        """
    ],
}
SOURCES = tuple(_FOLD)
# ``width_bucket`` puts a bound into the bucket above it; Prometheus, into the one below. Hence all signs reversed.
_DESCENDING = [-bound for bound in reversed(PROCESSING_BOUNDS)]

# A backend that was deleted meanwhile has no series.
_ADD = """
INSERT INTO retail_metrics_series (metric, backend_id, flow_id, label, way, value, seconds, buckets)
SELECT %(metric)s, %(backend_id)s, (SELECT id FROM retail_flow WHERE id = %(flow_id)s), %(label)s, %(way)s, %(value)s,
       %(seconds)s, %(buckets)s::bigint[]
WHERE %(backend_id)s IS NULL OR EXISTS (SELECT 1 FROM retail_backend WHERE id = %(backend_id)s)
ON CONFLICT (metric, COALESCE(backend_id, 0), COALESCE(flow_id, 0), label, way) DO UPDATE
SET value = retail_metrics_series.value + EXCLUDED.value,
    seconds = retail_metrics_series.seconds + EXCLUDED.seconds,
    buckets = (SELECT array_agg(COALESCE(u.old, 0) + COALESCE(u.new, 0) ORDER BY u.nth)
               FROM unnest(retail_metrics_series.buckets, EXCLUDED.buckets) WITH ORDINALITY AS u (old, new, nth))
"""


def start(cr, table):
    """Begin to count with what is added to ``table`` from now on, unless it is counted already."""
    cr.execute(_LAST_ID[table])
    cr.execute(
        "INSERT INTO retail_metrics_source (name, position) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
        (table, cr.fetchone()[0]),
    )


def fold(cr, table):
    """Count the rows of ``table`` that are settled and not counted yet, at most :data:`MAX_ROWS` ids.

    The caller commits. Needs READ COMMITTED: each statement has to see what was committed before it.

    :return: bool: whether settled rows are left. False too where somebody else is at it
    """
    cr.execute(_LOCK_SOURCE, (table,))
    source = cr.fetchone()
    if source is None:
        return False
    position, candidate, holders = source
    settled, candidate, holders = _settled(cr, table, position, candidate, holders)
    limit = min(settled, position + MAX_ROWS)
    if limit > position:
        add_series(cr, _rows(cr, table, position, limit))
    cr.execute(_KEEP_SOURCE, (limit, candidate, holders, table))
    return limit < settled


def _settled(cr, table, position, candidate, holders):
    """Return ``(id up to which all is settled, next candidate, its holders)``."""
    settled = position
    if candidate is not None:
        cr.execute(_ALIVE, (holders,))
        if not cr.fetchone():
            settled, candidate, holders = candidate, None, None
    cr.execute(_LAST_ID[table])
    last_id = cr.fetchone()[0]
    cr.execute(_HOLDERS, (table,))
    holding = cr.fetchone()[0]
    if not holding:
        return last_id, None, None
    if candidate is None:
        candidate, holders = last_id, holding
    return settled, candidate, holders


def _rows(cr, table, position, limit):
    """Return the rows for :func:`add_series` that the ids in ``(position, limit]`` amount to."""
    found = {}
    for statement in _FOLD[table]:
        cr.execute(statement, {"position": position, "limit": limit, "descending": _DESCENDING})
        for metric, backend_id, flow_id, label, count, seconds, bucket in cr.fetchall():
            row = found.setdefault(
                (metric, backend_id, flow_id, label),
                {
                    "metric": metric,
                    "backend_id": backend_id,
                    "flow_id": flow_id,
                    "label": label,
                    "way": "",
                    "value": 0,
                    "seconds": 0.0,
                    "buckets": None if bucket is None else [0] * (len(PROCESSING_BOUNDS) + 1),
                },
            )
            row["value"] += count
            row["seconds"] += float(seconds)
            if bucket is not None:
                row["buckets"][bucket] += count
    return list(found.values())


def add_series(cr, rows):
    """Add to the series.

    :param list[dict] rows: ``metric``, ``backend_id``, ``flow_id``, ``label``, ``way`` name the series; ``value``
        (int), ``seconds`` (float) and ``buckets`` (list of int, or ``None``) are what comes on top
    """
    # Sorted, so that two processes never wait for each other.
    for row in sorted(
        rows, key=lambda row: [str(row[name]) for name in ("metric", "backend_id", "flow_id", "label", "way")]
    ):
        cr.execute(_ADD, row)


def add_measured(cr, rows):
    """Add what a process measured by itself. See :func:`add_series`; the caller commits.

    Nobody waits for the disk: what a crash of the database loses is the last moment of it.
    """
    cr.execute("SET LOCAL synchronous_commit = off")
    add_series(cr, rows)


def pending(cr):
    """Return dict table → ids that are given out and not counted yet (some may be of transactions that failed)."""
    cr.execute("SELECT name, position FROM retail_metrics_source")
    positions = dict(cr.fetchall())
    left = {}
    for table, position in positions.items():
        cr.execute(_LAST_ID[table])
        left[table] = max(cr.fetchone()[0] - position, 0)
    return left
