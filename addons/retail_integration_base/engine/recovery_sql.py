"""What a recovery lists, in SQL: hundreds of thousands of lines in a few statements, and bytes outside the ORM."""

import psycopg2
from psycopg2.extras import execute_values

_COLUMNS = (
    "recovery_id", "line_key", "subject_key", "topic", "entity", "dedupe_key", "version", "is_state", "occurred_at",
    "status", "body",
)  # fmt: skip

# A subject that changes while it is listed comes again, and so does what is listed anew after a crash: the newest
# version stands, and what was taken stays taken.
_UPSERT = """
INSERT INTO retail_recovery_line (recovery_id, line_key, subject_key, topic, entity, dedupe_key, version, is_state,
                                  occurred_at, status, body)
VALUES %s
ON CONFLICT (recovery_id, line_key) DO UPDATE
SET dedupe_key = EXCLUDED.dedupe_key, topic = EXCLUDED.topic, version = EXCLUDED.version,
    occurred_at = EXCLUDED.occurred_at, status = EXCLUDED.status, body = EXCLUDED.body
WHERE retail_recovery_line.status <> 'taken'
  AND COALESCE(retail_recovery_line.version, -1) <= COALESCE(EXCLUDED.version, -1)
"""

# What was done last about each subject, by the version it was about.
_SETTLED = """
SELECT DISTINCT ON (subject_key) subject_key, COALESCE(version, -1), state, error_class, exception_id IS NOT NULL
FROM retail_inbox
WHERE backend_id = %s AND subject_key = ANY(%s) AND state IN ('done', 'ignored')
ORDER BY subject_key, version DESC NULLS LAST, id DESC
"""


def note_lines(cr, lines):
    """Keep what one page of the vendor's list says.

    :param list[dict] lines: with ``_COLUMNS``; at most one per ``line_key``
    """
    if lines:
        rows = [
            tuple(
                psycopg2.Binary(line[name]) if name == "body" and line[name] is not None else line[name]
                for name in _COLUMNS
            )
            for line in lines
        ]
        execute_values(cr._obj, _UPSERT, rows, page_size=len(rows))


def settled(cr, backend_id, subject_keys):
    """Return dict subject key → ``(version, state, error class, whether a person decided)`` of what was done last."""
    cr.execute(_SETTLED, (backend_id, list(subject_keys)))
    return {row[0]: row[1:] for row in cr.fetchall()}


def known_events(cr, backend_id, dedupe_keys):
    """Return dict dedupe key → ``(state, error class, whether a person decided)`` of the messages that are here."""
    if not dedupe_keys:
        return {}
    cr.execute(
        "SELECT dedupe_key, state, error_class, exception_id IS NOT NULL FROM retail_inbox "
        "WHERE backend_id = %s AND dedupe_key = ANY(%s)",
        (backend_id, list(dedupe_keys)),
    )
    return {row[0]: row[1:] for row in cr.fetchall()}


def read_bodies(cr, line_ids):
    """Return dict line id → bytes."""
    cr.execute("SELECT id, body FROM retail_recovery_line WHERE id = ANY(%s)", (list(line_ids),))
    return {line_id: bytes(body or b"") for line_id, body in cr.fetchall()}


def waiting_versions(cr, backend_id, subject_keys):
    """Return dict subject key → the newest version that waits in the inbox; -1 where it has none."""
    cr.execute(
        "SELECT subject_key, max(COALESCE(version, -1)) FROM retail_inbox_work "
        "WHERE backend_id = %s AND subject_key = ANY(%s) GROUP BY subject_key",
        (backend_id, list(subject_keys)),
    )
    return dict(cr.fetchall())
