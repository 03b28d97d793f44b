"""Which lane a subject travels in. All messages of one subject share a lane, and one worker at a time drains it."""

import zlib

LANES = 16
#: One drain job per group; a job takes whichever lanes of its group are free.
LANE_GROUPS = 4
#: First key of the two-key advisory locks, so that they meet no other addon's. ASCII "RTLI".
LOCK_SPACE = 0x52544C49
#: The same for what messages of different lanes share, such as one customer of two orders. ASCII "RTLS".
SHARED_LOCK_SPACE = 0x52544C53
#: The same for the poll of a flow. ASCII "RTLP".
POLL_LOCK_SPACE = 0x52544C50


def lane_of(backend_id, subject_key):
    """Return the lane (0 … 15) of a subject.

    CRC-32 and not ``hash()``: every process must agree, today and after an upgrade.
    """
    return zlib.crc32(("%d:%s" % (backend_id, subject_key)).encode()) % LANES


def shared_lock_of(backend_id, name):
    """Return the number (a signed 32-bit int) of the advisory lock on ``name``, e.g. ``email:ada@example.org``.

    Two names may meet in one number; then two batches wait for each other without need, and nothing else happens.
    """
    return zlib.crc32(("%d:%s" % (backend_id, name)).encode()) - 2**31


def group_of(lane):
    """Return the lane group (0 … 3) that drains ``lane``."""
    return lane % LANE_GROUPS


def lanes_of(group):
    """Return the lanes of a group."""
    return [lane for lane in range(LANES) if group_of(lane) == group]
