"""The lines of the sync log, a batch of them in one statement."""

from psycopg2.extras import Json, execute_values

COLUMNS = (
    "backend_id",
    "flow_id",
    "inbox_id",
    "outbox_id",
    "direction",
    "entity",
    "subject_key",
    "attempt",
    "outcome",
    "error_class",
    "message",
    "duration_ms",
    "trace_id",
    "batch_trace_id",
    "evidence",
)
_APPEND = "INSERT INTO retail_sync_log (at, %s) VALUES %%s" % ", ".join(COLUMNS)  # noqa: S608 all constants
_TEMPLATE = "(%%s, %s)" % ", ".join(["%s"] * len(COLUMNS))


def append(cr, at, lines):
    """Append ``lines`` (dicts with all of ``COLUMNS``) as written at ``at`` (naive UTC)."""
    rows = [
        (at, *(Json(line[name]) if name == "evidence" and line[name] else line[name] for name in COLUMNS))
        for line in lines
    ]
    execute_values(cr._obj, _APPEND, rows, template=_TEMPLATE, page_size=len(rows))
