"""Small helpers on werkzeug's request and response."""

import json
import secrets

from werkzeug.wrappers import Response

from .scalars import json_default


def json_response(content, status=200, headers=None):
    """:rtype: werkzeug.wrappers.Response"""
    body = json.dumps(content, default=json_default, ensure_ascii=False)
    response = Response(body.encode("utf-8"), status, content_type="application/json; charset=utf-8")
    response.headers["X-Request-Id"] = secrets.token_hex(16)
    response.headers.extend(headers or {})
    return response


def read_fields(request):
    """Fields of a form-encoded or JSON body; anything else reads as empty.

    :rtype: dict
    """
    if request.mimetype == "application/json":
        content = request.get_json(silent=True)
        return content if isinstance(content, dict) else {}
    return request.form.to_dict()
