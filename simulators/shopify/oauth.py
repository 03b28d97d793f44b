"""``POST /admin/oauth/access_token``: the client credentials grant.

Source: Shopify, "Client credentials grant" (request and response) and RFC 6749 section 5.2 (errors).
"""

import hmac

from .api import failure
from .app import TOKEN_LIFETIME
from .faults import API_FAULTS
from .http import json_response, read_fields


def access_token(world, request):
    """Answer a token request, form-encoded or JSON.

    :return: 200 ``{access_token, scope, expires_in}``, or 400/401 with ``error`` and ``error_description``
    """
    fault = world.faults.strike(API_FAULTS, on="oauth")
    if fault and fault.fault in ("http_429", "http_500"):
        return failure(fault)
    response = _grant(world, read_fields(request))
    if fault:
        response.misbehaviour = fault
    return response


def _grant(world, fields):
    if fields.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "The grant type is not supported.")
    if fields.get("client_id") != world.app.client_id:
        return _refused(400, "application_cannot_be_found", "Could not find Shopify API application with api_key")
    secret = str(fields.get("client_secret", ""))
    if not hmac.compare_digest(secret.encode(), world.app.client_secret.encode()):
        return _refused(401, "invalid_client", "Client authentication failed: client_secret does not match.")
    answer = {
        "access_token": world.app.issue_token(),
        "scope": ",".join(sorted(world.app.scopes)),
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
    }
    return json_response(answer)


def _refused(status, error, description):
    return json_response({"error": error, "error_description": description}, status)
