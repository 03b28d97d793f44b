"""A replay applies today's mapping; a dry run says what it would change and leaves nothing behind."""

from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from odoo.addons.retail_integration_base.engine.lanes import lane_of
from odoo.addons.retail_integration_base.models import retail_bulk_messages, retail_dry_run
from odoo.addons.retail_integration_base.models.retail_drain_turn import Place

from .outbox_common import OutboxCase

GROUP = "retail_integration_base.group_retail_"


@tagged("post_install", "-at_install")
class ReplayCase(OutboxCase):
    def setUp(self):
        super().setUp()
        self.operator = self.make_user("operator", GROUP + "operator")

    def open_wizard(self, messages, user=None, **values):
        action = messages.with_user(user or self.operator).action_open_replay()
        wizard = self.env[action["res_model"]].with_user(user or self.operator).browse(action["res_id"])
        with Form(wizard) as form:
            for name, value in values.items():
                setattr(form, name, value)
        return wizard

    def dry_run(self, messages, **values):
        """Run it dry and return the run once its job is done."""
        action = self.open_wizard(messages, **values).action_dry_run()
        run = self.env["retail.bulk.run"].browse(action["res_id"])
        run._job_work()
        self.env.invalidate_all()
        return run

    def channel_bring(self, *args, **kwargs):
        return self.bring(*args, backend=self.channel, **kwargs)

    def remap(self):
        """Let all notes be what another mapping made of them, without telling any channel."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE test_retail_note SET text = 'of yesterday'")
        self.env.invalidate_all()

    def note(self, name):
        return self.notes().filtered(lambda note: note.name == name)


class TestReplay(ReplayCase):
    def test_a_replay_applies_todays_mapping_though_nothing_changed(self):
        message = self.bring("n1")
        self.drain()
        self.note("n1").text = "made by the mapping of yesterday"
        self.open_wizard(message).action_replay()
        self.drain()
        self.assertEqual((self.note("n1").text, self.note("n1").effects), ("hello", 2))
        self.assertEqual(message.state, "done")

    def test_a_redelivery_is_no_replay(self):
        self.bring("n1")
        self.drain()
        self.bring("n1", message_id="again")
        self.drain()
        self.assertEqual(self.note("n1").effects, 1)

    def test_an_older_version_is_superseded_however_often_it_is_replayed(self):
        old = self.bring("n1", "old", 1)
        self.drain()
        self.bring("n1", "new", 2)
        self.drain()
        self.open_wizard(old).action_replay()
        self.drain()
        self.assertEqual((old.state, self.note("n1").text), ("superseded", "new"))

    def test_what_is_replayed_as_stored_is_what_the_message_says(self):
        message = self.channel_bring("n1", "as stored", 1)
        self.vendor.write_note("n1", "as the vendor has it")
        self.drain()
        self.open_wizard(message, source="stored").action_replay()
        self.drain()
        self.assertEqual(self.note("n1").text, "as stored")

    def test_what_has_no_content_any_more_can_only_be_asked_for(self):
        self.channel.body_policy = "done"
        self.vendor.write_note("n1", "as it is now", 2)
        message = self.channel_bring("n1", "as stored", 1)
        self.drain()
        self.assertTrue(message.body_dropped_at)
        with self.assertRaisesRegex(UserError, "Ask the channel again"):
            message.with_user(self.operator).action_replay()
        with self.assertRaisesRegex(UserError, "Ask the channel again"):
            self.open_wizard(message, source="stored").action_dry_run()
        wizard = self.open_wizard(message)
        self.assertEqual(wizard.source, "channel")
        self.assertEqual(self.dry_run(message).item_ids.mapped("outcome"), ["changed"])
        wizard.action_replay()
        self.drain()
        self.assertEqual((self.note("n1").text, message.state), ("as it is now", "done"))

    def test_where_nobody_can_be_asked_what_has_no_content_is_not_replayed(self):
        self.backend.body_policy = "done"
        message = self.bring("n1")
        self.drain()
        with self.assertRaisesRegex(UserError, "was dropped.*sent again"):
            self.open_wizard(message).action_dry_run()

    def test_the_channel_is_asked_again_where_a_person_wants_it(self):
        message = self.channel_bring("n1", "as stored", 1)
        self.drain()
        self.vendor.write_note("n1", "old at the vendor")
        self.vendor.write_note("n1", "as the vendor has it")
        self.open_wizard(message, source="channel").action_replay()
        self.drain()
        self.assertEqual(self.note("n1").text, "as the vendor has it")

    def test_a_connector_says_which_of_the_two_its_messages_allow(self):
        wizard = self.open_wizard(self.bring("n1"))
        self.assertFalse(wizard.can_choose)
        self.assertIn("as they came", wizard.source_note)
        self.assertTrue(self.open_wizard(self.channel_bring("n2")).can_choose)

    def test_the_wizard_says_how_many_of_which_flows_and_states(self):
        messages = self.bring("n1") | self.bring("n2", "needs human") | self.bring("n3")
        self.drain()
        self.flow.state = "off"
        wizard = self.open_wizard(messages)
        self.assertEqual(wizard.count, 3)
        self.assertIn("2 × Done", wizard.summary)
        self.assertIn("1 × Held", wizard.summary)
        self.assertIn("is off", wizard.warning)

    def test_many_are_replayed_by_a_job_behind_live_work(self):
        messages = self.env["retail.inbox"].union(*(self.bring("n%d" % number) for number in range(5)))
        self.drain()
        self.remap()
        self.startPatcher(patch.object(retail_bulk_messages, "AT_ONCE", 3))
        action = self.open_wizard(messages).action_replay()
        run = self.env["retail.bulk.run"].browse(action["res_id"])
        self.assertEqual((run.operation, run.state, run.total), ("replay_messages", "queued", 5))
        self.assertEqual(set(messages.mapped("state")), {"done"})
        run._job_work()
        self.assertEqual((run.state, run.done_count), ("done", 5))
        self.env.cr.execute("SELECT DISTINCT priority FROM retail_inbox_work")
        self.assertEqual(self.env.cr.fetchall(), [(30,)])
        self.drain()
        self.assertEqual(set(self.notes().mapped("effects")), {2})

    def test_a_run_of_somebody_who_lost_the_role_replays_nothing(self):
        messages = self.bring("n1") | self.bring("n2")
        self.drain()
        self.startPatcher(patch.object(retail_bulk_messages, "AT_ONCE", 0))
        run = self.env["retail.bulk.run"].browse(self.open_wizard(messages).action_replay()["res_id"])
        self.operator.group_ids = self.env.ref(GROUP + "auditor")
        run._job_work()
        self.assertEqual((run.done_count, run.failed_count), (0, 2))
        self.assertEqual(set(messages.mapped("state")), {"done"})

    def test_the_auditor_replays_nothing_and_nobody_another_companys(self):
        message = self.bring("n1")
        with self.assertRaises(UserError):
            message.with_user(self.make_user("auditor", GROUP + "auditor")).action_open_replay()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user("stranger", GROUP + "manager", companies=company)
        with self.assertRaises(AccessError):
            message.with_user(stranger).action_open_replay()
        run = self.dry_run(message)
        for record in (run, run.item_ids):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["display_name"])

    def test_dead_letters_are_a_filter(self):
        self.bring("done")
        held = self.bring("held", "needs human")
        closed = self.bring("closed", "needs human")
        self.drain()
        closed.exception_id._close_by_hand("ignored", "A test")
        self.flow.state = "off"
        unseen = self.bring("unseen")
        self.drain()
        self.assertEqual((unseen.state, unseen.error_class), ("ignored", "flow_off"))
        arch = etree.fromstring(self.env.ref("retail_integration_base.view_retail_inbox_search").arch)

        def search(name):
            domain = arch.find(".//filter[@name='%s']" % name).get("domain")
            return self.env["retail.inbox"].search(safe_eval(domain), order="id")

        self.assertEqual(search("dead_letters"), held | closed | unseen)
        self.assertEqual(search("ignored_by_person"), closed)
        self.assertEqual(search("ignored_unseen"), unseen)
        self.flow.state = "live"
        self.open_wizard(search("ignored_unseen")).action_replay()
        self.drain()
        self.assertEqual(unseen.state, "done")


class TestDryRun(ReplayCase):
    def changes(self, item):
        return {
            (change["kind"], change["record"]): {one["label"]: (one["old"], one["new"]) for one in change["fields"]}
            for change in item.changes["records"]
        }

    def counts(self):
        self.env.flush_all()
        tables = ("test_retail_note", "retail_binding_note", "retail_inbox_work", "retail_exception", "retail_outbox",
                  "retail_outbox_mark", "retail_sync_log", "mail_mail")  # fmt: skip
        result = {}
        for table in tables:
            self.env.cr.execute(SQL("SELECT count(*) FROM %s", SQL.identifier(table)))
            result[table] = self.env.cr.fetchone()
        result["said"] = self.env["mail.message"].search_count([("model", "!=", "retail.bulk.run")])
        return result

    def test_it_says_what_would_be_created_and_creates_nothing(self):
        self.flow.state = "paused"
        message = self.bring("n1", "new text")
        before = self.counts()
        run = self.dry_run(message)
        self.assertEqual((run.state, run.item_ids.outcome), ("done", "created"))
        [(kind, record)] = self.changes(run.item_ids)
        self.assertEqual((kind, record), ("created", "n1"))
        self.assertFalse(self.notes())
        self.assertEqual(self.counts(), before)
        self.assertEqual(message.state, "pending")

    def test_it_says_what_would_change_from_what_to_what(self):
        message = self.bring("n1", "hello")
        self.drain()
        self.note("n1").text = "of yesterday"
        self.commit()
        before = self.counts()
        item = self.dry_run(message).item_ids
        self.assertEqual(item.outcome, "changed")
        self.assertEqual(self.changes(item)["changed", "n1"]["Text"], ("of yesterday", "hello"))
        self.assertEqual(self.note("n1").text, "of yesterday")
        self.assertEqual(self.counts(), before)
        self.assertIn("of yesterday", item.changes_html)

    def test_nothing_that_was_to_be_told_or_done_later_is_left(self):
        """A note that changes is marked for the channel, and whoever marks wakes a drain after the commit."""
        message = self.bring("n1", "hello")
        self.drain()
        self.remap()
        run = self.env["retail.bulk.run"].browse(self.open_wizard(message).action_dry_run()["res_id"])
        jobs, functions = self.env["queue.job"].search_count([]), len(self.env.cr.postcommit._funcs)
        run._job_work()
        self.commit()
        self.assertEqual(run.item_ids.outcome, "changed")
        self.assertEqual(len(self.env.cr.postcommit._funcs), functions)
        self.env.cr.execute("SELECT count(*) FROM retail_outbox_mark")
        self.assertEqual(self.env.cr.fetchone()[0], 0)
        self.assertEqual(self.env["queue.job"].search_count([]), jobs)
        # The same for real is marked.
        message._requeue()
        self.env["retail.drain"]._drain_lanes(Place([lane_of(self.backend.id, "note:n1")]))
        self.commit()
        self.env.cr.execute("SELECT count(*) FROM retail_outbox_mark")
        self.assertEqual(self.env.cr.fetchone()[0], 1)

    def test_it_says_which_exception_a_message_would_end_in(self):
        self.flow.state = "paused"
        messages = self.bring("n1", "needs human") | self.bring("n2", "bug") | self.bring("n3", "key twice")
        messages |= self.bring("n4", "retry later") | self.bring("n5")
        run = self.dry_run(messages)
        ends = {item.inbox_id.subject_key: (item.outcome, item.note) for item in run.item_ids}
        self.assertEqual(ends["note:n1"][0], "exception")
        self.assertIn("needs a decision", ends["note:n1"][1])
        self.assertIn("Unexpected error", ends["note:n2"][1])
        self.assertEqual(ends["note:n3"][0], "exception", "what fails in the database stops no other")
        self.assertEqual(ends["note:n4"][0], "retry")
        self.assertEqual(ends["note:n5"][0], "created")
        self.assertFalse(self.env["retail.exception"].search([]))
        self.assertEqual((run.would_hold_count, run.would_change_count), (3, 1))

    def test_of_two_messages_of_a_subject_the_newest_counts(self):
        self.flow.state = "paused"
        old, new = self.bring("n1", "old", 1), self.bring("n1", "new", 2)
        run = self.dry_run(old | new)
        ends = {item.inbox_id: item.outcome for item in run.item_ids}
        self.assertEqual(ends, {old: "superseded", new: "created"})

    def test_an_older_version_than_the_bound_one_would_be_superseded(self):
        old = self.bring("n1", "old", 1)
        self.drain()
        self.bring("n1", "new", 2)
        self.drain()
        self.assertEqual(self.dry_run(old).item_ids.outcome, "superseded")

    def test_a_large_selection_goes_on_after_a_crash(self):
        self.flow.state = "paused"
        messages = self.env["retail.inbox"].union(*(self.bring("n%d" % number) for number in range(5)))
        self.startPatcher(patch.object(retail_dry_run, "STEP_SIZE", 2))
        run = self.env["retail.bulk.run"].browse(self.open_wizard(messages).action_dry_run()["res_id"])
        run.sudo()._set_running()
        run.sudo()._step()
        self.assertEqual(run.done_count, 2)
        # The worker dies at the third.
        run.item_ids.filtered(lambda item: item.state == "pending")[:1].sudo().attempts = 1
        self.env["queue.job"].search([("identity_key", "=", run._job_key())]).unlink()
        self.env["retail.bulk.run"]._cron_watchdog()
        self.assertEqual((run.state, run.done_count, run.failed_count), ("done", 5, 0))

    def test_a_message_that_kills_each_attempt_is_left_out(self):
        self.flow.state = "paused"
        run = self.env["retail.bulk.run"].browse(
            self.open_wizard(self.bring("n1", "kill") | self.bring("n2")).action_dry_run()["res_id"]
        )
        run.item_ids[0].sudo().attempts = 3  # three workers died
        run._job_work()
        self.assertEqual(run.item_ids.mapped("outcome"), ["exception", "created"])
        self.assertEqual(run.item_ids[0].state, "failed")

    def test_a_channel_that_does_not_answer_postpones_it(self):
        message = self.channel_bring("n1")
        self.vendor.add_fault(fault="status", count=1, on="/v1/status")
        run = self.env["retail.bulk.run"].browse(self.open_wizard(message).action_dry_run()["res_id"])
        self.assertIn("later", run._job_work())
        self.assertEqual(run.state, "running")
        self.assertTrue(run.wait_until)
        self.assertEqual(run._job_work(), "done")
        self.assertEqual(run.item_ids.outcome, "created")

    def test_what_it_looked_at_is_replayed_with_one_button(self):
        message = self.bring("n1")
        self.drain()
        self.assertEqual(self.dry_run(message).item_ids.outcome, "unchanged")
        self.remap()
        run = self.dry_run(message)
        run.with_user(self.operator).action_replay_all()
        self.drain()
        self.assertEqual(self.note("n1").effects, 2)

    def test_what_exceptions_hold_is_run_dry_too(self):
        self.bring("n1", "needs human")
        self.drain()
        exception = self.env["retail.exception"].search([])
        run = self.env["retail.bulk.run"].browse(exception.with_user(self.operator).action_dry_run()["res_id"])
        run._job_work()
        self.assertEqual(run.item_ids.outcome, "exception")
        self.assertEqual(exception.occurrences, 1)

    def test_it_says_what_a_channel_would_be_told_and_tells_nothing(self):
        [note] = self.make_notes("to be told")
        self.drain()
        intent = self.intents()
        calls = dict(self.vendor.calls)
        self.commit()
        run = self.dry_run(intent)
        self.assertEqual(run.item_ids.outcome, "sent")
        self.assertIn("exactly this", run.item_ids.note)
        self.assertIn("to be told", run.item_ids.changes_html)
        self.assertEqual(self.vendor.calls, calls)
        note.text = "undecided"
        self.commit()
        self.assertEqual(self.dry_run(intent).item_ids.outcome, "exception")

    def test_dry_runs_are_forgotten_after_a_week_and_nothing_else(self):
        message = self.bring("n1")
        dry = self.dry_run(message)
        self.startPatcher(patch.object(retail_bulk_messages, "AT_ONCE", 0))
        real = self.env["retail.bulk.run"].browse(self.open_wizard(message).action_replay()["res_id"])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE retail_bulk_run SET create_date = %s WHERE id IN %s",
            (fields.Datetime.now() - timedelta(days=8), (dry.id, real.id)),
        )
        self.env.invalidate_all()
        self.env["retail.bulk.run"]._gc_dry_runs()
        self.assertFalse(dry.exists())
        self.assertTrue(real.exists())
