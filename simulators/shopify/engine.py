"""Run one GraphQL request against the shop: contract, access, cost, execution, and the answer's checks."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from graphql import GraphQLError, execute_sync, get_named_type, is_non_null_type

from . import contract, cost, errors, idempotency, schemas
from .resolvers import access_control, connections, registry
from .state.money import Bag, Money


@dataclass
class Context:
    """What resolvers see of one request."""

    shop: object
    app: object
    version: object
    granted: frozenset
    is_mutation: bool
    requirements: dict
    variables: dict
    search_warnings: list = field(default_factory=list)
    records_served: int = 0
    #: of a bulk operation: which objects at its root are answered
    window: object = None


class Engine:
    """GraphQL over the shop's records, checked by the vendor's schema.

    :param Shop shop:
    :param App app: the calling app; its scopes are checked field by field
    """

    def __init__(self, shop, app, bucket):
        self.shop, self.app, self.bucket = shop, app, bucket
        self.operations = Counter()
        self.gaps = Counter()
        self.points_spent = 0
        self._idempotency = idempotency.Memory()
        self._requirements = {}
        self._counting = threading.Lock()

    def forget_keys(self):
        self._idempotency = idempotency.Memory()

    def run(self, version, text, variables=None, operation_name=None):
        """Answer a request.

        :param str version: a supported version
        :return: the JSON body as a dict: ``data``, ``errors``, ``extensions``
        """
        checked = contract.read_document(version, text)
        if checked.errors:
            return {"errors": [errors.from_validation(error) for error in checked.errors]}
        try:
            operation = contract.operation_of(checked.document, operation_name)
        except GraphQLError as error:
            return {"errors": [errors.from_validation(error)]}
        self._count(operation)
        coerced, problems = contract.coerce_variables(version, operation, variables or {})
        if problems:
            return {"errors": [errors.from_variable(problem) for problem in problems]}
        refused = contract.idempotency_errors(operation, coerced)
        if refused:
            return {"errors": [{"message": message, "extensions": {"code": "BAD_REQUEST"}} for message in refused]}
        return self._pay_and_execute(version, checked.document, operation, variables or {}, coerced)

    def _count(self, operation):
        name = operation.name.value if operation.name else "(anonymous)"
        with self._counting:
            self.operations[name] += 1

    def _pay_and_execute(self, version, document, operation, variables, coerced):
        loaded = schemas.load(version)
        requested = cost.requested_cost(loaded.schema, document, operation, coerced)
        if requested > cost.MAX_QUERY_COST:
            return {"errors": [errors.too_dear(requested, cost.MAX_QUERY_COST)]}
        if not self.bucket.take(requested):
            return {"errors": [errors.THROTTLED], "extensions": {"cost": self._cost(requested, None)}}
        context = self._context(loaded, operation, coerced)
        with self.shop.lock:
            result = execute_sync(
                loaded.schema,
                document,
                context_value=context,
                variable_values=variables,
                operation_name=operation.name.value if operation.name else None,
                field_resolver=self._resolve,
                type_resolver=_type_of,
            )
        return self._answer(result, context, requested, operation)

    def execute_bulk(self, version, text, window):
        """Answer a bulk query for the objects of ``window``, with all pages of all its connections. It costs nothing.

        :param bulk.Window window:
        :return: dict, ``data``
        :raises GraphQLError: something could not be answered
        """
        loaded = schemas.load(version)
        document = contract.read_document(version, text).document
        context = self._context(loaded, contract.operation_of(document), {})
        context.window = window
        with self.shop.lock, connections.unbounded():
            result = execute_sync(
                loaded.schema,
                document,
                context_value=context,
                field_resolver=self._resolve,
                type_resolver=_type_of,
            )
        if result.errors:
            self._note_gaps(result.errors)
            raise result.errors[0]
        return result.data

    def _context(self, loaded, operation, coerced):
        return Context(
            shop=self.shop,
            app=self.app,
            version=loaded,
            granted=access_control.granted_of(self.app),
            is_mutation=operation.operation.value == "mutation",
            requirements=self._requirements.setdefault(loaded.name, {}),
            variables=coerced,
        )

    def _answer(self, result, context, requested, operation):
        minimum = cost.MUTATION_COST if operation.operation.value == "mutation" else 1
        actual = min(requested, max(minimum, context.records_served))
        self.bucket.give_back(requested - actual)
        with self._counting:
            self.points_spent += actual
        answer = {"data": result.data}
        if result.errors:
            answer["errors"] = [errors.from_validation(error) for error in result.errors]
            self._note_gaps(result.errors)
        answer["extensions"] = {"cost": self._cost(requested, actual)}
        if context.search_warnings:
            answer["extensions"]["search"] = context.search_warnings
        return answer

    def _note_gaps(self, found):
        for error in found:
            if isinstance(error.original_error, registry.NotSimulated) or isinstance(error, registry.NotSimulated):
                self.gaps[error.message] += 1

    def _cost(self, requested, actual):
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": self.bucket.status(),
        }

    def _resolve(self, record, info, **args):
        context = info.context
        type_name, field_name = info.parent_type.name, info.field_name
        access_control.check(context, info)
        if access_control.is_hidden(context, type_name, field_name):
            return "" if is_non_null_type(info.return_type) else None
        if type_name == "Mutation":
            value = self._mutate(record, info, args)
        else:
            value = self._read(record, context, type_name, field_name, args)
        if value is not None and cost.is_charged(get_named_type(info.return_type)):
            context.records_served += len(value) if isinstance(value, list) else 1
        return value

    def _read(self, record, context, type_name, field_name, args):
        if context.window is None or type_name != "QueryRoot":
            return registry.answer(record, context, type_name, field_name, args)
        known = context.window.connection
        return context.window.cut(known or registry.answer(record, context, type_name, field_name, args))

    def _mutate(self, record, info, args):
        """Run a mutation once per idempotency key."""
        context, name = info.context, info.field_name
        key = idempotency.key_of(info.field_nodes[0], context.variables)
        if key is None:
            return registry.answer(record, context, "Mutation", name, args)
        answer, code = self._idempotency.recall(name, key, args)
        if code:
            return idempotency.refusal(get_named_type(info.return_type), code)
        if answer is None:
            answer = registry.answer(record, context, "Mutation", name, args)
            self._idempotency.remember(name, key, args, answer)
        return answer


def _type_of(record, info, _abstract):
    name = record["__typename"] if isinstance(record, dict) else _CLASSES[type(record)]
    # node() learns the record's type only here
    access_control.check_record(info.context, name)
    return name


_CLASSES = {Money: "MoneyV2", Bag: "MoneyBag"}
