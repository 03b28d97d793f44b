"""What the load kit reckons with: percentiles, short forms, how many calls an outage may cost."""

import socket
import threading

import pytest

from benchmarks import __main__ as kit
from benchmarks import load, outage
from benchmarks.options import parse


def test_a_percentile_is_a_value_that_was_measured():
    values = list(range(1, 101))
    assert [load.percentile(values, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert load.percentile([7], 0.5) == 7
    assert load.percentile([], 0.5) is None


def test_what_is_asked_for_wins_over_both_forms():
    assert parse("x", [], kills=(5, 1)).kills == 5
    assert parse("x", ["--short"], kills=(5, 1)).kills == 1
    assert parse("x", ["--short", "--kills", "0"], kills=(5, 1)).kills == 0


def test_an_outage_costs_the_calls_that_open_the_circuit_and_a_probe_per_interval():
    assert outage.probes(4) == 3 + 0 + 1
    # After 5, 15, 35, 75, 155, 315 and then every 300 seconds.
    assert outage.probes(16) == 3 + 2 + 1
    assert outage.probes(600) == 3 + 6 + 1
    assert outage.probes(620) == 3 + 7 + 1


def test_a_benchmark_that_nobody_knows_is_named():
    with pytest.raises(SystemExit):
        kit.main(["nothing"])


def test_every_answer_is_counted_by_its_status_and_a_cut_connection_as_none():
    answers = [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b""]

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for answer in answers:
                connection, _address = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        calls = load.call(server.getsockname()[1], [b"GET / HTTP/1.1\r\n\r\n"] * 3, clients=1)
        thread.join()
    assert dict(calls.statuses) == {"200": 1, "503": 1, "none": 1}
    assert (calls.count, calls.failures) == (3, 2)
