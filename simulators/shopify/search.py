"""Shopify's search syntax for ``query:`` arguments.

Source: Shopify, "Shopify API search syntax". Terms are joined by AND when nothing stands between them; OR, NOT, a
leading ``-`` and parentheses work; a value may be quoted; ``>``, ``>=``, ``<``, ``<=`` compare; a comma in a value
means any of; ``*`` ends a prefix. A field that the connection does not know is ignored with a warning, as the vendor
does: a misspelt filter returns everything.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from .scalars import parse_instant

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) | (?P<minus>-(?=[\w(])) |
        (?P<term>(?:(?P<field>[A-Za-z_][\w.]*)\s*:\s*)?(?P<operator>>=|<=|>|<)?\s*
                 (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s()"']+)))
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Term:
    field: str | None
    operator: str
    value: str


class Search:
    """A parsed query.

    :param str text: what the caller passed as ``query``; None or blank matches everything
    :param dict fields: field name to ``function(record) -> value`` (str, bool, int, Decimal, datetime, None, or a list
        of these) or to ``function(record, text) -> bool``, marked by :func:`test`
    :ivar list warnings: as Shopify puts them in ``extensions.search``
    """

    def __init__(self, text, fields):
        self.text = text or ""
        self.fields = fields
        self.warnings = []
        self._tokens = list(self._tokenize())
        self._position = 0
        self._matches = self._any_of() if self._tokens else lambda record: True

    def matches(self, record):
        return self._matches(record)

    def select(self, records):
        return [record for record in records if self._matches(record)]

    def _tokenize(self):
        position = 0
        while self.text[position:].strip():
            match = _TOKEN.match(self.text, position)
            if not match:
                position += 1  # Shopify skips what it cannot read
                continue
            position = match.end()
            yield self._token(match)

    @staticmethod
    def _token(match):
        if match["open"] or match["close"] or match["minus"]:
            return match[0].strip()
        if match["bare"] in ("AND", "OR", "NOT") and not match["field"]:
            return match["bare"]
        value = next(text for text in (match["double"], match["single"], match["bare"]) if text is not None)
        return Term(match["field"], match["operator"] or "", value)

    def _peek(self):
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, token):
        if self._peek() == token:
            self._position += 1
            return True
        return False

    def _any_of(self):
        options = [self._all_of()]
        while self._take("OR"):
            options.append(self._all_of())
        return lambda record: any(option(record) for option in options)

    def _all_of(self):
        parts = []
        while self._peek() not in (None, "OR", ")"):
            if not self._take("AND"):
                parts.append(self._one())
        return lambda record: all(part(record) for part in parts)

    def _one(self):
        if self._take("NOT") or self._take("-"):
            inner = self._one()
            return lambda record: not inner(record)
        if self._take("("):
            inner = self._any_of()
            self._take(")")
            return inner
        term = self._peek()
        self._position += 1
        return self._term(term) if isinstance(term, Term) else lambda record: True

    def _term(self, term):
        name = term.field or "default"
        read = self.fields.get(name)
        if read is None:
            message = "Invalid search field for this query."
            self.warnings.append({"field": name, "message": message, "code": "invalid_field"})
            return lambda record: True
        if getattr(read, "is_test", False):
            return lambda record: read(record, term.value)
        return lambda record: any(_compare(value, term) for value in _listed(read(record)))


def test(function):
    """Mark ``function(record, text) -> bool`` as one that decides itself."""
    function.is_test = True
    return function


def _listed(value):
    return value if isinstance(value, (list, tuple)) else [value]


def _compare(value, term):
    if not term.operator:
        return any(_equals(value, option.strip()) for option in term.value.split(","))
    wanted = _cast(value, term.value)
    if value is None or wanted is None:
        return False
    return {">": value > wanted, ">=": value >= wanted, "<": value < wanted, "<=": value <= wanted}[term.operator]


def _equals(value, text):
    if value is None:
        return False
    if isinstance(value, str):
        text, value = text.lower(), value.lower()
        return value.startswith(text[:-1]) if text.endswith("*") else value == text
    return value == _cast(value, text)


def _cast(value, text):
    """Read ``text`` as the type of ``value``; None when it cannot be."""
    try:
        if isinstance(value, bool):
            return text.lower() == "true"
        if isinstance(value, datetime):
            return parse_instant(text)
        if isinstance(value, (int, Decimal)):
            return Decimal(text.rpartition("/")[2])
    except (ValueError, InvalidOperation):
        return None
    return text
