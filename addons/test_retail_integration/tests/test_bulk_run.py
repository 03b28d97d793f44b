"""Something done to many exceptions: what is chosen, how it goes on after a crash, and that nothing is done twice."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.retail_integration_base.engine import lock_sql
from odoo.addons.retail_integration_base.models import retail_bulk_run

from .common import RetailCase

GROUP = "retail_integration_base.group_retail_"


@tagged("post_install", "-at_install")
class BulkCase(RetailCase):
    def setUp(self):
        super().setUp()
        self.operator = self.make_user("operator", GROUP + "operator")

    def fail_notes(self, *external_ids, backend=None):
        for external_id in external_ids:
            self.bring(external_id, "needs human", backend=backend)
        self.drain()
        backend = backend or self.backend
        return self.env["retail.exception"].search(
            [("backend_id", "=", backend.id), ("state", "=", "open")], order="subject_key"
        )

    def fail_many(self, count):
        return self.fail_notes(*("n%02d" % number for number in range(count)))

    def fill(self, record, user=None, code="permit_note", **values):
        """Press a fix's button and fill its wizard as its form does."""
        record = record.with_user(user or self.operator)
        action = record.action_fix(code)
        form = Form(self.env[action["res_model"]].with_user(record.env.user).with_context(**action["context"]))
        for name, value in dict({"answer": "yes"}, **values).items():
            setattr(form, name, value)
        return form.save()

    def apply(self, record, **kwargs):
        """Apply a fix; return the run, if it became one."""
        action = self.fill(record, **kwargs).action_apply()
        return self.env["retail.bulk.run"].browse(action.get("res_id"))

    def mends(self):
        return self.env["test.retail.mend"].search([])

    def mended(self):
        return self.mends().exception_id.mapped("subject_key")


class TestFixRegistry(BulkCase):
    def test_an_exception_shows_the_fixes_of_its_kind_that_the_user_may_use(self):
        exception = self.fail_notes("n1")
        codes = lambda user: [fix["code"] for fix in exception.with_user(user).fixes]  # noqa: E731
        self.assertEqual(codes(self.operator), ["permit_note", "replay"])
        accountant = self.make_user("accountant", GROUP + "accountant")
        self.assertEqual(codes(accountant), ["permit_note", "accountants_only", "replay"])
        self.bring("n2", "bug")
        self.drain()
        bug = self.env["retail.exception"].search([("kind", "=", "unexpected_error")])
        self.assertEqual([fix["code"] for fix in bug.fixes], ["replay"])

    def test_a_cause_shows_only_what_may_be_applied_to_many(self):
        cause = self.fail_notes("n1", "n2").cause_id
        accountant = self.make_user("accountant", GROUP + "accountant")
        self.assertEqual([fix["code"] for fix in cause.with_user(accountant).fixes], ["permit_note", "replay"])

    def test_a_closed_exception_shows_none(self):
        exception = self.fail_notes("n1")
        exception._close("ignored", "x")
        self.assertFalse(exception.fixes)

    def test_a_fix_for_another_role_or_kind_is_refused_whatever_the_client_asks(self):
        exception = self.fail_notes("n1").with_user(self.operator)
        with self.assertRaises(AccessError):
            exception.action_fix("accountants_only")
        with self.assertRaises(UserError):
            exception.action_fix("no_such_fix")
        self.bring("n2", "bug")
        self.drain()
        bug = self.env["retail.exception"].search([("kind", "=", "unexpected_error")])
        with self.assertRaises(UserError):
            bug.with_user(self.operator).action_fix("permit_note")
        wizard = self.env["test.retail.fix"].with_user(self.operator).create({"exception_id": bug.id, "answer": "yes"})
        with self.assertRaises(UserError):
            wizard.action_apply()

    def test_a_wizard_that_lacks_an_answer_does_nothing(self):
        exception = self.fail_notes("n1")
        with self.assertRaises(UserError):
            self.apply(exception, answer=False)
        self.assertFalse(self.mends())

    def test_the_auditor_fixes_nothing(self):
        auditor = self.make_user("auditor", GROUP + "auditor")
        with self.assertRaises(UserError):
            self.fail_notes("n1").with_user(auditor).action_fix("replay")


