"""The way out in SQL, each statement explained. The counterpart of ``inbox_sql.py``.

``retail_outbox_mark`` takes what business transactions say is dirty: rows are only ever added there, so that two sales
of one product never wait for each other or fail for each other's sake. Whoever drains a lane turns its marks into
intents: ``retail_outbox`` has one row per subject for state and one per command, ``retail_outbox_work`` one per
*unfinished* intent.
"""

from psycopg2.extras import Json, execute_values

from .claim_sql import AGE, LESS_URGENT

# One statement per business transaction, whatever the number of flows and records.
_MARK = """
INSERT INTO retail_outbox_mark (flow_id, lane, res_key, trace_id, marked_at)
SELECT flow_id, lane, res_key, trace_id, clock_timestamp() AT TIME ZONE 'UTC'
FROM unnest(%(flow_ids)s::int[], %(lanes)s::int[], %(keys)s::text[], %(trace_ids)s::text[])
     AS mark (flow_id, lane, res_key, trace_id)
"""

# Marks become intents, many marks of one subject become one. What waits for its next attempt keeps its time: a vendor
# that is down is not called more often because more is sold. What is held is tried again: it is another state now. The
# lane's lock is held, so that nobody else is at these rows.
_ABSORB = """
WITH taken AS (
    DELETE FROM retail_outbox_mark
    WHERE id IN (SELECT id FROM retail_outbox_mark WHERE lane = %(lane)s ORDER BY id LIMIT %(limit)s)
    RETURNING id, flow_id, res_key, trace_id, marked_at
),
dirty AS (
    SELECT flow_id, res_key, min(marked_at) AS marked_at, (array_agg(trace_id ORDER BY id DESC))[1] AS trace_id
    FROM taken GROUP BY flow_id, res_key
),
intent AS (
    INSERT INTO retail_outbox (backend_id, flow_id, entity, operation, subject_key, is_state, state, attempts, trace_id,
                               created_at, dirty_at)
    SELECT f.backend_id, f.id, f.entity, 'state', f.entity || ':odoo/' || d.res_key, true, 'pending', 0, d.trace_id,
           d.marked_at, d.marked_at
    FROM dirty d JOIN retail_flow f ON f.id = d.flow_id
    WHERE f.state <> 'off'
    ON CONFLICT (flow_id, subject_key) WHERE is_state DO UPDATE
    SET state = CASE retail_outbox.state WHEN 'retry' THEN 'retry' ELSE 'pending' END,
        attempts = CASE retail_outbox.state WHEN 'retry' THEN retail_outbox.attempts ELSE 0 END,
        reason = CASE retail_outbox.state WHEN 'retry' THEN retail_outbox.reason END,
        trace_id = EXCLUDED.trace_id,
        dirty_at = CASE WHEN retail_outbox.finished_at IS NULL THEN retail_outbox.dirty_at ELSE EXCLUDED.dirty_at END,
        finished_at = NULL
    RETURNING id, backend_id, flow_id, subject_key
)
INSERT INTO retail_outbox_work (outbox_id, backend_id, flow_id, lane, subject_key, is_state, priority, attempts, deaths,
                                not_before, is_held, is_unknown, is_replay)
SELECT i.id, i.backend_id, i.flow_id, %(lane)s, i.subject_key, true,
       CASE f.latency WHEN 'realtime' THEN 10 WHEN 'batch' THEN 30 ELSE 20 END,
       0, 0, clock_timestamp() AT TIME ZONE 'UTC', false, false, false
FROM intent i JOIN retail_flow f ON f.id = i.flow_id
ON CONFLICT (outbox_id) DO UPDATE
SET is_held = false, attempts = CASE WHEN retail_outbox_work.is_held THEN 0 ELSE retail_outbox_work.attempts END
"""

