"""One table from ``(type, field)`` to the function that answers it.

A field without an entry is read from the record under its own name. A name that the record does not hold is an error,
never a silent null: a caller must not take a gap of the simulator for an answer of the vendor.
"""

from graphql import GraphQLError

_TABLE = {}
_ABSENT = object()


class NotSimulated(GraphQLError):
    """The vendor knows the field; this simulator does not serve it."""

    def __init__(self, type_name, field_name):
        super().__init__(
            f"{type_name}.{field_name} is not simulated. Add it to simulators/shopify/resolvers.",
            extensions={"code": "SIMULATOR_NOT_IMPLEMENTED", "typeName": type_name, "fieldName": field_name},
        )


def resolver(type_name, *field_names):
    """Register the decorated ``function(record, context, args)`` for the fields.

    :param str type_name: a type of the schema
    """

    def register(function):
        for field_name in field_names:
            _TABLE[type_name, field_name] = function
        return function

    return register


def find(type_name, field_name):
    """:return: the registered function, or None"""
    return _TABLE.get((type_name, field_name))


def registered():
    """All ``(type name, field name)`` that have a function."""
    return list(_TABLE)


def answer(record, context, type_name, field_name, args):
    """The value of a field, before the schema checks and writes it.

    :raises NotSimulated: nothing here knows the field
    """
    function = _TABLE.get((type_name, field_name))
    if function is not None:
        return function(record, context, args)
    is_record = isinstance(record, dict)
    value = record.get(field_name, _ABSENT) if is_record else getattr(record, field_name, _ABSENT)
    if value is _ABSENT:
        raise NotSimulated(type_name, field_name)
    return value
