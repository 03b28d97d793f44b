"""Keeps two batches that run at the same time from making the same thing, without either waiting."""

import zlib

#: First key of the two-key advisory locks, so that they meet no other addon's. ASCII "RTLC".
LOCK_SPACE = 0x52544C43


def claim(cr, names):
    """Claim ``names`` until the end of the transaction; return those that nobody else holds.

    :param names: iterable of str
    """
    by_number = {zlib.crc32(name.encode()) - 2**31: name for name in names}
    cr.execute(
        "SELECT number FROM unnest(%s::int[]) AS number WHERE pg_try_advisory_xact_lock(%s, number)",
        (sorted(by_number), LOCK_SPACE),
    )
    return {by_number[number] for (number,) in cr.fetchall()}
