"""How long a backend's messages, log and exceptions are kept, and which personal data is never shown."""

import time
from datetime import timedelta

from odoo import api, fields, models, tools

from ..engine import retention_sql
from ..engine.redact import plain_key

CRON_SECONDS = 60


class RetailBackend(models.Model):
    _inherit = "retail.backend"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    body_policy = fields.Selection(
        [
            ("keep", "Keep as long as the message"),
            ("days", "Drop after some days"),
            ("done", "Drop as soon as it took effect"),
        ],
        "Content",
        required=True,
        default="days",
        tracking=True,
        help="The content and headers of messages, and what commands were given and answered. A message without "
        "content can be replayed only where the connector asks the channel again.",
    )
    body_days = fields.Integer(
        "Drop content after (days)", default=90, tracking=True, help="Counted from when the message was finished."
    )
    message_days = fields.Integer(
        "Finished messages (days)",
        default=400,
        tracking=True,
        help="Messages that never failed, with their log lines. 0: for good. At least 45: a channel may send a message "
        "again, which has to be known then.",
    )
    failure_days = fields.Integer(
        "Failures (days)",
        default=800,
        tracking=True,
        help="Messages that failed once, with their log lines, and failures of polls and calls out. 0: for good.",
    )
    exception_days = fields.Integer(
        "Closed exceptions (days)", default=3650, tracking=True, help="With what was written about them. 0: for good."
    )
    redact_keys = fields.Text(
        "Personal data",
        tracking=True,
        help="Names of fields, one per line, whose value is masked in the log, in exceptions and in the content shown, "
        "besides those that are masked anyway. Capitals, _ and - make no difference.",
    )

    _body_days_positive = models.Constraint("CHECK(body_days >= 0)", "Days cannot be negative.")
    # A vendor delivers again for hours (Shopify) or days (Stripe), and lists 30 days back: a message is known longer.
    _message_days_enough = models.Constraint(
        "CHECK(message_days = 0 OR message_days >= 45)",
        "Finished messages are kept 45 days at least: a channel may send one again, which must be recognised then.",
    )
    _retention_in_order = models.Constraint(
        "CHECK((failure_days = 0 OR (message_days > 0 AND failure_days >= message_days)) "
        "AND (exception_days = 0 OR (failure_days > 0 AND exception_days >= failure_days)))",
        "Failures are kept at least as long as finished messages, and exceptions at least as long as failures.",
    )

    def write(self, vals):
        result = super().write(vals)
        if "redact_keys" in vals:
            self.env.registry.clear_cache()
        return result

    @tools.ormcache("self.id")
    def _get_redacted_keys(self):
        """Return the keys of this backend whose values are masked: the connector's and its own."""
        backend = self.sudo()
        own = (backend.redact_keys or "").split()
        return frozenset(map(plain_key, (*own, *backend._get_handler()._personal_keys)))

    # ---------------------------------------------------------------- retention

    @api.model
    def _cron_retention(self):
        """Take away what is over its time, in portions that are each committed; what is left is the next run's."""
        deadline = time.monotonic() + CRON_SECONDS
        for backend in self.sudo().with_context(active_test=False).search([]):  # pylint: disable=no-search-all; a few
            backend._retain(deadline)

    def _retain(self, deadline):
        """Take away what is over its time, until ``deadline`` (of ``time.monotonic``)."""
        body_until = self._get_until(self.body_days if self.body_policy != "keep" else None)
        # What took effect went at once; what was ignored is kept for a while.
        message_until, failure_until = (
            self._get_until(self.message_days or None),
            self._get_until(self.failure_days or None),
        )
        if body_until:
            self._walk(deadline, lambda after: self._drop("body", retention_sql.drop_bodies, after, body_until))
            self._walk(deadline, lambda after: self._drop("content", retention_sql.drop_contents, after, body_until))
        if message_until:
            self._walk(deadline, lambda after: self._delete_messages(after, message_until, failure_until))
            self._walk(
                deadline,
                lambda after: retention_sql.delete_lines(self.env.cr, self.id, after, message_until, failure_until)[0],
            )
        if self.exception_days:
            self._delete_exceptions(deadline, self._get_until(self.exception_days))
        self.env["retail.inbox"].invalidate_model()
        self.env["retail.outbox"].invalidate_model()

    def _drop_contents_now(self):
        """Drop what all finished messages and commands contain, whatever the policy says, for at most a minute.

        Committed in portions; what was dropped stays so.

        :return: bool, whether that was all
        """
        deadline = time.monotonic() + CRON_SECONDS
        until = fields.Datetime.now() + timedelta(seconds=1)
        self._walk(deadline, lambda after: self._drop("body", retention_sql.drop_bodies, after, until))
        self._walk(deadline, lambda after: self._drop("content", retention_sql.drop_contents, after, until))
        self.env["retail.inbox"].invalidate_model()
        self.env["retail.outbox"].invalidate_model()
        return time.monotonic() < deadline

    def _get_until(self, days):
        return None if days is None else fields.Datetime.now() - timedelta(days=days)

    def _walk(self, deadline, look):
        """Call ``look`` with where the last portion ended until there is none; commit each."""
        after = 0
        while after is not None and time.monotonic() < deadline:
            after = look(after)
            self.env["retail.drain"]._commit()

    def _drop(self, what, drop, after, until):
        last_id, count, first, last = drop(self.env.cr, self.id, after, until)
        if count:
            retention_sql.note_purge(self.env.cr, self.id, what, "body", until, (count, first, last))
        return last_id

    def _delete_messages(self, after, until, failure_until):
        last_id, ids, came = retention_sql.delete_messages(self.env.cr, self.id, after, until, failure_until)
        if ids:
            moments = (len(ids), min(came), max(came))
            retention_sql.note_purge(self.env.cr, self.id, "message", "message", until, moments)
        return last_id

    def _delete_exceptions(self, deadline, until):
        while time.monotonic() < deadline:
            exceptions = self.env["retail.exception"]._find_expired(self, until)
            if not exceptions:
                return
            closed = exceptions.mapped("closed_at")
            moments = (len(exceptions), min(closed), max(closed))
            exceptions._purge()
            retention_sql.note_purge(self.env.cr, self.id, "exception", "exception", until, moments)
            self.env["retail.drain"]._commit()
