"""A piece of work for a person: what stopped, why, what it is worth, and how to get it going again."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import inbox_sql
from ..engine.fingerprint import cause_fingerprint
from ..engine.redact import redact
from ..engine.text import clean_text
from .retail_inbox import short_subject

_MAX_TITLE = 250
#: What people write; everything else is the framework's, and closing asks for a reason.
_WRITABLE = frozenset(("user_id", "deadline"))


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
    resolution = fields.Char("Reason", readonly=True, tracking=True)
    closed_by_id = fields.Many2one("res.users", "Closed by", readonly=True)
    closed_at = fields.Datetime("Closed", readonly=True)

    # Whatever goes wrong with a subject, and however often, there is one card for it.
    _one_open = models.UniqueIndex(
        "(backend_id, kind, subject_key) WHERE state = 'open'", "This is an open exception already."
    )
    _subject_index = models.Index("(backend_id, subject_key)")

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
        for exception in self:
            messages = exception.inbox_ids.sorted("id")
            exception.inbox_count = len(messages)
            exception.received = messages[-1:].body_redacted or False

    def write(self, vals):
        if not self.env.su and any(
            name not in _WRITABLE and not name.startswith(("message_", "activity_")) for name in vals
        ):
            raise UserError(
                self.env._("Only the owner and the deadline are written; close an exception with a reason.")
            )
        return super().write(vals)

    # ---------------------------------------------------------------- opened and closed by the framework

    @api.model
    def _open(
        self,
        backend,
        subject_key,
        error,
        *,
        kind,
        cause_key,
        cause_title,
        flow=None,
        evidence=None,
        facts=None,
        amount=None,
    ):
        """Open an exception for a subject, or bring the open one of this kind up to date.

        Other open exceptions of the subject are closed: what stopped it then does not stop it now.

        :param Exception error: its text is what people read
        :param tuple amount: ``(Decimal, ISO currency code)`` at risk, or ``None``
        :return: the open exception
        """
        # A flow's owner follows the queue; a mail per exception would be a thousand on a bad day.
        self = self.with_context(mail_auto_subscribe_no_notify=True)
        same_subject = self.search(
            [("backend_id", "=", backend.id), ("subject_key", "=", subject_key), ("state", "=", "open")]
        )
        current = same_subject.filtered(lambda exception: exception.kind == kind)[:1]
        (same_subject - current)._close("resolved", self.env._("It went past this point; something else stops it now."))
        currency = self.env["res.currency"]
        if amount:
            currency = currency.with_context(active_test=False).search([("name", "=", amount[1])], limit=1)
        values = {
            "name": clean_text(str(error) or type(error).__name__)[:_MAX_TITLE],
            "cause_id": self._get_cause(backend.company_id, kind, cause_key, cause_title).id,
            "facts": facts or {},
            "evidence": evidence,
            "amount_at_risk": float(amount[0]) if amount else 0.0,
            "currency_id": (currency or backend.company_id.currency_id).id,
            "last_seen_at": fields.Datetime.now(),
        }
        if current:
            current.write(dict(values, occurrences=current.occurrences + 1))
            return current
        deadline = fields.Datetime.now() + timedelta(minutes=flow.sla_minutes) if flow and flow.sla_minutes else False
        return self.create(
            dict(
                values,
                kind=kind,
                backend_id=backend.id,
                flow_id=flow.id if flow else False,
                subject_key=subject_key,
                user_id=flow.owner_id.id if flow else False,
                deadline=deadline,
            )
        )

    def _get_cause(self, company, kind, cause_key, cause_title):
        fingerprint = cause_fingerprint(kind, cause_key)
        causes = self.env["retail.exception.cause"]
        cause = causes.search([("company_id", "=", company.id), ("fingerprint", "=", fingerprint)], limit=1)
        if cause:
            return cause
        # Two lanes may meet the same new cause at once: the second waits for the first, and may have to start again
        # with a snapshot that has the row.
        self.env.cr.execute(
            "INSERT INTO retail_exception_cause (company_id, fingerprint, name, create_uid, create_date, write_uid, "
            "write_date) VALUES (%s, %s, %s, %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC') "
            "ON CONFLICT (company_id, fingerprint) DO UPDATE SET write_date = EXCLUDED.write_date RETURNING id",
            (company.id, fingerprint, clean_text(cause_title)[:_MAX_TITLE], self.env.uid, self.env.uid),
        )
        return causes.browse(self.env.cr.fetchone()[0])

    @api.model
    def _resolve_subjects(self, backend, subject_keys):
        """Close the open exceptions of subjects that went through."""
        if subject_keys:
            self.search(
                [("backend_id", "=", backend.id), ("subject_key", "in", list(subject_keys)), ("state", "=", "open")]
            )._close("resolved", self.env._("A later attempt succeeded."))

    def _close(self, state, reason):
        if self:
            self.sudo().write(
                {
                    "state": state,
                    "resolution": reason,
                    "closed_by_id": self.env.uid,
                    "closed_at": fields.Datetime.now(),
                }
            )

    # ---------------------------------------------------------------- what people do

    def action_replay(self):
        """Try again the messages these exceptions hold."""
        self._check_operator()
        self._replay()
        return True

    def action_view_cause(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_exception")
        return dict(action, domain=[("cause_id", "=", self.cause_id.id)], context={})

    def action_view_messages(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("retail_integration_base.action_retail_inbox")
        return dict(action, domain=[("exception_id", "in", self.ids)])

    def action_resolve(self):
        return self._action_close("resolved", self.env._("Resolve"))

    def action_ignore(self):
        return self._action_close("ignored", self.env._("Ignore"))

    def action_take(self):
        """Make it mine."""
        self._check_operator()
        self.write({"user_id": self.env.uid})
        return True

    def _action_close(self, state, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "retail.exception.close",
            "view_mode": "form",
            "target": "new",
            "context": {"default_exception_ids": self.ids, "default_state": state},
        }

    def _with_same_cause(self):
        """Return the open exceptions that share the cause of these, these included."""
        return self.search([("cause_id", "in", self.cause_id.ids), ("state", "=", "open")])

    def _fix_and_replay(self, note):
        """Note what was mended and try again; an exception closes when its message goes through.

        :param str note: what was done, for the chatter
        """
        self._check_operator()
        for exception in self:
            exception.message_post(body=note, subtype_xmlid="mail.mt_note")
        self._replay()

    def _replay(self):
        waiting = self.filtered(lambda exception: exception.state == "open").sudo().inbox_ids
        waiting.filtered(lambda message: message.state in ("held", "quarantined", "retry"))._requeue()

    def _close_by_hand(self, state, reason):
        """Close with a person's reason; what was held is ignored for the same reason."""
        self._check_operator()
        messages = self.sudo().inbox_ids.filtered(lambda message: message.state in ("held", "retry", "quarantined"))
        inbox_sql.finish_messages(
            self.env.cr,
            [
                {"id": message.id, "state": "ignored", "reason": reason, "exception_id": message.exception_id.id}
                for message in messages
            ],
        )
        self.env.cr.execute("DELETE FROM retail_inbox_work WHERE inbox_id = ANY(%s)", (messages.ids,))
        self.env["retail.inbox"].invalidate_model()
        self._close(state, reason)

    def _check_operator(self):
        if not self.env.su and not self.env.user.has_group("retail_integration_base.group_retail_operator"):
            raise UserError(self.env._("Only operators work on exceptions."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Exceptions are closed with a reason, never deleted."))


def evidence_text(evidence):
    """Return structured evidence as redacted, readable text."""
    lines = []
    for key, value in redact(evidence or {}).items():
        if isinstance(value, list):
            lines.append("%s:" % key)
            lines.extend("  - %s" % item for item in value)
        else:
            lines.append("%s: %s" % (key, value))
    return clean_text("\n".join(lines))
