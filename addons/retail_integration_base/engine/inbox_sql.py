"""The hot path in SQL, each statement explained. Everything else of the suite uses the ORM.

``retail_inbox`` keeps every message for good. ``retail_inbox_work`` has one small row per *unfinished* message and
loses it when the message is finished, so that claiming stays fast however long the history grows.
"""

import re

import psycopg2
from psycopg2.extras import Json, execute_values

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
