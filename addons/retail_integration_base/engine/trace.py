"""One id from the webhook to the Odoo record to the outbound call.

Source: W3C Trace Context, Recommendation of 23 November 2021, section 3.2 (``traceparent`` header).
"""

import re
import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$")
_ZERO_TRACE = "0" * 32
#: The :class:`Trace` of what this thread works on, or ``None``.
_served = ContextVar("retail_trace", default=None)


@dataclass(frozen=True)
class Trace:
    """What calls and changes made now belong to.

    :param str id: 32 lower-case hexadecimal digits
    :param bool is_shared: several messages are served at once; the id is none of theirs, and the log line of each
        names it
    """

    id: str
    is_shared: bool = False


@contextmanager
def serving(trace_ids):
    """Let what is called and changed inside belong to these messages.

    One message's trace goes on. What serves several cannot go on in one of theirs without telling a lie about the
    others, so it gets a trace of its own.

    :param trace_ids: iterable of str or None
    """
    ids = {trace_id for trace_id in trace_ids if trace_id}
    trace = Trace(ids.pop()) if len(ids) == 1 else Trace(new_trace_id(), is_shared=True)
    token = _served.set(trace)
    try:
        yield trace
    finally:
        _served.reset(token)


def served():
    """Return the :class:`Trace` of what this thread works on, or ``None``."""
    return _served.get()


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
