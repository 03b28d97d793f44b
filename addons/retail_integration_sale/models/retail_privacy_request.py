"""What a channel asks for about personal data: who asked, until when, what was done about it and what was kept."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import privacy_sql

#: "Complete the action within 30 days of receiving the request" (shopify.dev, "Privacy law compliance"), as the GDPR's
#: month.
_DAYS = 30
_MANAGER = "retail_integration_base.group_retail_manager"


class RetailPrivacyRequest(models.Model):
    """A request stays for good, as the receipt of what was done. It names people by the channel's ids alone."""

    _name = "retail.privacy.request"
    _description = "Privacy request of a channel"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "deadline, id"

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="backend_id.company_id", store=True, index=True)
    external_id = fields.Char("Request", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("data", "A customer's data is asked for"),
            ("redaction", "A customer is to be forgotten"),
            ("shop", "The shop is to be forgotten"),
        ],
        "What is asked",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("open", "To do"), ("done", "Done")], required=True, readonly=True, default="open", tracking=True, index=True
    )
    requested_at = fields.Datetime("Asked", required=True, readonly=True)
    deadline = fields.Date(compute="_compute_deadline", store=True)
    is_overdue = fields.Boolean(compute="_compute_is_overdue")
    customer_external_id = fields.Char("Customer in the channel", readonly=True)
    order_external_ids = fields.Json("Orders in the channel", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", "Contact", compute="_compute_partner_id", help="The contact that stands for the customer."
    )
    order_count = fields.Integer("Orders here", compute="_compute_partner_id")
    receipt = fields.Text("What was done", readonly=True)
    closed_by_id = fields.Many2one("res.users", "Done by", readonly=True)
    closed_at = fields.Datetime("Done at", readonly=True)

    _external_unique = models.Constraint("UNIQUE(backend_id, external_id)", "This request is here already.")

    @api.depends("kind", "backend_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            request.display_name = "%s: %s" % (request.backend_id.display_name, kinds.get(request.kind, ""))

    @api.depends("requested_at")
    def _compute_deadline(self):
        for request in self:
            request.deadline = (request.requested_at or fields.Datetime.now()) + timedelta(days=_DAYS)

    @api.depends("deadline", "state")
    def _compute_is_overdue(self):
        today = fields.Date.context_today(self)
        for request in self:
            request.is_overdue = request.state == "open" and bool(request.deadline) and request.deadline < today

    @api.depends("customer_external_id", "order_external_ids")
    def _compute_partner_id(self):
        for request in self:
            request.partner_id = request.sudo()._find_partner()
            request.order_count = len(request.sudo()._find_orders())

    def write(self, vals):
        if not self.env.su and any(not name.startswith(("message_", "activity_")) for name in vals):
            raise UserError(self.env._("A privacy request is a receipt: its buttons say what was done."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Privacy requests are kept: they are the receipt of what was done."))

    # ---------------------------------------------------------------- whom it is about

    def _find_partner(self):
        """Return the contact of the customer, possibly empty: as linked, or the only one of the orders named."""
        if not self.customer_external_id:
            return self.env["res.partner"]
        found = self.env["retail.binding.partner"]._find_by_external(self.backend_id, [self.customer_external_id])
        if found:
            return found[self.customer_external_id].partner_id
        partners = self._find_named_orders().partner_id
        return partners if len(partners) == 1 else self.env["res.partner"]

    def _find_named_orders(self):
        bindings = self.env["retail.binding.order"]._find_by_external(self.backend_id, self.order_external_ids or [])
        return self.env["sale.order"].union(*(binding.order_id for binding in bindings.values()))

    def _find_orders(self):
        """Return the orders that the request names, and those of the contact from this channel."""
        orders, partner = self._find_named_orders(), self._find_partner()
        if partner:
            domain = [("retail_backend_id", "=", self.backend_id.id), ("partner_id", "child_of", partner.id)]
            orders |= self.env["sale.order"].search(domain)
        return orders

    def _get_subjects(self):
        """Return the subjects of messages that may hold what is to be forgotten."""
        bindings = self.env["retail.binding.order"].search(
            [("backend_id", "=", self.backend_id.id), ("order_id", "in", self._find_orders().ids)]
        )
        orders = {*(self.order_external_ids or []), *bindings.mapped("external_id")}
        subjects = ["order:%s" % external_id for external_id in sorted(orders)]
        if self.customer_external_id:
            subjects.append("customer:%s" % self.customer_external_id)
            # What was asked before names the customer by more than an id.
            asked = self.search(
                [("backend_id", "=", self.backend_id.id), ("customer_external_id", "=", self.customer_external_id)]
            )
            subjects += ["privacy_request:%s" % one.external_id for one in asked - self]
        return subjects

    # ---------------------------------------------------------------- what is done

    def _begin(self):
        """Do at once what needs nobody; for the rest, tell the flow's owner until when it has to be done."""
        self.ensure_one()
        if self.kind == "redaction":
            self._forget()
        elif self.kind == "data":
            self._collect()
        if self.state == "open":
            flow = self.backend_id.flow_ids.filtered(lambda one: one.entity == "privacy_request")[:1]
            if flow.owner_id:
                # An import's context keeps Odoo's own activities away; this one is wanted.
                self.with_context(mail_activity_automation_skip=False).activity_schedule(
                    "mail.mail_activity_data_todo",
                    self.deadline,
                    summary=dict(self._fields["kind"]._description_selection(self.env))[self.kind],
                    user_id=flow.owner_id.id,
                )

    def _forget(self):
        """Take away what the suite keeps about the customer, and the contact where nothing binds us to keep it."""
        counts = self._drop()
        lines = [
            self.env._(
                "Dropped: the content of %(bodies)s messages and of %(contents)s commands, the details of "
                "%(exceptions)s closed exceptions.",
                **counts,
            )
        ]
        if counts["unfinished"]:
            lines.append(self.env._("Kept: the content of %s messages that are not finished.", counts["unfinished"]))
        if counts["lines"]:
            lines.append(
                self.env._(
                    "Kept until retention takes them: %s lines of the log, in which personal data is masked.",
                    counts["lines"],
                )
            )
        partner = self._find_partner()
        reasons = self.env["retail.privacy.data"]._get_reasons_to_keep(partner, self.backend_id)
        if not partner:
            lines.append(self.env._("Odoo has no contact of this customer."))
        elif reasons:
            lines.append(
                self.env._("Kept: the contact %(id)s, because of %(reasons)s.", id=partner.id, reasons=reasons)
            )
        else:
            lines.append(self.env["retail.privacy.data"]._redact(partner))
        self.receipt = "\n".join(lines)
        if not reasons and not counts["unfinished"]:
            self._close()

    def _drop(self):
        """Drop what finished messages, commands and closed exceptions hold; return of how many, and what is left."""
        counts = privacy_sql.drop_contents(
            self.env.cr, self.backend_id.id, self._get_subjects(), "privacy_request:%s" % self.external_id
        )
        self.env["retail.inbox"].invalidate_model()
        self.env["retail.outbox"].invalidate_model()
        return {**counts, "exceptions": self._clear_exceptions()}

    def _clear_exceptions(self):
        """Take names and details out of the closed exceptions of the subjects; return of how many."""
        closed = self.env["retail.exception"].search(
            [
                ("backend_id", "=", self.backend_id.id),
                ("subject_key", "in", self._get_subjects()),
                ("state", "!=", "open"),
            ]
        )
        closed.write({"name": self.env._("Redacted"), "facts": {}, "evidence": False})
        return len(closed)

    def _collect(self):
        """Attach what is held about the customer, as JSON for whoever hands it out."""
        content = self.env["retail.privacy.data"]._export(self._find_partner(), self._find_orders())
        self.env["ir.attachment"].create(
            {
                "name": "customer-data.json",
                "raw": content,
                "mimetype": "application/json",
                "res_model": self._name,
                "res_id": self.id,
            }
        )

    def _close(self, line=None):
        self.sudo().write(
            {
                "state": "done",
                "receipt": "\n".join(filter(None, (self.receipt, line))),
                "closed_by_id": self.env.uid,
                "closed_at": fields.Datetime.now(),
            }
        )
        self.sudo().activity_feedback(["mail.mail_activity_data_todo"])

    # ---------------------------------------------------------------- buttons

    def _require_open(self, kind):
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group(_MANAGER):
            raise UserError(self.env._("Privacy requests are for managers."))
        self.check_access("read")
        if self.state != "open" or self.kind != kind:
            raise UserError(self.env._("This is not to be done with this request."))

    def _drop_the_rest(self):
        """Drop what was not finished when the request came.

        :raises UserError: it still is not
        """
        unfinished = self.sudo()._drop()["unfinished"]
        if unfinished:
            raise UserError(
                self.env._("%s messages about this customer are not finished. See to them first.", unfinished)
            )

    def action_redact_contact(self):
        """Forget the contact although documents refer to it: they keep their amounts, and lose who it was."""
        self._require_open("redaction")
        self._drop_the_rest()
        partner = self.sudo()._find_partner()
        line = self.env["retail.privacy.data"].sudo()._redact(partner) if partner else None
        self._close(line)

    def action_keep_contact(self):
        """Keep the contact for the reasons the receipt names."""
        self._require_open("redaction")
        self._drop_the_rest()
        self._close(self.env._("Kept by decision of %s.", self.env.user.name))

    def action_handed_out(self):
        """The customer has got the data; here it is not kept a second time."""
        self._require_open("data")
        attached = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        self.env["ir.attachment"].sudo().search(attached).unlink()
        self._close(self.env._("Handed out by %s. The file was deleted here.", self.env.user.name))

    def action_forget_shop(self):
        """Disarm the backend, and drop what all of its finished messages and commands contain."""
        self._require_open("shop")
        backend = self.backend_id.sudo()
        backend.action_disarm()
        if not backend._drop_contents_now():
            raise UserError(self.env._("There is more than could be dropped in a minute. Press the button again."))
        self._close(
            self.env._(
                "The backend is disarmed, and what its finished messages and commands contained is dropped. Orders, "
                "contacts and entries are the company's own books and stay."
            )
        )
