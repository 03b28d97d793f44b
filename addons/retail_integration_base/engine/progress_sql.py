"""How fast work goes through, and how much waits: two questions that a screen asks, answered within bounds."""

from datetime import timedelta

#: What was finished within this time says how fast it goes.
WINDOW = timedelta(minutes=5)
#: More of the log is not read: at such a rate the last ones say enough.
_MAX_LINES = 20_000

# The log's index on ``at`` leads to the last minutes, whatever the history.
_FINISHED = """
WITH recent AS (
    SELECT flow_id, at FROM retail_sync_log
    WHERE at >= now() AT TIME ZONE 'UTC' - %(window)s AND outcome IN ('done', 'superseded', 'ignored')
    ORDER BY at DESC LIMIT %(most)s
)
SELECT flow_id, count(*), EXTRACT(EPOCH FROM now() AT TIME ZONE 'UTC' - min(at))
FROM recent WHERE flow_id = ANY(%(flows)s) GROUP BY flow_id
"""

# Counted to just above the limit, along the index of what is unfinished.
_IS_ABOVE = """
SELECT count(*) > %(limit)s FROM (
    SELECT 1 FROM {table} WHERE flow_id = %(flow_id)s AND state IN ('pending', 'retry') LIMIT %(limit)s + 1
) AS waiting
"""


def per_minute(cr, flow_ids):
    """Return dict flow id → how many messages a minute have come to their end of late.

    Where the first of them is young, its age is the time they took; a minute at least.
    """
    cr.execute(_FINISHED, {"window": WINDOW, "most": _MAX_LINES, "flows": list(flow_ids)})
    return {flow_id: 60.0 * count / max(float(seconds), 60.0) for flow_id, count, seconds in cr.fetchall()}


def is_above(cr, flow_id, is_out, limit):
    """Return whether more than ``limit`` messages of a flow wait for the drain. Those that wait for people do not."""
    table = "retail_outbox" if is_out else "retail_inbox"
    cr.execute(_IS_ABOVE.format(table=table), {"flow_id": flow_id, "limit": limit})
    return cr.fetchone()[0]
