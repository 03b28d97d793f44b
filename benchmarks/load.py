"""The client of the benchmarks: calls a server over many connections from one thread, with bytes made beforehand.

One thread and no HTTP library, because the client shares the machine's cores with what it measures: the same few
system calls for every side, whose cost is reported beside the server's.
"""

import gc
import math
import select
import socket
import time
from collections import Counter
from dataclasses import dataclass, field

CLIENTS = 8
TIMEOUT_SECONDS = 60
_CHUNK_BYTES = 65536


@dataclass
class Calls:
    """What came of calling; several runs add up.

    :param list[float] latencies: milliseconds from the first byte sent to the end of the answer
    :param Counter statuses: HTTP status as text → how often; ``none`` where the connection ended without one
    :param float client_cpu: seconds the client itself computed
    """

    seconds: float = 0.0
    latencies: list = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    client_cpu: float = 0.0

    @property
    def count(self):
        return len(self.latencies)

    @property
    def rate(self):
        return self.count / self.seconds if self.seconds else 0.0

    @property
    def failures(self):
        """How many answers were not 2xx."""
        return sum(count for status, count in self.statuses.items() if not status.startswith("2"))

    def percentile(self, share):
        """Return the milliseconds that ``share`` (0 … 1) of the answers stayed within."""
        return percentile(self.latencies, share)


def percentile(values, share):
    """Return the smallest of ``values`` that ``share`` (0 … 1) of them do not exceed; ``None`` of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def call(port, requests, *, clients=CLIENTS, seconds=None, calls=None, host="127.0.0.1"):
    """Send ``requests``, each over a connection of its own, ``clients`` at a time.

    :param list[bytes] requests: whole HTTP requests that ask for ``Connection: close``; used up from the end
    :param float seconds: stop beginning new ones after so long; ``None``: when all are sent
    :param Calls calls: where to add to
    :return: :class:`Calls`
    """
    calls = calls or Calls()
    poll, under_way = select.epoll(), {}
    gc.disable()  # a collection would be in somebody's latency
    cpu, started = time.process_time(), time.perf_counter()
    end = started + (seconds or 86400)
    try:
        while True:
            while requests and len(under_way) < clients and time.perf_counter() < end:
                connection = _begin(host, port, requests.pop(), under_way)
                poll.register(connection, select.EPOLLIN)
            if not under_way:
                break
            for number, _event in poll.poll(TIMEOUT_SECONDS) or _give_up(under_way):
                _go_on(number, under_way, calls)
    finally:
        gc.enable()
        poll.close()
    calls.seconds += time.perf_counter() - started
    calls.client_cpu += time.process_time() - cpu
    return calls


def _begin(host, port, request, under_way):
    """Connect and send at once: on this machine both are done before they return."""
    started = time.perf_counter()
    connection = socket.create_connection((host, port), timeout=TIMEOUT_SECONDS)
    connection.sendall(request)
    under_way[connection.fileno()] = [connection, started, b""]
    return connection


def _go_on(number, under_way, calls):
    """Read what came; at its end note how long the answer took and what it was."""
    entry = under_way[number]
    try:
        chunk = entry[0].recv(_CHUNK_BYTES)
    except OSError:
        chunk = b""
    if chunk:
        entry[2] += chunk
        return
    connection, started, answer = under_way.pop(number)
    connection.close()
    calls.latencies.append((time.perf_counter() - started) * 1000)
    calls.statuses[answer.split(b" ", 2)[1].decode() if answer.count(b" ") > 1 else "none"] += 1


def _give_up(under_way):
    raise TimeoutError(f"{len(under_way)} calls had no answer in {TIMEOUT_SECONDS} s")
