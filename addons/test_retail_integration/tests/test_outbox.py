"""State and commands on their way to a vendor that plays by its rules, and to one that does not."""

from contextlib import contextmanager

from odoo.addons.retail_integration_base.engine import outbox_sql
from odoo.addons.retail_integration_base.engine.lanes import out_lane_of

from .outbox_common import OutboxCase


class TestMarks(OutboxCase):
    @contextmanager
    def statements_on(self, table):
        """Collect the statements of the block that write to ``table``."""
        found = []
        execute = type(self.env.cr).execute

        def spy(cursor, query, *args, **kwargs):
            if "INSERT INTO %s" % table in str(query):
                found.append(query)
            return execute(cursor, query, *args, **kwargs)

        self.patch(type(self.env.cr), "execute", spy)
        yield found

    def test_a_transaction_that_changes_a_thousand_records_writes_its_marks_in_one_statement(self):
        with self.statements_on("retail_outbox_mark") as statements:
            notes = self.env["test.retail.note"].create([{"name": "n%d" % n, "text": "x"} for n in range(1000)])
            notes.write({"text": "y"})
            self.commit()
        self.assertEqual(len(statements), 1)
        self.assertEqual(self.env["retail.outbox.mark"].search_count([("flow_id", "=", self.note_flow.id)]), 1000)

    def test_marking_costs_no_other_statement(self):
        self.make_notes("first")  # what is cached once is cached
        notes = self.env["test.retail.note"].create([{"name": "n%d" % n, "text": "x"} for n in range(50)])
        self.commit()
        notes.write({"text": "y"})
        self.env.flush_all()
        with self.assertQueryCount(1):
            notes._mark_note_dirty()
            self.commit()

    def test_a_transaction_that_is_undone_leaves_no_mark(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.env["test.retail.note"].create({"name": "undone"})
            raise ZeroDivisionError
        self.commit()
        self.assertFalse(self.env["retail.outbox.mark"].search([("flow_id", "=", self.note_flow.id)]))

    def test_a_flow_that_is_off_is_told_nothing(self):
        self.note_flow.action_off()
        self.make_notes("x")
        self.assertFalse(self.env["retail.outbox.mark"].search([("flow_id", "=", self.note_flow.id)]))

    def test_another_companys_channel_is_told_nothing(self):
        company = self.env["res.company"].create({"name": "Other"})
        other = self.make_channel("Other channel", company)
        self.make_notes("x")
        self.drain()
        self.assertFalse(self.env["retail.outbox"].search([("backend_id", "=", other.id)]))
        self.assertEqual(len(self.intents()), 1)

    def test_marks_of_a_flow_that_is_gone_are_dropped(self):
        outbox_sql.mark(self.env.cr, [(2**31 - 1, out_lane_of(1), "1", "0" * 32)])
        self.drain()
        self.assertFalse(self.env["retail.outbox.mark"].search([]))


class TestState(OutboxCase):
    def test_what_changed_many_times_is_sent_once_as_it_is_now(self):
        notes = self.make_notes("one", "two")
        for number in range(5):
            notes[0].text = "version %d" % number
            self.commit()
        self.drain()
        self.assertEqual(self.vendor.notes, {"n0": "version 4", "n1": "two"})
        self.assertEqual(self.vendor.changes, {"n0": 1, "n1": 1})
        self.assertEqual(len(self.intents()), 2)
        self.assertEqual(set(self.intents().mapped("state")), {"done"})

    def test_batches_are_as_large_as_the_vendor_takes(self):
        self.make_notes(*["x"] * 250)
        self.drain()
        self.assertEqual(sorted(self.vendor.batches, reverse=True), [100, 100, 50])

    def test_what_is_as_it_was_is_not_sent_again(self):
        note = self.make_notes("same")
        self.drain()
        note.text = "other"
        note.text = "same"
        self.commit()
        self.drain()
        self.assertEqual(self.vendor.calls["/v1/notes"], 1)
        self.assertEqual(self.intents().state, "done")

    def test_what_the_exporter_has_nothing_to_tell_about_ends_as_ignored(self):
        self.make_notes("not for the channel")
        self.drain()
        self.assertEqual(self.intents().state, "ignored")
        self.assertEqual(self.vendor.notes, {})

    def test_a_change_while_the_call_fails_is_sent_with_the_next_attempt(self):
        note = self.make_notes("old")
        self.vendor.add_fault(fault="status", count=1)
        self.drain()
        self.assertEqual(self.intents().state, "retry")
        note.text = "new"
        self.commit()
        self.drain()
        self.assertEqual(self.intents().state, "retry", "a change does not make a vendor that is down come back")
        self.make_due()
        self.drain()
        self.assertEqual((self.vendor.notes, self.intents().state), ({"n0": "new"}, "done"))
        self.assertEqual(self.intents().log_ids.sorted("id").mapped("outcome"), ["retry", "done"])

    def test_an_answer_that_is_lost_leads_to_the_same_state_once_more(self):
        note = self.make_notes("old")
        self.drain()
        note.text = "new"
        self.commit()
        self.vendor.add_fault(fault="truncated", count=1)
        self.drain()
        # Back to what was confirmed last: the vendor may have the other by now.
        note.text = "old"
        self.commit()
        self.make_due()
        self.drain()
        self.assertEqual(self.vendor.notes, {"n0": "old"})

    def test_one_bad_document_stops_no_other(self):
        self.make_notes("good", "spoils the batch", "fine")
        self.drain()
        self.assertEqual(self.vendor.notes, {"n0": "good", "n2": "fine"})
        self.assertEqual(self.intents().mapped("state"), ["done", "held", "done"])

    def test_what_the_vendor_refuses_is_an_exception_that_the_next_change_may_mend(self):
        note = self.make_notes("refused")
        self.drain()
        intent = self.intents()
        exception = intent.exception_id
        self.assertEqual((intent.state, exception.state, exception.outbox_count), ("held", "open", 1))
        note.text = "allowed"
        self.commit()
        self.drain()
        self.assertEqual((intent.state, exception.state), ("done", "resolved"))
        self.assertEqual(self.vendor.notes, {"n0": "allowed"})

    def test_an_exception_is_replayed_with_its_intent(self):
        note = self.make_notes("undecided")
        self.drain()
        self.env.cr.execute("UPDATE test_retail_note SET text = 'decided' WHERE id = %s", (note.id,))
        exception = self.intents().exception_id
        exception.action_replay()
        self.drain()
        self.assertEqual((self.vendor.notes, exception.state), ({"n0": "decided"}, "resolved"))

    def test_an_exception_that_is_ignored_ends_its_intent(self):
        self.make_notes("undecided")
        self.drain()
        exception = self.intents().exception_id
        exception._close_by_hand("ignored", "Not wanted")
        self.assertEqual((self.intents().state, self.intents().reason), ("ignored", "Not wanted"))
        self.assertFalse(self.env["retail.outbox.work"].search([("outbox_id", "in", self.intents().ids)]))

    def test_a_paused_flow_keeps_what_is_to_be_told(self):
        self.note_flow.action_pause()
        self.make_notes("x")
        self.drain()
        self.assertEqual((self.vendor.notes, self.intents().state), ({}, "pending"))
        self.note_flow.action_live()
        self.drain()
        self.assertEqual(self.vendor.notes, {"n0": "x"})

    def test_a_shadow_run_tells_nobody(self):
        self.note_flow.action_shadow()
        self.make_notes("x", "undecided")
        self.drain()
        self.assertEqual(self.vendor.calls, {})
        self.assertEqual(self.intents().sorted("subject_key").mapped("state"), ["ignored", "held"])

    def test_a_disarmed_backend_calls_nobody_and_forgets_nothing(self):
        self.channel.action_disarm()
        self.make_notes("x")
        self.drain()
        self.assertEqual((self.vendor.calls, self.intents().state), ({}, "pending"))
        self.channel.action_arm()
        self.drain()
        self.assertEqual(self.vendor.notes, {"n0": "x"})


class TestCommands(OutboxCase):
    def setUp(self):
        super().setUp()
        self.note_flow.action_off()
        self.note = self.make_notes("x")

    def test_a_command_is_carried_out_and_its_answer_noted(self):
        intent = self.order_parcel(self.note)
        self.drain()
        self.assertEqual((intent.state, intent.external_id), ("done", "P-1"))
        self.assertEqual(self.note.history, "P-1")
        self.assertEqual(intent.action_view_record()["res_id"], self.note.id)

    def test_the_same_command_given_twice_is_one(self):
        first, second = self.order_parcel(self.note), self.order_parcel(self.note)
        self.assertEqual(first, second)
        self.drain()
        self.assertEqual(self.order_parcel(self.note), first)
        self.drain()
        self.assertEqual(len(self.vendor.parcels), 1)

    def test_commands_of_one_record_are_carried_out_in_order(self):
        self.vendor.add_fault(fault="status", count=1)
        for number in range(4):
            self.order_parcel(self.note, str(number), "parcel %d" % number)
        self.drain()
        self.assertEqual(self.vendor.parcels, [], "the first one waits for its next attempt, so all do")
        self.make_due()
        self.drain()
        self.assertEqual([parcel["text"] for parcel in self.vendor.parcels], ["parcel %d" % n for n in range(4)])

    def assert_sent_once_after(self, fault):
        self.vendor.add_fault(fault=fault, count=1, seconds=5, on="/v1/parcels")
        intent = self.order_parcel(self.note)
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels)), ("retry", 1))
        self.make_due()
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels), intent.external_id), ("done", 1, "P-1"))
        self.assertEqual(self.note.history, "P-1")

    def test_a_command_whose_answer_is_lost_is_not_sent_again(self):
        self.assert_sent_once_after("lost_answer")

    def test_a_command_whose_answer_is_cut_is_not_sent_again(self):
        self.assert_sent_once_after("truncated")

    def test_a_command_that_times_out_after_its_effect_is_not_sent_again(self):
        self.assert_sent_once_after("hang")

    def test_a_command_that_did_not_reach_the_vendor_is_sent_once_more(self):
        self.vendor.add_fault(fault="status", count=1)
        intent = self.order_parcel(self.note)
        self.drain()
        self.make_due()
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels)), ("done", 1))

    def test_nothing_is_sent_while_the_vendor_cannot_be_asked(self):
        self.vendor.add_fault(fault="lost_answer", count=1)
        intent = self.order_parcel(self.note)
        self.drain()
        self.vendor.add_fault(fault="status")
        for _time in range(3):
            self.make_due()
            self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels)), ("retry", 1))
        self.vendor.clear_faults()
        self.make_due()
        self.let_the_interval_pass()
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels)), ("done", 1))

    def test_an_attempt_whose_worker_died_is_logged_and_the_vendor_asked(self):
        intent = self.order_parcel(self.note)
        lane = out_lane_of(self.parcel_flow.id, intent.subject_key)
        processor = self.env["retail.outbox.processor"]
        processor._claim([lane])  # … and dies; what it sent nobody knows
        self.vendor.send_parcel({"reference": intent.idempotency_key, "text": "a parcel"})
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels)), ("done", 1))
        self.assertEqual(intent.log_ids.sorted("id").mapped("outcome"), ["lost", "done"])

    def test_an_answer_that_odoo_cannot_take_in_is_kept_and_the_vendor_not_called_again(self):
        self.note.text = "bug after the answer"
        intent = self.order_parcel(self.note)
        self.drain()
        self.assertEqual(
            (intent.state, intent.external_id, intent.exception_id.kind), ("held", "P-1", "unexpected_error")
        )
        self.note.text = "mended"
        intent.exception_id.action_replay()
        self.drain()
        self.assertEqual((intent.state, self.note.history), ("done", "P-1"))
        self.assertEqual(self.vendor.calls["/v1/parcels"], 1)

    def test_a_command_whose_answer_could_not_be_kept_is_looked_for_before_it_is_sent_again(self):
        keep = outbox_sql.note_answers

        def fail_once(*_args):
            outbox_sql.note_answers = keep
            raise ZeroDivisionError

        self.patch(outbox_sql, "note_answers", fail_once)
        intent = self.order_parcel(self.note)
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels)), ("held", 1))
        intent.exception_id.action_replay()
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels), intent.external_id), ("done", 1, "P-1"))

    def test_an_answer_that_the_database_cannot_hold_as_it_is_is_kept_all_the_same(self):
        intent = self.order_parcel(self.note, text="answered with a NUL")
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels), intent.external_id), ("done", 1, "P-1"))

    def test_commands_of_a_call_that_failed_as_a_whole_are_not_sent_again_one_by_one(self):
        self.patch(type(self.env["retail.connector.test_notes"]), "_get_push_size", lambda _self, _flow: 2)
        by_lane = {}
        while True:
            note = self.make_notes("x")
            lane = out_lane_of(self.parcel_flow.id, "parcel:odoo/%d" % note.id)
            if lane in by_lane:
                break
            by_lane[lane] = note
        good, bad = self.order_parcel(by_lane[lane], text="fine"), self.order_parcel(note, text="not understood")
        self.drain()
        self.assertEqual([parcel["text"] for parcel in self.vendor.parcels], ["fine"])
        self.assertEqual({good.state, bad.state}, {"held"})
        good.exception_id.action_replay()
        self.drain()
        self.assertEqual([parcel["text"] for parcel in self.vendor.parcels], ["fine"])
        self.assertEqual((good.state, good.external_id, bad.state), ("done", "P-1", "held"))

    def test_a_command_that_is_done_is_not_sent_by_a_replay(self):
        intent = self.order_parcel(self.note)
        self.drain()
        intent.action_replay()
        self.drain()
        self.assertEqual((intent.state, len(self.vendor.parcels)), ("done", 1))

    def test_a_flow_that_is_off_takes_no_command(self):
        self.parcel_flow.action_off()
        self.assertFalse(self.order_parcel(self.note))

    def test_the_log_of_the_way_out_names_direction_and_trace(self):
        intent = self.order_parcel(self.note)
        self.drain()
        log = intent.log_ids
        self.assertEqual((log.direction, log.trace_id, log.outcome), ("out", intent.trace_id, "done"))


class TestAccess(OutboxCase):
    def test_an_auditor_reads_and_an_operator_replays(self):
        self.make_notes("x")
        self.drain()
        intent = self.intents()
        auditor = self.make_user("auditor", "retail_integration_base.group_retail_auditor")
        operator = self.make_user("operator", "retail_integration_base.group_retail_operator")
        self.assertEqual(intent.with_user(auditor).state, "done")
        with self.assertRaisesRegex(Exception, "Only operators"):
            intent.with_user(auditor).action_replay()
        intent.with_user(operator).action_replay()
        self.assertEqual(intent.state, "pending")

    def test_a_user_of_another_company_sees_nothing(self):
        self.make_notes("x")
        self.drain()
        company = self.env["res.company"].create({"name": "Other"})
        user = self.make_user("elsewhere", "retail_integration_base.group_retail_manager", company)
        self.assertFalse(self.env["retail.outbox"].with_user(user).search([("flow_id", "=", self.note_flow.id)]))