# A command is written in the transaction of what it tells the vendor about. A second order to do the same is none.
_COMMAND = """
WITH intent AS (
    INSERT INTO retail_outbox (backend_id, flow_id, entity, operation, subject_key, is_state, idempotency_key, payload,
                               res_model, res_id, state, attempts, trace_id, created_at, dirty_at)
    VALUES (%(backend_id)s, %(flow_id)s, %(entity)s, %(operation)s, %(subject_key)s, false, %(idempotency_key)s,
            %(payload)s, %(res_model)s, %(res_id)s, 'pending', 0, %(trace_id)s,
            clock_timestamp() AT TIME ZONE 'UTC', clock_timestamp() AT TIME ZONE 'UTC')
    ON CONFLICT (backend_id, idempotency_key) DO NOTHING
    RETURNING id
)
INSERT INTO retail_outbox_work (outbox_id, backend_id, flow_id, lane, subject_key, is_state, priority, attempts, deaths,
                                not_before, is_held, is_unknown, is_replay)
SELECT id, %(backend_id)s, %(flow_id)s, %(lane)s, %(subject_key)s, false, %(priority)s, 0, 0,
       clock_timestamp() AT TIME ZONE 'UTC', false, false, false
FROM intent
RETURNING outbox_id
"""

# Due as in the inbox; a command waits for every earlier unfinished one of its subject, held ones too.
_IS_DUE = """
    NOT w.is_held
    AND w.not_before <= clock_timestamp() AT TIME ZONE 'UTC'
    AND w.backend_id = ANY(%(backends)s)
    AND f.state <> 'paused'
    AND (c.wait_until IS NULL OR c.wait_until <= clock_timestamp() AT TIME ZONE 'UTC')
    AND (b.wait_until IS NULL OR b.wait_until <= clock_timestamp() AT TIME ZONE 'UTC')
    AND (w.is_state OR NOT EXISTS (
        SELECT 1 FROM retail_outbox_work e
        WHERE e.flow_id = w.flow_id AND e.subject_key = w.subject_key AND e.id < w.id
    ))
"""

_DUE_FROM = (
    "FROM retail_outbox_work w JOIN retail_flow f ON f.id = w.flow_id "
    "LEFT JOIN retail_circuit c ON c.backend_id = w.backend_id AND c.endpoint = f.endpoint "
    "LEFT JOIN retail_budget_wait b ON b.backend_id = w.backend_id AND b.endpoint = f.endpoint "
    "AND b.priority = w.priority "
)
# As in the inbox, the index (lane, priority, id) is walked from its beginning or from the class ``least``.
FIRST_DUE = (
    "SELECT w.flow_id "
    + _DUE_FROM
    + "WHERE w.lane = %(lane)s AND w.priority >= %(least)s AND "
    + _IS_DUE
    + "ORDER BY w.priority, w.id LIMIT 1"
)
DUE = (
    "SELECT w.id, w.claimed_at IS NOT NULL "
    + _DUE_FROM
    + "WHERE w.lane = %(lane)s AND w.flow_id = %(flow_id)s AND "
    + _IS_DUE
    + "ORDER BY w.priority, w.id LIMIT %(limit)s FOR UPDATE OF w SKIP LOCKED"
)

# The most urgent intent of each lane, or its first mark, which becomes an intent when the lane is claimed.
LOOK = (
    "SELECT lane.number, head.priority "  # noqa: S608 constants
    "FROM unnest(%(lanes)s::int[]) AS lane (number) CROSS JOIN LATERAL (SELECT w.priority "
    + _DUE_FROM
    + "WHERE w.lane = lane.number AND "
    + _IS_DUE
    + "ORDER BY w.priority, w.id LIMIT 1) AS head "
    """
    UNION ALL
    SELECT lane.number, CASE f.latency WHEN 'realtime' THEN 10 WHEN 'batch' THEN 30 ELSE 20 END
    FROM unnest(%(lanes)s::int[]) AS lane (number)
    CROSS JOIN LATERAL (SELECT flow_id FROM retail_outbox_mark WHERE lane = lane.number ORDER BY id LIMIT 1) AS mark
    LEFT JOIN retail_flow f ON f.id = mark.flow_id
    """
)

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

