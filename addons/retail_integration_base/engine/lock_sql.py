"""Locks of a session: they survive the commits between claim, call and effect, and go with the connection."""

from .lanes import LOCK_SPACE, POLL_LOCK_SPACE, RUN_LOCK_SPACE, SHARED_LOCK_SPACE


def try_lock_lanes(cr, lanes):
    """Take those of ``lanes`` that are free for this *session* and return them.

    A session lock survives the commits between claim, fetch and effect, and goes with the connection when the worker
    is killed. :func:`unlock_lanes` gives it back.
    """
    # OFFSET 0 keeps PostgreSQL from merging the two queries and taking a lock once per mention of the column.
    cr.execute(
        "SELECT lane FROM (SELECT lane, pg_try_advisory_lock(%s, lane) AS is_ours "
        "FROM unnest(%s::int[]) AS lane OFFSET 0) AS tried WHERE is_ours",
        (LOCK_SPACE, list(lanes)),
    )
    return [lane for (lane,) in cr.fetchall()]


def unlock_lanes(cr, lanes):
    """Give the lanes back."""
    cr.execute("SELECT pg_advisory_unlock(%s, lane) FROM unnest(%s::int[]) AS lane", (LOCK_SPACE, list(lanes)))


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
