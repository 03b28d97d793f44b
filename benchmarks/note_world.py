"""A server with a backend of notes, the smallest entity there is: what the framework itself is measured on."""

import time
from contextlib import contextmanager

import psycopg2

from setup import database, environment
from setup.odoo_rpc import OdooClient
from setup.paths import LOCAL
from setup.server import running

from . import cpu, requests

ADDONS = ["test_retail_integration", "retail_integration_gateway"]
_LOOK_SECONDS = 0.02

# Messages that nobody posted, as the gateway leaves them. Their bodies are notes' documents; a subject's messages are
# commands where ``is_state`` is false: each has to take effect, in order.
_FILL = """
WITH message AS (
    INSERT INTO retail_inbox (backend_id, flow_id, origin, topic, entity, subject_key, version, dedupe_key, state,
                              attempts, received_at, is_state, headers, body, body_size, trace_id)
    SELECT %(backend)s, %(flow)s, 'webhook', 'note.v1', 'note', 'note:' || %(run)s || '-' || (n %% %(subjects)s), n,
           %(run)s || '-' || n, 'pending', 0, clock_timestamp() AT TIME ZONE 'UTC', %(is_state)s, '{}'::jsonb,
           convert_to(json_build_object('schema', 'note.v1', 'external_id', %(run)s || '-' || (n %% %(subjects)s),
                                        'version', n, 'text', %(text)s)::text, 'UTF8'), 0, md5(%(run)s || n)
    FROM generate_series(1, %(count)s) AS n
    RETURNING id, subject_key, version
)
INSERT INTO retail_inbox_work (inbox_id, backend_id, flow_id, lane, subject_key, version, is_state, priority, attempts,
                               deaths, not_before, is_held, is_replay)
SELECT id, %(backend)s, %(flow)s, abs(hashtext(subject_key)) %% 16, subject_key, version, %(is_state)s, %(priority)s, 0,
       0, now() AT TIME ZONE 'UTC', false, false
FROM message ORDER BY id
"""

# Finished messages with the lines of their attempts, as years leave them.
_HISTORY = """
INSERT INTO retail_inbox (backend_id, flow_id, origin, topic, entity, subject_key, version, dedupe_key, state, reason,
                          attempts, received_at, finished_at, is_state, headers, body, body_size, trace_id)
SELECT %(backend)s, %(flow)s, 'webhook', 'note.v1', 'note', 'note:h' || n, 1, 'h' || n, 'done', 'created', 1,
       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', true, '{}'::jsonb, '', 0, md5('h' || n)
FROM generate_series(%(first)s, %(last)s) AS n;
INSERT INTO retail_sync_log (at, backend_id, flow_id, inbox_id, direction, entity, subject_key, attempt, outcome,
                             message, duration_ms, trace_id)
SELECT finished_at, backend_id, flow_id, id, 'in', 'note', subject_key, 1, 'done', 'created', 5, trace_id
FROM retail_inbox WHERE backend_id = %(backend)s AND subject_key LIKE 'note:h%%' AND version = 1
  AND substr(dedupe_key, 2)::bigint BETWEEN %(first)s AND %(last)s;
"""


class Sql:
    """One connection to a database, each statement committed; made anew when it was lost.

    :param setup.postgres.Server server: the database server
    """

    def __init__(self, server, name):
        self._parameters = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
            "dbname": name,
        }
        self._connection = None

    def connect(self):
        """Return a new connection, for whoever wants a transaction."""
        return psycopg2.connect(**self._parameters)

    def __call__(self, statement, **parameters):
        """Run a statement and return its rows as tuples."""
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement, **parameters):
        """Return the only value of the only row."""
        ((value,),) = self(statement, **parameters)
        return value

    def close(self):
        if self._connection:
            self._connection.close()


