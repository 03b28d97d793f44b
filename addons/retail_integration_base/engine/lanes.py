"""Which lane a subject travels in. All messages of one subject share a lane, and one worker at a time drains it.

Lanes 0 to 15 lead into Odoo, 16 to 23 out of it: a slow vendor at one of the latter keeps no message from coming in.
"""

import zlib

IN_LANES = 16
OUT_LANES = 8
#: One drain job per group; a job takes whichever lanes of its group are free. Groups 0 to 3 lead in, 4 and 5 out.
IN_GROUPS = 4
OUT_GROUPS = 2
GROUPS = IN_GROUPS + OUT_GROUPS
#: First key of the two-key advisory locks, so that they meet no other addon's. ASCII "RTLI".
LOCK_SPACE = 0x52544C49
#: The same for what messages of different lanes share, such as one customer of two orders. ASCII "RTLS".
SHARED_LOCK_SPACE = 0x52544C53
#: The same for the poll of a flow. ASCII "RTLP".
POLL_LOCK_SPACE = 0x52544C50
#: The same for a run over many records (``retail.bulk.run``). ASCII "RTLR".
RUN_LOCK_SPACE = 0x52544C52
#: The same for what is recovered from a vendor (``retail.recovery``). ASCII "RTLV".
RECOVERY_LOCK_SPACE = 0x52544C56

#: The same for a backfill (``retail.backfill``). ASCII "RTLB".
BACKFILL_LOCK_SPACE = 0x52544C42


def lane_of(backend_id, subject_key):
    """Return the lane (0 … 15) of a subject on its way in.

    CRC-32 and not ``hash()``: every process must agree, today and after an upgrade.
    """
    return zlib.crc32(("%d:%s" % (backend_id, subject_key)).encode()) % IN_LANES


def out_lane_of(flow_id, subject_key=None):
    """Return the lane (16 … 23) of an intent on its way out.

    :param str subject_key: of a command; ``None`` for state, all of which shares the lane of its flow, so that one call
        to the vendor carries as much as the vendor takes
    """
    return IN_LANES + zlib.crc32(("%d:%s" % (flow_id, subject_key or "")).encode()) % OUT_LANES


def shared_lock_of(backend_id, name):
    """Return the number (a signed 32-bit int) of the advisory lock on ``name``, e.g. ``email:ada@example.org``.

    Two names may meet in one number; then two batches wait for each other without need, and nothing else happens.
    """
    return zlib.crc32(("%d:%s" % (backend_id, name)).encode()) - 2**31


def is_out(lane):
    """Return whether ``lane`` leads out of Odoo."""
    return lane >= IN_LANES


def group_of(lane):
    """Return the lane group (0 … 5) that drains ``lane``."""
    return IN_GROUPS + lane % OUT_GROUPS if is_out(lane) else lane % IN_GROUPS


def lanes_beside(group):
    """Return the lanes of the other groups that lead the same way."""
    own = lanes_of(group)
    return [lane for lane in range(IN_LANES + OUT_LANES) if is_out(lane) == is_out(own[0]) and lane not in own]


def lanes_of(group):
    """Return the lanes of a group."""
    return [lane for lane in range(IN_LANES + OUT_LANES) if group_of(lane) == group]
