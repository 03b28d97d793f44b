"""The SQL of deferred reservations, in one place, each statement explained.

``retail_reservation`` has one small row per picking that waits for its reservation and loses it when that was done.
Rows are only ever added by imports: nothing an import writes is changed by the writer, so neither waits for the other.
"""

#: First key of the two-key advisory locks, so that they meet no other addon's. ASCII "RTLW".
LOCK_SPACE = 0x52544C57

# What a person marked as urgent goes first, then the flow's latency class, then whoever ordered first. The picking's
# priority is read at this moment, so that a star given a second ago counts.
_DUE = """
SELECT r.id, r.claimed_at IS NOT NULL
FROM retail_reservation r
JOIN stock_picking p ON p.id = r.picking_id
WHERE r.warehouse_id = %(warehouse)s
  AND NOT r.is_held
  AND r.not_before <= clock_timestamp() AT TIME ZONE 'UTC'
ORDER BY p.priority DESC, r.priority, r.ordered_at, r.id
LIMIT %(limit)s
"""

# Counting the attempt before the work is done, in a transaction of its own, is what makes a picking that kills its
# worker come to an end. ``claimed_at`` that is set already belongs to an attempt nobody finished.
_CLAIM = """
UPDATE retail_reservation
SET attempts = attempts + 1,
    deaths = deaths + (claimed_at IS NOT NULL)::int,
    claimed_at = clock_timestamp() AT TIME ZONE 'UTC'
WHERE id = ANY(%s)
"""

# The flag of a warehouse; true exactly on the edge from asleep to awake. The row is made by the first order.
_MARK_AWAKE = """
INSERT INTO retail_reservation_lane AS lane (warehouse_id, is_awake, woken_at)
VALUES (%s, true, clock_timestamp() AT TIME ZONE 'UTC')
ON CONFLICT (warehouse_id) DO UPDATE SET is_awake = true, woken_at = EXCLUDED.woken_at
WHERE lane.is_awake IS NOT TRUE
RETURNING warehouse_id
"""

# Committed by itself, so that the workers' next batches see it whatever becomes of the one that lost.
_MARK_CONTENDED = """
INSERT INTO retail_reservation_lane AS lane (warehouse_id, is_awake, contended_until)
VALUES (%(warehouse)s, false, clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => %(seconds)s))
ON CONFLICT (warehouse_id) DO UPDATE SET contended_until = EXCLUDED.contended_until
"""

_NEXT_DUE = """
SELECT warehouse_id, EXTRACT(EPOCH FROM MIN(not_before) - clock_timestamp() AT TIME ZONE 'UTC')
FROM retail_reservation
WHERE NOT is_held
GROUP BY warehouse_id
"""

# What a person settled by hand while it was held: nothing of the picking is left to reserve.
_SETTLED = """
SELECT r.id
FROM retail_reservation r
WHERE r.is_held
  AND NOT EXISTS (
      SELECT 1 FROM stock_move m
      WHERE m.picking_id = r.picking_id AND m.state IN ('confirmed', 'partially_available')
  )
"""


def try_lock(cr, warehouse_id):
    """Become the one writer of a warehouse for this *session*; return whether nobody else was.

    A session lock survives the commit of each batch, and goes with the connection when the worker is killed.
    """
    cr.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK_SPACE, warehouse_id))
    return cr.fetchone()[0]


def unlock(cr, warehouse_id):
    """Give the warehouse back."""
    cr.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCK_SPACE, warehouse_id))


def claim(cr, warehouse_id, limit):
    """Count an attempt on up to ``limit`` due marks and return their ids in the order of their turn.

    A mark whose worker died before comes alone, so that it cannot take innocent ones down with it again. The caller
    holds the warehouse's lock and commits before doing the work.
    """
    cr.execute(_DUE, {"warehouse": warehouse_id, "limit": limit})
    rows = cr.fetchall()
    if not rows:
        return []
    ids = [rows[0][0]] if rows[0][1] else [mark_id for mark_id, is_lost in rows if not is_lost]
    cr.execute(_CLAIM, (ids,))
    return ids


def mark_awake(cr, warehouse_id):
    """Set the flag of a warehouse and return whether this call did."""
    cr.execute(_MARK_AWAKE, (warehouse_id,))
    return cr.fetchone() is not None


def mark_asleep(cr, warehouse_id):
    """Clear the flag. The caller commits, then looks once more for marks that came in between."""
    cr.execute("UPDATE retail_reservation_lane SET is_awake = false WHERE warehouse_id = %s", (warehouse_id,))


def mark_contended(cr, warehouse_id, seconds):
    """Note that workers got into each other's way at the stock of a warehouse. The caller commits."""
    cr.execute(_MARK_CONTENDED, {"warehouse": warehouse_id, "seconds": seconds})


def is_contended(cr, warehouse_id):
    """Return whether workers got into each other's way at the stock of a warehouse a moment ago."""
    cr.execute(
        "SELECT contended_until > clock_timestamp() AT TIME ZONE 'UTC' FROM retail_reservation_lane "
        "WHERE warehouse_id = %s",
        (warehouse_id,),
    )
    found = cr.fetchone()
    return bool(found and found[0])


def next_due(cr):
    """Return dict warehouse id → seconds until its first mark is due (0 or less: now)."""
    cr.execute(_NEXT_DUE)
    return {warehouse_id: float(seconds) for warehouse_id, seconds in cr.fetchall()}


def settled(cr):
    """Return the ids of held marks whose picking has nothing left to reserve."""
    cr.execute(_SETTLED)
    return [mark_id for (mark_id,) in cr.fetchall()]
