"""The gateway's own way to PostgreSQL: autocommit connections, so that one message is one round trip.

Apart from Odoo's pool, whose connections are reset each time and begin REPEATABLE READ transactions: two deliveries of
one event at the same moment would be an error there instead of a conflict that ``ON CONFLICT`` settles.
"""

from collections import deque

import psycopg2

from odoo.sql_db import connection_info_for

from ..engine import inbox_sql
from ..engine.uses import Uses


class Store:
    """Stores messages of one database. A connection that was lost is made again, once, before giving up.

    Has as many connections as requests were ever served at once by this process: one where it has several workers.

    :param str name: what PostgreSQL's list of sessions calls it
    :raises psycopg2.OperationalError: the database cannot be reached
    """

    def __init__(self, database, name):
        self._database = database
        self._name = name
        self._idle = deque()
        self._uses = Uses()

    def insert(self, row):
        """Store one message; return its id, or ``None`` if it was there already. Committed when it returns.

        Safe to be sent twice, which is what a lost connection may lead to: the dedupe key settles it.
        """
        inbox_id = self._run(inbox_sql.insert_prepared, row)
        if self._uses.is_due(row["credential_id"]):
            self._run(inbox_sql.mark_credential_used, row["credential_id"])
        return inbox_id

    def mark_awake(self, group):
        """See :func:`inbox_sql.mark_awake`."""
        return self._run(inbox_sql.mark_awake, group)

    def _run(self, statement, *args):
        try:
            cursor = self._idle.pop()
        except IndexError:
            cursor = self._connect()
        try:
            result = statement(cursor, *args)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            cursor.close()
            cursor = self._connect()
            result = statement(cursor, *args)
        self._idle.append(cursor)
        return result

    def _connect(self):
        _name, info = connection_info_for(self._database)
        connection = psycopg2.connect(**{**info, "application_name": self._name})
        connection.autocommit = True
        cursor = _Cursor(connection)
        inbox_sql.prepare_insert(cursor)
        return cursor


class _Cursor:
    """What ``inbox_sql`` asks of Odoo's cursor, on a plain connection."""

    def __init__(self, connection):
        self._connection = connection
        self._cursor = connection.cursor()

    def execute(self, query, params=None, log_exceptions=True):
        self._cursor.execute(query, params)

    def fetchone(self):
        return self._cursor.fetchone()

    def close(self):
        self._connection.close()
