"""A piece of work for a person: what stopped, why, what it is worth, and how to get it going again.

How it is opened and closed is said in ``retail_exception_life.py``, what people do about it in
``retail_exception_work.py`` and ``retail_exception_fix.py``.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.redact import redact
from ..engine.text import clean_text
from .retail_inbox import short_subject

#: What people write; everything else is the framework's, and closing asks for a reason.
_WRITABLE = frozenset(("user_id", "deadline"))
#: Says that it is retention that deletes. A caller over RPC can send no such object.
_PURGE = object()
_PURGED_AT_ONCE = 200


class RetailException(models.Model):
    _name = "retail.exception"
    _description = "Retail exception"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "deadline, id"

    name = fields.Char("What happened", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("unreadable_message", "Message cannot be read"),
            ("vendor_changed", "Unexpected data from the channel"),
            ("vendor_refused", "Channel refuses us"),
            ("credential_missing", "Credential missing"),
            ("subject_missing", "Not in the channel any more"),
            ("retries_exhausted", "Channel does not answer"),
            ("worker_killed", "Work kills its worker"),
            ("odoo_refused", "Odoo does not accept it"),
            ("unexpected_error", "Unexpected error"),
        ],
        required=True,
        readonly=True,
    )
    cause_id = fields.Many2one("retail.exception.cause", required=True, readonly=True, index=True, ondelete="restrict")
    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="backend_id.company_id", store=True, index=True)
    flow_id = fields.Many2one("retail.flow", readonly=True, index="btree_not_null", ondelete="set null")
    subject_key = fields.Char(required=True, readonly=True)
    subject_name = fields.Char("Subject", compute="_compute_subject_name")
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Resolved"), ("ignored", "Ignored")],
        required=True,
        readonly=True,
        default="open",
        tracking=True,
        index=True,
    )
    user_id = fields.Many2one("res.users", "Owner", tracking=True, index="btree_not_null")
    deadline = fields.Datetime()
    is_overdue = fields.Boolean(compute="_compute_is_overdue", search="_search_is_overdue")
    amount_at_risk = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_company = fields.Monetary(
        "At risk",
        currency_field="company_currency_id",
        readonly=True,
        help="The amount at risk in the company's currency, at the rate of the day it was last seen; summed up.",
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    is_unvalued = fields.Boolean(
        readonly=True, help="The amount at risk is in a currency Odoo has no rate for, so that nobody can sum it up."
    )
    facts = fields.Json(readonly=True, help="What a fix needs to know.")
    evidence = fields.Text("Technical details", readonly=True)
    help_text = fields.Text("What to do", compute="_compute_help_text")
    inbox_count = fields.Integer("Messages held", compute="_compute_received")
    inbox_ids = fields.One2many("retail.inbox", "exception_id", "Messages of the channel")
    received = fields.Text("What was received", compute="_compute_received")
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    occurrences = fields.Integer(readonly=True, default=1, aggregator=None)
    last_seen_at = fields.Datetime("Last seen", readonly=True)
    first_seen_at = fields.Datetime("First seen", readonly=True)
    is_regression = fields.Boolean("Came back", readonly=True, help="It was resolved before, and failed again.")
    reopened_count = fields.Integer("Times reopened", readonly=True, aggregator=None)
    previous_id = fields.Many2one(
        "retail.exception",
        "Ignored before",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Somebody ignored the same failure of the same subject earlier. That was about what had come until then.",
    )
    resolution = fields.Char("Reason", readonly=True, tracking=True)
    closed_by_id = fields.Many2one("res.users", "Closed by", readonly=True)
    closed_at = fields.Datetime("Closed", readonly=True)

    # Whatever goes wrong with a subject, and however often, there is one card for it.
    _one_open = models.UniqueIndex(
        "(backend_id, kind, subject_key) WHERE state = 'open'", "This is an open exception already."
    )
    _subject_index = models.Index("(backend_id, subject_key)")
    # Retention: what was closed longest ago.
    _closed_index = models.Index("(backend_id, closed_at) WHERE state <> 'open'")
    # The board, the list and the page of a cause: what is open, most urgent first.
    _open_index = models.Index("(deadline, id) WHERE state = 'open'")
    _open_cause_index = models.Index("(cause_id, deadline, id) WHERE state = 'open'")

    # ---------------------------------------------------------------- computed

    @api.depends("deadline", "state")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for exception in self:
            exception.is_overdue = exception.state == "open" and bool(exception.deadline) and exception.deadline < now

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = [("state", "=", "open"), ("deadline", "<", fields.Datetime.now())]
        return domain if True in value else ["!", "&", *domain]

    @api.depends("subject_key")
    def _compute_subject_name(self):
        for exception in self:
            exception.subject_name = short_subject(exception.subject_key)

    @api.depends("kind")
    def _compute_help_text(self):
        texts = self._get_help_texts()
        for exception in self:
            exception.help_text = texts.get(exception.kind, "")

    def _get_help_texts(self):
        """Return dict kind → what a person can do about it. Addons add their kinds."""
        _ = self.env._
        return {
            "unreadable_message": _(
                "The message is signed but its content is not what the channel promises. Nothing was done with it. "
                "Look at the content; if the same information came in another message, ignore this one."
            ),
            "vendor_changed": _(
                "The channel's answer has another form than it publishes. The technical details list each difference. "
                "After an update of the connector, replay."
            ),
            "vendor_refused": _(
                "The channel does not accept our credentials or permissions. Use “Check connection” on the backend, "
                "mend what it names, then replay."
            ),
            "credential_missing": _("Enter the credential on the backend, then replay."),
            "subject_missing": _(
                "The channel sent a message about something it does not have any more. If it was deleted there "
                "on purpose, ignore this with a reason."
            ),
            "retries_exhausted": _("The channel was down for hours. When it is back, replay."),
            "worker_killed": _(
                "Each attempt ended with the death of the worker process, which points to memory or a crash. It is "
                "kept apart so that other work goes on. Ask whoever runs the server before you replay."
            ),
            "odoo_refused": _("Odoo did not accept the change for the reason above. Mend the record, then replay."),
            "unexpected_error": _(
                "This is a fault of the software. The technical details help whoever maintains it. Replay after a fix."
            ),
        }

    @api.depends("inbox_ids")
    def _compute_received(self):
        messages = {exception: exception.inbox_ids.sorted("id") for exception in self}
        newest = self.env["retail.inbox"].union(*(same[-1:] for same in messages.values()))
        newest.mapped("body_redacted")  # all bodies in one read
        for exception, same in messages.items():
            exception.inbox_count = len(same)
            exception.received = same[-1:].body_redacted or False

    def write(self, vals):
        if not self.env.su and any(
            name not in _WRITABLE and not name.startswith(("message_", "activity_")) for name in vals
        ):
            raise UserError(
                self.env._("Only the owner and the deadline are written; close an exception with a reason.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if self.env.context.get("retail_purge") is not _PURGE:
            raise UserError(self.env._("Exceptions are closed with a reason, never deleted."))

    # ---------------------------------------------------------------- retention

    @api.model
    def _find_expired(self, backend, until):
        """Return a portion of the exceptions of ``backend`` that were closed before ``until``."""
        closed = [("backend_id", "=", backend.id), ("state", "!=", "open"), ("closed_at", "<", until)]
        return self.sudo().search(closed, order="closed_at", limit=_PURGED_AT_ONCE)

    def _purge(self):
        """Delete what retention has found, with all that was written about it."""
        self.sudo().with_context(retail_purge=_PURGE).unlink()


def evidence_text(evidence, keys=frozenset()):
    """Return structured evidence as redacted, readable text.

    :param frozenset keys: what the backend masks beside the usual (``_get_redacted_keys``)
    """
    lines = []
    for key, value in redact(evidence or {}, keys=keys).items():
        if isinstance(value, list):
            lines.append("%s:" % key)
            lines.extend("  - %s" % item for item in value)
        else:
            lines.append("%s: %s" % (key, value))
    return clean_text("\n".join(lines))
