"""What is kept for how long, what is never taken away, and what is masked for whom."""

import json
import time
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.retail_integration_base.engine import retention_sql

from .common import RetailCase
from .outbox_common import OutboxCase

FAR = 3600 * 24


class RetentionCase(RetailCase):
    def age(self, messages, days):
        """Let ``messages`` have come and ended so many days ago, and their lines."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE retail_inbox SET received_at = received_at - %(age)s, finished_at = finished_at - %(age)s "
            "WHERE id = ANY(%(ids)s)",
            {"age": timedelta(days=days), "ids": messages.ids},
        )
        # A test that plays an old log has to go round the guard, which the database's owner can.
        self.env.cr.execute("ALTER TABLE retail_sync_log DISABLE TRIGGER retail_append_only")
        self.env.cr.execute(
            "UPDATE retail_sync_log SET at = at - %s WHERE inbox_id = ANY(%s)", (timedelta(days=days), messages.ids)
        )
        self.env.cr.execute("ALTER TABLE retail_sync_log ENABLE TRIGGER retail_append_only")
        self.env.invalidate_all()

    def retain(self, backend=None):
        (backend or self.backend)._retain(time.monotonic() + FAR)
        self.env.invalidate_all()

    def lines(self, messages):
        return self.env["retail.sync.log"].search([("inbox_id", "in", messages.ids)])

    def body(self, message):
        self.env.cr.execute("SELECT body FROM retail_inbox WHERE id = %s", (message.id,))
        return self.env.cr.fetchone()[0]


class TestMessages(RetentionCase):
    def test_a_finished_message_goes_with_its_lines_when_its_time_is_over(self):
        old, young = self.bring("n1"), self.bring("n2")
        self.drain()
        self.age(old, 401)
        self.age(young, 399)
        lines = self.lines(old)
        self.retain()
        self.assertFalse(old.exists() or lines.exists())
        self.assertTrue(young.exists() and self.lines(young))
        record = self.env["retail.purge"].search([("backend_id", "=", self.backend.id)])
        self.assertEqual(
            sorted(record.mapped(lambda one: (one.what, one.count))), [("body", 2), ("log", 1), ("message", 1)]
        )

    def test_one_that_failed_once_is_kept_longer(self):
        message = self.bring("n1", "needs human")
        self.drain()
        message.exception_id.sudo()._close_by_hand("ignored", "not ours")
        self.age(message, 401)
        self.retain()
        self.assertTrue(message.exists() and self.lines(message))
        self.age(message, 400)
        self.retain()
        self.assertFalse(message.exists())

    def test_what_is_unfinished_held_or_unreadable_stays_however_old(self):
        self.flow.state = "live"
        held = self.bring("n1", "needs human")
        waiting = self.bring("n2", "retry later")
        self.drain()
        self.flow.action_pause()
        paused = self.bring("n3")
        messages = held + waiting + paused
        self.age(messages, 9000)
        self.retain()
        self.assertEqual(messages.exists(), messages)
        self.assertTrue(all(self.body(message) for message in messages))
        self.assertEqual(held.exception_id.state, "open")

    def test_what_is_kept_for_good_stays(self):
        self.backend.write({"message_days": 0, "failure_days": 0, "exception_days": 0, "body_policy": "keep"})
        message = self.bring("n1")
        self.drain()
        self.age(message, 9000)
        self.retain()
        self.assertTrue(self.body(message))

    def test_a_message_that_comes_again_after_its_row_went_changes_nothing(self):
        message = self.bring("n1", version=2)
        self.drain()
        self.age(message, 401)
        self.retain()
        self.bring("n1", version=2)
        self.bring("n1", "an older text", version=1)
        self.drain()
        self.assertEqual((self.notes().text, self.notes().effects), ("hello", 1))

    def test_it_goes_on_in_portions_each_committed(self):
        messages = self.env["retail.inbox"].union(*(self.bring("n%d" % number) for number in range(7)))
        self.drain()
        self.age(messages, 401)
        commits = []
        commit = type(self.env["retail.drain"])._commit
        self.patch(type(self.env["retail.drain"]), "_commit", lambda drain: commits.append(1) or commit(drain))
        with patch.object(retention_sql, "PORTION", 2):
            self.retain()
        self.assertFalse(messages.exists())
        self.assertGreater(len(commits), 7)

    def test_without_time_left_nothing_is_begun(self):
        message = self.bring("n1")
        self.drain()
        self.age(message, 401)
        self.backend._retain(time.monotonic() - 1)
        self.assertTrue(message.exists())

    def test_another_backends_messages_stay(self):
        other = self.make_backend("Others")
        other.message_days = 0
        other.write({"failure_days": 0, "exception_days": 0})
        message = self.bring("n1", backend=other)
        self.drain()
        self.age(message, 9000)
        self.retain()
        self.assertTrue(message.exists())


class TestBodies(RetentionCase):
    def test_content_and_headers_go_after_their_days_and_the_form_says_so(self):
        message = self.bring("n1")
        self.drain()
        self.age(message, 91)
        self.retain()
        self.assertIsNone(self.body(message))
        self.assertFalse(message.headers)
        self.assertIn("was dropped", message.body_redacted)
        self.assertIn("was dropped", message.body_raw)
        self.assertEqual(message.state, "done")

    def test_content_goes_with_the_effect_where_that_is_the_policy(self):
        self.backend.body_policy = "done"
        done, held = self.bring("n1"), self.bring("n2", "needs human")
        self.drain()
        self.assertIsNone(self.body(done))
        self.assertTrue(self.body(held), "a person has not decided yet")

    def test_a_replay_of_what_has_no_content_says_so(self):
        self.backend.body_policy = "done"
        message = self.bring("n1")
        self.drain()
        with self.assertRaisesRegex(UserError, "was dropped.*sent again"):
            message.action_replay()
        self.assertEqual(message.state, "done")


class TestExceptions(RetentionCase):
    def test_a_closed_exception_goes_last_with_what_was_written_about_it(self):
        message = self.bring("n1", "needs human")
        self.drain()
        exception = message.exception_id
        exception.message_post(body="Asked the customer.")
        exception.sudo()._close_by_hand("ignored", "not ours")
        posts = exception.message_ids
        self.retain()
        self.assertTrue(exception.exists())
        exception.sudo().closed_at = fields.Datetime.now() - timedelta(days=3651)
        self.retain()
        self.assertFalse(exception.exists() or posts.exists())
        self.assertTrue(message.exists())

    def test_an_open_one_stays(self):
        message = self.bring("n1", "needs human")
        self.drain()
        self.age(message, 9000)
        self.retain()
        self.assertEqual(message.exception_id.state, "open")

    def test_nobody_else_deletes_one(self):
        message = self.bring("n1", "needs human")
        self.drain()
        for context in ({}, {"retail_purge": True}):
            with self.assertRaises(UserError):
                message.exception_id.sudo().with_context(**context).unlink()


class TestIntents(OutboxCase):
    def age(self, days):
        self.env.flush_all()
        self.env.cr.execute("UPDATE retail_outbox SET finished_at = finished_at - %s, created_at = created_at - %s",
                            [timedelta(days=days)] * 2)  # fmt: skip
        self.env.cr.execute("ALTER TABLE retail_sync_log DISABLE TRIGGER retail_append_only")
        self.env.cr.execute("UPDATE retail_sync_log SET at = at - %s", (timedelta(days=days),))
        self.env.cr.execute("ALTER TABLE retail_sync_log ENABLE TRIGGER retail_append_only")
        self.env.invalidate_all()

    def retain(self):
        self.channel._retain(time.monotonic() + FAR)
        self.env.invalidate_all()

    def test_a_command_is_known_when_all_about_it_is_gone_and_not_sent_again(self):
        note = self.make_notes("hello")
        parcel = self.order_parcel(note)
        self.drain()
        self.age(401)
        self.retain()
        self.assertTrue(parcel.content_dropped_at)
        self.assertFalse(parcel.payload or parcel.answer or parcel.log_ids)
        self.assertEqual(self.order_parcel(note), parcel)
        self.drain()
        self.assertEqual(len(self.vendor.parcels), 1)
        with self.assertRaisesRegex(UserError, "cannot be sent again"):
            parcel.action_replay()

    def test_what_the_channel_was_told_is_known_for_good(self):
        self.make_notes("hello")
        self.drain()
        self.age(401)
        self.retain()
        checksum = self.intents().checksum
        self.assertTrue(checksum)
        self.intents().action_replay()
        self.drain()
        self.assertEqual((self.intents().state, self.intents().checksum), ("done", checksum))

    def test_failures_of_calls_out_are_kept_longer(self):
        self.vendor.add_fault(fault="status", count=1)
        self.make_notes("hello")
        self.drain()
        self.make_due()
        self.let_the_interval_pass()
        self.drain()
        self.assertEqual(self.intents().log_ids.mapped("outcome"), ["done", "retry"])
        self.age(401)
        self.retain()
        self.assertEqual(self.intents().log_ids.mapped("outcome"), ["retry"])
        self.age(400)
        self.retain()
        self.assertFalse(self.intents().log_ids)

    def test_lines_of_an_unfinished_intent_stay(self):
        self.vendor.add_fault(fault="status")
        self.make_notes("hello")
        self.drain()
        self.age(9000)
        self.retain()
        self.assertTrue(self.intents().log_ids)


class TestPrivacy(RetentionCase):
    def test_keys_of_the_backend_are_masked_in_content_log_and_exception(self):
        self.backend.redact_keys = "Loyalty-Number\nnickname"
        message = self.bring("n1", "bug")
        self.env.cr.execute(
            "UPDATE retail_inbox SET body = %s WHERE id = %s",
            (json.dumps({"loyalty_number": "L-4711", "nickName": "Ada", "text": "bug"}).encode(), message.id),
        )
        self.assertNotRegex(message.body_redacted, "4711|Ada")
        line = self.env["retail.sync.log"].create(
            {
                "backend_id": self.backend.id,
                "outcome": "held",
                "evidence": {"loyalty_number": "L-4711", "sku": "MUG"},
            }
        )
        self.assertNotIn("4711", json.dumps(line.evidence))
        self.assertIn("MUG", json.dumps(line.evidence))
        other = self.make_backend("Others")
        self.assertEqual(other._get_redacted_keys(), frozenset())

    def test_a_connectors_own_keys_are_masked(self):
        self.patch(type(self.env["retail.connector.manual"]), "_personal_keys", ("card_holder",))
        self.env.registry.clear_cache()
        self.assertEqual(self.backend._get_redacted_keys(), {"cardholder"})

    def test_only_a_manager_says_what_is_kept(self):
        for role in ("auditor", "operator", "accountant"):
            user = self.make_user("keep_" + role, "retail_integration_base.group_retail_" + role)
            with self.assertRaises(AccessError):
                self.backend.with_user(user).body_days = 1
        manager = self.make_user("keep_manager", "retail_integration_base.group_retail_manager")
        self.backend.with_user(manager).write({"body_days": 30, "redact_keys": "nickname"})
        self.assertEqual(self.backend._get_redacted_keys(), {"nickname"})

    def test_a_time_that_would_forget_redeliveries_or_turn_the_order_is_refused(self):
        for values in ({"message_days": 30}, {"failure_days": 100}, {"exception_days": 500}, {"body_days": -1}):
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.backend.write(values)
                self.env.flush_all()

    def test_the_record_of_what_was_taken_is_for_the_own_company_and_read_only(self):
        message = self.bring("n1")
        self.drain()
        self.age(message, 401)
        self.retain()
        auditor = self.make_user("purge_auditor", "retail_integration_base.group_retail_auditor")
        records = self.env["retail.purge"].with_user(auditor).search([("backend_id", "=", self.backend.id)])
        self.assertTrue(records)
        with self.assertRaises(UserError):
            records.write({"count": 0})
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user("purge_stranger", "retail_integration_base.group_retail_manager", companies=company)
        self.assertFalse(self.env["retail.purge"].with_user(stranger).search([("backend_id", "=", self.backend.id)]))
