"""Whether a vendor's API is called at all, shared by all workers. One row per backend and endpoint that ever failed.

A circuit is closed while calls are answered. After :data:`FAILURES_TO_OPEN` calls in a row without an answer it opens:
nothing of it is claimed until ``wait_until``, then by one worker, one message, as a probe. Written in transactions of
its own, so that it survives the rollback of the work that failed and is in nobody's way.
"""

FAILURES_TO_OPEN = 3
FIRST_INTERVAL_SECONDS = 5
MAX_INTERVAL_SECONDS = 300

# The interval doubles with each probe that fails; up to a quarter is added, so that circuits do not knock in step.
_FAIL = """
INSERT INTO retail_circuit AS c (backend_id, endpoint, failures, last_error)
VALUES (%(backend_id)s, %(endpoint)s, 1, %(error)s)
ON CONFLICT (backend_id, endpoint) DO UPDATE
SET failures = c.failures + 1,
    last_error = EXCLUDED.last_error,
    opened_at = CASE WHEN c.failures + 1 >= %(threshold)s
                     THEN COALESCE(c.opened_at, clock_timestamp() AT TIME ZONE 'UTC') END,
    wait_until = CASE WHEN c.failures + 1 >= %(threshold)s
                      THEN GREATEST(c.wait_until, clock_timestamp() AT TIME ZONE 'UTC'
                           + (1 + random() / 4) * interval '1 second'
                           * LEAST(%(most)s, %(first)s * power(2, LEAST(c.failures + 1 - %(threshold)s, 20))))
                      ELSE c.wait_until END
"""

# An answer closes the circuit; it does not end a wish to slow down, which somebody else may have been told meanwhile.
_SUCCEED = """
UPDATE retail_circuit
SET failures = 0, opened_at = NULL, last_error = NULL, wait_until = CASE WHEN opened_at IS NULL THEN wait_until END
WHERE backend_id = %s AND endpoint = %s AND failures > 0
"""

_THROTTLE = """
INSERT INTO retail_circuit AS c (backend_id, endpoint, failures, wait_until)
VALUES (%(backend_id)s, %(endpoint)s, 0, clock_timestamp() AT TIME ZONE 'UTC' + %(delay)s)
ON CONFLICT (backend_id, endpoint) DO UPDATE SET wait_until = GREATEST(c.wait_until, EXCLUDED.wait_until)
"""

# Exactly one of those who come at the same time gets the probe; the time it sets keeps the others off meanwhile.
_PROBE = """
UPDATE retail_circuit
SET wait_until = clock_timestamp() AT TIME ZONE 'UTC' + %(seconds)s * interval '1 second'
WHERE backend_id = %(backend_id)s AND endpoint = %(endpoint)s AND opened_at IS NOT NULL
  AND wait_until <= clock_timestamp() AT TIME ZONE 'UTC'
RETURNING id
"""


def state(cr, backend_id, endpoint):
    """Return ``(failures, is open, is waiting)``."""
    cr.execute(
        "SELECT failures, opened_at IS NOT NULL, COALESCE(wait_until > clock_timestamp() AT TIME ZONE 'UTC', false) "
        "FROM retail_circuit WHERE backend_id = %s AND endpoint = %s",
        (backend_id, endpoint),
    )
    return cr.fetchone() or (0, False, False)


def fail(cr, backend_id, endpoint, error):
    """Count a call without an answer. The caller commits.

    :param str error: for people
    """
    cr.execute(
        _FAIL,
        {
            "backend_id": backend_id,
            "endpoint": endpoint,
            "error": error,
            "threshold": FAILURES_TO_OPEN,
            "first": FIRST_INTERVAL_SECONDS,
            "most": MAX_INTERVAL_SECONDS,
        },
    )


def succeed(cr, backend_id, endpoint):
    """Note that a call was answered; return whether that changed anything. The caller commits."""
    cr.execute(_SUCCEED, (backend_id, endpoint))
    return bool(cr.rowcount)


def throttle(cr, backend_id, endpoint, delay):
    """Let nobody call before ``delay`` (timedelta) has passed. The caller commits."""
    cr.execute(_THROTTLE, {"backend_id": backend_id, "endpoint": endpoint, "delay": delay})


def take_probe(cr, backend_id, endpoint):
    """Return whether the caller is the one who may try an open circuit now. The caller commits."""
    cr.execute(_PROBE, {"backend_id": backend_id, "endpoint": endpoint, "seconds": FIRST_INTERVAL_SECONDS})
    return cr.fetchone() is not None
