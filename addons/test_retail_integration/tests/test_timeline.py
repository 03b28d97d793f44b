"""What happened to a record, in order of time, from the tables that know; for those who may see it."""

from odoo.exceptions import AccessError

from .common import note_body
from .outbox_common import OutboxCase


class TestTimeline(OutboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.entries = cls.env["retail.timeline.entry"]
        cls.auditor = cls.make_user("timeline_auditor", "retail_integration_base.group_retail_auditor")

    def bring_and_tell(self, external_id="n1", text="hello", version=1, **values):
        """Let a note come and be told to the channel again; return its message."""
        message = self.bring(external_id, text, version, backend=self.channel, **values)
        self.drain()
        self.commit()
        self.drain()
        self.env.flush_all()
        return message

    def timeline(self, record, user=None):
        action = record.with_user(user or self.env.user).action_view_retail_timeline()
        return self.entries.with_user(user or self.env.user).search(action["domain"])

    def test_it_tells_of_message_attempt_link_intent_call_and_answer_in_order(self):
        self.bring_and_tell()
        note = self.notes()
        self.assertTrue(note.with_user(self.auditor).has_retail_timeline)
        entries = self.timeline(note, self.auditor)
        self.assertEqual(set(entries.mapped("kind")), {"received", "attempt", "linked", "ordered", "call", "answered"})
        self.assertEqual(entries.mapped("at"), sorted(entries.mapped("at")))
        received = entries.filtered(lambda entry: entry.kind == "received")
        self.assertEqual((received.system, received.what, received.detail), ("Channel", "note.v1 · note n1", "Manual"))
        self.assertEqual(entries.filtered(lambda entry: entry.kind == "call").outcome, "done")
        self.assertEqual(entries.filtered(lambda entry: entry.kind == "answered").external_id, "n1")

    def test_what_was_superseded_held_or_ignored_is_there_too(self):
        self.bring_and_tell(version=2)
        self.bring_and_tell(version=1)
        self.bring_and_tell(version=3, text="needs human")
        received = self.timeline(self.notes()).filtered(lambda entry: entry.kind == "received")
        self.assertEqual(received.inbox_id.mapped("state"), ["done", "superseded", "held"])

    def test_it_tells_who_took_an_exception_and_who_closed_it_and_why(self):
        self.bring_and_tell()
        message = self.bring_and_tell(version=2, text="needs human")
        operator = self.make_user("timeline_operator", "retail_integration_base.group_retail_operator")
        exception = message.exception_id.with_user(operator)
        exception.action_take()
        self.env.cr.precommit.run()
        self.env["retail.exception.close"].with_user(operator).create(
            {"exception_ids": exception.ids, "state": "ignored", "reason": "The customer called it off."}
        ).action_close()
        self.env.cr.precommit.run()
        entries = self.timeline(self.notes(), self.auditor)
        self.assertIn("exception", entries.mapped("kind"))
        told = " ".join(entry.what or "" for entry in entries if entry.kind == "note")
        for text in ("timeline_operator", "Ignored", "The customer called it off."):
            self.assertIn(text, told)
        self.assertIn("timeline_operator", entries.mapped("who"))

    def test_an_unfinished_intent_is_there_before_anybody_answers(self):
        self.vendor.add_fault(fault="status")
        note = self.make_notes("hello")
        self.drain()
        self.assertEqual(self.timeline(note).mapped("kind"), ["ordered", "call"])
        self.assertTrue(note.has_retail_timeline)

    def test_a_record_no_channel_knows_has_no_button(self):
        note = self.env["test.retail.note"].create({"name": "alone"})
        self.env.cr.precommit.data.clear()
        self.assertFalse(note.has_retail_timeline)
        self.assertFalse(self.timeline(note))

    def test_everything_of_a_trace_from_any_message_intent_or_line(self):
        message = self.bring_and_tell()
        self.bring_and_tell("n2")
        of_first = {"received", "attempt", "linked", "ordered", "call", "answered"}
        for source in (message, message.log_ids, self.intents().filtered(lambda one: one.trace_id == message.trace_id)):
            entries = self.entries.search(source.action_view_trace()["domain"])
            self.assertEqual(set(entries.mapped("kind")), of_first, source)
            self.assertEqual({name for name in entries.mapped("subject_key") if name and "n2" in name}, set())

    def test_a_trace_of_a_batch_names_every_message_of_it(self):
        for number in range(30):
            self.bring("n%d" % number, backend=self.channel)
        self.drain()
        self.env.flush_all()
        lines = self.env["retail.sync.log"].search([("batch_trace_id", "!=", False)])
        trace = lines[0].batch_trace_id
        entries = self.entries.search([("trace", "=", trace)])
        same = lines.filtered(lambda line: line.batch_trace_id == trace)
        self.assertGreater(len(same), 1)
        self.assertEqual(entries.filtered(lambda entry: entry.kind == "attempt").inbox_id, same.inbox_id)

    def test_nobody_sees_another_companys_part(self):
        self.bring_and_tell()
        note = self.notes()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "timeline_stranger", "retail_integration_base.group_retail_manager", companies=company
        )
        self.assertFalse(
            self.timeline(note, stranger).filtered(lambda entry: entry.backend_id or entry.inbox_id or entry.outbox_id)
        )

    def test_nothing_is_told_of_a_record_the_user_may_not_read(self):
        message = self.bring_and_tell()
        note = self.notes()
        self.env["ir.rule"].create(
            {
                "name": "Nobody's",
                "model_id": self.env["ir.model"]._get_id("test.retail.note"),
                "domain_force": "[('name', '!=', 'n1')]",
            }
        )
        self.env.invalidate_all()
        as_auditor = self.entries.with_user(self.auditor)
        self.assertFalse(as_auditor.search([("record", "=", "test.retail.note,%d" % note.id)]))
        kinds = as_auditor.search([("trace", "=", message.trace_id)]).mapped("kind")
        self.assertIn("received", kinds, "the message is for auditors")
        self.assertNotIn("linked", kinds, "the record is not for this one")
        linked = self.entries.search([("trace", "=", message.trace_id), ("kind", "=", "linked")])
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            linked.with_user(self.auditor).read(["what"])

    def test_only_auditors_look(self):
        self.bring_and_tell()
        user = self.env["res.users"].create(
            {"name": "clerk", "login": "timeline_clerk", "group_ids": [(6, 0, [self.env.ref("base.group_user").id])]}
        )
        with self.assertRaises(AccessError):
            self.entries.with_user(user).search([("record", "=", "test.retail.note,%d" % self.notes().id)])

    def test_a_search_for_nothing_in_particular_reads_no_table(self):
        self.bring_and_tell()
        self.assertFalse(self.entries.search([]))
        self.assertFalse(self.entries.search([("kind", "=", "received")]))

    def test_a_page_costs_the_same_number_of_queries_however_long(self):
        def queries(note):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.entries.search([("record", "=", "test.retail.note,%d" % note.id)]).web_read(
                {name: {} for name in ("at", "system", "kind", "what", "outcome", "detail", "who", "url")}
            )
            return self.env.cr.sql_log_count - before

        self.bring_and_tell()
        short = self.notes()
        self.bring_and_tell("n2")
        for version in range(2, 12):
            self.bring_and_tell("n2", "text %d" % version, version)
        long = self.notes() - short
        queries(short)
        few = queries(short)
        self.assertLessEqual(queries(long), few)

    def test_each_table_is_read_by_an_index(self):
        self.bring_and_tell()
        note = self.notes()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = self.entries.with_user(self.auditor)._search([("record", "=", "test.retail.note,%d" % note.id)])
        self.env.cr.execute(query.select())
        self.env.cr.execute("EXPLAIN " + self.env.cr.mogrify(query.select().code, query.select().params).decode())  # pylint: disable=sql-injection; the statement that was just run
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        for table in ("retail_inbox", "retail_sync_log", "retail_outbox", "retail_exception", "mail_message"):
            self.assertNotRegex(plan, r"Seq Scan on %s\b" % table)

    def test_content_does_not_get_into_it(self):
        self.bring_and_tell(text="secret words")
        told = " ".join(filter(None, self.timeline(self.notes()).mapped("what")))
        self.assertNotIn("secret words", told)
        self.assertIn(b"secret words", note_body("n1", "secret words"))
