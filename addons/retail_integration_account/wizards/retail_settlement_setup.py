"""One button: the journal and the accounts A1 to A8 of a balance, shown before they are made."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import settlement_rules as rules
from ..models.retail_settlement import ACCOUNTS

_TYPE_PREFIXES = {"asset_cash": "1015", "asset_current": "1016", "expense": "6270"}


class RetailSettlementSetup(models.TransientModel):
    _name = "retail.settlement.setup"
    _description = "Set up a settlement account"

    backend_id = fields.Many2one("retail.backend", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="backend_id.company_id")
    currency_id = fields.Many2one(
        "res.currency", required=True, compute="_compute_currency_id", store=True, readonly=False, precompute=True
    )
    journal_code = fields.Char(
        required=True, size=5, compute="_compute_journal_code", store=True, readonly=False, precompute=True
    )
    line_ids = fields.One2many(
        "retail.settlement.setup.line", "setup_id", compute="_compute_line_ids", store=True, readonly=False
    )

    @api.depends("backend_id")
    def _compute_currency_id(self):
        for setup in self:
            setup.currency_id = setup.backend_id.company_id.currency_id

    @api.depends("backend_id")
    def _compute_journal_code(self):
        for setup in self:
            setup.journal_code = setup._propose_journal_code()

    @api.depends("backend_id", "currency_id")
    def _compute_line_ids(self):
        for setup in self:
            setup.line_ids = [Command.clear(), *(Command.create(values) for values in setup._propose())]

    def _propose_journal_code(self):
        taken = set(
            self.env["account.journal"]
            .with_context(active_test=False)
            .search([("company_id", "=", self.backend_id.company_id.id)])
            .mapped("code")
        )
        return next(code for number in range(1, 1000) if (code := "PS%d" % number) not in taken)

    def _propose(self):
        """Return the values of one line per role, with codes that are free in the company."""
        company, currency = self.backend_id.company_id, self.currency_id
        accounts = self.env["account.account"].with_company(company)
        reserved, proposed = set(), []
        for role, (name, account_type, _reconcile) in ACCOUNTS.items():
            code = accounts._search_new_account_code(_TYPE_PREFIXES[account_type] + "01", cache=reserved)
            reserved.add(code)
            proposed.append(
                {
                    "role": role,
                    "code": code,
                    "name": "%s %s: %s" % (self.backend_id.name, currency.name or "", name),
                    "account_type": account_type,
                }
            )
        return proposed

    def action_create(self):
        """Make what is proposed; a line that names an account of the company takes that one."""
        self.ensure_one()
        self.backend_id.check_access("write")
        if not self.env.user.has_group("retail_integration_base.group_retail_manager"):
            raise AccessError(self.env._("Only a retail manager sets up settlement accounts."))
        if self.env["retail.settlement"]._find(self.backend_id, [self.currency_id.name]):
            raise UserError(self.env._("There is a settlement account in %s already.", self.currency_id.name))
        accounts = {line.role: line._get_account() for line in self.line_ids}
        if set(accounts) != set(ACCOUNTS):
            raise UserError(self.env._("Each of the eight accounts is needed."))
        company = self.company_id
        is_foreign = self.currency_id != company.currency_id
        journal = (
            self.env["account.journal"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "name": "%s %s" % (self.backend_id.name, self.currency_id.name),
                    "code": self.journal_code,
                    "type": "bank",
                    "company_id": company.id,
                    "currency_id": self.currency_id.id if is_foreign else False,
                    "default_account_id": accounts[rules.BALANCE].id,
                }
            )
        )
        self._set_awaiting_account(journal, accounts[rules.AWAITING])
        settlement = (
            self.env["retail.settlement"]
            .sudo()
            .create(
                {
                    "backend_id": self.backend_id.id,
                    "currency_id": self.currency_id.id,
                    "journal_id": journal.id,
                    "timezone": company.partner_id.tz or "UTC",
                    **{
                        "%s_account_id" % role: account.id
                        for role, account in accounts.items()
                        if role != rules.BALANCE
                    },
                }
            )
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "retail.settlement",
            "res_id": settlement.id,
            "view_mode": "form",
        }

    def _set_awaiting_account(self, journal, account):
        """What Odoo believes was paid, or refunded, waits on A2 until the movement comes."""
        lines = journal.inbound_payment_method_line_ids + journal.outbound_payment_method_line_ids
        lines.sudo().write({"payment_account_id": account.id})


class RetailSettlementSetupLine(models.TransientModel):
    _name = "retail.settlement.setup.line"
    _description = "Proposed account"

    setup_id = fields.Many2one("retail.settlement.setup", required=True, ondelete="cascade")
    role = fields.Selection([(role, name) for role, (name, _t, _r) in ACCOUNTS.items()], required=True, readonly=True)
    code = fields.Char(required=True)
    name = fields.Char(required=True)
    account_type = fields.Char(required=True, readonly=True)
    account_id = fields.Many2one("account.account", "Take this one instead")

    def _get_account(self):
        if self.account_id:
            return self.account_id
        company = self.setup_id.company_id
        is_reconcilable = ACCOUNTS[self.role][2]
        return (
            self.env["account.account"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "code": self.code,
                    "name": self.name,
                    # Kept by who made the proposal: a form may not say that an expense is cash.
                    "account_type": ACCOUNTS[self.role][1],
                    "reconcile": is_reconcilable,
                    "company_ids": [Command.link(company.id)],
                }
            )
        )
