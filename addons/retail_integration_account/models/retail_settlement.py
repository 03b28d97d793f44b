"""The balance that a payment service keeps in one currency: its journal, and the accounts its movements belong to."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.base.models.res_partner import _tz_get

from ..engine import settlement_rules as rules

#: role → (suffix of the proposed code, name, account type, is reconcilable). The design's A1 to A8.
ACCOUNTS = {
    rules.BALANCE: ("Balance", "asset_cash", False),
    rules.AWAITING: ("Awaiting settlement", "asset_current", True),
    rules.TRANSIT: ("Payouts in transit", "asset_current", True),
    rules.DISPUTED: ("Disputed payments", "asset_current", True),
    rules.HELD: ("Holds and reserves", "asset_current", True),
    rules.FEE: ("Fees", "expense", False),
    rules.LOSS: ("Chargeback losses", "expense", False),
    rules.UNIDENTIFIED: ("Unidentified movements", "asset_current", True),
}
#: Who may order a proof: it reconciles what belongs together.
_PROVERS = ("account.group_account_user", "retail_integration_base.group_retail_accountant")


class RetailSettlement(models.Model):
    _name = "retail.settlement"
    _description = "Settlement account"
    _inherit = ["mail.thread"]
    _order = "backend_id, currency_id"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="backend_id.company_id", store=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    journal_id = fields.Many2one(
        "account.journal", required=True, check_company=True, domain=[("type", "=", "bank")], tracking=True
    )
    balance_account_id = fields.Many2one(related="journal_id.default_account_id", string="Balance (A1)")
    awaiting_account_id = fields.Many2one(
        "account.account", "Awaiting settlement (A2)", required=True, check_company=True, tracking=True
    )
    transit_account_id = fields.Many2one(
        "account.account", "Payouts in transit (A3)", required=True, check_company=True, tracking=True
    )
    disputed_account_id = fields.Many2one(
        "account.account", "Disputed (A4)", required=True, check_company=True, tracking=True
    )
    held_account_id = fields.Many2one(
        "account.account", "Holds and reserves (A5)", required=True, check_company=True, tracking=True
    )
    fee_account_id = fields.Many2one(
        "account.account",
        "Fees (A6)",
        required=True,
        check_company=True,
        tracking=True,
        help="An expense account; or the payable account of the service where its monthly invoice is the expense.",
    )
    fee_tax_account_id = fields.Many2one(
        "account.account",
        "VAT on fees",
        check_company=True,
        tracking=True,
        help="Empty: the tax part of a fee is booked with the fee, as where the service's invoice carries the VAT.",
    )
    loss_account_id = fields.Many2one(
        "account.account", "Chargeback losses (A7)", required=True, check_company=True, tracking=True
    )
    unidentified_account_id = fields.Many2one(
        "account.account", "Unidentified (A8)", required=True, check_company=True, tracking=True
    )
    fee_partner_id = fields.Many2one(
        "res.partner", "Service", check_company=True, help="Who the fees are owed to, if they are booked on a payable."
    )
    timezone = fields.Selection(
        _tz_get,
        required=True,
        default=lambda self: self.env.company.partner_id.tz or "UTC",
        help="In which a movement's moment becomes a day.",
    )
    locked_date_policy = fields.Selection(
        [("ask", "Ask: hold the movement"), ("first_open", "Book on the first open day")],
        "In locked periods",
        required=True,
        default="ask",
        tracking=True,
    )
    rule_ids = fields.One2many("retail.settlement.rule", "settlement_id")
    line_ids = fields.One2many("retail.settlement.line", "settlement_id")
    proof_ids = fields.One2many("retail.settlement.proof", "settlement_id")
    line_count = fields.Integer(compute="_compute_counts")
    broken_count = fields.Integer("Broken proofs", compute="_compute_counts")
    proved_on = fields.Date("Last proof", compute="_compute_counts")
    external_balance = fields.Monetary(
        "Balance at the service", readonly=True, copy=False, help="Available and pending, when it was last asked."
    )
    external_balance_at = fields.Datetime("Asked", readonly=True, copy=False)

    _unique_currency = models.Constraint(
        "UNIQUE(backend_id, currency_id)", "There is a settlement account of this currency already."
    )
    _unique_journal = models.Constraint("UNIQUE(journal_id)", "The journal is another settlement account's.")

    @api.depends("backend_id.name", "currency_id.name")
    def _compute_name(self):
        for settlement in self:
            settlement.name = "%s %s" % (settlement.backend_id.name, settlement.currency_id.name)

    def _compute_counts(self):
        lines = dict(
            self.env["retail.settlement.line"]._read_group(
                [("settlement_id", "in", self.ids)], ["settlement_id"], ["__count"]
            )
        )
        for settlement in self:
            newest = self.env["retail.settlement.proof"].search([("settlement_id", "=", settlement.id)], limit=1)
            proofs = settlement.proof_ids.filtered(lambda proof, day=newest.date: proof.date == day)
            settlement.line_count = lines.get(settlement, 0)
            settlement.proved_on = newest.date
            settlement.broken_count = len(proofs.filtered(lambda proof: proof.state == "broken"))

    @api.constrains("journal_id", "currency_id")
    def _check_journal_currency(self):
        for settlement in self:
            own = settlement.journal_id.currency_id or settlement.company_id.currency_id
            if own != settlement.currency_id:
                raise ValidationError(
                    self.env._(
                        "The journal %(journal)s keeps %(own)s, the balance is in %(wanted)s.",
                        journal=settlement.journal_id.name,
                        own=own.name,
                        wanted=settlement.currency_id.name,
                    )
                )

    @api.constrains(*("%s_account_id" % role for role in ACCOUNTS if role != rules.BALANCE))
    def _check_reconcilable(self):
        for settlement in self:
            for role, (_name, _type, is_reconcilable) in ACCOUNTS.items():
                account = settlement["%s_account_id" % role]
                if is_reconcilable and not account.reconcile:
                    raise ValidationError(
                        self.env._("The account %s has to allow reconciliation.", account.display_name)
                    )

    @api.constrains("journal_id", *("%s_account_id" % role for role in ACCOUNTS if role != rules.BALANCE))
    def _check_accounts_are_apart(self):
        """What waits on an account is told from what is on the others by the account alone."""
        roles = [
            role for role, (_name, account_type, _is_reconcilable) in ACCOUNTS.items() if account_type != "expense"
        ]
        for settlement in self:
            accounts = [settlement["%s_account_id" % role] for role in roles]
            if len({account.id for account in accounts}) < len(roles):
                raise ValidationError(self.env._("A1 to A5 and A8 have to be six different accounts."))

    def write(self, vals):
        if "journal_id" in vals:
            moved = self.filtered(lambda one: one.journal_id.id != vals["journal_id"])
            if self.env["retail.settlement.line"].sudo().search_count([("settlement_id", "in", moved.ids)], limit=1):
                raise UserError(self.env._("Movements are booked in this journal already: it stays."))
        return super().write(vals)

    # ---------------------------------------------------------------- for importers

    @api.model
    def _find(self, backend, currency_codes):
        """Return dict ISO code → the settlement account of ``backend`` in it."""
        found = self.search([("backend_id", "=", backend.id), ("currency_id.name", "in", list(currency_codes))])
        return {settlement.currency_id.name: settlement for settlement in found}

    def _get_account(self, category, role):
        """Return the account of a leg: by the settlement account's own rule for the category, then by its role."""
        self.ensure_one()
        if role == rules.FEE_TAX:
            return self.fee_tax_account_id or self.fee_account_id
        if role == rules.role_of(category):
            rule = self.rule_ids.filtered(lambda one: one.category == category)
            if rule:
                return rule.account_id
        return self["%s_account_id" % role]

    def _get_awaiting_lines(self):
        """Return the domain of the open items that wait for a movement."""
        self.ensure_one()
        return [
            ("account_id", "=", self.awaiting_account_id.id),
            ("parent_state", "=", "posted"),
            ("reconciled", "=", False),
        ]

    # ---------------------------------------------------------------- buttons

    def action_view_lines(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "retail_integration_account.action_retail_settlement_line"
        )
        return dict(action, domain=[("settlement_id", "in", self.ids)], context={})

    def action_view_proofs(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "retail_integration_account.action_retail_settlement_proof"
        )
        return dict(action, domain=[("settlement_id", "in", self.ids)], context={})

    def action_view_awaiting(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_account_moves_all")
        return dict(action, domain=self._get_awaiting_lines(), context={})

    def action_prove(self):
        """Prove the balance now, and match what has come since."""
        self.check_access("read")
        if not any(self.env.user.has_group(group) for group in _PROVERS):
            raise AccessError(self.env._("Only accountants prove a settlement account."))
        self.env["retail.settlement.proof"]._prove(self, asks=True)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
