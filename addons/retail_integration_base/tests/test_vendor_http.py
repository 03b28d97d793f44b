"""What becomes of each answer a vendor can give, over real sockets."""

import socket
import threading
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from odoo.addons.retail_integration_base.engine.errors import Refused, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.http import VendorHttp


@contextmanager
def vendor(answer, keep_open=False):
    """Serve ``answer`` (raw bytes) to every connection; yield ``(url, requests received)``."""
    server = socket.create_server(("127.0.0.1", 0))
    received = []

    def serve():
        while True:
            try:
                connection, _address = server.accept()
            except OSError:
                return
            with connection:
                received.append(connection.recv(65536))
                connection.sendall(answer)
                if keep_open:
                    connection.settimeout(5)
                    with suppress(OSError):
                        connection.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield "http://127.0.0.1:%d" % server.getsockname()[1], received
    finally:
        server.close()


def http_answer(status, body=b"{}", *headers):
    lines = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % len(body), b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def call(answer, keep_open=False, **options):
    with vendor(answer, keep_open) as (url, _received):
        return VendorHttp(url, timeout=1, **options).request("POST", "/x", json={"a": 1})


def test_a_good_answer_is_returned_whole():
    response = call(http_answer(200, b'{"b": 2}'))
    assert (response.status, response.json()) == (200, {"b": 2})


def test_the_trace_goes_with_the_call():
    with vendor(http_answer(200)) as (url, received):
        VendorHttp(url).request("GET", "/x", trace_id="a" * 32)
    assert b"traceparent: 00-" + b"a" * 32 in received[0]


def test_429_is_retried_when_the_vendor_says():
    with pytest.raises(RetryLater) as caught:
        call(http_answer(429, b"", b"Retry-After: 2.5"))
    assert caught.value.delay == timedelta(seconds=2.5)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_failing_vendor_is_retried_and_may_have_acted(status):
    with pytest.raises(RetryLater) as caught:
        call(http_answer(status))
    assert caught.value.evidence["is_outcome_unknown"]


@pytest.mark.parametrize("status", [401, 402, 403])
def test_refused_credentials_are_not_retried(status):
    with pytest.raises(Refused):
        call(http_answer(status))


@pytest.mark.parametrize("status", [302, 400, 404, 410, 422])
def test_other_answers_mean_that_the_vendor_changed(status):
    with pytest.raises(VendorChanged):
        call(http_answer(status, b"{}", b"Location: http://127.0.0.1:9/elsewhere"))


def test_a_truncated_answer_is_retried_and_may_have_acted():
    with pytest.raises(RetryLater) as caught:
        call(b'HTTP/1.1 200 X\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"half":')
    assert caught.value.evidence["is_outcome_unknown"]


def test_an_answer_that_never_comes_is_retried_and_may_have_acted():
    with pytest.raises(RetryLater) as caught:
        call(b"", keep_open=True)
    assert caught.value.evidence["is_outcome_unknown"]


def test_a_vendor_that_is_not_there_is_retried_and_has_not_acted():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RetryLater) as caught:
        VendorHttp("http://127.0.0.1:%d" % port).request("GET", "/")
    assert not caught.value.evidence["is_outcome_unknown"]


def test_an_endless_answer_is_cut_off():
    with pytest.raises(VendorChanged):
        call(http_answer(200, b"x" * 5000), max_bytes=1000)


def test_an_answer_that_is_not_json_is_not_a_crash():
    for body in (b"<html>", b"[" * 100_000, b"\xff"):
        with pytest.raises(VendorChanged):
            call(http_answer(200, body)).json()


def test_a_guard_that_refuses_stops_the_call():
    def guard():
        raise Refused("another environment")

    with vendor(http_answer(200)) as (url, received), pytest.raises(Refused):
        VendorHttp(url, guard=guard).request("GET", "/")
    assert not received
