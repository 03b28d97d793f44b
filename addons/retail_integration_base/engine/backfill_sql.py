"""What lies between a vendor's file and the inbox: the lines of a file by the subject they belong to.

The children of an order may come anywhere after it. Joined in memory they would need the whole file there; here
PostgreSQL keeps them, and what is held is one page on the way in and a few orders on the way out.
"""

import psycopg2
from psycopg2.extras import execute_values

# A line is staged in the transaction that notes how far the file was read. Read again after a crash, it is the same.
_STAGE = """
INSERT INTO retail_backfill_part (backfill_id, line_number, subject, is_root, body) VALUES %s
ON CONFLICT (backfill_id, line_number) DO NOTHING
"""

# The next subjects with their size, along the index on subjects. It begins behind the last one that was
# taken: a search from the start would walk over the dead entries of all that were.
_NEXT = """
SELECT subject, sum(octet_length(body)) FROM retail_backfill_part
WHERE backfill_id = %(backfill)s AND subject IN (
    SELECT DISTINCT subject FROM retail_backfill_part
    WHERE backfill_id = %(backfill)s AND subject > %(after)s ORDER BY subject LIMIT %(limit)s
)
GROUP BY subject ORDER BY subject
"""

_READ = """
SELECT subject, is_root, body FROM retail_backfill_part
WHERE backfill_id = %s AND subject = ANY(%s) ORDER BY subject, line_number
"""


def stage(cr, backfill_id, lines):
    """Keep lines until all of the file is here.

    :param list lines: ``(line number, subject, whether it is the subject itself, bytes)``
    """
    if lines:
        rows = [
            (backfill_id, number, subject, is_root, psycopg2.Binary(body)) for number, subject, is_root, body in lines
        ]
        execute_values(cr._obj, _STAGE, rows, page_size=len(rows))


def next_subjects(cr, backfill_id, after, limit):
    """Return the subjects behind ``after``, at most ``limit``: list of ``(subject, bytes of its lines)``."""
    cr.execute(_NEXT, {"backfill": backfill_id, "after": after, "limit": limit})
    return [(subject, int(size)) for subject, size in cr.fetchall()]


def read(cr, backfill_id, subjects):
    """Return dict subject → ``(bytes of its own line or None, list of the bytes of its parts)``."""
    cr.execute(_READ, (backfill_id, list(subjects)))
    found = {subject: (None, []) for subject in subjects}
    for subject, is_root, body in cr.fetchall():
        if is_root:
            found[subject] = (bytes(body), found[subject][1])
        else:
            found[subject][1].append(bytes(body))
    return found


def read_roots(cr, backfill_id, subjects):
    """Return dict subject → bytes of its own line, for those whose line came."""
    cr.execute(
        "SELECT subject, body FROM retail_backfill_part WHERE backfill_id = %s AND subject = ANY(%s) AND is_root",
        (backfill_id, list(subjects)),
    )
    return {subject: bytes(body) for subject, body in cr.fetchall()}


def drop(cr, backfill_id, subjects=None):
    """Forget the lines of ``subjects``; ``None``: of all."""
    if subjects is None:
        cr.execute("DELETE FROM retail_backfill_part WHERE backfill_id = %s", (backfill_id,))
    else:
        cr.execute(
            "DELETE FROM retail_backfill_part WHERE backfill_id = %s AND subject = ANY(%s)",
            (backfill_id, list(subjects)),
        )
