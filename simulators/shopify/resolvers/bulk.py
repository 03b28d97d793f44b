"""Bulk operations: start, look, list, cancel."""

from .. import errors
from ..bulk import NotStarted
from . import common, connections
from .registry import resolver


@resolver("QueryRoot", "bulkOperation")
def bulk_operation(_root, context, args):
    record = context.shop.get(common.read_id(args["id"], "BulkOperation"), "BulkOperation")
    return record and context.shop.bulk.look(record)


@resolver("QueryRoot", "bulkOperations")
def bulk_operations(_root, context, args):
    """The newest first, unless ``reverse``: the other way round than everywhere else."""
    records = [context.shop.bulk.look(record) for record in reversed(context.shop.all("BulkOperation"))]
    return connections.page(records, args)


@resolver("Mutation", "bulkOperationRunQuery")
def bulk_operation_run_query(_root, context, args):
    try:
        record = context.shop.bulk.start(context.version.name, args["query"], args["groupObjects"])
    except NotStarted as error:
        problem = {"__typename": "BulkOperationUserError", "code": error.code}
        return {"bulkOperation": None, "userErrors": [{**errors.user_error(str(error), error.field), **problem}]}
    return {"bulkOperation": record, "userErrors": []}


@resolver("Mutation", "bulkOperationCancel")
def bulk_operation_cancel(_root, context, args):
    record = context.shop.get(common.read_id(args["id"], "BulkOperation"), "BulkOperation")
    if record is None:
        return {"bulkOperation": None, "userErrors": [errors.user_error("Bulk operation does not exist", ["id"])]}
    return {"bulkOperation": context.shop.bulk.cancel(record), "userErrors": []}
