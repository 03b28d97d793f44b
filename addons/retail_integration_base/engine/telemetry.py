"""What the hot path says of itself while it works, for whoever writes logs, traces and figures of it.

The framework only speaks; an addon that wants to hear calls :func:`listen` once per process. With nobody listening, a
step costs two assignments. A listener must be quick, must not raise and must not write to the database.
"""

import time
from contextlib import contextmanager
from contextvars import ContextVar

#: The :class:`Step` that is under way in this thread, or ``None``.
_under_way = ContextVar("retail_step", default=None)
_listeners = []


class Step:
    """A piece of work on some messages, as a context manager.

    :param str name: ``receive``, ``claim``, ``import``, ``fetch``, ``apply``, ``export`` or ``push``
    :param list[dict] rows: the messages or intents; ``backend_id``, ``flow_id``, ``entity``, ``trace_id`` and, once it
        is stored, ``inbox_id`` or ``outbox_id`` are read
    :param str database: its name
    """

    __slots__ = ("_token", "database", "ended_ns", "error", "name", "outer", "rows", "started_ns")

    def __init__(self, name, rows, database, started_ns=None):
        self.name = name
        self.rows = rows
        self.database = database
        self.started_ns = started_ns or time.time_ns()
        self.ended_ns = None
        self.error = None
        self.outer = _under_way.get()

    def __enter__(self):
        self._token = _under_way.set(self)
        return self

    def __exit__(self, _kind, error, _traceback):
        _under_way.reset(self._token)
        self.error = error
        self.end()

    def end(self):
        """Say that the step is over; for steps whose messages are known only afterwards."""
        self.ended_ns = time.time_ns()
        for listener in _listeners:
            listener.stepped(self)


def listen(listener):
    """Tell ``listener`` of everything from now on; twice the same one is once.

    :param listener: has ``stepped(step)`` and ``answered(database, answer, way, started, ended)`` (seconds since 1970)
    """
    if listener not in _listeners:
        _listeners.append(listener)


@contextmanager
def about(name, row):
    """Say that what this thread does meanwhile is about one message. Listeners do not hear of it.

    :param dict row: as :class:`Step` takes it; ``None`` where no message was verified
    """
    token = _under_way.set(Step(name, [row], None) if row else None)
    try:
        yield
    finally:
        _under_way.reset(token)


def under_way():
    """Return the :class:`Step` this thread is in, or ``None``."""
    return _under_way.get()


def answered(database, answer, way, started):
    """Say that the gateway has its answer.

    :param Answer answer: see :mod:`.receive`
    :param str way: ``routed`` or ``fast_lane``
    :param float started: when the request came, in seconds since 1970
    """
    if _listeners:
        ended = time.time()
        for listener in _listeners:
            listener.answered(database, answer, way, started, ended)
