"""The least set of access scopes that a document needs, from what Shopify publishes with its schema."""

from itertools import combinations

from graphql import OperationDefinitionNode, OperationType, TypeInfo, TypeInfoVisitor, Visitor, get_named_type, visit

from . import access, contract, schemas
from .resolvers.access_control import node_type, requirements_of


class InvalidDocument(ValueError):
    """The document does not validate, so what it needs cannot be told."""


def needed_scopes(version, *documents):
    """The smallest set of scopes with which all ``documents`` run.

    Where Shopify accepts any of several scopes, one that is needed anyway is preferred, then the one that Shopify names
    first. A ``write_`` scope covers its ``read_`` scope.

    :param str version: for example ``2026-07``
    :param str documents: texts; one may hold several operations
    :rtype: set[str]
    :raises InvalidDocument: a document does not validate
    """
    clauses = set()
    for text in documents:
        clauses |= _clauses(version, text)
    return _least(clauses)


def _clauses(version, text):
    checked = contract.read_document(version, text)
    if checked.errors:
        raise InvalidDocument("; ".join(error.message for error in checked.errors))
    loaded = schemas.load(version)
    clauses = set()
    for definition in checked.document.definitions:
        is_mutation = isinstance(definition, OperationDefinitionNode) and definition.operation is OperationType.MUTATION
        info = TypeInfo(loaded.schema)
        visit(definition, TypeInfoVisitor(info, _Collector(loaded, info, is_mutation, clauses)))
    return clauses


class _Collector(Visitor):
    def __init__(self, version, info, is_mutation, clauses):
        super().__init__()
        self.version, self.info, self.is_mutation, self.clauses = version, info, is_mutation, clauses

    def enter_field(self, node, *_path):
        parent, field = self.info.get_parent_type(), self.info.get_field_def()
        if parent is not None and field is not None:
            for requirement in requirements_of(self.version, parent.name, node.name.value, field.type):
                self.clauses.update(requirement.clauses(self.is_mutation))

    def enter_inline_fragment(self, node, *_path):
        """``... on Order`` under ``node``: the record's type is only known here."""
        named = self.info.get_type()
        requirement = named and self.version.access.get((node_type(get_named_type(named)).name, None))
        if requirement:
            self.clauses.update(requirement.clauses(False))

    enter_fragment_definition = enter_inline_fragment


def _least(clauses):
    chosen = {clause[0] for clause in clauses if len(clause) == 1}
    open_clauses = [clause for clause in clauses if not access.widened(chosen).intersection(clause)]
    if open_clauses:
        chosen |= _cover(open_clauses)
    return {
        scope for scope in chosen if scope.replace("read_", "write_", 1) not in chosen or scope.startswith("write_")
    }


def _cover(clauses):
    """The fewest scopes that meet every clause; among equals the ones named earliest."""
    candidates = sorted(
        {scope for clause in clauses for scope in clause}, key=lambda scope: (_rank(scope, clauses), scope)
    )
    for size in range(1, len(candidates) + 1):
        for choice in combinations(candidates, size):
            if all(access.widened(choice).intersection(clause) for clause in clauses):
                return set(choice)
    return set()


def _rank(scope, clauses):
    return sum(clause.index(scope) if scope in clause else len(clause) for clause in clauses)
