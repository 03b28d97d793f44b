"""Whether a settlement account adds up: each promise computed, kept per day, with the line that breaks it."""

from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.retail_integration_base.engine.errors import RetailError

from ..engine import proof_sql
from ..engine import settlement_rules as rules

CODES = [
    ("I1", "The balance in Odoo is the service's"),
    ("I2", "Each movement is one entry of its net amount"),
    ("I3", "Each automatic payout is the sum of what it carries"),
    ("I4", "What is in transit are payouts the bank has not shown"),
    ("I5", "Each open payment waits for its movement"),
    ("I6", "What is disputed is open"),
    ("I7", "What is held is not released yet"),
    ("I8", "The fees of last month are the service's"),
    ("I9", "Taking everything again writes nothing"),
    ("A8", "Each unidentified movement has its exception"),
]
#: How many lines a proof names.
_SHOWN = 20
#: A balance that was asked for before that says nothing of what is booked now.
_FRESH = timedelta(minutes=10)
#: Whom an exception about a movement that is booked is about.
_SUBJECT = "settlement_item:%s"
_OF_NO_MOVEMENT = ("statement_line_id", "=", False)


class RetailSettlementProof(models.Model):
    _name = "retail.settlement.proof"
    _description = "Settlement proof"
    _order = "date desc, settlement_id, code"
    _rec_name = "code"

    settlement_id = fields.Many2one("retail.settlement", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="settlement_id.company_id", store=True)
    currency_id = fields.Many2one(related="settlement_id.currency_id")
    date = fields.Date(required=True, readonly=True)
    code = fields.Selection(CODES, "Promise", required=True, readonly=True)
    state = fields.Selection(
        [("kept", "Kept"), ("broken", "Broken"), ("unknown", "Not known")], required=True, readonly=True
    )
    expected = fields.Monetary(readonly=True)
    actual = fields.Monetary(readonly=True)
    difference = fields.Monetary(readonly=True)
    detail = fields.Text("What breaks it", readonly=True)
    computed_at = fields.Datetime(readonly=True)

    _unique_day = models.Constraint("UNIQUE(settlement_id, date, code)", "A promise is proved once a day.")

    @api.model
    def _cron_prove(self):
        """Prove every settlement account whose backend is armed here, each in its own transaction."""
        settlements = (
            self.env["retail.settlement"]
            .search([("backend_id.environment", "!=", False)])
            .filtered("backend_id.is_armed")
        )
        self.env["ir.cron"]._commit_progress(remaining=len(settlements))
        for settlement in settlements:
            self._prove(settlement, asks=True)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _prove(self, settlements, asks=False):
        """Compute the promises of today; a proof of the day that is there is brought up to date.

        :param bool asks: ask the service for its balance first
        """
        # Whoever orders a proof: it looks at all there is.
        self = self.sudo()
        for settlement in settlements.sudo():
            if asks:
                self._ask_balance(settlement)
            self.env["retail.settlement.matcher"]._match_again(settlement)
            # The statements read what is in the database.
            self.env.flush_all()
            day = fields.Date.context_today(self.with_context(tz=settlement.timezone))
            known = {
                proof.code: proof for proof in self.search([("settlement_id", "=", settlement.id), ("date", "=", day)])
            }
            for code, _label in CODES:
                values = {
                    "difference": 0.0,
                    "detail": False,
                    **getattr(self, "_prove_%s" % code.lower())(settlement),
                    "computed_at": fields.Datetime.now(),
                }
                if code in known:
                    known[code].write(values)
                else:
                    self.create({"settlement_id": settlement.id, "date": day, "code": code, **values})

    def _ask_balance(self, settlement):
        backend = settlement.backend_id
        try:
            balance = backend._get_handler()._get_balance(backend, settlement.currency_id.name)
        except RetailError:
            # The proof says that it is not known; the connector's own circuit and checks say why.
            return
        if balance is not None:
            settlement.write({"external_balance": float(balance), "external_balance_at": fields.Datetime.now()})

    # ---------------------------------------------------------------- the promises

    def _result(self, settlement, expected, actual, broken=()):
        """Return the values of a proof; ``broken`` are texts, one per line that breaks it."""
        difference = settlement.currency_id.round(actual - expected)
        detail = "\n".join(broken[: _SHOWN + 1])
        return {
            "state": "broken" if difference or broken else "kept",
            "expected": expected,
            "actual": actual,
            "difference": difference,
            "detail": detail or False,
        }

    def _get_item_domain(self, settlement, account, *domain):
        return [
            ("account_id", "=", account.id),
            ("company_id", "=", settlement.company_id.id),
            # An account may serve the balances of several currencies.
            ("currency_id", "=", settlement.currency_id.id),
            ("parent_state", "=", "posted"),
            *domain,
        ]

    def _sum_account(self, settlement, account, field_name="amount_currency", *domain):
        """Return the balance of ``account`` in its items' currency, posted only."""
        [(total,)] = self.env["account.move.line"]._read_group(
            self._get_item_domain(settlement, account, *domain), [], ["%s:sum" % field_name]
        )
        return total or 0.0

    def _more(self, rows, texts):
        """Return ``texts`` and how many there are besides; the last value of a row is their number."""
        more = rows[0][-1] - len(rows) if rows else 0
        return [*texts, self.env._("and %d more", more)] if more else texts

    def _prove_i1(self, settlement):
        account = settlement.balance_account_id
        booked = self._sum_account(settlement, account)
        asked_at = settlement.external_balance_at
        if not asked_at or asked_at < fields.Datetime.now() - _FRESH:
            return {"state": "unknown", "expected": settlement.external_balance, "actual": booked}
        rows = proof_sql.foreign_moves(self.env.cr, settlement.id, account.id, settlement.company_id.id, _SHOWN)
        texts = [self.env._("%s moves the balance and is no movement of the service", name) for name, _count in rows]
        result = self._result(settlement, settlement.external_balance, booked, self._more(rows, texts))
        if result["difference"] and not rows:
            result["detail"] = self.env._(
                "%s in movements are not booked: see the messages held, or ask the channel.", -result["difference"]
            )
        return result

    def _prove_i2(self, settlement):
        net, booked = proof_sql.sums(self.env.cr, settlement.id)
        rows = proof_sql.broken_lines(self.env.cr, settlement.id, _SHOWN)
        texts = [
            self.env._("%s: amount less fee is not net", external_id)
            if is_own
            else self.env._("%(id)s: its entry %(name)s is not of it", id=external_id, name=name)
            for external_id, name, is_own, _count in rows
        ]
        return self._result(settlement, float(net), float(booked), self._more(rows, texts))

    def _prove_i3(self, settlement):
        paid, carried = proof_sql.payout_sums(self.env.cr, settlement.id)
        rows = proof_sql.broken_payouts(self.env.cr, settlement.id, _SHOWN)
        texts = [
            self.env._(
                "%(id)s: %(missing)d movements missing, difference %(difference)s",
                id=external_id,
                missing=missing,
                difference=difference,
            )
            for external_id, missing, difference, _count in rows
        ]
        return self._result(settlement, float(paid), float(carried), self._more(rows, texts))

    def _prove_i5(self, settlement):
        """What waits is one of two things; a movement without payment is named, as it is the one nobody waits for."""
        account = settlement.awaiting_account_id
        self._close_settled(settlement, "settlement_compensate", account)
        waiting = [("reconciled", "=", False)]
        ours = self._sum_account(settlement, account, "amount_residual_currency", *waiting, _OF_NO_MOVEMENT)
        total = self._sum_account(settlement, account, "amount_residual_currency", *waiting)
        return self._result(settlement, ours, total, self._name_open_movements(settlement, account))

    def _name_open_movements(self, settlement, account):
        domain = self._get_item_domain(
            settlement, account, ("reconciled", "=", False), ("statement_line_id", "!=", False)
        )
        items = self.env["account.move.line"].search(domain, limit=_SHOWN)
        lines = self.env["retail.settlement.line"].search([("statement_line_id", "in", items.statement_line_id.ids)])
        texts = [
            self.env._("%(id)s (%(category)s) has no payment in Odoo", id=line.external_id, category=line.category)
            for line in lines
        ]
        count = len(items) if len(items) < _SHOWN else self.env["account.move.line"].search_count(domain)
        return [*texts, self.env._("and %d more", count - len(items))] if count > len(items) else texts

    def _prove_i4(self, settlement):
        return self._prove_role(settlement, rules.TRANSIT)

    def _prove_i6(self, settlement):
        return self._prove_role(settlement, rules.DISPUTED)

    def _prove_i7(self, settlement):
        return self._prove_role(settlement, rules.HELD)

    def _prove_role(self, settlement, role):
        """What the account holds is its open movements; anything else on it is named."""
        account = settlement["%s_account_id" % role]
        items = self.env["account.move.line"].search(
            self._get_item_domain(settlement, account, ("reconciled", "=", False))
        )
        own = self.env["retail.settlement.line"].search([("statement_line_id", "in", items.statement_line_id.ids)])
        foreign = items.filtered(lambda item: item.move_id not in own.move_id)
        broken = [self.env._("%s is no movement of the service", item.move_id.name) for item in foreign]
        expected = sum((items - foreign).mapped("amount_residual_currency"))
        return self._result(settlement, expected, self._sum_account(settlement, account), broken)

    def _prove_a8(self, settlement):
        account = settlement.unidentified_account_id
        told = self._close_settled(settlement, "settlement_unidentified", account)
        items = self.env["account.move.line"].search(
            self._get_item_domain(settlement, account, ("reconciled", "=", False))
        )
        lines = self.env["retail.settlement.line"].search([("statement_line_id", "in", items.statement_line_id.ids)])
        broken = [
            self.env._("%s waits and nobody is told", line.external_id)
            for line in lines
            if _SUBJECT % line.external_id not in told
        ]
        total = sum(items.mapped("amount_residual_currency"))
        own = sum(items.filtered("statement_line_id").mapped("amount_residual_currency"))
        return self._result(settlement, own, total, broken)

    def _close_settled(self, settlement, kind, account):
        """Resolve the exceptions of movements that wait on ``account`` no more; return the subjects of all of them."""
        exceptions = self.env["retail.exception"].search(
            [("backend_id", "=", settlement.backend_id.id), ("state", "=", "open"), ("kind", "=", kind)]
        )
        told = {key: key.partition(":")[2] for key in exceptions.mapped("subject_key")}
        lines = self.env["retail.settlement.line"].search(
            [("settlement_id", "=", settlement.id), ("external_id", "in", list(told.values()))]
        )
        waiting = lines.move_id.line_ids.filtered(lambda item: item.account_id == account and not item.reconciled)
        settled = lines.filtered(lambda line: line.move_id not in waiting.move_id)
        exceptions._resolve_subjects(
            settlement.backend_id, [_SUBJECT % external_id for external_id in settled.mapped("external_id")]
        )
        return set(told)
