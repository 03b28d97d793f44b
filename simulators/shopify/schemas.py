"""Load the vendor's introspection, once per API version and only when it is needed."""

import functools
import gzip
import json
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLSchema, build_client_schema

from . import access, scalars

# The newest stable version and the one before it, newest last
SUPPORTED = ("2026-07", "2026-10")

_FOLDER = Path(__file__).parent / "schema"


@dataclass(frozen=True)
class ApiVersion:
    """One version of the Admin API.

    :param dict access: ``(type name, field name or None)`` to the :class:`access.Requirement` it has
    :param frozenset protected: ``(type name, field name)`` of the customer's protected data
    """

    name: str
    schema: GraphQLSchema
    access: dict
    protected: frozenset


class UnknownVersion(LookupError):
    """Neither supported nor known."""


@functools.cache
def load(version):
    """Return the :class:`ApiVersion` named ``version``.

    :raises UnknownVersion: it is not in :data:`SUPPORTED`
    """
    if version not in SUPPORTED:
        raise UnknownVersion(version)
    with gzip.open(_FOLDER / f"admin_{version}.json.gz") as file:
        source = json.load(file)
    schema = build_client_schema(source["data"], assume_valid=True)
    scalars.teach(schema)
    return ApiVersion(
        name=version,
        schema=schema,
        access=access.read_requirements(source["offline_scopes"]["items"]),
        protected=_protected_fields(source["data"]["__schema"]["types"]),
    )


def _protected_fields(types):
    """Fields that a shop without approval for protected customer data gets as null."""
    return frozenset(
        (entry["name"], field["name"])
        for entry in types
        for field in entry.get("fields") or ()
        if field.get("protectedSubject") == "customer"
    )
