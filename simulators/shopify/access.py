"""Read the access requirements that Shopify publishes with its schema.

``offline_scopes`` names the scopes of each type and field as a list and as a sentence. The list does not tell
"any of" from "all of"; the sentence does, so the sentence is what is read here, and the list is the check.
"""

import re
from dataclasses import dataclass

_SCOPE = re.compile(r"`((?:unauthenticated_)?(?:read|write|manage)_[a-z0-9_]+)`")


@dataclass(frozen=True)
class Requirement:
    """What a type or field needs.

    :param str text: Shopify's own sentence, which its ``ACCESS_DENIED`` error repeats
    :param tuple query: clauses for queries; every clause needs one of its scopes, the usual one first
    :param tuple mutation: the same for mutations; nearly always equal to ``query``
    """

    text: str
    query: tuple
    mutation: tuple

    def clauses(self, is_mutation):
        return self.mutation if is_mutation else self.query

    def is_met(self, granted, is_mutation=False):
        """:param set granted: scopes granted to the app, already :func:`widened`"""
        return all(granted.intersection(clause) for clause in self.clauses(is_mutation))


def widened(scopes):
    """Add what the granted scopes imply: ``write_x`` includes ``read_x``.

    :rtype: frozenset
    """
    implied = {"read_" + scope.removeprefix("write_") for scope in scopes if scope.startswith("write_")}
    return frozenset(scopes) | implied


def read_requirements(items):
    """Index the published items.

    :param list[dict] items: ``offline_scopes.items`` of the schema file
    :return: ``(type name, field name or None)`` to :class:`Requirement`
    """
    requirements = {}
    for item in items:
        if item["offlineScopes"]:
            key = (item["typeName"], item.get("fieldName"))
            requirements[key] = parse_sentence(item["requiredAccess"], item["offlineScopes"])
    return requirements


def parse_sentence(text, listed):
    """Turn "`a` access scope or `b` access scope. Also: Requires `c` scope." into clauses.

    :param list[str] listed: the scopes of the same item, as a list; first is the preferred one
    :rtype: Requirement
    """
    main, _, also = text.partition("Also:")
    for_mutations = re.search(r"for queries and both (.*) for mutations", main)
    if for_mutations:
        query = (tuple(_SCOPE.findall(main[: for_mutations.start()])),)
        mutation = tuple((scope,) for scope in _SCOPE.findall(for_mutations.group(1)))
        return Requirement(text, query, mutation)
    clauses = [_known(part, listed) for part in re.split(r" as well as | and \(", main)]
    clauses += [
        _known(sentence, listed) for sentence in re.findall(r"Requires (?:the )?`[^.]*", also) if "scope" in sentence
    ]
    clauses = tuple(clause for clause in clauses if clause) or (tuple(listed),)
    return Requirement(text, clauses, clauses)


def _known(text, listed):
    return tuple(scope for scope in _SCOPE.findall(text) if scope in listed)
