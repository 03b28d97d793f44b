"""The sync log is append-only in PostgreSQL, whoever writes the SQL; the database records what retention takes."""

from psycopg2 import IntegrityError
from psycopg2.errors import InsufficientPrivilege

from odoo.tools import mute_logger

from .common import RetailCase

ALLOW = "SELECT set_config('retail.purge_until', %s, true)"


class TestLogGuard(RetailCase):
    def setUp(self):
        super().setUp()
        self.bring("n1")
        self.drain()
        self.line = self.env["retail.sync.log"].search([("backend_id", "=", self.backend.id)])

    def assert_refused(self, statement, *values):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(InsufficientPrivilege, "append-only"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(statement, values)

    def test_no_statement_changes_a_line(self):
        self.assert_refused("UPDATE retail_sync_log SET message = 'it was fine' WHERE id = %s", self.line.id)
        # Not even one that retention may delete.
        self.env.cr.execute(ALLOW, ("2999-01-01",))
        self.assert_refused("UPDATE retail_sync_log SET at = now() WHERE id = %s", self.line.id)

    def test_no_statement_deletes_a_line_or_all(self):
        self.assert_refused("DELETE FROM retail_sync_log WHERE id = %s", self.line.id)
        self.assert_refused("TRUNCATE retail_sync_log")

    def test_a_line_goes_only_when_it_is_older_than_the_age_named(self):
        self.env.cr.execute(ALLOW, ("2000-01-01",))
        self.assert_refused("DELETE FROM retail_sync_log WHERE id = %s", self.line.id)

    def test_what_is_deleted_is_recorded_by_the_database_itself(self):
        before = self.env["retail.purge"].search([])
        self.env.cr.execute(ALLOW, ("2999-01-01",))
        self.env.cr.execute("DELETE FROM retail_sync_log WHERE id = %s", (self.line.id,))
        record = self.env["retail.purge"].search([]) - before
        self.assertEqual((record.what, record.count, record.backend_id), ("log", 1, self.backend))
        self.assertEqual((record.first_at.year, record.until_at.year), (record.last_at.year, 2999))
        self.assertTrue(record.database_user)

    def test_the_record_of_what_was_deleted_stays(self):
        self.env.cr.execute(ALLOW, ("2999-01-01",))
        self.env.cr.execute("DELETE FROM retail_sync_log WHERE id = %s", (self.line.id,))
        for statement in ("DELETE FROM retail_purge", "UPDATE retail_purge SET count = 0", "TRUNCATE retail_purge"):
            self.assert_refused(statement)

    def test_a_backend_with_a_log_is_archived_not_deleted(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.backend.unlink()
        self.assertTrue(self.line.exists())
