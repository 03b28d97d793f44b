"""The SQL of claims on the inbox: which messages are due, whose turn it is, and how a claim is given back."""

from datetime import timedelta

from psycopg2.extras import execute_values

from .messages import PRIORITY

#: Work that has waited for so long gets a turn whatever is more urgent.
AGE = timedelta(minutes=5)

LEAST_URGENT = max(PRIORITY.values())
LESS_URGENT = [priority for priority in PRIORITY.values() if priority > PRIORITY["realtime"]]

# A row is due when it is not held, its time has come, its flow runs, its vendor may be called and has calls left for
# its class of work, and no earlier unfinished message of its subject has to go first. State messages need not wait for
# each other: the newest stands for all (see ``_SIBLINGS``).
_DUE_FROM = """
FROM retail_inbox_work w
LEFT JOIN retail_flow f ON f.id = w.flow_id
LEFT JOIN retail_circuit c ON c.backend_id = w.backend_id AND c.endpoint = f.endpoint
LEFT JOIN retail_budget_wait b ON b.backend_id = w.backend_id AND b.endpoint = f.endpoint AND b.priority = w.priority
"""

_IS_DUE = """
  NOT w.is_held
  AND w.not_before <= clock_timestamp() AT TIME ZONE 'UTC'
  AND w.backend_id = ANY(%(backends)s)
  AND (f.id IS NULL OR f.state <> 'paused')
  AND (c.wait_until IS NULL OR c.wait_until <= clock_timestamp() AT TIME ZONE 'UTC')
  AND (b.wait_until IS NULL OR b.wait_until <= clock_timestamp() AT TIME ZONE 'UTC')
  AND NOT EXISTS (
      SELECT 1 FROM retail_inbox_work e
      WHERE e.backend_id = w.backend_id AND e.subject_key = w.subject_key AND e.id < w.id
        AND NOT (e.is_state AND w.is_state)
  )
"""

# The index (lane, priority, id) is walked once per lane, from its beginning or from ``(least, floor)``, and left after
# ``share`` rows: ageing is a question of where to begin (see ``look_aged``), so that no order is asked for that the
# index does not have.
DUE = (
    "SELECT due.id, due.flow_id, due.priority "
    "FROM unnest(%(lanes)s::int[]) AS lane (number) CROSS JOIN LATERAL (SELECT w.id, w.flow_id, w.priority "
    + _DUE_FROM
    + "WHERE w.lane = lane.number AND (w.priority, w.id) >= (%(least)s, %(floor)s) AND "
    + _IS_DUE
    + "ORDER BY w.priority, w.id LIMIT %(share)s FOR UPDATE OF w SKIP LOCKED) AS due ORDER BY due.priority, due.id"
)

# The most urgent message of each lane, if it is more urgent than ``below``: one step into the index per lane.
LOOK = (
    "SELECT lane.number, head.priority "
    "FROM unnest(%(lanes)s::int[]) AS lane (number) CROSS JOIN LATERAL (SELECT w.priority "
    + _DUE_FROM
    + "WHERE w.lane = lane.number AND w.priority < %(below)s AND "
    + _IS_DUE
    + "ORDER BY w.priority, w.id LIMIT 1) AS head"
)

# The oldest message of each lane and class that is not the most urgent, if it has waited for long: one step into the
# index per lane and class.
LOOK_AGED = (
    "SELECT lane.number, class.priority "
    "FROM unnest(%(lanes)s::int[]) AS lane (number) CROSS JOIN unnest(%(classes)s::int[]) AS class (priority) "
    "CROSS JOIN LATERAL (SELECT w.waiting_since "
    + _DUE_FROM
    + "WHERE w.lane = lane.number AND w.priority = class.priority AND "
    + _IS_DUE
    + "ORDER BY w.id LIMIT 1) AS head "
    "WHERE head.waiting_since < clock_timestamp() AT TIME ZONE 'UTC' - %(age)s ORDER BY head.waiting_since"
)

