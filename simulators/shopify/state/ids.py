"""Global ids: ``gid://shopify/Order/5123456789012``."""

import re

_GID = re.compile(r"gid://shopify/([A-Za-z0-9]+)/([0-9]+)(\?[^ ]*)?")


class MalformedId(ValueError):
    """Not a global id at all."""


def make(kind, number):
    return f"gid://shopify/{kind}/{number}"


def parse(gid):
    """:return: ``(type name, number)``
    :raises MalformedId: the text has not the form of a global id
    """
    match = _GID.fullmatch(str(gid))
    if not match:
        raise MalformedId(f"Invalid global id '{gid}'")
    return match.group(1), int(match.group(2))


def number(gid):
    return parse(gid)[1]


class Sequence:
    """Numbers that grow in uneven steps, like the vendor's; the same seed gives the same numbers."""

    def __init__(self, rng, start):
        self._rng = rng
        self._last = start

    def next(self):
        self._last += self._rng.randrange(32768, 327680, 32768)
        return self._last
