"""Backfills whose worker dies, whose file is lost, cut off or hostile, whose shop fails: the same orders in the end."""

import time
from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.retail_integration_base.engine import jsonl
from odoo.addons.retail_integration_base.models import retail_backfill_work

from .backfill_common import BackfillCase


class Undone(Exception):
    """Undoes a savepoint."""


@tagged("post_install", "-at_install")
class TestBackfillFaults(BackfillCase):
    def contents(self):
        """Return what the backfill brought: set of ``(subject, version, bytes of the message)``."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT subject_key, version, md5(body) FROM retail_inbox "
            "WHERE backend_id = %s AND topic = 'backfill/orders'",
            (self.backend.id,),
        )
        return sorted(self.env.cr.fetchall())

    # ---------------------------------------------------------------- workers that die

    def test_a_worker_killed_at_any_commit_of_the_count_changes_nothing_about_the_report(self):
        self.place_many("simple", "guest", "company", "simple")
        self._kill_everywhere(self.begin, lambda backfill: (backfill.total, backfill.missing_open_count), (4, 4))

    def test_a_worker_killed_at_any_commit_while_it_fetches_and_takes_brings_the_same_orders(self):
        self.place_many("simple", "guest", "company", "simple")
        self.patch(retail_backfill_work, "TAKE_SIZE", 1)
        backfill = self.count()
        whole = self._undone(lambda: (self.take(backfill), self.contents())[1])
        self.assertEqual(len(whole), 4)

        def begin():
            backfill.action_take()
            return backfill

        self._kill_everywhere(begin, lambda _backfill: self.contents(), whole)

    def _kill_everywhere(self, begin, read, expected):
        """Let a worker die at its first commit, then another at its second, and so on, each in a world of its own."""
        died = 0
        while True:
            came_so_far, result = self._undone(lambda at=died + 1: self._kill_once(begin, read, at))
            self.assertEqual(result, expected, "died at commit %d" % (died + 1))
            if not came_so_far:
                break
            died += 1
        self.assertGreater(died, 10)

    def _kill_once(self, begin, read, at):
        backfill = begin()
        self._wait_for_file(backfill)
        came_so_far = self.work_dying(backfill, at)
        self.assertIn(backfill.state, ("counted", "done"), backfill.error)
        return came_so_far, read(backfill)

    def _wait_for_file(self, backfill):
        """Have the file asked for, so that the job that dies reads it too; where it is asked for is another test."""
        if not backfill.export_id:
            backfill._job_work()
            self.env.invalidate_all()
        give_up = time.monotonic() + 30
        while not all(one["_outcome"] for one in self.operations()) and time.monotonic() < give_up:
            time.sleep(0.005)

    def _undone(self, work):
        """Return ``work()``, and undo what it did to Odoo."""
        result = []
        try:
            with self.env.cr.savepoint():
                result.append(work())
                raise Undone
        except Undone:
            self.env.invalidate_all(flush=False)
        return result[0]

    def test_a_file_that_was_asked_for_is_found_again_by_whoever_comes_after_the_worker_that_asked(self):
        self.place_many("simple")
        for at in range(1, 30):
            self.world.shop.bulk.least_looks = 1
            before = len(self.operations())
            backfill = self.begin()
            self.work_dying(backfill, at)
            self.assertEqual((backfill.state, backfill.total), ("counted", 1))
            self.assertEqual(len(self.operations()) - before, 1, "died at commit %d" % at)

    # ---------------------------------------------------------------- files

    def test_a_file_whose_address_has_ended_is_asked_for_again(self):
        orders = self.place_many("simple", "guest")
        backfill = self.count()
        backfill.action_take()
        backfill._job_work()
        self._wait_for_file(backfill)
        self.world.bulk.expire_files()
        self.assertEqual(self.work(backfill), "done")
        self.drain()
        for order in orders:
            self.assert_same_total(order)
        self.assertEqual((len(self.brought()), len(self.operations())), (2, 3))

    def test_a_file_that_is_older_than_a_week_is_asked_for_again_and_nothing_is_counted_twice(self):
        self.place_many("simple", "guest")
        backfill = self.begin()
        backfill._job_work()
        self._wait_for_file(backfill)
        self.operations()[0]["_outcome"]["completedAt"] -= timedelta(days=8)
        self.assertEqual(self.work(backfill), "counted")
        self.assertEqual((backfill.total, backfill.exports), (2, 2))

    def test_a_file_that_was_cut_off_is_noticed_and_asked_for_again(self):
        orders = self.place_many("simple", "guest", "company")
        backfill = self.count()
        with self.faults("bulk_cut", count=1):
            self.take(backfill)
        self.assertEqual(backfill.exports, 3)
        self.drain()
        for order in orders:
            self.assert_same_total(order)

    @mute_logger("odoo.addons.retail_integration_base.models.retail_long_run")
    def test_a_file_that_is_always_cut_off_stops_with_its_reason_and_goes_on_when_somebody_says_so(self):
        self.place_many("simple", "guest", "company")
        backfill = self.count()
        with self.faults("bulk_cut"):
            backfill.action_take()
            self.assertEqual(self.work(backfill), "failed")
        self.assertIn("announced", backfill.error)
        self.assertFalse(self.brought(), "of a file that is not whole nothing is taken")
        backfill.action_resume()
        self.assertEqual(self.work(backfill), "done")
        self.assertEqual(len(self.brought()), 3)

    def test_an_operation_that_fails_partway_is_run_again_and_its_partial_file_left_alone(self):
        orders = self.place_many("simple", "guest", "company")
        backfill = self.count()
        with self.faults("bulk_fail", count=1):
            self.take(backfill)
        failed = [one for one in self.operations() if one["status"] == "FAILED"]
        self.assertTrue(failed[0]["partialDataUrl"])
        self.drain()
        for order in orders:
            self.assert_same_total(order)
        self.assertEqual(len(self.brought()), 3)

    def test_a_download_that_breaks_off_goes_on_at_the_byte_it_came_to(self):
        self.patch(jsonl, "PAGE_LINES", 1)
        self.place_many("simple", "guest", "company", "many_lines")
        backfill = self.count()
        from simulators.shopify.faults import Fault

        self.world.faults.add(Fault("truncated", count=2, on="bulk"))
        self.world.faults.add(Fault("http_500", count=1, on="bulk"))
        self.take(backfill)
        self.assertEqual((len(self.brought()), backfill.exports), (4, 2), "nothing was begun anew")

    def test_too_many_operations_of_the_app_are_waited_for(self):
        self.place_many("simple")
        others = [self.world.shop.add(
            {"__typename": "BulkOperation", "id": "gid://shopify/BulkOperation/%d" % number, "status": "RUNNING",
             "query": "", "_looks": 0, "_outcome": None}
        ) for number in range(5)]  # fmt: skip
        backfill = self.begin()
        self.assertIn("later", backfill._job_work())
        self.assertFalse(backfill.export_id)
        for other in others:
            self.world.shop.remove(other)
        self.env.invalidate_all()
        self.assertEqual(self.work(backfill), "counted")

    def test_a_hostile_file_is_believed_in_nothing_but_ids_and_is_an_exception(self):
        orders = self.place_many("simple", "guest", "company", "tip")
        backfill = self.count()
        with self.faults("bulk_hostile", count=1):
            self.take(backfill)
        self.assertEqual(backfill.unreadable_count, 2)
        self.drain()
        for order in orders:
            self.assert_same_total(order)
        self.assertTrue(self.world.engine.operations["OrdersByIds"])
        exception = self.env["retail.exception"].search([("subject_key", "=", "backfill:%d" % backfill.id)])
        self.assertIn("2 lines", exception.name)

    def test_a_shop_that_throttles_and_fails_is_asked_on(self):
        self.place_many("simple", "guest")
        backfill = self.count()
        with self.faults("http_500", probability=0.3):
            backfill.action_take()
            give_up = time.monotonic() + 60
            while backfill.state != "done" and time.monotonic() < give_up:
                backfill._job_work()
                self.env["retail.circuit"].search([]).unlink()
                self.env.invalidate_all()
        self.assertEqual((backfill.state, len(self.brought())), ("done", 2))