# Committed before the vendor is called: a command found with ``claimed_at`` set, or whose last call came to no certain
# end (``is_unknown``), may have reached the vendor, who is asked before it is sent again.
_CLAIM = """
UPDATE retail_outbox_work w
SET attempts = w.attempts + 1,
    deaths = w.deaths + (old.claimed_at IS NOT NULL)::int,
    is_unknown = w.is_unknown OR old.claimed_at IS NOT NULL,
    claimed_at = clock_timestamp() AT TIME ZONE 'UTC'
FROM retail_outbox_work old, retail_outbox o
WHERE old.id = w.id AND o.id = w.outbox_id AND w.id = ANY(%(ids)s)
RETURNING w.id AS work_id, w.outbox_id, w.backend_id, w.flow_id, w.subject_key, w.is_state, w.priority,
          w.attempts, w.deaths, w.is_unknown, w.is_replay, old.claimed_at AS lost_at, o.entity, o.operation,
          o.idempotency_key, o.payload, o.res_model, o.res_id, o.trace_id, o.checksum, o.external_id, o.answer,
          o.sent_at
"""

_FINISH = """
UPDATE retail_outbox o
SET state = v.state, reason = v.reason, attempts = v.attempts, next_attempt_at = v.next_attempt_at::timestamp,
    error_class = v.error_class, exception_id = v.exception_id::int,
    checksum = CASE WHEN v.checksum IS NULL THEN o.checksum ELSE NULLIF(v.checksum, '') END,
    res_model = COALESCE(v.res_model, o.res_model), res_id = COALESCE(v.res_id::int, o.res_id),
    finished_at = CASE WHEN v.state IN ('pending', 'retry', 'held') THEN NULL
                       ELSE clock_timestamp() AT TIME ZONE 'UTC' END
FROM (VALUES %s) AS v (id, state, reason, attempts, next_attempt_at, error_class, exception_id, checksum, res_model,
                            res_id)
WHERE o.id = v.id
"""
_FINISH_COLUMNS = (
    "id",
    "state",
    "reason",
    "attempts",
    "next_attempt_at",
    "error_class",
    "exception_id",
    "checksum",
    "res_model",
    "res_id",
)


def mark(cr, marks):
    """Note what is dirty, in the caller's transaction.

    :param list[tuple] marks: ``(flow id, lane, key of the record, trace id)``
    """
    flow_ids, lanes, keys, trace_ids = map(list, zip(*marks, strict=True))
    cr.execute(_MARK, {"flow_ids": flow_ids, "lanes": lanes, "keys": keys, "trace_ids": trace_ids})


def insert_command(cr, row):
    """Write one command and its work item in the caller's transaction.

    :param dict row: columns of ``retail_outbox`` and ``lane`` and ``priority``; ``payload`` is JSON-like
    :return: id, or ``None`` where the command was given before
    """
    cr.execute(_COMMAND, dict(row, payload=Json(row["payload"])))
    found = cr.fetchone()
    return found[0] if found else None


def absorb(cr, lane, limit):
    """Turn up to ``limit`` marks of ``lane`` into intents. The lane's lock is held; the caller commits."""
    cr.execute("SELECT EXISTS (SELECT 1 FROM retail_outbox_mark WHERE lane = %s)", (lane,))
    if cr.fetchone()[0]:
        cr.execute(_ABSORB, {"lane": lane, "limit": limit})


def look(cr, lanes, backend_ids):
    """Return ``(lane, priority)`` of the most urgent due intent, or mark, of each lane that has one."""
    cr.execute(LOOK, {"lanes": list(lanes), "backends": list(backend_ids)})
    return cr.fetchall()


def look_aged(cr, lanes, backend_ids):
    """Return ``(lane, priority)`` of what has waited for longer than :data:`AGE`, the longest first."""
    cr.execute(LOOK_AGED, {"lanes": list(lanes), "backends": list(backend_ids), "classes": LESS_URGENT, "age": AGE})
    return cr.fetchall()


def first_due(cr, lane, backend_ids, least=0):
    """Return the id of the flow whose turn it is in ``lane``, or ``None``.

    :param int least: leave out what is more urgent than this priority
    """
    cr.execute(FIRST_DUE, {"lane": lane, "backends": list(backend_ids), "least": least})
    found = cr.fetchone()
    return found[0] if found else None


