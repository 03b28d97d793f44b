"""Call a vendor over HTTP: one request, one verdict. No retries and no sleeping in here; the drain decides.

Every failure leaves as one class of :mod:`errors`, so that no connector guesses from status codes twice.
"""

import json as jsonlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from .errors import RateLimited, Refused, VendorChanged, VendorUnavailable
from .trace import new_trace_id, served, traceparent

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 30
MAX_BYTES = 64 * 1024 * 1024
#: A vendor's wish beyond this is taken as this: a mistaken header must not park work for a year.
MAX_RETRY_AFTER = timedelta(hours=6)
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class VendorResponse:
    """A complete answer with a status below 300. ``headers`` has names in lower case."""

    status: int
    headers: dict
    body: bytes = field(repr=False)

    def json(self):
        """Return the decoded body.

        :raises VendorChanged: it is not JSON in UTF-8
        """
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise VendorChanged(
                "The vendor answered with something that is not JSON.",
                evidence={"status": self.status, "body": self.body[:500].decode("utf-8", "replace")},
            ) from error


def retry_after(headers, now=None):
    """Return the vendor's ``Retry-After`` as a timedelta between zero and six hours, or ``None``.

    Source: RFC 9110 section 10.2.3: seconds or an HTTP date. Shopify sends fractions of seconds.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        delay = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        delay = moment - (now or datetime.now(timezone.utc))
    return min(max(delay, timedelta(0)), MAX_RETRY_AFTER)


class VendorHttp:
    """A session with one vendor's host.

    :param str base_url: ``https://host[/prefix]``
    :param int max_bytes: a longer answer is cut off and refused, so that a broken vendor cannot fill the memory
    :param guard: called without arguments before every request; raises :class:`Refused` where the backend may not
        call out (another environment)
    :param RateBudget budget: one call is taken from it before every request, where all calls of the vendor cost alike
    """

    def __init__(self, base_url, *, timeout=READ_TIMEOUT_SECONDS, max_bytes=MAX_BYTES, guard=None, budget=None):
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.max_bytes = max_bytes
        self._guard = guard
        self._budget = budget
        self._session = requests.Session()
        # A proxy or ``.netrc`` of the server's account must not add credentials to a vendor call.
        self._session.trust_env = False

    def request(self, method, path, *, headers=None, json=None, data=None, trace_id=None):
        """Send one request and return its :class:`VendorResponse`.

        :param str path: appended to the base URL
        :param json: value sent as JSON; ``data``: dict sent as a form, or bytes
        :param str trace_id: of the one message this call is about, where the connector makes one call for each of
            several; otherwise the trace of what is being worked on goes with it (:func:`~.trace.serving`)
        :raises BudgetSpent: our own budget does not allow the call
        :raises RateLimited: 429
        :raises VendorUnavailable: network, time-out, truncated answer, 408, 5xx. ``evidence["is_outcome_unknown"]`` is
            true when the vendor may have acted although no answer came
        :raises Refused: 401, 402, 403
        :raises VendorChanged: any other status from 300
        """
        if self._guard is not None:
            self._guard()
        if self._budget is not None:
            self._budget.take()
        if not trace_id:
            trace_id = served().id if served() else new_trace_id()
        headers = {**(headers or {}), "traceparent": traceparent(trace_id)}
        where = {"method": method, "host": urlsplit(self.base_url).netloc, "path": path, "trace_id": trace_id}
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                headers=headers,
                json=json,
                data=data,
                timeout=(CONNECT_TIMEOUT_SECONDS, self.timeout),
                allow_redirects=False,
                stream=True,
            )
            with response:
                body = self._read(response)
        except (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
            raise VendorUnavailable("%s cannot be reached." % where["host"], evidence=where) from error
        except requests.RequestException as error:
            raise VendorUnavailable(
                "The call to %s ended without a complete answer (%s)." % (where["host"], type(error).__name__),
                evidence={**where, "is_outcome_unknown": not _is_never_sent(error)},
            ) from error
        lower = {name.lower(): value for name, value in response.headers.items()}
        _raise_for_status(response.status_code, lower, body, where)
        return VendorResponse(response.status_code, lower, body)

    def stream(self, path, *, offset=0, headers=None):
        """Yield the bytes of a file (chunks of at most 64 KiB) from ``offset`` on. What is held is one chunk.

        No budget is paid for it: a file is no call of the vendor's API.

        :param str path: appended to the base URL; it may be signed, so that errors name it without its query
        :param int offset: bytes that are here already
        :raises VendorUnavailable: network, time-out, 5xx, or it ended before its announced end; what was yielded is
            good
        :raises Refused: 401, 402, 403
        :raises VendorChanged: any other status, or bytes that are not those asked for
        """
        if self._guard is not None:
            self._guard()
        trace_id = served().id if served() else new_trace_id()
        sent = {**(headers or {}), "traceparent": traceparent(trace_id), "Accept-Encoding": "identity"}
        if offset:
            sent["Range"] = "bytes=%d-" % offset
        where = {"method": "GET", "host": urlsplit(self.base_url).netloc, "path": urlsplit(path).path}
        try:
            with self._session.get(
                self.base_url + path,
                headers=sent,
                timeout=(CONNECT_TIMEOUT_SECONDS, self.timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                lower = {name.lower(): value for name, value in response.headers.items()}
                if response.status_code == 416:
                    return  # there is nothing beyond ``offset``
                if response.status_code >= 300:
                    _raise_for_status(response.status_code, lower, response.raw.read(500), where)
                _require_range(response.status_code, lower, offset, where)
                yield from response.iter_content(_CHUNK)
        except requests.RequestException as error:
            raise VendorUnavailable(
                "%s did not send the whole file (%s)." % (where["host"], type(error).__name__), evidence=where
            ) from error

    def _read(self, response):
        """Return the body; ``requests`` raises when fewer bytes come than were announced."""
        chunks, size = [], 0
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > self.max_bytes:
                raise VendorChanged(
                    "The vendor's answer is larger than %d bytes." % self.max_bytes,
                    evidence={"status": response.status_code, "max_bytes": self.max_bytes},
                )
            chunks.append(chunk)
        return b"".join(chunks)


def _require_range(status, headers, offset, where):
    """Make sure that the bytes that come are those from ``offset`` on, as they are in the file.

    :raises VendorChanged: they are not
    """
    begins = headers.get("content-range", "").startswith("bytes %d-" % offset) if status == 206 else not offset
    if not begins or headers.get("content-encoding", "identity") != "identity":
        raise VendorChanged(
            "%s does not send the file from byte %d on." % (where["host"], offset), evidence={**where, "status": status}
        )


def _is_never_sent(error):
    """Return whether the request certainly did not reach the vendor: the connection was refused or not found."""
    return isinstance(error, requests.ConnectionError) and "NewConnectionError" in repr(error)


def _raise_for_status(status, headers, body, where):
    if status < 300:
        return
    evidence = {**where, "status": status, "body": body[:500].decode("utf-8", "replace")}
    if status == 429:
        raise RateLimited("%s asks to slow down." % where["host"], delay=retry_after(headers), evidence=evidence)
    if status >= 500 or status == 408:
        evidence["is_outcome_unknown"] = True
        raise VendorUnavailable(
            "%s failed with status %d." % (where["host"], status), delay=retry_after(headers), evidence=evidence
        )
    if status in (401, 402, 403):
        raise Refused(
            "%s refuses our credentials or permissions (status %d)." % (where["host"], status),
            reason="vendor_refused",
            status=403,
            evidence=evidence,
        )
    raise VendorChanged("%s answered with status %d." % (where["host"], status), evidence=evidence)
