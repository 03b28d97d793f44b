"""Relay connections: forward and backward paging with cursors that survive changes of the list.

A cursor names the last item by sort value and id, as Shopify's do, not by position: an order that is updated while a
client pages moves to the end instead of shifting a page.
"""

import base64
import contextvars
import json
from contextlib import contextmanager

from graphql import GraphQLError

from ..state import ids

MAX_PAGE = 250
_is_unbounded = contextvars.ContextVar("is_unbounded", default=False)


@contextmanager
def unbounded():
    """Answer connections whole meanwhile: a bulk query does not page."""
    token = _is_unbounded.set(True)
    try:
        yield
    finally:
        _is_unbounded.reset(token)


def page(items, args, value=None, identity=None):
    """Cut one page out of ``items``.

    :param list items: already in ascending order of ``value``; ``args["reverse"]`` turns it
    :param dict args: ``first``, ``after``, ``last``, ``before``, ``reverse``
    :param value: ``function(item) -> str | int``; None keeps the list's own order
    :param identity: ``function(item)`` that tells items apart and breaks ties; default the number in its id
    :return: a record for a ``…Connection`` type
    """
    if _is_unbounded.get():
        args = {name: args[name] for name in ("reverse",) if name in args}
    else:
        _check_size(args)
    identity = identity or (lambda item: ids.number(item["id"].partition("?")[0]))
    entries = [
        ([position if value is None else value(item), identity(item)], item) for position, item in enumerate(items)
    ]
    if args.get("reverse"):
        entries.reverse()
    start, end = _bounds(entries, args)
    chosen = entries[start:end]
    if args.get("first") is not None:
        chosen, end = chosen[: args["first"]], start + min(args["first"], len(chosen))
    if args.get("last") is not None:
        start = max(start, end - args["last"])
        chosen = entries[start:end]
    edges = [{"node": item, "cursor": cursor_of(key)} for key, item in chosen]
    return {
        "nodes": [item for _key, item in chosen],
        "edges": edges,
        "pageInfo": {
            "__typename": "PageInfo",
            "hasNextPage": end < len(entries),
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def first_of(items, args):
    """A plain list with only a ``first`` argument (``transactions``, ``refunds``)."""
    return items if args.get("first") is None else items[: args["first"]]


def _check_size(args):
    if args.get("first") is None and args.get("last") is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    for name in ("first", "last"):
        size = args.get(name)
        if size is not None and not 0 <= size <= MAX_PAGE:
            raise GraphQLError(
                f"{name} must be between 0 and {MAX_PAGE}, it is {size}", extensions={"code": "BAD_REQUEST"}
            )


def cursor_of(key):
    """The cursor of an item.

    :param list key: sort value and id
    """
    return base64.b64encode(json.dumps(dict(zip(("last_value", "last_id"), key, strict=True))).encode()).decode()


def _bounds(entries, args):
    start = _after(entries, args["after"], args) if args.get("after") else 0
    end = _before(entries, args["before"], args) if args.get("before") else len(entries)
    return start, max(start, end)


def _after(entries, cursor, args):
    key = _read(cursor)
    beyond = (lambda other: other < key) if args.get("reverse") else (lambda other: other > key)
    return next((i for i, (other, _item) in enumerate(entries) if beyond(other)), len(entries))


def _before(entries, cursor, args):
    key = _read(cursor)
    reached = (lambda other: other <= key) if args.get("reverse") else (lambda other: other >= key)
    return next((i for i, (other, _item) in enumerate(entries) if reached(other)), len(entries))


def _read(cursor):
    try:
        content = json.loads(base64.b64decode(cursor, validate=True))
        return [content["last_value"], content["last_id"]]
    except (ValueError, KeyError, TypeError) as error:
        raise GraphQLError(f"Invalid cursor '{cursor}'", extensions={"code": "BAD_REQUEST"}) from error
