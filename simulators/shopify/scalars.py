"""What Shopify's own scalars look like on the wire, and what they accept."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from graphql import GraphQLError


def money_text(value):
    """``12.30``: the two decimals of the ``Money`` scalar and of REST payloads.

    :param Decimal value: amount in the units of its currency
    """
    return str(value.quantize(Decimal("0.01")))


def decimal_text(value):
    """``12.3`` and ``12.0``: Shopify's ``Decimal`` scalar drops trailing zeros, down to one decimal."""
    text = format(Decimal(value), "f")
    if "." not in text:
        return text + ".0"
    text = text.rstrip("0")
    return text + "0" if text.endswith(".") else text


def instant_text(value):
    """``2026-10-01T08:00:00Z``: an instant in UTC with second precision.

    :param datetime value: aware
    """
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(value):
    """Read an ISO 8601 instant or date; without an offset it is UTC.

    :rtype: datetime
    """
    parsed = datetime.fromisoformat(value)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _read_instant(value):
    try:
        return parse_instant(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"invalid DateTime '{value}'") from error


def _read_decimal(value):
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise GraphQLError(f"invalid decimal '{value}'")
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise GraphQLError(f"invalid decimal '{value}'") from error


def _read_url(value):
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or not parts.scheme or not parts.netloc:
        raise GraphQLError(f"Invalid url '{value}'")
    return value


def _read_unsigned(value):
    if isinstance(value, bool) or not str(value).isdigit() or int(value) >= 2**64:
        raise GraphQLError(f"invalid UnsignedInt64 '{value}'")
    return int(value)


def _write_date(value):
    return value.isoformat() if isinstance(value, date) else value


# name: (how it is written, how it is read)
RULES = {
    "DateTime": (instant_text, _read_instant),
    "Date": (_write_date, lambda value: date.fromisoformat(value)),
    "Decimal": (decimal_text, _read_decimal),
    "Money": (money_text, _read_decimal),
    "UnsignedInt64": (str, _read_unsigned),
    "BigInt": (str, int),
    "URL": (str, _read_url),
    "JSON": (lambda value: value, lambda value: value),
    "HTML": (str, str),
    "FormattedString": (str, str),
    "UtcOffset": (str, str),
}


def teach(schema):
    """Give the scalars of a client schema, which pass anything through, their rules."""
    for name, (write, read) in RULES.items():
        scalar = schema.type_map.get(name)
        if scalar is not None:
            scalar.serialize = scalar.coerce_output_value = write
            scalar.parse_value = scalar.coerce_input_value = read


def json_default(value):
    """``default`` of :func:`json.dumps` for the state's own values (control API, log)."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return instant_text(value)
    return json.JSONEncoder().default(value)
