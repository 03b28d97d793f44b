"""I8: the fees of a month, as the payment service states them, and as they are booked or invoiced."""

from dateutil.relativedelta import relativedelta

from odoo import fields, models

from ..engine import proof_sql
from ..engine import settlement_rules as rules

_SHOWN = 20


class RetailSettlementProof(models.Model):
    _inherit = "retail.settlement.proof"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    def _prove_i8(self, settlement):
        """Compare the fees of the last complete month.

        Where A6 is an expense, it is what the service states and nothing else. Where A6 is the payable of the service,
        its bills on A6 of that month are what its movements have paid.
        """
        today = fields.Date.context_today(self.with_context(tz=settlement.timezone))
        first, last = today.replace(day=1) - relativedelta(months=1), today.replace(day=1) - relativedelta(days=1)
        toward, away = self._get_ruled_categories(settlement)
        cr = self.env.cr
        stated = float(proof_sql.fees_stated(cr, settlement.id, first, last, toward, away))
        booked, others, names = proof_sql.fees_booked(cr, settlement, first, last, _SHOWN)
        booked, others = float(booked), float(others)
        if settlement.fee_account_id.account_type != "liability_payable":
            texts = [self.env._("%s is on the account of the fees and is no movement", name) for name in names or []]
            return self._result(settlement, stated, booked + others, texts)
        if not names:
            if settlement.currency_id.is_zero(stated):
                return self._result(settlement, stated, booked)
            detail = self.env._(
                "No bill of the service is booked on A6 between %(first)s and %(last)s.", first=first, last=last
            )
            return {"state": "unknown", "expected": stated, "actual": 0.0, "detail": detail}
        invoiced = -others
        texts = []
        if settlement.currency_id.compare_amounts(invoiced, stated):
            texts = [self.env._("Booked as the service's bill: %s", ", ".join(names))]
        return self._result(settlement, stated, invoiced, texts)

    def _get_ruled_categories(self, settlement):
        """Return the categories that rules send to the account of the fees, and away from it."""
        fees = settlement.fee_account_id
        toward = [rule.category for rule in settlement.rule_ids if rule.account_id == fees]
        away = [
            rule.category
            for rule in settlement.rule_ids
            if rule.account_id != fees and rules.role_of(rule.category) == rules.FEE
        ]
        return toward, away