# Counting the attempt before the work is done, in a transaction of its own, is what makes a message that kills its
# worker come to an end. ``claimed_at`` that is set already belongs to an attempt nobody finished.
_CLAIM = """
UPDATE retail_inbox_work w
SET attempts = w.attempts + 1,
    deaths = w.deaths + (old.claimed_at IS NOT NULL)::int,
    claimed_at = clock_timestamp() AT TIME ZONE 'UTC'
FROM retail_inbox_work old, retail_inbox m
WHERE old.id = w.id AND m.id = w.inbox_id AND w.id = ANY(%(ids)s)
RETURNING w.id AS work_id, w.inbox_id, w.backend_id, w.flow_id, w.subject_key, w.version, w.is_state, w.priority,
          w.attempts, w.deaths, w.is_replay, w.asks_channel, old.claimed_at AS lost_at, m.entity, m.topic, m.headers,
          m.body, m.trace_id, m.origin, m.problem
"""

# What a claimed state message stands for: the other unfinished state messages of its subject, held ones too.
_SIBLINGS = """
SELECT w.id AS work_id, w.inbox_id, w.backend_id, w.flow_id, w.subject_key, w.version, w.is_held, w.attempts,
       w.claimed_at AS lost_at, m.entity, m.trace_id
FROM retail_inbox_work w JOIN retail_inbox m ON m.id = w.inbox_id
WHERE w.is_state AND (w.backend_id, w.subject_key) IN %(subjects)s AND NOT w.id = ANY(%(claimed)s)
FOR UPDATE OF w SKIP LOCKED
"""


def look(cr, lanes, backend_ids, below=LEAST_URGENT + 1):
    """Return ``(lane, priority)`` of the most urgent due message of each of ``lanes`` that has one.

    :param int below: leave out what is not more urgent than this priority
    """
    cr.execute(LOOK, {"lanes": list(lanes), "backends": list(backend_ids), "below": below})
    return cr.fetchall()


def look_aged(cr, lanes, backend_ids):
    """Return ``(lane, priority)`` of what has waited for longer than :data:`AGE`, the longest first."""
    cr.execute(
        LOOK_AGED,
        {"lanes": list(lanes), "backends": list(backend_ids), "classes": LESS_URGENT, "age": AGE},
    )
    return cr.fetchall()


