"""What the suite itself keeps about a person, found by the subjects of messages and taken away."""

_DROP_BODIES = """
UPDATE retail_inbox SET body = NULL, headers = NULL, body_dropped_at = clock_timestamp() AT TIME ZONE 'UTC'
WHERE backend_id = %(backend_id)s AND subject_key = ANY(%(subjects)s) AND body IS NOT NULL
  AND (state IN ('done', 'superseded', 'ignored') OR subject_key = %(own)s)
"""
_DROP_CONTENTS = """
UPDATE retail_outbox SET payload = NULL, answer = NULL
WHERE backend_id = %(backend_id)s AND subject_key = ANY(%(subjects)s) AND (payload IS NOT NULL OR answer IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM retail_outbox_work w WHERE w.outbox_id = retail_outbox.id)
"""
_COUNT_UNFINISHED = """
SELECT count(*) FROM retail_inbox
WHERE backend_id = %(backend_id)s AND subject_key = ANY(%(subjects)s) AND body IS NOT NULL AND subject_key <> %(own)s
"""
_COUNT_LINES = (
    "SELECT count(*) FROM retail_sync_log WHERE backend_id = %(backend_id)s AND subject_key = ANY(%(subjects)s)"
)


def drop_contents(cr, backend_id, subjects, own):
    """Drop what messages about ``subjects`` contain, and what was told and answered about them.

    :param list[str] subjects: ``order:gid://…``
    :param str own: the subject of the request itself, whose content goes although it is being worked on
    :return: dict ``bodies`` (dropped), ``contents`` (dropped), ``unfinished`` (messages that keep theirs), ``lines``
        (of the sync log, which retention takes)
    """
    values = {"backend_id": backend_id, "subjects": [*subjects, own], "own": own}
    counts = {}
    for name, statement in (("bodies", _DROP_BODIES), ("contents", _DROP_CONTENTS)):
        cr.execute(statement, values)
        counts[name] = cr.rowcount
    for name, statement in (("unfinished", _COUNT_UNFINISHED), ("lines", _COUNT_LINES)):
        cr.execute(statement, values)
        counts[name] = cr.fetchone()[0]
    return counts
