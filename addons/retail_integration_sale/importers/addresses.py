"""Compares addresses the way a postman would. Pure Python."""

import re

_NOISE = re.compile(r"[\s.,;:/\\'\"’`´-]+")
_NOT_DIGIT = re.compile(r"\D+")

#: Fields of ``res.partner`` that say where an address is
PLACE_FIELDS = ("street", "street2", "zip", "city", "state_id", "country_id")


def plain(text):
    """Return ``text`` in a form in which two spellings of one thing are equal.

    >>> plain(" 12, Main  St. ") == plain("12 main st")
    True
    """
    return _NOISE.sub(" ", text or "").strip().casefold()


def place_key(values):
    """Return where an address is, comparable; ``None`` if it says nothing.

    :param dict values: of :data:`PLACE_FIELDS`; ids for state and country
    """
    key = (
        # Where a channel splits a street over two fields is nobody's business.
        plain("%s %s" % (values.get("street") or "", values.get("street2") or "")),
        plain(values.get("zip")).replace(" ", ""),
        plain(values.get("city")),
        values.get("state_id") or 0,
        values.get("country_id") or 0,
    )
    return key if any(key) else None


def same_phone(one, other):
    """Return whether two phone numbers are one, whatever stands for the country.

    >>> same_phone("+49 30 1234567", "030/123 45 67")
    True
    """
    one, other = _NOT_DIGIT.sub("", one or ""), _NOT_DIGIT.sub("", other or "")
    digits = min(len(one), len(other), 9)
    return digits >= 7 and one[-digits:] == other[-digits:]