def claim(cr, lane, flow_id, backend_ids, limit):
    """Count an attempt on up to ``limit`` due intents of one flow and return them, oldest first.

    The caller commits before the vendor is called. One whose worker died before comes alone.

    :return: list of dicts with the columns of ``_CLAIM``
    """
    values = {"lane": lane, "flow_id": flow_id, "backends": list(backend_ids), "limit": limit}
    cr.execute(DUE, values)
    found = cr.fetchall()
    if not found:
        return []
    ids = [found[0][0]] if found[0][1] else [work_id for work_id, is_lost in found if not is_lost]
    cr.execute(_CLAIM, {"ids": ids})
    order = {work_id: position for position, work_id in enumerate(ids)}
    return sorted(cr.dictfetchall(), key=lambda row: order[row["work_id"]])


def read_intents(cr, outbox_ids):
    """Return intents in the form of :func:`claim`, as if they were replayed; nothing is claimed."""
    cr.execute(
        """
        SELECT NULL::int AS work_id, o.id AS outbox_id, o.backend_id, o.flow_id, o.subject_key, o.is_state,
               1 AS attempts, 0 AS deaths, NOT o.is_state AS is_unknown, true AS is_replay, NULL::timestamp AS lost_at,
               o.entity, o.operation, o.idempotency_key, o.payload, o.res_model, o.res_id, o.trace_id, o.checksum,
               o.external_id, o.answer, o.sent_at
        FROM retail_outbox o WHERE o.id = ANY(%s)
        """,
        (list(outbox_ids),),
    )
    return cr.dictfetchall()


def note_answers(cr, answers):
    """Keep what the vendor answered, before Odoo does anything about it.

    :param list[tuple] answers: ``(outbox id, external id or None, answer: JSON-like)``
    """
    if answers:
        execute_values(
            cr._obj,
            """
            UPDATE retail_outbox o
            SET sent_at = clock_timestamp() AT TIME ZONE 'UTC', external_id = COALESCE(v.external_id, o.external_id),
                answer = v.answer, content_dropped_at = NULL
            FROM (VALUES %s) AS v (id, external_id, answer) WHERE o.id = v.id
            """,
            [(outbox_id, external_id, Json(answer)) for outbox_id, external_id, answer in answers],
            template="(%s::int, %s, %s::jsonb)",
            page_size=len(answers),
        )


def finish(cr, endings):
    """Write how intents ended.

    :param list[dict] endings: with ``_FINISH_COLUMNS``, missing ones are NULL. An empty ``checksum`` says that nobody
        knows what the vendor has
    """
    if endings:
        execute_values(
            cr._obj,
            _FINISH,
            [tuple(ending.get(column) for column in _FINISH_COLUMNS) for ending in endings],
            template="(%s::int, %s, %s, %s::int, %s, %s, %s::int, %s, %s, %s::int)",
            page_size=len(endings),
        )


def drop_work(cr, work_ids):
    """Forget the work items of finished intents."""
    if work_ids:
        cr.execute("DELETE FROM retail_outbox_work WHERE id = ANY(%s)", (list(work_ids),))


def give_back(cr, work_id, *, not_before=None, is_held=False, is_unknown=False):
    """End the claim of an intent that goes on later.

    :param datetime not_before: naive UTC; ``None``: as it was
    :param bool is_held: until a person has decided
    :param bool is_unknown: the vendor may have acted on it
    """
    cr.execute(
        "UPDATE retail_outbox_work SET claimed_at = NULL, deaths = 0, is_held = %s, is_unknown = %s, "
        "not_before = COALESCE(%s, not_before) WHERE id = %s",
        (is_held, is_unknown, not_before, work_id),
    )