class TestBulkRun(BulkCase):
    def test_one_exception_is_mended_at_once_without_a_run(self):
        exceptions = self.fail_notes("n1", "n2")
        self.assertFalse(self.apply(exceptions[0], apply_to_all=False))
        self.assertEqual(self.mended(), ["note:n1"])
        self.drain()
        self.assertEqual(exceptions.mapped("state"), ["resolved", "open"])

    def test_a_few_with_one_cause_are_mended_while_the_person_waits(self):
        exceptions = self.fail_many(3)
        run = self.apply(exceptions[0])
        self.assertEqual((run.state, run.total, run.done_count, run.progress), ("done", 3, 3, 100.0))
        self.assertEqual((run.user_id, run.cause_id), (self.operator, exceptions.cause_id))
        self.drain()
        self.assertEqual(set(exceptions.mapped("state")), {"resolved"})
        self.assertEqual(len(self.notes()), 3)

    def test_what_is_made_once_for_all_is_made_once(self):
        self.patch_size(2)
        self.apply(self.fail_many(5)[0])
        self.assertEqual(self.mends().filtered(lambda mend: not mend.exception_id).mapped("answer"), ["prepared: yes"])
        self.assertEqual(set(self.mends().filtered("exception_id").mapped("answer")), {"yes!"})

    def patch_size(self, size, at_once=None):
        self.startPatcher(patch.object(retail_bulk_run, "STEP_SIZE", size))
        if at_once is not None:
            self.startPatcher(patch.object(retail_bulk_run, "AT_ONCE", at_once))

    def make_run(self, count=5, size=2):
        self.patch_size(size, at_once=0)
        return self.apply(self.fail_many(count)[0])

    def test_many_become_a_job_with_progress(self):
        run = self.make_run()
        self.assertEqual((run.state, run.total, run.done_count), ("queued", 5, 0))
        job = self.env["queue.job"].search([("identity_key", "=", run._job_key())])
        self.assertEqual((len(job), job.channel), (1, "root.retail.batch"))
        self.assertFalse(self.mends())
        run._job_work()
        self.assertEqual((run.state, run.done_count), ("done", 5))
        self.assertEqual(len(self.mended()), 5)

    def test_a_run_that_lost_its_worker_goes_on_and_mends_nothing_twice(self):
        run = self.make_run()
        run.sudo()._set_running()
        run.sudo()._step()
        self.assertEqual((run.done_count, len(self.mended())), (2, 2))
        # The worker dies here: what it committed stays, its job does not come back.
        self.env["queue.job"].search([("identity_key", "=", run._job_key())]).unlink()
        self.env["retail.bulk.run"]._cron_watchdog()
        self.assertEqual((run.state, run.done_count), ("done", 5))
        self.assertEqual(sorted(self.mended()), sorted(set(self.mended())))
        self.assertEqual(len(self.mends().filtered(lambda mend: not mend.exception_id)), 1)

    def test_a_job_that_somebody_will_take_is_left_to_them(self):
        run = self.make_run()
        self.env["retail.bulk.run"]._cron_watchdog()
        self.assertEqual(run.state, "queued")
        self.env.cr.execute(
            "UPDATE queue_job SET date_created = date_created - interval '2 minutes' WHERE identity_key = %s",
            (run._job_key(),),
        )
        self.env.invalidate_all()
        self.env["retail.bulk.run"]._cron_watchdog()
        self.assertEqual(run.state, "done")

    def test_two_workers_never_work_at_one_run(self):
        run = self.make_run()
        with self.registry.cursor() as other:
            self.assertTrue(lock_sql.try_lock_run(other, run.id))
            self.assertEqual(run._job_work(), "somebody else is at it")
            lock_sql.unlock_run(other, run.id)
        self.assertEqual(run._job_work(), "done")
        self.assertEqual(run._job_work(), "done", "and again it does nothing")
        self.assertEqual(len(self.mended()), 5)

    def test_one_that_cannot_be_mended_is_said_so_and_stops_no_other(self):
        self.fail_notes("a", "cannot", "b")
        run = self.apply(self.fail_notes()[0])
        self.assertEqual((run.state, run.done_count, run.failed_count), ("done", 2, 1))
        self.assertEqual(run.item_ids.filtered(lambda item: item.state == "failed").note, "This one cannot be mended.")
        self.assertEqual(sorted(self.mended()), ["note:a", "note:b"])

    def test_what_was_closed_meanwhile_is_left_alone(self):
        run = self.make_run(3)
        closed = self.fail_notes()[0]
        closed._close("resolved", "Somebody was faster")
        run._job_work()
        self.assertEqual((run.done_count, run.skipped_count), (2, 1))
        self.assertNotIn(closed.subject_key, self.mended())

    def test_a_run_can_be_stopped_and_what_is_done_stays_done(self):
        run = self.make_run()
        run.sudo()._set_running()
        run.sudo()._step()
        run.with_user(self.operator).action_cancel()
        self.assertEqual(run._job_work(), "cancelled")
        self.assertEqual((run.done_count, run.skipped_count, len(self.mended())), (2, 3, 2))

    def test_only_who_asked_or_an_accountant_stops_a_run(self):
        run = self.make_run()
        other = self.make_user("other", GROUP + "operator")
        with self.assertRaises(AccessError):
            run.with_user(other).action_cancel()
        run.with_user(self.make_user("accountant", GROUP + "accountant")).action_cancel()
        self.assertEqual(run.state, "cancelled")

    def test_a_run_of_somebody_who_lost_the_role_does_nothing(self):
        run = self.make_run()
        self.operator.group_ids = self.env.ref(GROUP + "auditor")
        run._job_work()
        self.assertEqual((run.done_count, run.failed_count, len(self.mended())), (0, 5, 0))

    def test_the_preview_says_how_many_what_it_is_worth_and_what_is_left_out(self):
        exceptions = self.fail_many(2)
        other = self.make_backend("Other shop")
        self.fail_notes("x1", backend=other)
        preview = self.fill(exceptions[0]).preview
        self.assertIn("2 exceptions worth", preview)
        self.assertIn("1 × of another backend (Other shop)", preview)
        run = self.apply(exceptions[0])
        self.assertIn("Other shop", run.left_out)
        self.assertEqual(run.total, 2)

    def test_ignoring_a_cause_asks_for_a_reason_and_closes_all_of_it(self):
        exceptions = self.fail_many(3)
        action = exceptions.cause_id.with_user(self.operator).action_ignore()
        form = Form(self.env[action["res_model"]].with_user(self.operator).with_context(**action["context"]))
        self.assertIn("3 exceptions", form.preview)
        form.reason = "A test of the shop"
        form.save().action_close()
        self.assertEqual(set(exceptions.mapped("state")), {"ignored"})
        self.assertEqual(exceptions.closed_by_id, self.operator)
        self.assertEqual(set(exceptions.inbox_ids.mapped("state")), {"ignored"})

    def test_a_cause_is_replayed_with_one_button(self):
        exceptions = self.fail_many(3)
        exceptions.cause_id.with_user(self.operator).action_fix("replay")
        self.assertEqual(set(exceptions.inbox_ids.mapped("state")), {"pending"})

    def test_nobody_writes_or_deletes_runs(self):
        run = self.make_run()
        for role in ("operator", "accountant", "manager"):
            user = self.make_user("x" + role, GROUP + role)
            for record in (run, run.item_ids[0]):
                with self.assertRaises(AccessError):
                    record.with_user(user).write({"state": "done"})
                with self.assertRaises(AccessError):
                    record.with_user(user).unlink()
        with self.assertRaises(UserError):
            run.sudo().unlink()

    def test_another_company_sees_no_run(self):
        run = self.make_run()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user("stranger", GROUP + "manager", companies=company)
        with self.assertRaises(AccessError):
            run.with_user(stranger).read(["name"])
        with self.assertRaises(AccessError):
            run.item_ids.with_user(stranger).read(["state"])
