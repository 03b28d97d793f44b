"""One id from the webhook to the Odoo record to the outbound call.

Source: W3C Trace Context, Recommendation of 23 November 2021, section 3.2 (``traceparent`` header).
"""

import re
import secrets

_TRACEPARENT = re.compile(r"^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$")
_ZERO_TRACE = "0" * 32


def new_trace_id():
    """Return a fresh trace id: 32 lower-case hexadecimal digits."""
    return secrets.token_hex(16)


def trace_id_of(headers):
    """Return the trace id of a ``traceparent`` header, or a new one where there is no valid header.

    :param Mapping headers: names in lower case
    """
    match = _TRACEPARENT.match(headers.get("traceparent", ""))
    if match and match.group(1) != _ZERO_TRACE and match.group(2) != "0" * 16:
        return match.group(1)
    return new_trace_id()


def traceparent(trace_id):
    """Return the header value that hands ``trace_id`` to a vendor."""
    return "00-%s-%s-01" % (trace_id, secrets.token_hex(8))
