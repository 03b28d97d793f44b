"""Which scopes and protected data a field may be answered with.

Source: Shopify, "API access scopes" and "Work with protected customer data".
"""

from graphql import GraphQLError, get_named_type, is_object_type

from .. import access

_DOCUMENTATION = "https://shopify.dev/api/usage/access-scopes"


def requirements_of(version, parent_type_name, field_name, field_type):
    """The requirements to read one field: the field's own, and those of the records it returns.

    :param ApiVersion version:
    :param field_type: the GraphQL type of the field
    :rtype: list[access.Requirement]
    """
    named = node_type(get_named_type(field_type))
    found = (version.access.get((parent_type_name, field_name)), version.access.get((named.name, None)))
    return [requirement for requirement in found if requirement]


def node_type(named):
    """The type of the nodes of a connection; any other type unchanged."""
    if is_object_type(named) and named.name.endswith("Connection") and "nodes" in named.fields:
        return get_named_type(named.fields["nodes"].type)
    return named


def check(context, info):
    """:raises GraphQLError: ``ACCESS_DENIED`` in Shopify's words"""
    parent, field_name = info.parent_type.name, info.field_name
    cache = context.requirements
    if (parent, field_name) not in cache:
        cache[parent, field_name] = requirements_of(context.version, parent, field_name, info.return_type)
    for requirement in cache[parent, field_name]:
        if not requirement.is_met(context.granted, context.is_mutation):
            raise denied(f"{field_name} field", requirement.text)


def check_record(context, type_name):
    """The same for a record whose type is known only now (``node``, ``nodes``)."""
    requirement = context.version.access.get((type_name, None))
    if requirement and not requirement.is_met(context.granted):
        raise denied(f"{type_name} object", requirement.text)


def denied(what, text):
    extensions = {"code": "ACCESS_DENIED", "documentation": _DOCUMENTATION, "requiredAccess": text}
    return GraphQLError(f"Access denied for {what}. Required access: {text}", extensions=extensions)


def is_hidden(context, type_name, field_name):
    """Whether the field is the customer's protected data and the app is not approved for it."""
    if context.shop.settings.protected_customer_data:
        return False
    return (type_name, field_name) in context.version.protected


def granted_of(app):
    return access.widened(app.scopes)