class NoteWorld:
    """One backend on one server.

    :param OdooServer server: the process
    :param Sql sql: its database
    :param values: of the backend
    """

    def __init__(self, server, sql, connector="manual", **values):
        self.server, self.sql = server, sql
        self.odoo = OdooClient(server.url, server.database)
        self.backend = self.odoo.create("retail.backend", name="Benchmark", connector=connector, **values)
        self.odoo.create("retail.credential", backend_id=self.backend, value=requests.KEY)
        self.odoo.call("retail.backend", "action_arm", [self.backend])
        self.flows = self.odoo.call("retail.flow", "search", [("backend_id", "=", self.backend)])
        (self.flow,) = self.odoo.call(
            "retail.flow",
            "search",
            [("backend_id", "=", self.backend), ("entity", "=", "note"), ("direction", "=", "in")],
        )
        (row,) = self.odoo.call("retail.backend", "read", [self.backend], ["token"])
        self.path = f"/retail/{row['token']}/webhook"
        self.pause()

    def pause(self):
        """Store what comes and do nothing about it."""
        self.odoo.call("retail.flow", "action_pause", self.flows)

    def live(self):
        """Work off what comes and what came; return the moment (seconds of a monotonic clock)."""
        started = time.perf_counter()
        self.odoo.call("retail.flow", "action_live", self.flows)
        return started

    def fill(self, count, *, subjects=None, is_state=False, text="nothing", priority=20):
        """Lay down ``count`` messages of ``subjects`` subjects; return the id of the last message before them."""
        before = self.sql.one("SELECT COALESCE(max(id), 0) FROM retail_inbox")
        self.sql(
            _FILL,
            backend=self.backend,
            flow=self.flow,
            run=str(time.time_ns()),
            count=count,
            subjects=subjects or count,
            is_state=is_state,
            text=text,
            priority=priority,
        )
        self.sql("ANALYZE retail_inbox, retail_inbox_work")
        return before

    def add_history(self, first, last):
        """Lay down finished messages with the numbers ``first`` to ``last``."""
        self.sql(_HISTORY, backend=self.backend, flow=self.flow, first=first, last=last)
        self.sql("VACUUM ANALYZE retail_inbox")
        self.sql("VACUUM ANALYZE retail_sync_log")

    def unfinished(self):
        return self.sql.one("SELECT count(*) FROM retail_inbox_work WHERE backend_id = %(it)s", it=self.backend)

    def wait(self, seconds=300):
        """Wait until nothing is unfinished; return the moment.

        :raises TimeoutError: it took longer than ``seconds``
        """
        deadline = time.perf_counter() + seconds
        while self.sql("SELECT 1 FROM retail_inbox_work WHERE backend_id = %(it)s LIMIT 1", it=self.backend):
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{self.unfinished()} messages are unfinished after {seconds} s")
            time.sleep(_LOOK_SECONDS)
        return time.perf_counter()

    def forget(self):
        """Take back all that is unfinished, so that the next measurement begins with nothing to do."""
        self.sql("DELETE FROM retail_inbox_work WHERE backend_id = %(it)s", it=self.backend)

    def states(self, after=0):
        """Return dict state → number of messages, of those with a greater id than ``after``."""
        return dict(
            self.sql(
                "SELECT state, count(*) FROM retail_inbox WHERE backend_id = %(it)s AND id > %(after)s GROUP BY state",
                it=self.backend,
                after=after,
            )
        )

    def cpu(self):
        """Return the CPU seconds so far, of the server and of PostgreSQL (0.0 where that is elsewhere)."""
        return cpu.group_seconds(self.server.pid), database_cpu()


def database_cpu():
    """Return the CPU seconds of our PostgreSQL so far; 0.0 where it is a server elsewhere."""
    pid_file = LOCAL / "pg" / "data" / "postmaster.pid"
    return cpu.tree_seconds(int(pid_file.read_text().split()[0])) if pid_file.exists() else 0.0


@contextmanager
def started(label, *, addons=ADDONS, workers=4, **options):
    """Run a server on a database of its own; yields the server and a :class:`Sql`.

    :param str label: part of the names of database and server
    :param options: see :class:`setup.server.OdooServer`
    """
    ready = environment.ensure()
    suite = database.ensure_suite(ready.odoo, ready.server, addons)
    with (
        database.scratch(ready.server, suite, f"bench{label}") as name,
        running(f"bench-{label}", ready, database=name, environment="test", workers=workers, **options) as server,
    ):
        sql = Sql(ready.server, name)
        try:
            yield server, sql
        finally:
            sql.close()


@contextmanager
def served(label, *, connector="manual", values=None, **settings):
    """Run a :class:`NoteWorld`; ``settings`` are those of :func:`started`."""
    with started(label, **settings) as (server, sql):
        yield NoteWorld(server, sql, connector, **(values or {}))
