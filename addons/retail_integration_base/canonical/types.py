"""Building blocks of canonical schemas (Cerberus rules).

Money is a decimal string with an ISO 4217 currency; an instant is RFC 3339 in UTC; an id is a string. Names follow
schema.org and UBL 2.1 where they have one.
"""

AMOUNT_REGEX = r"-?\d{1,16}(\.\d{1,10})?"
INSTANT_REGEX = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"

STRING = {"type": "string"}
OPTIONAL_STRING = {"type": "string", "nullable": True}
ID = {"type": "string", "minlength": 1, "required": True}
OPTIONAL_ID = {"type": "string", "minlength": 1, "nullable": True}
BOOLEAN = {"type": "boolean"}
DECIMAL = {"type": "string", "regex": AMOUNT_REGEX}
INSTANT = {"type": "string", "regex": INSTANT_REGEX}
OPTIONAL_INSTANT = dict(INSTANT, nullable=True)
CURRENCY = {"type": "string", "regex": "[A-Z]{3}"}
COUNTRY = {"type": "string", "regex": "[A-Z]{2}", "nullable": True}
STRINGS = {"type": "list", "schema": STRING}

MONEY = {
    "type": "dict",
    "schema": {"amount": dict(DECIMAL, required=True), "currency": dict(CURRENCY, required=True)},
}
OPTIONAL_MONEY = dict(MONEY, nullable=True)


def required(rule):
    """Return ``rule`` for a key that must be there."""
    return dict(rule, required=True)


def list_of(schema):
    """Return the rule of a list of dicts, each of ``schema``."""
    return {"type": "list", "schema": {"type": "dict", "schema": schema}}


def header(entity, version):
    """Return the keys every canonical document starts with.

    ``version`` is the vendor's version of the subject as an integer that grows with time.
    """
    return {
        "schema": {"type": "string", "required": True, "allowed": ["%s.v%d" % (entity, version)]},
        "external_id": ID,
        "version": {"type": "integer", "required": True, "min": 0},
    }
