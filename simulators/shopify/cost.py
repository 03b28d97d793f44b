"""Query cost and the bucket it is paid from.

Source: Shopify, "API rate limits". What is documented is kept: scalars are free, an object costs one point, a mutation
ten, a connection is sized by ``first``/``last``, a single query may cost 1,000 points, the bucket refills at a steady
rate and the difference between the requested and the actual cost is given back. What is not documented is how a
connection's size is damped and which value objects are free; here ``_damped`` and records with an id stand for it.
Callers must read the answer's costs and never work them out.
"""

import math

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

MAX_QUERY_COST = 1000
MUTATION_COST = 10


def requested_cost(schema, document, operation, variables):
    """Points that the operation may cost at most.

    :param dict variables: coerced values
    :rtype: int
    """
    fragments = {node.name.value: node for node in document.definitions if hasattr(node, "type_condition")}
    root = schema.get_root_type(operation.operation)
    estimate = _Estimate(schema, fragments, variables)
    cost = estimate.selection(root, operation.selection_set)
    if operation.operation.value == "mutation":
        cost += MUTATION_COST * len(operation.selection_set.selections)
    return max(cost, 1)


class _Estimate:
    def __init__(self, schema, fragments, variables):
        self.schema, self.fragments, self.variables = schema, fragments, variables

    def selection(self, parent, selection_set):
        """Fields add up; alternatives of an abstract type cost as much as the dearest."""
        common, alternatives = 0, {}
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                common += self.field(parent, node)
                continue
            fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = fragment.type_condition
            inner = self.schema.get_type(condition.name.value) if condition else parent
            cost = self.selection(inner, fragment.selection_set)
            if isinstance(node, (InlineFragmentNode, FragmentSpreadNode)) and is_abstract_type(parent):
                alternatives[inner.name] = alternatives.get(inner.name, 0) + cost
            else:
                common += cost
        return common + max(alternatives.values(), default=0)

    def field(self, parent, node):
        field = getattr(parent, "fields", {}).get(node.name.value)
        if field is None or node.selection_set is None:
            return 0
        named = get_named_type(field.type)
        if not is_composite_type(named):
            return 0
        inner = self.selection(named, node.selection_set)
        if named.name.endswith("Connection"):
            return 2 + math.ceil(_damped(self._size(node)) * max(inner, 1))
        if node.name.value in ("nodes", "node") and not parent.name.endswith(("Connection", "Edge")):
            return max(self._ids(node), 1) * (1 + inner)
        return (1 if is_record(named) else 0) + inner

    def _size(self, node):
        sizes = [self._argument(node, name) for name in ("first", "last")]
        return max((size for size in sizes if isinstance(size, int)), default=1)

    def _ids(self, node):
        ids = self._argument(node, "ids")
        return len(ids) if isinstance(ids, list) else 1

    def _argument(self, node, name):
        for argument in node.arguments or ():
            if argument.name.value == name:
                value = argument.value
                if value.kind == "variable":
                    return self.variables.get(value.name.value)
                if value.kind == "list":
                    return list(value.values)
                return int(value.value) if value.kind == "int_value" else None
        return None


def is_record(named):
    """Whether the type costs a point: abstract types and everything with an id, but not plain values."""
    return is_abstract_type(named) or "id" in named.fields


def is_charged(named):
    """Whether an answered object of the type counts towards the actual cost."""
    return is_composite_type(named) and not named.name.endswith(("Connection", "Edge", "Payload")) and is_record(named)


def _damped(size):
    """Large pages cost less than their size: 5 → 5, 50 → 15, 250 → 24."""
    return size if size <= 5 else 5 + 3.35 * math.log2(size / 5)
