"""The hot path in SQL, each statement explained. Everything else of the suite uses the ORM.

``retail_inbox`` keeps every message for good. ``retail_inbox_work`` has one small row per *unfinished* message and
loses it when the message is finished, so that claiming stays fast however long the history grows.
"""

import re
from datetime import timedelta

import psycopg2
from psycopg2.extras import Json, execute_values

from .lanes import LOCK_SPACE, POLL_LOCK_SPACE, RUN_LOCK_SPACE, SHARED_LOCK_SPACE
from .messages import PRIORITY

#: Work that has waited for so long gets a turn whatever is more urgent.
AGE = timedelta(minutes=5)
LESS_URGENT = [priority for priority in PRIORITY.values() if priority > PRIORITY["realtime"]]

# One statement, so that a message never exists without its work item. A second delivery of the same event inserts
# nothing and returns nothing.
_INSERT = """
WITH message AS (
    INSERT INTO retail_inbox (
        backend_id, flow_id, credential_id, endpoint, origin, topic, entity, subject_key, version, is_state, dedupe_key,
        trace_id, headers, body, body_size, problem, occurred_at, received_at, state, attempts
    ) VALUES (
        %(backend_id)s, %(flow_id)s, %(credential_id)s, %(endpoint)s, %(origin)s, %(topic)s, %(entity)s,
        %(subject_key)s, %(version)s, %(is_state)s, %(dedupe_key)s, %(trace_id)s, %(headers)s, %(body)s, %(body_size)s,
        %(problem)s, %(occurred_at)s, %(received_at)s, 'pending', 0
    )
    ON CONFLICT (backend_id, dedupe_key) DO NOTHING
    RETURNING id
)
INSERT INTO retail_inbox_work (
    inbox_id, backend_id, flow_id, lane, subject_key, version, is_state, priority, attempts, deaths, not_before,
    is_held, is_replay
)
SELECT id, %(backend_id)s, %(flow_id)s, %(lane)s::int, %(subject_key)s, %(version)s, %(is_state)s, %(priority)s::int, 0,
       0, now() AT TIME ZONE 'UTC', false, false
FROM message
RETURNING inbox_id
"""

# The same, planned once per connection: planning would be a fifth of what a message costs PostgreSQL.
_INSERT_COLUMNS = tuple(dict.fromkeys(re.findall(r"%\((\w+)\)s", _INSERT)))
_PREPARE_INSERT = "PREPARE retail_insert AS " + _INSERT % {
    column: "$%d" % number for number, column in enumerate(_INSERT_COLUMNS, 1)
}
_EXECUTE_INSERT = "EXECUTE retail_insert (%s)" % ", ".join("%%(%s)s" % column for column in _INSERT_COLUMNS)

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

# The index (lane, priority, id) is walked from its beginning, or from the class ``least``, and left after ``limit``
# rows: ageing is a question of where to begin (see ``look_aged``), so that no order is asked for that the index does
# not have.
DUE = (
    "SELECT w.id, w.flow_id "
    + _DUE_FROM
    + "WHERE w.lane = %(lane)s AND w.priority >= %(least)s AND "
    + _IS_DUE
    + "ORDER BY w.priority, w.id LIMIT %(limit)s FOR UPDATE OF w SKIP LOCKED"
)

