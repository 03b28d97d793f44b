"""Check a document and its variables against a version of the vendor's schema, without any server.

The simulator uses it for every request; connectors use it in their tests, for every supported version.
"""

import functools
from dataclasses import dataclass

from graphql import (
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
    parse,
    type_from_ast,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import FieldNode
from graphql.utilities.validate_input_value import validate_input_value
from graphql.validation import NoDeprecatedCustomRule

from . import idempotency, schemas


@dataclass(frozen=True)
class VariableProblem:
    """One value of the variables that does not fit its type."""

    name: str
    type: str
    path: tuple
    explanation: str
    value: object
    locations: list

    def __str__(self):
        place = ".".join([f"${self.name}", *(str(step) for step in self.path)])
        return f"Variable {place}: {self.explanation}"


@dataclass(frozen=True)
class Checked:
    """A parsed document with what is wrong with it, whatever its variables.

    :ivar errors: list of GraphQLError from parsing and validation
    """

    document: object
    errors: list


@functools.lru_cache(maxsize=512)
def read_document(version, text):
    """Parse and validate; the result is cached because callers repeat their documents.

    :rtype: Checked
    """
    try:
        document = parse(text)
    except GraphQLError as error:
        return Checked(None, [error])
    return Checked(document, validate(schemas.load(version).schema, document))


def operation_of(document, name=None):
    """The operation to run.

    :raises GraphQLError: there is none, or several and no name
    """
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) != 1:
        raise GraphQLError(f"No operation named '{name}'" if name else "An operation name is required")
    return operations[0]


def coerce_variables(version, operation, values):
    """Coerce the variables as the vendor does.

    :param dict values: as they were in the request
    :return: ``(coerced dict, list of VariableProblem)``
    """
    schema = schemas.load(version).schema
    problems = []
    for definition in operation.variable_definitions or ():
        problems += _problems(schema, definition, values)
    if problems:
        return {}, problems
    result = get_variable_values(schema, operation.variable_definitions or [], values)
    if isinstance(result, list):
        return {}, [VariableProblem("", "", (), error.message, None, error.locations) for error in result]
    return result.coerced, []


def _problems(schema, definition, values):
    name = definition.variable.name.value
    type_ = type_from_ast(schema, definition.type)
    location = definition.loc.start_token
    locations = [_Location(location.line, location.column)]
    if name not in values:
        if str(type_).endswith("!") and definition.default_value is None:
            return [VariableProblem(name, str(type_), (), "Expected value to not be null", None, locations)]
        return []
    found = []

    def report(error, path):
        steps = tuple(path or ())
        found.append(VariableProblem(name, str(type_), *_explain(error.message, steps), values[name], locations))

    validate_input_value(values[name], type_, report, True)
    return found


@dataclass(frozen=True)
class _Location:
    line: int
    column: int


def _explain(message, path):
    """Shopify's words for the two problems that matter most, and where it says they are."""
    unknown = message.partition("not to include unknown field '")
    if unknown[1]:
        type_name = message.partition("type '")[2].partition("'")[0]
        return (*path, unknown[2].partition("'")[0]), f"Field is not defined on {type_name}"
    missing = message.partition("to include required field '")
    if missing[1]:
        return (*path, missing[2].partition("'")[0]), "Expected value to not be null"
    if "not to be None" in message or "not to be null" in message:
        return path, "Expected value to not be null"
    return path, message


def check_document(version, document_text, variables=None, operation_name=None):
    """Everything that would make the vendor refuse the document with these variables.

    :param str version: for example ``2026-07``
    :param dict variables: as they would be sent
    :return: list of messages; empty when the vendor would run it
    """
    checked = read_document(version, document_text)
    if checked.errors:
        return [_with_place(error) for error in checked.errors]
    try:
        operation = operation_of(checked.document, operation_name)
    except GraphQLError as error:
        return [error.message]
    coerced, problems = coerce_variables(version, operation, variables or {})
    return [str(problem) for problem in problems] + idempotency_errors(operation, coerced, bool(problems))


def idempotency_errors(operation, coerced, skip_values=False):
    """Mutations of the operation that lack a mandatory ``@idempotent`` or a usable key.

    :rtype: list[str]
    """
    if operation.operation.value != "mutation":
        return []
    errors = []
    for node in operation.selection_set.selections:
        if not isinstance(node, FieldNode):
            continue
        if idempotency.key_node(node) is None:
            if node.name.value in idempotency.MANDATORY:
                errors.append(idempotency.MISSING.format(field=node.name.value))
        elif not skip_values and not str(idempotency.key_of(node, coerced) or "").strip():
            errors.append(idempotency.BLANK)
    return errors


