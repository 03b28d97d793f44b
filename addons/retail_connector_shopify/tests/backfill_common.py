"""What the tests of backfills share: a shop with a history, and workers that die."""

import time
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import fields

from odoo.addons.retail_integration_base.engine import jsonl

from .common import ShopifyCase


class Killed(BaseException):
    """The worker is dead: nobody catches this."""


class BackfillCase(ShopifyCase):
    def setUp(self):
        super().setUp()
        # Small pages, so that a few orders are many of them.
        self.patch(jsonl, "PAGE_LINES", 3)
        self.since = fields.Datetime.now() - timedelta(hours=1)

    # ---------------------------------------------------------------- the shop

    def place_many(self, *kinds):
        return [self.place(kind, webhooks=False) for kind in kinds]

    def ship(self, order, **options):
        from simulators.shopify import live_fulfilments

        live_fulfilments.fulfil(self.world, order, webhooks=False, **options)

    def operations(self):
        return self.world.shop.all("BulkOperation")

    # ---------------------------------------------------------------- the backfill

    def begin(self, since=None):
        return self.env["retail.backfill"]._begin(self.flow(), since or self.since).sudo()

    def work(self, backfill):
        """Let jobs work at it until it needs nobody any more; return its state."""
        give_up = time.monotonic() + 60
        while backfill.state in ("queued", "running") and time.monotonic() < give_up:
            backfill._job_work()
            self.env.invalidate_all()
            time.sleep(0.01)  # the simulator writes its file in a thread
        return backfill.state

    def count(self, **options):
        backfill = self.begin(**options)
        self.assertEqual(self.work(backfill), "counted", backfill.error)
        return backfill

    def take(self, backfill, scope="open"):
        backfill._set_scope(scope)
        backfill.action_take()
        self.assertEqual(self.work(backfill), "done", backfill.error)

    def backfill(self, scope="all"):
        """Count, take, and work the messages off; return the backfill."""
        backfill = self.count()
        self.take(backfill, scope)
        self.drain()
        return backfill

    def brought(self):
        return self.messages().filtered(lambda message: message.topic == "backfill/orders")

    def staged(self, backfill):
        self.env.flush_all()
        self.env.cr.execute("SELECT count(*) FROM retail_backfill_part WHERE backfill_id = %s", (backfill.id,))
        return self.env.cr.fetchone()[0]

    # ---------------------------------------------------------------- workers that die

    @contextmanager
    def dying(self, at):
        """Let the worker die before its commit number ``at``: what it had not committed is gone.

        Yields a list with the number of commits it came to.
        """
        cr, drain, commits = self.env.cr, self.env.registry["retail.drain"], [0]

        def commit(model):
            model.env.flush_all()
            commits[0] += 1
            if commits[0] >= at:
                raise Killed
            cr.execute("RELEASE SAVEPOINT committed")
            cr.execute("SAVEPOINT committed")

        self.env.flush_all()
        cr.execute("SAVEPOINT committed")
        try:
            with patch.object(drain, "_commit", commit):
                yield commits
        except Killed:
            cr.execute("ROLLBACK TO SAVEPOINT committed")
            self.env.invalidate_all(flush=False)
        self.env.flush_all()
        cr.execute("RELEASE SAVEPOINT committed")

    def work_dying(self, backfill, at):
        """Let one job die at its commit number ``at``, and others finish the work; return whether it came so far."""
        with self.dying(at) as commits:
            backfill._job_work()
        self.env.invalidate_all()
        self.work(backfill)
        return commits[0] >= at