# The most urgent message of each lane: one step into the index per lane.
LOOK = (
    "SELECT lane.number, head.priority "
    "FROM unnest(%(lanes)s::int[]) AS lane (number) CROSS JOIN LATERAL (SELECT w.priority "
    + _DUE_FROM
    + "WHERE w.lane = lane.number AND "
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

_FINISH_MESSAGES = """
UPDATE retail_inbox m
SET state = v.state, reason = v.reason, attempts = COALESCE(v.attempts, m.attempts),
    next_attempt_at = v.next_attempt_at::timestamp, error_class = v.error_class,
    exception_id = v.exception_id::int, res_model = COALESCE(v.res_model, m.res_model),
    res_id = COALESCE(v.res_id::int, m.res_id),
    finished_at = CASE WHEN v.state IN ('pending', 'retry', 'held') THEN NULL
                       ELSE clock_timestamp() AT TIME ZONE 'UTC' END
FROM (VALUES %s) AS v (id, state, reason, attempts, next_attempt_at, error_class, exception_id, res_model, res_id)
WHERE m.id = v.id
"""

_FINISH_COLUMNS = (
    "id",
    "state",
    "reason",
    "attempts",
    "next_attempt_at",
    "error_class",
    "exception_id",
    "res_model",
    "res_id",
)


def insert_message(cr, row):
    """Store one message and its work item; return the inbox id, or ``None`` if the event was there already.

    :param cr: cursor; the caller commits
    :param dict row: as made by :func:`~.receive.message_row`
    """
    return _insert(cr, _INSERT, row)


def prepare_insert(cr):
    """Plan the insert of messages for the rest of this connection."""
    cr.execute(_PREPARE_INSERT)


def insert_prepared(cr, row):
    """Do as :func:`insert_message`, on a connection that :func:`prepare_insert` was called for."""
    return _insert(cr, _EXECUTE_INSERT, row)


def _insert(cr, statement, row):
    values = dict(row, headers=Json(row["headers"]), body=psycopg2.Binary(row["body"]))
    values.setdefault("credential_id", None)
    cr.execute(statement, values, log_exceptions=False)
    found = cr.fetchone()
    return found[0] if found else None


def try_lock_lane(cr, lane):
    """Take the lane for this *session* and return whether it was free.

    A session lock survives the commits between claim, fetch and effect, and goes with the connection when the worker
    is killed. :func:`unlock_lane` gives it back.
    """
    return _try_lock(cr, LOCK_SPACE, lane)


def unlock_lane(cr, lane):
    """Give the lane back."""
    _unlock(cr, LOCK_SPACE, lane)


def try_lock_poll(cr, flow_id):
    """Take the poll of a flow for this session and return whether nobody else is at it."""
    return _try_lock(cr, POLL_LOCK_SPACE, flow_id)


def unlock_poll(cr, flow_id):
    """Give the poll back."""
    _unlock(cr, POLL_LOCK_SPACE, flow_id)


def try_lock_run(cr, run_id, space=RUN_LOCK_SPACE):
    """Take a run of many steps for this session and return whether nobody else is at it.

    :param int space: of the kind of run
    """
    return _try_lock(cr, space, run_id)


def unlock_run(cr, run_id, space=RUN_LOCK_SPACE):
    """Give the run back."""
    _unlock(cr, space, run_id)


def _try_lock(cr, space, number):
    cr.execute("SELECT pg_try_advisory_lock(%s, %s)", (space, number))
    return cr.fetchone()[0]


def _unlock(cr, space, number):
    cr.execute("SELECT pg_advisory_unlock(%s, %s)", (space, number))


def lock_shared(cr, numbers):
    """Wait until nobody else works on what ``numbers`` stand for, and keep it for this session.

    To be followed by a commit: a transaction that waited would go on with a snapshot from before the wait. Everybody
    takes the locks in one order, so that no two wait for each other.
    """
    cr.execute(
        "SELECT pg_advisory_lock(%s, number) FROM unnest(%s::int[]) AS number", (SHARED_LOCK_SPACE, sorted(numbers))
    )


def unlock_shared(cr, numbers):
    """Give the locks back."""
    cr.execute(
        "SELECT pg_advisory_unlock(%s, number) FROM unnest(%s::int[]) AS number", (SHARED_LOCK_SPACE, sorted(numbers))
    )


def look(cr, lanes, backend_ids):
    """Return ``(lane, priority)`` of the most urgent due message of each of ``lanes`` that has one."""
    cr.execute(LOOK, {"lanes": list(lanes), "backends": list(backend_ids)})
    return cr.fetchall()


def look_aged(cr, lanes, backend_ids):
    """Return ``(lane, priority)`` of what has waited for longer than :data:`AGE`, the longest first."""
    cr.execute(
        LOOK_AGED,
        {"lanes": list(lanes), "backends": list(backend_ids), "classes": LESS_URGENT, "age": AGE},
    )
    return cr.fetchall()


def claim(cr, lane, backend_ids, limit, least=0, cut=len):
    """Count an attempt on up to ``limit`` due messages of ``lane`` and return them, the most urgent and oldest first.

    :param int least: leave out what is more urgent than this priority
    :param cut: function of the flows of these messages; how many of them to take

    The caller commits before doing the work. A message whose worker died before comes alone, so that it cannot take
    innocent ones down with it again.

    :return: list of dicts, one per message, with the columns of ``_CLAIM``
    """
    cr.execute(DUE, {"lane": lane, "backends": list(backend_ids), "limit": limit, "least": least})
    due = cr.fetchall()
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


def finish_messages(cr, endings):
    """Write how each message ended. ``endings``: dicts with ``_FINISH_COLUMNS`` (missing ones are NULL)."""
    if not endings:
        return
    execute_values(
        cr._obj,
        _FINISH_MESSAGES,
        [tuple(ending.get(column) for column in _FINISH_COLUMNS) for ending in endings],
        template="(%s::int, %s, %s, %s::int, %s, %s, %s::int, %s, %s::int)",
        page_size=len(endings),
    )


def drop_work(cr, work_ids):
    """Forget the work items of finished messages."""
    if work_ids:
        cr.execute("DELETE FROM retail_inbox_work WHERE id = ANY(%s)", (list(work_ids),))


def postpone_work(cr, work_id, not_before):
    """Give a message back, to be tried at ``not_before`` (naive UTC)."""
    cr.execute(
        "UPDATE retail_inbox_work SET not_before = %s, claimed_at = NULL, deaths = 0 WHERE id = %s",
        (not_before, work_id),
    )


def hold_work(cr, work_ids):
    """Keep messages where they are until a person has decided."""
    if work_ids:
        cr.execute(
            "UPDATE retail_inbox_work SET is_held = true, claimed_at = NULL WHERE id = ANY(%s)", (list(work_ids),)
        )


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


def requeue(cr, inbox_ids, *, asks_channel=False, priority=None):
    """Make work of any messages again, finished or held; return the lanes that have work now.

    :param dict inbox_ids: inbox id → lane
    :param bool asks_channel: instead of taking the stored bytes
    :param int priority: ``None``: that of the flow
    :return: set of lanes

    A message that is unfinished keeps its place; a finished one goes to the end of its subject. An attempt under way is
    left to whoever makes it, or to whoever finds that its worker died.
    """
    if not inbox_ids:
        return set()
    cr.execute(
        """
        INSERT INTO retail_inbox_work (inbox_id, backend_id, flow_id, lane, subject_key, version, is_state, priority,
                                       attempts, deaths, not_before, is_held, is_replay, asks_channel)
        SELECT m.id, m.backend_id, m.flow_id, v.lane, m.subject_key, m.version, m.is_state,
               COALESCE(%(priority)s, CASE f.latency WHEN 'realtime' THEN 10 WHEN 'batch' THEN 30 ELSE 20 END),
               0, 0, now() AT TIME ZONE 'UTC', false, true, %(asks_channel)s
        FROM retail_inbox m
        JOIN unnest(%(ids)s, %(lanes)s) AS v (id, lane) ON v.id = m.id
        LEFT JOIN retail_flow f ON f.id = m.flow_id
        ORDER BY m.id
        ON CONFLICT (inbox_id) DO UPDATE
        SET is_held = false, is_replay = true, attempts = 0, deaths = 0,
            not_before = now() AT TIME ZONE 'UTC', asks_channel = EXCLUDED.asks_channel
        """,
        {
            "ids": list(inbox_ids),
            "lanes": list(inbox_ids.values()),
            "asks_channel": asks_channel,
            "priority": priority,
        },
    )
    cr.execute(
        """
        UPDATE retail_inbox SET state = 'pending', reason = NULL, next_attempt_at = NULL, finished_at = NULL,
               attempts = 0
        WHERE id = ANY(%s)
        """,
        (list(inbox_ids),),
    )
    return set(inbox_ids.values())


def mark_awake(cr, group):
    """Set the group's flag and return whether this call did: true exactly on the edge from asleep to awake."""
    cr.execute(
        "UPDATE retail_drain_group SET is_awake = true, woken_at = clock_timestamp() AT TIME ZONE 'UTC' "
        "WHERE number = %s AND is_awake IS NOT TRUE RETURNING number",
        (group,),
    )
    return cr.fetchone() is not None


def mark_asleep(cr, group):
    """Clear the group's flag. The caller commits, then looks once more for work that came in between."""
    cr.execute("UPDATE retail_drain_group SET is_awake = false WHERE number = %s AND is_awake", (group,))


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


# A flood of refused calls must not wait for the disk, and losing the last few counts in a crash harms nobody.
_COUNT_REFUSAL = """
INSERT INTO retail_gateway_refusal (backend_id, reason, day, count, last_at)
VALUES (%s, %s, (now() AT TIME ZONE 'UTC')::date, 1, now() AT TIME ZONE 'UTC')
ON CONFLICT (COALESCE(backend_id, 0), reason, day)
DO UPDATE SET count = retail_gateway_refusal.count + 1, last_at = now() AT TIME ZONE 'UTC'
"""


def count_refusal(cr, backend_id, reason):
    """Count one refused call of today. The caller commits."""
    cr.execute("SET LOCAL synchronous_commit = off")
    cr.execute(_COUNT_REFUSAL, (backend_id, reason))


def mark_credential_used(cr, credential_id):
    """Note that a secret was used, at most every five minutes: it is for people, not worth a write per webhook."""
    cr.execute(
        "UPDATE retail_credential SET last_used_at = now() AT TIME ZONE 'UTC' WHERE id = %s "
        "AND (last_used_at IS NULL OR last_used_at < now() AT TIME ZONE 'UTC' - interval '5 minutes')",
        (credential_id,),
    )