def bulk_errors(version, text):
    """Everything for which the vendor would not run ``text`` as a bulk operation.

    Source: Shopify, "Perform bulk operations with the GraphQL Admin API", "Operation restrictions".

    :return: list of messages; empty when it would run
    """
    problems = check_document(version, text)
    if problems:
        return problems
    document = read_document(version, text).document
    operation = operation_of(document)
    if operation.operation.value != "query" or operation.variable_definitions:
        return ["A bulk operation is a query without variables."]
    root = schemas.load(version).schema.query_type
    fields = [node for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    if len(fields) != 1 or len(operation.selection_set.selections) != 1:
        return ["A bulk operation has one top-level field."]
    if not _is_connection(root.fields[fields[0].name.value].type):
        return ["Bulk queries must contain at least one connection."]
    found = _BulkWalk(schemas.load(version).schema, document)
    found.walk(root, operation.selection_set, 0, is_in_list=False)
    if found.connections > 5:
        found.problems.append("Bulk queries cannot contain more than 5 connections.")
    return found.problems


def _is_connection(type_):
    return get_named_type(type_).name.endswith("Connection")


class _BulkWalk:
    """Looks at the connections of a bulk query, through its fragments."""

    def __init__(self, schema, document):
        self.schema = schema
        self.fragments = {node.name.value: node for node in document.definitions if hasattr(node, "type_condition")}
        self.connections, self.problems = 0, []

    def walk(self, parent, selection_set, depth, is_in_list):
        for node in selection_set.selections:
            if not isinstance(node, FieldNode):
                fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
                condition = fragment.type_condition
                inner = self.schema.get_type(condition.name.value) if condition else parent
                self.walk(inner, fragment.selection_set, depth, is_in_list)
            elif node.selection_set is not None and node.name.value in getattr(parent, "fields", {}):
                self.field(node, parent.fields[node.name.value].type, depth, is_in_list)

    def field(self, node, type_, depth, is_in_list):
        name = node.name.value
        if _is_connection(type_):
            self.connections += 1
            depth += 1
            if is_in_list:
                self.problems.append(f"Bulk queries cannot contain a connection field within a list field: {name}.")
            if depth > 3:
                self.problems.append("Bulk queries cannot contain connections with a nesting depth greater than 2.")
            if self.nests(node) and not self.has_id(node):
                self.problems.append(
                    f"The parent 'node' field for a nested connection must select the 'id' field: {name}."
                )
            if not self.has_edges(node):
                self.problems.append(f"The connection {name} must select edges and node.")
        elif is_list_type(get_nullable_type(type_)) and name != "edges":
            is_in_list = True
        self.walk(get_named_type(type_), node.selection_set, depth, is_in_list)

    def selected(self, selection_set):
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                yield node
            else:
                fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
                yield from self.selected(fragment.selection_set)

    def node_fields(self, connection):
        for edges in self.selected(connection.selection_set):
            for node in self.selected(edges.selection_set) if edges.selection_set else ():
                if node.name.value == "node":
                    yield from self.selected(node.selection_set)

    def nests(self, connection):
        return any(
            "edges" in {inner.name.value for inner in self.selected(field.selection_set)}
            for field in self.node_fields(connection)
            if field.selection_set
        )

    def has_id(self, connection):
        return any(field.name.value == "id" and field.alias is None for field in self.node_fields(connection))

    def has_edges(self, connection):
        return {field.name.value for field in self.selected(connection.selection_set)} <= {"edges", "__typename"}


def deprecated_uses(version, document_text, variables=None):
    """Deprecated fields, arguments, enum values and input fields that the document or its variables use.

    :return: list of messages with the vendor's reason; they are no errors today and will be one day
    """
    checked = read_document(version, document_text)
    if checked.document is None:
        return []
    schema = schemas.load(version).schema
    messages = [_with_place(error) for error in validate(schema, checked.document, [NoDeprecatedCustomRule])]
    for operation in checked.document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            for definition in operation.variable_definitions or ():
                value = (variables or {}).get(definition.variable.name.value)
                messages += _deprecated_inputs(type_from_ast(schema, definition.type), value)
    return messages


def _deprecated_inputs(type_, value):
    named = get_named_type(type_)
    if isinstance(value, list):
        return [message for item in value for message in _deprecated_inputs(type_, item)]
    if not is_input_object_type(named) or not isinstance(value, dict):
        return []
    messages = []
    for name, inner in value.items():
        field = named.fields.get(name)
        if field is None:
            continue
        if field.deprecation_reason is not None:
            messages.append(f"The input field {named.name}.{name} is deprecated. {field.deprecation_reason}")
        messages += _deprecated_inputs(field.type, inner)
    return messages


def _with_place(error):
    place = error.locations[0] if error.locations else None
    return f"{error.message} (line {place.line}, column {place.column})" if place else error.message
