"""Which path leads where."""

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from . import api, bulk_files, control, oauth, page
from .http import json_response

_MAP = Map(
    [
        Rule("/admin/oauth/access_token", endpoint=oauth.access_token, methods=["POST"]),
        Rule("/admin/api/<version>/graphql.json", endpoint=api.graphql, methods=["POST"]),
        Rule("/bulk/<name>", endpoint=bulk_files.serve, methods=["GET"]),
        *control.RULES,
        *page.RULES,
    ],
    strict_slashes=False,
)


def dispatch(world, request):
    """:rtype: werkzeug.wrappers.Response"""
    try:
        endpoint, values = _MAP.bind_to_environ(request.environ).match()
    except HTTPException as error:
        return json_response({"errors": error.name}, error.code)
    with world.counting:
        world.requests[f"{request.method} {request.path}"] += 1
        if not request.path.startswith("/_sim/"):
            world.traces.append([request.path, request.headers.get("traceparent")])
    return endpoint(world, request, **values)