def release_claims(cr, work_ids, not_before=None):
    """Give claimed intents back as if they had not been claimed.

    :param datetime not_before: naive UTC; ``None``: as it was
    """
    if work_ids:
        cr.execute(
            "UPDATE retail_outbox_work SET claimed_at = NULL, attempts = attempts - 1, "
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
        UPDATE retail_outbox_work w
        SET claimed_at = v.lost_at, attempts = w.attempts - 1, deaths = w.deaths - (v.lost_at IS NOT NULL)::int,
            not_before = v.not_before
        FROM (VALUES %s) AS v (id, lost_at, not_before) WHERE w.id = v.id
        """,
        [(row["work_id"], row["lost_at"], not_before) for row in rows],
        template="(%s::int, %s::timestamp, %s::timestamp)",
        page_size=len(rows),
    )


def mark_unknown(cr, work_ids):
    """Note that the vendor may have acted on these intents."""
    if work_ids:
        cr.execute("UPDATE retail_outbox_work SET is_unknown = true WHERE id = ANY(%s)", (list(work_ids),))


def requeue(cr, outbox_ids):
    """Make work of intents again, finished or held; return the lanes that have work now.

    :param dict outbox_ids: outbox id → lane

    A command that the vendor may have is asked for first; one that the vendor answered is not sent a second time.
    """
    if not outbox_ids:
        return set()
    ids, lanes = list(outbox_ids), list(outbox_ids.values())
    cr.execute(
        """
        INSERT INTO retail_outbox_work (outbox_id, backend_id, flow_id, lane, subject_key, is_state, priority, attempts,
                                        deaths, not_before, is_held, is_unknown, is_replay)
        SELECT o.id, o.backend_id, o.flow_id, v.lane, o.subject_key, o.is_state,
               CASE f.latency WHEN 'realtime' THEN 10 WHEN 'batch' THEN 30 ELSE 20 END,
               0, 0, clock_timestamp() AT TIME ZONE 'UTC', false, NOT o.is_state, true
        FROM retail_outbox o
        JOIN unnest(%(ids)s, %(lanes)s) AS v (id, lane) ON v.id = o.id
        JOIN retail_flow f ON f.id = o.flow_id
        ORDER BY o.id
        ON CONFLICT (outbox_id) DO UPDATE
        SET is_held = false, is_replay = true, attempts = 0, deaths = 0,
            is_unknown = retail_outbox_work.is_unknown OR retail_outbox_work.claimed_at IS NOT NULL,
            not_before = clock_timestamp() AT TIME ZONE 'UTC'
        """,
        {"ids": ids, "lanes": lanes},
    )
    cr.execute(
        "UPDATE retail_outbox SET state = 'pending', reason = NULL, next_attempt_at = NULL, finished_at = NULL, "
        "attempts = 0 WHERE id = ANY(%s)",
        (ids,),
    )
    return set(lanes)


def next_due(cr, lanes, backend_ids):
    """Return the seconds until the first intent of ``lanes`` is due (0 or less: now), or ``None``.

    Marks are due at once, those of paused flows too: they become intents, which wait.
    """
    cr.execute(
        """
        SELECT EXTRACT(EPOCH FROM LEAST(
            (SELECT MIN(marked_at) FROM retail_outbox_mark WHERE lane = ANY(%(lanes)s)),
            (SELECT MIN(GREATEST(w.not_before, c.wait_until, b.wait_until))
             FROM retail_outbox_work w
             JOIN retail_flow f ON f.id = w.flow_id
             LEFT JOIN retail_circuit c ON c.backend_id = w.backend_id AND c.endpoint = f.endpoint
             LEFT JOIN retail_budget_wait b ON b.backend_id = w.backend_id AND b.endpoint = f.endpoint
                  AND b.priority = w.priority
             WHERE w.lane = ANY(%(lanes)s) AND NOT w.is_held AND w.backend_id = ANY(%(backends)s)
               AND f.state <> 'paused'
               AND (w.is_state OR NOT EXISTS (
                   SELECT 1 FROM retail_outbox_work e
                   WHERE e.flow_id = w.flow_id AND e.subject_key = w.subject_key AND e.id < w.id
               )))
        ) - clock_timestamp() AT TIME ZONE 'UTC')
        """,
        {"lanes": list(lanes), "backends": list(backend_ids)},
    )
    seconds = cr.fetchone()[0]
    return None if seconds is None else float(seconds)
