"""Which open items a movement settles: only what carries the service's own id, and only where one item fits."""

from datetime import timedelta

from odoo import fields, models

from ..engine import settlement_rules as rules

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
        payments = self._find_payment_lines(lines)
        for line in lines:
            item = self._get_item(line)
            if not item or item.reconciled:
                continue
            if line.role == rules.AWAITING:
                candidates = self.env["account.move.line"].union(
                    *(payments.get(reference, item.browse()) for reference in line.references or [])
                )
                if line.category == "partial_capture_reversal":
                    # The payment is of what was captured: this is the rest of the charge's own movement.
                    candidates |= self._find_own_counterparts(line, item)
            elif line.role in (rules.TRANSIT, rules.DISPUTED):
                candidates = self._find_own_counterparts(line, item)
            else:
                continue
            fitting = (candidates - taken - item).filtered(
                lambda one, item=item: (
                    one.account_id == item.account_id
                    and one.currency_id == item.currency_id
                    and one.amount_residual_currency * item.amount_residual_currency < 0
                )
            )
            exact = fitting.filtered(
                lambda one, item=item: (
                    item.currency_id.compare_amounts(one.amount_residual_currency, -item.amount_residual_currency) == 0
                )
            )
            chosen = exact[:1] if exact else fitting if len(fitting) == 1 else fitting.browse()
            if chosen:
                taken |= chosen + item
                plan.append(chosen + item)
        if plan:
            self.env["account.move.line"]._reconcile_plan(plan)

    def _get_item(self, line):
        """Return the item of a movement that can be reconciled: its gross amount's."""
        settlement = line.settlement_id
        account = settlement._get_account(line.category, line.role)
        return line.move_id.line_ids.filtered(lambda one: one.account_id == account and account.reconcile)[:1]

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
                ("company_id", "in", waiting.company_id.ids),
                *["|"] * (len(names) - 1),
                *((name, "in", list(references)) for name in names),
            ]
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

    def _find_own_counterparts(self, line, item):
        """Return the open items of other movements about the same payout or dispute."""
        if not line.source_external_id:
            return item.browse()
        others = self.env["retail.settlement.line"].search(
            [
                ("settlement_id", "=", line.settlement_id.id),
                ("source_external_id", "=", line.source_external_id),
                ("role", "=", line.role),
                ("id", "!=", line.id),
            ]
        )
        return others.move_id.line_ids.filtered(
            lambda one: one.account_id == item.account_id and not one.reconciled and one.parent_state == "posted"
        )
