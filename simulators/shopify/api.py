"""``POST /admin/api/<version>/graphql.json``: what surrounds GraphQL in HTTP."""

import secrets

from werkzeug.wrappers import Response

from . import errors, schemas
from .faults import API_FAULTS
from .http import json_response

_BAD_TOKEN = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def graphql(world, request, version):
    """Answer one GraphQL request.

    :param World world:
    :param str version: from the path
    :rtype: werkzeug.wrappers.Response
    """
    if not world.app.accepts(request.headers.get("X-Shopify-Access-Token", "")):
        return json_response(_BAD_TOKEN, 401)
    if version not in schemas.SUPPORTED:
        return json_response({"errors": "Not Found"}, 404)
    fault = world.faults.strike(API_FAULTS, text=request.get_data(as_text=True))
    if fault and fault.fault in ("http_429", "http_500"):
        return failure(fault)
    if fault and fault.fault == "throttle":
        world.bucket.drain()
        return _versioned(json_response({"errors": [errors.THROTTLED], "extensions": _throttled_cost(world)}), version)
    response = _versioned(_run(world, request, version), version)
    if fault:
        response.misbehaviour = fault
    return response


def failure(fault):
    """The response of ``http_429`` and ``http_500``."""
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.fault == "http_429":
        headers.setdefault("Retry-After", "2.0")
        text = "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
        return json_response({"errors": text}, 429, headers)
    # A gateway's failure is not JSON
    return Response(b"<html><body><h1>Server error</h1></body></html>", fault.status, headers, content_type="text/html")


def _throttled_cost(world):
    return {"cost": {"requestedQueryCost": 1, "actualQueryCost": None, "throttleStatus": world.bucket.status()}}


def _versioned(response, version):
    response.headers["X-Shopify-API-Version"] = version
    response.headers["Server-Timing"] = f"_y;desc={secrets.token_hex(4)}"
    return response


def _run(world, request, version):
    if request.mimetype == "application/graphql":
        return json_response(world.engine.run(version, request.get_data(as_text=True)))
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        return json_response({"errors": {"json": "The request body is not a valid JSON object"}}, 400)
    text, variables = content.get("query"), content.get("variables")
    if not isinstance(text, str) or not text.strip():
        return json_response({"errors": {"query": "Required parameter missing or invalid"}}, 400)
    if variables is not None and not isinstance(variables, dict):
        return json_response({"errors": {"variables": "must be an object"}}, 400)
    return json_response(world.engine.run(version, text, variables, content.get("operationName")))
