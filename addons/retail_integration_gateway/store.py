"""The lane's own way to PostgreSQL: one autocommit connection per thread, so that one message is one round trip."""

import threading

import psycopg2

from odoo.sql_db import connection_info_for

from odoo.addons.retail_integration_base.engine import inbox_sql
from odoo.addons.retail_integration_base.engine.uses import Uses


class Store:
    """Stores messages of one database. A connection that was lost is made again, once, before giving up.

    :raises psycopg2.OperationalError: the database cannot be reached
    """

    def __init__(self, database):
        self._database = database
        self._local = threading.local()
        self._uses = Uses()

    def insert(self, row):
        """Store one message; return its id, or ``None`` if it was there already. Committed when it returns.

        Safe to be sent twice, which is what a lost connection may lead to: the dedupe key settles it.
        """
        inbox_id = self._run(inbox_sql.insert_message, row)
        if self._uses.is_due(row["credential_id"]):
            self._run(inbox_sql.mark_credential_used, row["credential_id"])
        return inbox_id

    def mark_awake(self, group):
        """See :func:`inbox_sql.mark_awake`."""
        return self._run(inbox_sql.mark_awake, group)

    def _run(self, statement, *args):
        try:
            return statement(self._cursor(), *args)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._close()
            return statement(self._cursor(), *args)

    def _cursor(self):
        cursor = getattr(self._local, "cursor", None)
        if cursor is None or cursor.closed:
            _name, info = connection_info_for(self._database)
            connection = psycopg2.connect(**{**info, "application_name": "retail-fast-lane"})
            connection.autocommit = True
            cursor = self._local.cursor = _Cursor(connection)
        return cursor

    def _close(self):
        cursor = self._local.__dict__.pop("cursor", None)
        if cursor is not None:
            cursor.close()


class _Cursor:
    """What ``inbox_sql`` asks of Odoo's cursor, on a plain connection."""

    def __init__(self, connection):
        self._connection = connection
        self._cursor = connection.cursor()

    @property
    def closed(self):
        return bool(self._connection.closed)

    def execute(self, query, params=None, log_exceptions=True):
        self._cursor.execute(query, params)

    def fetchone(self):
        return self._cursor.fetchone()

    def close(self):
        self._connection.close()
