"""How many calls a vendor's API has left for us, shared by all workers. One row per backend and endpoint.

``level`` points were left at ``level_at``; ``restore_rate`` come back per second up to ``maximum``. Every statement is
a short transaction of its own, so that nobody waits for anybody's call. The row is updated twice per call; what the
claims look at every time (who has to wait) lives apart in ``retail_budget_wait``, which changes only when a budget is
spent.

Our own reckoning is never above the vendor's figure: a take is booked before the call, the vendor's figure may only
lower it. What a killed worker had taken comes back at the restore rate, as everything does.
"""

#: No wait is longer, whatever figures a vendor states: then it is looked at again.
MAX_WAIT_SECONDS = 120
#: Nor shorter: looking costs more than it brings.
MIN_WAIT_SECONDS = 0.2

_NOW = "clock_timestamp() AT TIME ZONE 'UTC'"
# While the vendor has not said what it has (``is_known`` is false) the row is a bucket of one call per second.
_MAXIMUM = "CASE WHEN b.is_known THEN COALESCE(%(maximum)s, b.maximum) ELSE b.maximum END"
_RATE = "CASE WHEN b.is_known THEN COALESCE(%(restore_rate)s, b.restore_rate) ELSE b.restore_rate END"
_LEVEL = f"LEAST({_MAXIMUM}, b.level + ({_RATE}) * GREATEST(0, EXTRACT(EPOCH FROM {_NOW} - b.level_at)::float8))"
# What a call of this kind asked for last time, or the most one may cost where there was none.
_COST = (
    f"CASE WHEN NOT b.is_known THEN 1 ELSE LEAST({_MAXIMUM}, "
    "COALESCE((b.costs ->> %(kind)s)::float8 * %(units)s, %(first_cost)s)) END"
)
# A class of work leaves its share alone. Where the share and the call are more than there ever is, a full one will do.
_NEEDED = f"LEAST({_COST} + %(share)s * ({_MAXIMUM}), {_MAXIMUM})"

# One row, one statement: of workers who come at the same moment each finds what the one before has left, because an
# UPDATE that waited for the row looks at its condition again. Who is more urgent and waits is served first: otherwise
# many small calls would keep the level below what one large call needs.
_TAKE = f"""
UPDATE retail_budget b
SET level = {_LEVEL} - ({_COST}), level_at = {_NOW},
    maximum = {_MAXIMUM}, restore_rate = {_RATE}
WHERE b.backend_id = %(backend_id)s AND b.endpoint = %(endpoint)s
  AND {_LEVEL} >= {_NEEDED}
  AND NOT EXISTS (
      SELECT 1 FROM retail_budget_wait w
      WHERE w.backend_id = b.backend_id AND w.endpoint = b.endpoint AND w.priority < %(priority)s
        AND w.wait_until > {_NOW}
  )
RETURNING {_COST}
"""  # noqa: S608 constants

_OPEN = f"""
INSERT INTO retail_budget (backend_id, endpoint, is_known, maximum, restore_rate, level, level_at, costs)
VALUES (%(backend_id)s, %(endpoint)s, %(maximum)s::float8 IS NOT NULL, COALESCE(%(maximum)s, 1),
        COALESCE(%(restore_rate)s, 1), COALESCE(%(maximum)s, 1), {_NOW}, '{{}}')
ON CONFLICT (backend_id, endpoint) DO NOTHING
"""  # noqa: S608 constants

# When what was refused will be there, and not before those who are more urgent.
_MISSING = f"""
SELECT GREATEST(
    ({_NEEDED} - {_LEVEL} + %(spent)s) / NULLIF({_RATE}, 0),
    (SELECT EXTRACT(EPOCH FROM MAX(w.wait_until) - {_NOW})
     FROM retail_budget_wait w
     WHERE w.backend_id = b.backend_id AND w.endpoint = b.endpoint AND w.priority < %(priority)s)
)
FROM retail_budget b
WHERE b.backend_id = %(backend_id)s AND b.endpoint = %(endpoint)s
"""  # noqa: S608 constants

# The class that has to wait, and all that are less urgent.
_WAIT = f"""
INSERT INTO retail_budget_wait AS w (backend_id, endpoint, priority, wait_until)
SELECT %(backend_id)s, %(endpoint)s, priority, {_NOW} + %(seconds)s * interval '1 second'
FROM unnest(%(priorities)s::int[]) AS priority
ORDER BY priority
ON CONFLICT (backend_id, endpoint, priority) DO UPDATE SET wait_until = GREATEST(w.wait_until, EXCLUDED.wait_until)
"""  # noqa: S608 constants

# The answer's cost takes the place of what was reserved. ``available`` is the vendor's figure after the call; it does
# not know of calls on their way to it, and answers may be noted in another order than they were given, so it may lower
# our reckoning and never raise it. Time does that.
_SETTLE = f"""
UPDATE retail_budget b
SET level = CASE WHEN b.is_known
                 THEN LEAST(COALESCE(%(said_maximum)s, b.maximum),
                            COALESCE(%(available)s, 'Infinity'::float8),
                            {_LEVEL} + %(reserved)s - %(actual)s)
                 ELSE COALESCE(%(available)s, b.level + %(reserved)s) END,
    level_at = {_NOW},
    is_known = b.is_known OR %(said_maximum)s::float8 IS NOT NULL,
    maximum = COALESCE(%(said_maximum)s, b.maximum),
    restore_rate = COALESCE(%(said_rate)s, b.restore_rate),
    costs = CASE WHEN %(unit_cost)s::float8 IS NULL THEN b.costs
                 ELSE b.costs || jsonb_build_object(%(kind)s::text, %(unit_cost)s::float8) END
WHERE b.backend_id = %(backend_id)s AND b.endpoint = %(endpoint)s
"""  # noqa: S608 constants


def take(cr, values):
    """Book a call; return what was booked, or ``None`` where it is not there. The caller commits.

    :param dict values: ``backend_id``, ``endpoint``; ``maximum`` and ``restore_rate`` (``None``: as the vendor said
        last); ``kind``, ``units``, ``first_cost`` (points, for a kind of call that was never made); ``share`` (0 … 1)
        of the maximum that is left alone; ``priority``
    """
    for _attempt in range(2):
        cr.execute(_TAKE, values)
        found = cr.fetchone()
        if found:
            return found[0]
        cr.execute("SELECT 1 FROM retail_budget WHERE backend_id = %(backend_id)s AND endpoint = %(endpoint)s", values)
        if cr.fetchone():
            return None
        cr.execute(_OPEN, values)
    return None


def postpone(cr, values, priorities):
    """Let the class that was refused, and those less urgent, wait; return for how many seconds. The caller commits.

    :param dict values: as of :func:`take`, and ``spent``: points that the same piece of work has used up and will need
        again when it is done anew
    :param list priorities: of the classes that wait
    """
    cr.execute(_MISSING, values)
    found = cr.fetchone()
    seconds = found[0] if found and found[0] is not None else 1
    seconds = min(max(float(seconds), MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)
    cr.execute(_WAIT, dict(values, seconds=seconds, priorities=priorities))
    return seconds


def settle(cr, values):
    """Put an answer's figures in the place of what was reserved. The caller commits.

    :param dict values: as of :func:`take`, and ``reserved``, ``actual``; ``unit_cost`` of the next call of this kind,
        ``said_maximum``, ``said_rate`` and ``available`` as the vendor states them, or ``None``
    """
    cr.execute(_SETTLE, values)
