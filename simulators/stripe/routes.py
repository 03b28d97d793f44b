"""What surrounds the resources in HTTP: key, rate, faults, idempotency, errors."""

import hmac
import json
import secrets
from urllib.parse import parse_qsl

from werkzeug.wrappers import Response

from . import api, forms
from .errors import ApiError


def dispatch(world, request):
    """:rtype: werkzeug.wrappers.Response"""
    with world.counting:
        world.requests[f"{request.method} {request.path}"] += 1
    fault = world.faults.strike(request.path)
    if fault and fault.fault in ("http_429", "http_500") and not fault.is_late:
        return _failure(fault)
    response = _answer(world, request)
    if fault and fault.is_late:
        return _failure(fault)
    if fault:
        response.misbehaviour = fault
    return response


def _failure(fault):
    if fault.fault == "http_429":
        return _json(
            {"error": {"message": "Too many requests", "type": "invalid_request_error", "code": "rate_limit"}}, 429
        )
    return _json({"error": {"message": "Something went wrong on Stripe's end.", "type": "api_error"}}, 500)


def _answer(world, request):
    try:
        _authenticate(world, request)
        if not world.bucket.take(1):
            raise ApiError("Too many requests hit the API too quickly.", 429, code="rate_limit")
        parts = [part for part in request.path.split("/") if part]
        if parts[:1] != ["v1"] or len(parts) < 2:
            raise ApiError(f"Unrecognized request URL ({request.method}: {request.path}).", 404)
        text = request.query_string.decode() if request.method in ("GET", "DELETE") else request.get_data(as_text=True)
        fields = forms.parse(parse_qsl(text, keep_blank_values=True))
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or not key:
            with world.account.lock:
                return _json(api.handle(world, request.method, parts[1:], fields))
        return _idempotent(world, request.path, parts[1:], fields, key)
    except ApiError as error:
        return _json(error.body, error.status)


def _authenticate(world, request):
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        given = request.authorization.username if request.authorization else ""
    if not given:
        raise ApiError("You did not provide an API key.", 401)
    if not hmac.compare_digest(given.encode(), world.options.key.encode()):
        raise ApiError(f"Invalid API Key provided: {given[:7]}****", 401)


def _idempotent(world, path, parts, fields, key):
    with world.memory.running(key):
        known = world.memory.recall(key, path, fields)
        if known:
            status, body = known
            return _json(body, status, {"Idempotent-Replayed": "true"})
        try:
            with world.account.lock:
                status, body = 200, api.handle(world, "POST", parts, fields)
        except ApiError as error:
            status, body = error.status, error.body
        # What is kept is the answer as it was, not an object that goes on living.
        world.memory.remember(key, path, fields, (status, json.loads(json.dumps(body))))
        return _json(body, status)


def _json(content, status=200, headers=None):
    response = Response(json.dumps(content).encode(), status, content_type="application/json")
    response.headers["Request-Id"] = "req_" + secrets.token_hex(7)
    response.headers.extend(headers or {})
    return response
