"""What several resolver modules need."""

from graphql import GraphQLError

from ..search import Search
from ..state import ids
from . import connections


def read_id(gid, kind=None):
    """Check the form of an id argument and, where the field asks for one kind, its kind.

    :raises GraphQLError: in the words Shopify uses
    """
    try:
        found, _number = ids.parse(gid)
    except ids.MalformedId as error:
        code = {"code": "argumentLiteralsIncompatible", "typeName": "CoercionError"}
        raise GraphQLError(str(error), extensions=code) from error
    if kind and found != kind:
        raise GraphQLError("invalid id", extensions={"code": "RESOURCE_NOT_FOUND"})
    return gid


def search_page(context, records, args, fields, sort_keys):
    """Filter, sort and page a root connection.

    :param dict fields: for :class:`Search`
    :param dict sort_keys: sort key of the schema to ``function(record) -> str | int``
    """
    search = Search(args.get("query"), fields)
    for warning in search.warnings:
        context.search_warnings.append({"query": search.text, **warning})
    value = sort_keys.get(args.get("sortKey") or "ID")
    if value is None:
        message = f"sortKey {args['sortKey']} is not simulated"
        raise GraphQLError(message, extensions={"code": "SIMULATOR_NOT_IMPLEMENTED"})
    chosen = sorted(search.select(records), key=lambda record: (value(record), record_number(record)))
    return connections.page(chosen, args, value)


def record_number(record):
    return ids.number(record["id"].partition("?")[0])


def stamp(instant):
    """An instant as a number that sorts and that JSON can hold."""
    return int(instant.timestamp())


def count(number):
    return {"__typename": "Count", "count": number, "precision": "EXACT"}


def empty_connection(record, context, args):
    """For what this shop never has."""
    return connections.page([], args)


def no_metafield(record, context, args):
    return None
