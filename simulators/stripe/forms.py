"""Stripe's form encoding: ``metadata[order]=1&expand[]=data.source&created[gte]=5``."""

import itertools
import re

from .errors import invalid

_PART = re.compile(r"\[([^\]]*)\]")


def parse(pairs):
    """Return the nested dict of form fields.

    :param pairs: iterable of ``(name, value)``
    :raises ApiError: two fields contradict each other
    """
    result = {}
    for name, value in pairs:
        head, _bracket, _rest = name.partition("[")
        path = [head, *_PART.findall(name)]
        target = result
        for step, following in itertools.pairwise(path):
            target = _into(target, step, [] if following == "" else {}, name)
        last = path[-1]
        if isinstance(target, list):
            target.append(value)
        else:
            target[last] = value
    return {key: _lists(value) for key, value in result.items()}


def _into(target, step, empty, name):
    if not isinstance(target, dict):
        raise invalid(f"Invalid nesting: {name}", name)
    inner = target.setdefault(step, empty)
    if type(inner) is not type(empty):
        raise invalid(f"Invalid nesting: {name}", name)
    return inner


def _lists(value):
    """Return ``value`` with dicts of the keys 0, 1, 2… as lists, as the SDK writes them."""
    if isinstance(value, dict):
        if value and all(key.isdigit() for key in value):
            return [_lists(value[key]) for key in sorted(value, key=int)]
        return {key: _lists(inner) for key, inner in value.items()}
    return value


def integer(fields, name, default=None, minimum=None, maximum=None):
    """:raises ApiError: the field is no integer, or out of bounds"""
    value = fields.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid integer: {value}", name) from None
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise invalid(f"Invalid {name}: must be between {minimum} and {maximum}", name)
    return number


def boolean(fields, name, default=False):
    value = fields.get(name)
    return default if value is None else value in ("true", "True", True, "1")