def claim(cr, lanes, backend_ids, limit, least=0, floor=0, cut=len):
    """Count an attempt on up to ``limit`` due messages of ``lanes`` and return them, the most urgent and oldest first.

    :param int least: leave out what is more urgent than this priority
    :param int floor: of this priority, leave out work with smaller ids
    :param cut: function of the flows of these messages; how many of them to take

    All are of one priority, so that none waits for the end of what is less urgent.

    The caller commits before doing the work. A message whose worker died before comes alone, so that it cannot take
    innocent ones down with it again.

    :return: list of dicts, one per message, with the columns of ``_CLAIM``
    """
    share = -(-limit // len(lanes))
    cr.execute(
        DUE, {"lanes": list(lanes), "backends": list(backend_ids), "share": share, "least": least, "floor": floor}
    )
    due = cr.fetchall()[:limit]
    due = [(work_id, flow_id) for work_id, flow_id, priority in due if priority == due[0][2]]
    ids = [work_id for work_id, _flow_id in due[: cut([flow_id for _work_id, flow_id in due])]]
    if not ids:
        return []
    cr.execute("SELECT id FROM retail_inbox_work WHERE id = ANY(%s) AND claimed_at IS NOT NULL", (ids,))
    lost = {row[0] for row in cr.fetchall()}
    ids = ids[:1] if ids[0] in lost else [work_id for work_id in ids if work_id not in lost]
    cr.execute(_CLAIM, {"ids": ids})
    order = {work_id: position for position, work_id in enumerate(ids)}
    return sorted(_with_bytes(cr.dictfetchall()), key=lambda row: order[row["work_id"]])


def _with_bytes(rows):
    for row in rows:
        # Dropped by retention; what is replayed then is a hint, for which the vendor is asked.
        row["body"] = bytes(row["body"] or b"")
    return rows


def read_messages(cr, inbox_ids):
    """Return messages in the form of :func:`claim`, as if they were replayed; nothing is claimed."""
    cr.execute(
        """
        SELECT NULL::int AS work_id, m.id AS inbox_id, m.backend_id, m.flow_id, m.subject_key, m.version, m.is_state,
               1 AS attempts, 0 AS deaths, true AS is_replay, false AS asks_channel, NULL::timestamp AS lost_at,
               m.entity, m.topic, m.headers, m.body, m.trace_id, m.origin, m.problem
        FROM retail_inbox m WHERE m.id = ANY(%s)
        """,
        (list(inbox_ids),),
    )
    return _with_bytes(cr.dictfetchall())


def find_newer(cr, run_id, inbox_ids):
    """Return those of ``inbox_ids`` for which a newer message of the subject stands: one of the run, or unfinished."""
    cr.execute(
        """
        SELECT m.id FROM retail_inbox m
        WHERE m.id = ANY(%(ids)s) AND m.is_state AND EXISTS (
            SELECT 1 FROM retail_inbox n
            WHERE n.backend_id = m.backend_id AND n.subject_key = m.subject_key AND n.is_state
              AND (COALESCE(n.version, -1), n.id) > (COALESCE(m.version, -1), m.id)
              AND (EXISTS (SELECT 1 FROM retail_bulk_item i WHERE i.run_id = %(run_id)s AND i.inbox_id = n.id)
                   OR EXISTS (SELECT 1 FROM retail_inbox_work w WHERE w.inbox_id = n.id))
        )
        """,
        {"ids": list(inbox_ids), "run_id": run_id},
    )
    return {row[0] for row in cr.fetchall()}


def siblings(cr, rows):
    """Return the unfinished state messages that share a subject with ``rows`` and are not among them."""
    subjects = tuple({(row["backend_id"], row["subject_key"]) for row in rows if row["is_state"]})
    if not subjects:
        return []
    cr.execute(_SIBLINGS, {"subjects": subjects, "claimed": [row["work_id"] for row in rows]})
    return cr.dictfetchall()


def release_claims(cr, work_ids, not_before=None):
    """Give claimed messages back as if they had not been claimed.

    :param datetime not_before: naive UTC; ``None``: as it was
    """
    if work_ids:
        cr.execute(
            "UPDATE retail_inbox_work SET claimed_at = NULL, attempts = attempts - 1, "
            "not_before = COALESCE(%s, not_before) WHERE id = ANY(%s)",
            (not_before, list(work_ids)),
        )


def unclaim(cr, rows, not_before):
    """Undo the claim of ``rows``: an attempt that nobody finished is found again by the next one.

    :param list[dict] rows: as :func:`claim` returned them
    :param datetime not_before: naive UTC
    """
    execute_values(
        cr._obj,
        """
        UPDATE retail_inbox_work w
        SET claimed_at = v.lost_at, attempts = w.attempts - 1, deaths = w.deaths - (v.lost_at IS NOT NULL)::int,
            not_before = v.not_before
        FROM (VALUES %s) AS v (id, lost_at, not_before) WHERE w.id = v.id
        """,
        [(row["work_id"], row["lost_at"], not_before) for row in rows],
        template="(%s::int, %s::timestamp, %s::timestamp)",
        page_size=len(rows),
    )


def next_due(cr, lanes, backend_ids):
    """Return the seconds until the first unheld message of ``lanes`` is due (0 or less: now), or ``None``.

    Messages of paused flows and disarmed backends do not count: nothing is to be done about them.
    """
    cr.execute(
        """
        SELECT EXTRACT(EPOCH FROM MIN(GREATEST(w.not_before, c.wait_until, b.wait_until))
                                  - clock_timestamp() AT TIME ZONE 'UTC')
        FROM retail_inbox_work w
        LEFT JOIN retail_flow f ON f.id = w.flow_id
        LEFT JOIN retail_circuit c ON c.backend_id = w.backend_id AND c.endpoint = f.endpoint
        LEFT JOIN retail_budget_wait b ON b.backend_id = w.backend_id AND b.endpoint = f.endpoint
             AND b.priority = w.priority
        WHERE w.lane = ANY(%s) AND NOT w.is_held AND w.backend_id = ANY(%s) AND (f.id IS NULL OR f.state <> 'paused')
          AND NOT EXISTS (
              SELECT 1 FROM retail_inbox_work e
              WHERE e.backend_id = w.backend_id AND e.subject_key = w.subject_key AND e.id < w.id
                AND NOT (e.is_state AND w.is_state)
          )
        """,
        (list(lanes), list(backend_ids)),
    )
    seconds = cr.fetchone()[0]
    return None if seconds is None else float(seconds)
