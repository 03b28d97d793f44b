"""The official SDK's annotations as a schema: what of a JSON value does not fit them."""

import inspect
import typing

import stripe
from stripe import StripeObject

#: names of the SDK's forward references that its package does not export under that name
_CLASSES = {
    "Authorization": stripe.issuing.Authorization,
    "CardResource": stripe.Card,
    "DisputeResource": stripe.Dispute,
    "IssuingDisputeResource": stripe.issuing.Dispute,
    "Transaction": stripe.issuing.Transaction,
}


def deviations(value, annotation, path="$"):
    """Return one text per deviation of ``value`` from ``annotation``.

    A key that the SDK does not know is one, a missing key that it does not call optional too, and a word that is not
    among its literals, although it takes any text there.
    """
    if isinstance(annotation, type) and issubclass(annotation, StripeObject):
        return _object(value, annotation, path)
    if isinstance(annotation, (typing.ForwardRef, str)):
        name = getattr(annotation, "__forward_arg__", annotation)
        return deviations(value, _CLASSES.get(name) or getattr(stripe, name), path)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Union:
        return _union(value, arguments, path)
    if origin is typing.Literal:
        return [] if value in arguments else [f"{path}: {value!r} is not among {arguments}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return _each(enumerate(value), arguments[0], path)
    if origin is stripe.ListObject:
        return _list_object(value, arguments[0], path)
    if isinstance(origin, type) and issubclass(origin, StripeObject):  # UntypedStripeObject[str]
        if not isinstance(value, dict):
            return [f"{path}: no object"]
        return (
            [] if not arguments else [f for k, v in value.items() for f in deviations(v, arguments[0], f"{path}.{k}")]
        )
    if annotation is typing.Any:
        return []
    if annotation is type(None):
        return [] if value is None else [f"{path}: not null"]
    is_fit = type(value) is annotation or (annotation is float and type(value) is int)
    return [] if is_fit else [f"{path}: {value!r} is no {getattr(annotation, '__name__', annotation)}"]


def _each(items, annotation, path):
    return [found for place, one in items for found in deviations(one, annotation, f"{path}[{place}]")]


def _union(value, arguments, path):
    if value is None:
        return [] if type(None) in arguments else [f"{path}: null"]
    arguments = [one for one in arguments if one is not type(None)]
    literals = [one for one in arguments if typing.get_origin(one) is typing.Literal]
    if literals and isinstance(value, str):
        arguments = literals
    tried = [deviations(value, one, path) for one in arguments]
    return min(tried, key=len)


def _list_object(value, inner, path):
    if not isinstance(value, dict) or set(value) != {"object", "data", "has_more", "url"}:
        return [f"{path}: no list object"]
    return [
        found for place, one in enumerate(value["data"]) for found in deviations(one, inner, f"{path}.data[{place}]")
    ]


def _object(value, cls, path):
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no object"]
    known = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, StripeObject) and base is not StripeObject:
            known.update(inspect.get_annotations(base))
    known = {name: one for name, one in known.items() if typing.get_origin(one) is not typing.ClassVar}
    found = [f"{path}.{key}: unknown to the SDK" for key in value if key not in known]
    for name, annotation in known.items():
        if name in value:
            found += deviations(value[name], annotation, f"{path}.{name}")
        elif type(None) not in typing.get_args(annotation):
            found.append(f"{path}.{name}: missing")
    return found
