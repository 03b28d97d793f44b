"""GraphQL errors in the form in which Shopify sends them.

Messages that matter to a caller (access, throttling, variables, undefined fields) follow Shopify's words; other
validation messages are those of graphql-core.
"""

import re

from graphql import GraphQLError

THROTTLED = {
    "message": "Throttled",
    "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
}

_RULES = [
    (
        re.compile(r"Cannot query field '(?P<field>\w+)' on type '(?P<type>\w+)'"),
        "Field '{field}' doesn't exist on type '{type}'",
        {"code": "undefinedField", "typeName": "{type}", "fieldName": "{field}"},
    ),
    (
        re.compile(r"Unknown argument '(?P<argument>\w+)' on field '(?P<type>\w+)\.(?P<field>\w+)'"),
        "Field '{field}' doesn't accept argument '{argument}'",
        {"code": "argumentNotAccepted", "name": "{field}", "typeName": "Field", "argumentName": "{argument}"},
    ),
    (
        re.compile(r"Variable '\$(?P<variable>\w+)' is not defined"),
        "Variable ${variable} is used but not declared",
        {"code": "variableNotDefined", "variableName": "{variable}"},
    ),
]


def from_validation(error):
    """:param GraphQLError error: of parsing, validation or execution"""
    message, extensions = error.message, dict(error.extensions or {})
    for pattern, text, codes in _RULES:
        match = pattern.search(error.message)
        if match:
            message = text.format(**match.groupdict())
            extensions = {key: value.format(**match.groupdict()) for key, value in codes.items()}
    return _shape(message, error.locations, error.path, extensions)


def from_variable(problem):
    """:param VariableProblem problem: from :mod:`contract`"""
    place = f" for {'.'.join(str(step) for step in problem.path)}" if problem.path else ""
    message = (
        f"Variable ${problem.name} of type {problem.type} was provided invalid value{place} ({problem.explanation})"
    )
    extensions = {
        "code": "INVALID_VARIABLE",
        "value": problem.value,
        "problems": [{"path": list(problem.path), "explanation": problem.explanation}],
    }
    return _shape(message, problem.locations, None, extensions)


def too_dear(cost, limit):
    message = f"Query cost is {cost}, which exceeds the single query max cost limit ({limit})."
    documentation = "https://shopify.dev/api/usage/rate-limits"
    extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": limit, "documentation": documentation}
    return {"message": message, "extensions": extensions}


def user_error(message, field=None, code=None):
    """A record for ``userErrors`` of any payload."""
    return {"field": field, "message": message, "code": code}


def bad_request(message):
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})


def _shape(message, locations, path, extensions):
    error = {"message": message}
    if locations:
        error["locations"] = [{"line": location.line, "column": location.column} for location in locations]
    if path:
        error["path"] = list(path)
    if extensions:
        error["extensions"] = extensions
    return error
