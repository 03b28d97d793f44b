"""Which open items a movement settles: only what carries the service's own id, and only where one item fits."""

import logging
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..engine import settlement_rules as rules

_logger = logging.getLogger(__name__)

#: Movements that are older are matched by people.
_LOOKED_AT = timedelta(days=120)
_BATCH = 500


class RetailSettlementMatcher(models.AbstractModel):
    _name = "retail.settlement.matcher"
    _description = "Settlement matcher"

    def _match_again(self, settlement):
        """Match what is open with payments that were registered after their movement.

        :param retail.settlement settlement: one record
        """
        since = fields.Date.today() - _LOOKED_AT
        domain = [
            *settlement._get_awaiting_lines(),
            ("statement_line_id", "!=", False),
            ("date", ">=", since),
        ]
        items, last = self.env["account.move.line"], 0
        while items := items.search([*domain, ("id", ">", last)], order="id", limit=_BATCH):
            last = items[-1].id
            self._match(
                self.env["retail.settlement.line"].search(
                    [("statement_line_id", "in", items.statement_line_id.ids), ("role", "=", rules.AWAITING)]
                )
            )

    def _match(self, lines):
        """Reconcile movements with what they settle.

        :param retail.settlement.line lines: of one backend
        """
        plan, taken = [], self.env["account.move.line"]
        payments, siblings = self._find_payment_lines(lines), self._find_siblings(lines)
        for line in lines:
            item = self._get_item(line)
            if not item or item.reconciled:
                continue
            for candidates in self._get_candidates(line, item, payments, siblings):
                chosen = self._choose(item, candidates - taken)
                if chosen:
                    taken |= chosen + item
                    plan.append(chosen + item)
                    break
        self._reconcile(plan)

    def _get_candidates(self, line, item, payments, siblings):
        """Return lists of open items that may belong to a movement, those that name it most exactly first."""
        none = item.browse()
        if line.role == rules.AWAITING:
            source = line.source_external_id
            others = [payments[one] for one in line.references or [] if one != source and one in payments]
            found = [payments.get(source, none), none.union(*others)]
            if line.category == "partial_capture_reversal":
                # The payment is of what was captured: this is the rest of the charge's own movement.
                found.append(self._get_open_items(siblings.get(source, line.browse()) - line, item.account_id))
            return found
        if line.role in (rules.TRANSIT, rules.DISPUTED):
            return [self._get_open_items(siblings.get(line.source_external_id, line.browse()) - line, item.account_id)]
        return []

    def _choose(self, item, candidates):
        """Return the item of the opposite amount; where there is none, one that fits alone."""
        currency = item.currency_id
        fitting = (candidates - item).filtered(
            lambda one: (
                one.account_id == item.account_id
                and one.currency_id == currency
                and one.amount_residual_currency * item.amount_residual_currency < 0
            )
        )
        exact = fitting.filtered(
            lambda one: currency.compare_amounts(one.amount_residual_currency, -item.amount_residual_currency) == 0
        )
        return exact[:1] or (fitting if len(fitting) == 1 else fitting.browse())

    def _reconcile(self, plan):
        """Reconcile each of ``plan``. What Odoo refuses stays open, where the proofs name it: booking goes on."""
        items = self.env["account.move.line"]
        if not plan:
            return
        try:
            with self.env.cr.savepoint():
                items._reconcile_plan(plan)
        except UserError as error:
            if len(plan) == 1:
                _logger.warning("%s stays open: %s", plan[0].move_id.mapped("name"), error)
                return
            for part in plan:
                self._reconcile([part])

    def _get_item(self, line):
        """Return the item of a movement that can be reconciled: its gross amount's."""
        settlement = line.settlement_id
        account = settlement._get_account(line.category, line.role)
        return line.move_id.line_ids.filtered(lambda one: one.account_id == account and account.reconcile)[:1]

    def _get_open_items(self, lines, account):
        return lines.move_id.line_ids.filtered(
            lambda one: one.account_id == account and not one.reconciled and one.parent_state == "posted"
        )

    def _find_siblings(self, lines):
        """Return dict id of a payout, dispute or payment → the movements about it, for those that settle each other."""
        paired = lines.filtered(
            lambda line: (
                line.source_external_id
                and (line.role in (rules.TRANSIT, rules.DISPUTED) or line.category == "partial_capture_reversal")
            )
        )
        if not paired:
            return {}
        found = self.env["retail.settlement.line"].search(
            [
                ("settlement_id", "in", paired.settlement_id.ids),
                ("source_external_id", "in", paired.mapped("source_external_id")),
                ("role", "in", list(set(paired.mapped("role")))),
            ],
            order="occurred_at, id",
        )
        return found.grouped("source_external_id")

    def _find_payment_lines(self, lines):
        """Return dict reference → open items of Odoo's payments that carry it."""
        waiting = lines.filtered(lambda line: line.role == rules.AWAITING)
        references = {one for line in waiting for one in line.references or []}
        found = {}
        if not references:
            return found
        accounts = waiting.settlement_id.awaiting_account_id
        names = self._get_reference_fields()
        items = self.env["account.move.line"].search(
            [
                ("account_id", "in", accounts.ids),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("statement_line_id", "=", False),
                ("company_id", "in", waiting.company_id.ids),
                *["|"] * (len(names) - 1),
                *((name, "in", list(references)) for name in names),
            ],
            order="id",
        )
        for item in items:
            for name in names:
                reference = item.mapped(name)
                if reference and reference[0] in references:
                    found[reference[0]] = found.get(reference[0], item.browse()) | item
        return found

    def _get_reference_fields(self):
        """Return where the service's id stands on a payment, as paths from its journal item."""
        names = ["move_id.ref", "payment_id.payment_reference"]
        if "payment_transaction_id" in self.env["account.payment"]._fields:
            names.append("payment_id.payment_transaction_id.provider_reference")
        return names
