"""What keeps the sync log append-only in PostgreSQL, and how retention deletes in small portions all the same.

The guard is in the database because the ORM's is passed by any SQL statement. Nobody updates a line, and a line is
deleted only in a transaction that has named an age: lines younger than that stay. What was deleted is recorded by the
database itself, in a table that nothing is ever deleted from.
"""

#: Outcomes of attempts that went wrong; their lines are kept longer.
FAILURES = ("retry", "held", "quarantined", "lost")
#: So many rows are looked at, and at most deleted, per transaction.
PORTION = 1000

# ``retail.purge_until`` is set for one transaction (``SET LOCAL``), so that it cannot be left behind on a connection.
_GUARD = """
CREATE OR REPLACE FUNCTION retail_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'retail_sync_log' THEN
        IF OLD.at < NULLIF(current_setting('retail.purge_until', true), '')::timestamp THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE OR REPLACE FUNCTION retail_note_purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO retail_purge (at, what, retention_class, backend_id, until_at, count, first_at, last_at, database_user)
    SELECT clock_timestamp() AT TIME ZONE 'UTC', 'log', NULLIF(current_setting('retail.purge_class', true), ''),
           backend_id, NULLIF(current_setting('retail.purge_until', true), '')::timestamp,
           count(*), min(at), max(at), session_user
    FROM gone GROUP BY backend_id;
    RETURN NULL;
END
$$;
"""

_TRIGGERS = """
CREATE OR REPLACE TRIGGER retail_append_only BEFORE UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION retail_append_only();
CREATE OR REPLACE TRIGGER retail_never_truncated BEFORE TRUNCATE ON {0}
    FOR EACH STATEMENT EXECUTE FUNCTION retail_append_only();
"""

_RECORDER = """
CREATE OR REPLACE TRIGGER retail_note_purge AFTER DELETE ON retail_sync_log
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION retail_note_purge()
"""


def guard(cr, table):
    """Make ``table`` append-only; of the log, what is old enough may be deleted, which is recorded."""
    cr.execute(_GUARD)
    # pylint: disable=sql-injection; ``table`` is one of two names in this addon
    cr.execute(_TRIGGERS.format(table))
    if table == "retail_sync_log":
        cr.execute(_RECORDER)


def _allow(cr, until, retention_class):
    """Let lines older than ``until`` be deleted until the end of the transaction."""
    cr.execute(
        "SELECT set_config('retail.purge_until', %s, true), set_config('retail.purge_class', %s, true)",
        (until.isoformat(" "), retention_class),
    )


def _forbid(cr):
    cr.execute("SELECT set_config('retail.purge_until', '', true), set_config('retail.purge_class', '', true)")


def _delete_lines(cr, condition, values, until, retention_class):
    _allow(cr, until, retention_class)
    cr.execute("DELETE FROM retail_sync_log WHERE " + condition, values)  # noqa: S608 one of two constants
    count = cr.rowcount
    _forbid(cr)
    return count


# The history of a backend is walked by id from its beginning, so that what has to stay is passed once per run and the
# walk ends at the first portion that is too young. ``_backend_index`` of each table.
_MESSAGES = """
SELECT id, received_at FROM retail_inbox
WHERE backend_id = %(backend_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""

# Finished, nobody's work, nothing of it younger than its class allows. A message that is being made work of again is
# locked by whoever does that, and skipped.
_EXPIRED = """
SELECT m.id FROM retail_inbox m
WHERE m.id = ANY(%(ids)s) AND m.state IN ('done', 'superseded', 'ignored') AND m.finished_at < %(until)s
  AND NOT EXISTS (SELECT 1 FROM retail_inbox_work w WHERE w.inbox_id = m.id)
  AND NOT EXISTS (SELECT 1 FROM retail_exception e WHERE e.id = m.exception_id AND e.state = 'open')
  AND NOT EXISTS (
      SELECT 1 FROM retail_sync_log l
      WHERE l.inbox_id = m.id
        AND (l.at >= %(until)s OR (l.outcome = ANY(%(failures)s) AND l.at >= COALESCE(%(failed_until)s, '-infinity')))
  )
FOR UPDATE OF m SKIP LOCKED
"""


def delete_messages(cr, backend_id, after, until, failed_until):
    """Look at the next portion of a backend's messages and delete those whose time is over, with their log lines.

    :param int after: id of the last message looked at, 0 at first
    :param datetime until: naive UTC; ``failed_until``: of messages that failed once, ``None`` to keep these for good
    :return: ``(id of the last message looked at, or None at the end; list of deleted ids; when they came)``
    """
    cr.execute(_MESSAGES, {"backend_id": backend_id, "after": after, "limit": PORTION})
    rows = cr.fetchall()
    if not rows or rows[0][1] >= until:
        return None, [], []
    came = dict(rows)
    cr.execute(_EXPIRED, {"ids": list(came), "until": until, "failed_until": failed_until, "failures": list(FAILURES)})
    ids = [row[0] for row in cr.fetchall()]
    if ids:
        _delete_lines(cr, "inbox_id = ANY(%s)", (ids,), until, "message")
        cr.execute("DELETE FROM retail_inbox WHERE id = ANY(%s)", (ids,))
    return rows[-1][0], ids, [came[message_id] for message_id in ids]


_LINES = """
SELECT id, at, outcome FROM retail_sync_log
WHERE backend_id = %(backend_id)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""


