"""``GET /bulk/<file>``: result files of bulk operations, as a storage host serves them: whole, or from a byte on."""

from werkzeug.wrappers import Response

from simulators.server import FileResponse

from .api import failure

_EXPIRED = b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message></Error>"


def serve(world, request, name):
    """:rtype: werkzeug.wrappers.Response"""
    fault = world.faults.strike(("http_500", "truncated", "slow_body"), on="bulk", text=request.path)
    if fault and fault.fault == "http_500":
        return failure(fault)
    try:
        path = world.bulk.find_file(name.removesuffix(".jsonl"))
    except KeyError:
        return Response(b"<Error><Code>NoSuchKey</Code></Error>", 404, content_type="application/xml")
    if path is None or request.headers.get("X-Shopify-Access-Token"):
        # Who sends the shop's token to a storage host has given it away.
        return Response(_EXPIRED, 403, content_type="application/xml")
    size = path.stat().st_size
    asked = request.headers.get("Range", "")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    if start >= size:
        return Response(b"", 416, {"Content-Range": f"bytes */{size}"})
    headers = {"Accept-Ranges": "bytes"}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    response = FileResponse(path, start, size, 206 if asked else 200, headers, content_type="application/jsonl")
    if fault:
        response.misbehaviour = fault
    return response