def delete_lines(cr, backend_id, after, until, failed_until):
    """Look at the next portion of a backend's log and delete what is old: lines of intents, which stay, and of polls.

    Lines of messages go with their message. Those of an unfinished intent stay.

    :return: ``(id of the last line looked at, or None at the end; count of deleted lines)``
    """
    cr.execute(_LINES, {"backend_id": backend_id, "after": after, "limit": PORTION})
    rows = cr.fetchall()
    if not rows or rows[0][1] >= (until or failed_until):
        return None, 0
    count = 0
    for class_until, is_failure, retention_class in ((until, False, "message"), (failed_until, True, "failure")):
        if class_until is None:
            continue
        ids = [line_id for line_id, at, outcome in rows if at < class_until and (outcome in FAILURES) is is_failure]
        if ids:
            count += _delete_lines(
                cr,
                "id = ANY(%s) AND inbox_id IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM retail_outbox_work w WHERE w.outbox_id = retail_sync_log.outbox_id)",
                (ids,),
                class_until,
                retention_class,
            )
    return rows[-1][0], count


# ``retail_inbox_body_index`` has only messages that still have their body, the oldest first.
_BODIES = """
WITH portion AS (
    SELECT id FROM retail_inbox
    WHERE backend_id = %(backend_id)s AND body IS NOT NULL AND id > %(after)s ORDER BY id LIMIT %(limit)s
),
droppable AS (
    SELECT m.id FROM retail_inbox m JOIN portion USING (id)
    WHERE m.state IN ('done', 'superseded', 'ignored') AND m.finished_at < %(until)s
      AND NOT EXISTS (SELECT 1 FROM retail_inbox_work w WHERE w.inbox_id = m.id)
    FOR UPDATE OF m SKIP LOCKED
),
dropped AS (
    UPDATE retail_inbox m SET body = NULL, headers = NULL, body_dropped_at = clock_timestamp() AT TIME ZONE 'UTC'
    FROM droppable WHERE m.id = droppable.id RETURNING m.received_at
)
SELECT (SELECT max(id) FROM portion), (SELECT min(m.received_at) FROM retail_inbox m JOIN portion USING (id)),
       count(*), min(received_at), max(received_at)
FROM dropped
"""

# What a command was given and what the vendor answered hold personal data as bodies do. The row stays: it knows the
# command when it is given again, however late.
_CONTENTS = """
WITH portion AS (
    SELECT id FROM retail_outbox
    WHERE backend_id = %(backend_id)s AND (payload IS NOT NULL OR answer IS NOT NULL) AND id > %(after)s
    ORDER BY id LIMIT %(limit)s
),
droppable AS (
    SELECT o.id FROM retail_outbox o JOIN portion USING (id)
    WHERE o.state IN ('done', 'ignored') AND o.finished_at < %(until)s
      AND NOT EXISTS (SELECT 1 FROM retail_outbox_work w WHERE w.outbox_id = o.id)
    FOR UPDATE OF o SKIP LOCKED
),
dropped AS (
    UPDATE retail_outbox o
    SET payload = NULL, answer = NULL, content_dropped_at = clock_timestamp() AT TIME ZONE 'UTC'
    FROM droppable WHERE o.id = droppable.id RETURNING o.created_at
)
SELECT (SELECT max(id) FROM portion), (SELECT min(o.created_at) FROM retail_outbox o JOIN portion USING (id)),
       count(*), min(created_at), max(created_at)
FROM dropped
"""


def drop_bodies(cr, backend_id, after, until):
    """Look at the next portion of messages that have a body and drop those of finished ones, headers too.

    :return: ``(id of the last one looked at, or None at the end; count, first and last moment of what was dropped)``
    """
    return _drop(cr, _BODIES, backend_id, after, until)


def drop_contents(cr, backend_id, after, until):
    """Drop what finished intents were given and answered. Returns as :func:`drop_bodies` does."""
    return _drop(cr, _CONTENTS, backend_id, after, until)


def _drop(cr, statement, backend_id, after, until):
    cr.execute(statement, {"backend_id": backend_id, "after": after, "until": until, "limit": PORTION})
    last_id, oldest, count, first, last = cr.fetchone()
    return last_id if oldest and oldest < until else None, count, first, last


def drop_bodies_of(cr, inbox_ids):
    """Drop body and headers of messages that end in this transaction."""
    if inbox_ids:
        cr.execute(
            "UPDATE retail_inbox SET body = NULL, headers = NULL, body_dropped_at = clock_timestamp() "
            "AT TIME ZONE 'UTC' WHERE id = ANY(%s)",
            (list(inbox_ids),),
        )


def note_purge(cr, backend_id, what, retention_class, until, moments):
    """Record what was deleted beside the log.

    :param str what: ``message``, ``body``, ``content`` or ``exception``
    :param tuple moments: ``(count, first, last)``
    """
    cr.execute(
        """
        INSERT INTO retail_purge (at, what, retention_class, backend_id, until_at, count, first_at, last_at,
                                  database_user)
        VALUES (clock_timestamp() AT TIME ZONE 'UTC', %s, %s, %s, %s, %s, %s, %s, session_user)
        """,
        (what, retention_class, backend_id, until, *moments),
    )
