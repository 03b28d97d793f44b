"""Books each movement of a balance as one statement line, on the service's day, with its counterparts."""

from dataclasses import dataclass, field
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from odoo import Command, fields, models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetailError
from odoo.addons.retail_integration_base.engine.messages import ImportResult
from odoo.addons.retail_integration_base.engine.money import to_decimal

from ..engine import settlement_rules as rules
from .instants import to_datetime

#: What a movement is, beside when it was told: none of it can change at the service.
_FIXED = ("account_external_id", "created_at", "category", "amount", "fee", "net")
#: Odoo looks at each entry by itself for taxes to compute and for its balance. These have no taxes, and the balance of
#: all is looked at once.
_BOOKING = {
    "skip_invoice_sync": True,
    "skip_invoice_line_sync": True,
    "check_move_validity": False,
    "skip_is_manually_modified": True,
}


@dataclass
class _Work:
    """One document, what becomes of it, and how it ended."""

    document: dict
    result: ImportResult | None = None
    settlement: Any = None
    date: Any = None
    booked_on: Any = None
    #: units of the company's currency for one of the balance's
    rate: Decimal = Decimal(1)
    legs: list = field(default_factory=list)
    binding: Any = None


class RetailImporterSettlementLine(models.AbstractModel):
    _name = "retail.importer.settlement_line"
    _inherit = "retail.importer"
    _description = "Settlement importer"

    _binding_model = "retail.settlement.line"

    def _get_shared_names(self, backend, documents):
        """Two movements of one payment are matched with the same open item."""
        return {
            "settled:%d:%s" % (backend.id, reference)
            for document in documents
            for reference in [document.get("source_external_id"), *(document.get("references") or ())]
            if reference
        }

    def _import_batch(self, backend, documents):
        """Book ``documents``.

        :param retail.backend backend: the account they come from
        :param list[dict] documents: valid ``settlement_line.v1`` documents, at most one per subject
        :return: one :class:`ImportResult` per document, in the same order
        """
        backend = backend.with_env(self.env)
        settlements = self.env["retail.settlement"]._find(
            backend, {document["net"]["currency"] for document in documents}
        )
        known = self.env["retail.settlement.line"]._find_by_external(
            backend, [document["external_id"] for document in documents], lock=True
        )
        works, days = [_Work(document) for document in documents], {}
        for work in works:
            try:
                work.binding = known.get(work.document["external_id"])
                if work.binding:
                    work.result = self._compare(work)
                else:
                    self._plan(work, settlements.get(work.document["net"]["currency"]), days)
            except NeedsHuman as error:
                work.result = ImportResult.failed(error)
        new = [work for work in works if work.result is None]
        if new:
            self._book(backend, new)
            self._link_payouts(new)
            self._match(new)
            self._tell_people(backend, new)
        return [work.result for work in works]

    # ---------------------------------------------------------------- known ones

    def _compare(self, work):
        """Return ``unchanged``: a movement is as it was. A replay writes nothing."""
        if work.binding.checksum != _fixed_digest(work.document):
            raise NeedsHuman(
                self.env._(
                    "The movement %s is booked, and the service now states other figures for it.",
                    work.document["external_id"],
                ),
                kind="settlement_unbalanced",
                cause_key="settlement:changed",
                cause_title=self.env._("Movements that changed after they were booked"),
                amount=_at_risk(work.document),
            )
        return ImportResult("unchanged", work.binding.move_id)

    # ---------------------------------------------------------------- what has to be true first

    def _plan(self, work, settlement, days):
        """Find the day and the legs of a movement.

        :param dict days: what is known of the days of this batch, see :meth:`_look_at_day`
        :raises NeedsHuman: it cannot be booked as it is; nothing was written
        """
        document, currency = work.document, work.document["net"]["currency"]
        if not settlement:
            raise NeedsHuman(
                self.env._("There is no settlement account in %s.", currency),
                kind="settlement_unset",
                cause_key="settlement:unset:%s" % currency,
                cause_title=self.env._("No settlement account in %s", currency),
                amount=_at_risk(document),
            )
        work.settlement = settlement
        roles = {"fee": rules.FEE, "tax": rules.FEE_TAX}
        fees = [
            (roles[fee["kind"]], to_decimal(fee["amount"]), fee.get("description"))
            for fee in document.get("fees") or []
        ]
        rest = to_decimal(document["fee"]) - sum(fee for _kind, fee, _text in fees)
        if rest:
            fees.append((rules.FEE, rest, None))
        digits = settlement.currency_id.decimal_places
        try:
            self._require_currency(document, currency)
            work.legs = rules.legs(
                to_decimal(document["amount"]),
                fees,
                to_decimal(document["net"]),
                rules.role_of(document["category"]),
                document.get("description") or document["category"],
            )
            self._require_digits(work.legs, digits)
        except rules.Unbalanced as error:
            raise NeedsHuman(
                self.env._("The movement %(id)s does not add up: %(why)s.", id=document["external_id"], why=error),
                kind="settlement_unbalanced",
                cause_key="settlement:unbalanced",
                cause_title=self.env._("Movements that do not add up"),
                amount=_at_risk(document),
            ) from error
        moment = to_datetime(document["created_at"]).replace(tzinfo=timezone.utc)
        work.date = moment.astimezone(ZoneInfo(settlement.timezone)).date()
        key = (settlement.id, work.date)
        if key not in days:
            days[key] = self._look_at_day(settlement, work.date)
        locked_until, work.booked_on, work.rate = days[key]
        if locked_until and settlement.locked_date_policy != "first_open":
            raise self._locked(work, locked_until)

    def _require_currency(self, document, currency):
        """The figures of a movement are those of one balance."""
        fees = [fee["amount"] for fee in document.get("fees") or []]
        others = {money["currency"] for money in (document["amount"], document["fee"], *fees)} - {currency}
        if others:
            raise rules.Unbalanced("it is in %s and in %s" % (currency, ", ".join(sorted(others))))

    def _require_digits(self, legs, digits):
        step = Decimal(1).scaleb(-digits)
        for leg in legs:
            if leg.amount != leg.amount.quantize(step):
                raise rules.Unbalanced("%s has more than %d decimals" % (leg.amount, digits))

    def _require_rate(self, settlement):
        """Odoo takes 1 for a rate that nobody entered."""
        company = settlement.company_id
        if settlement.currency_id != company.currency_id and not self.env["retail.exception"].sudo()._has_rate(
            settlement.currency_id, company
        ):
            raise NeedsHuman(
                self.env._("Odoo has no rate of %s.", settlement.currency_id.name),
                kind="settlement_unset",
                cause_key="settlement:rate:%s" % settlement.currency_id.name,
                cause_title=self.env._("No rate of %s", settlement.currency_id.name),
            )

    def _look_at_day(self, settlement, day):
        """Return ``(until when the books are locked or None, day to book on, rate on it)`` for movements of ``day``.

        Odoo itself would take another day without a word.

        :raises NeedsHuman: Odoo has no rate
        """
        self._require_rate(settlement)
        company, currency = settlement.company_id, settlement.currency_id
        violated = company._get_violated_lock_dates(day, False, settlement.journal_id)
        locked_until = max(lock[0] for lock in violated) if violated else None
        booked_on = locked_until + timedelta(days=1) if locked_until else day
        rate = Decimal(1)
        if currency != company.currency_id:
            rate = Decimal(repr(currency._get_conversion_rate(currency, company.currency_id, company, booked_on)))
        return locked_until, booked_on, rate

    def _locked(self, work, locked_until):
        return NeedsHuman(
            self.env._(
                "The movement %(id)s is of %(day)s, and the books are locked until %(lock)s.",
                id=work.document["external_id"],
                day=work.date,
                lock=locked_until,
            ),
            kind="settlement_locked",
            cause_key="settlement:locked:%s" % locked_until,
            cause_title=self.env._("Movements in the period locked until %s", locked_until),
            amount=_at_risk(work.document),
        )

    # ---------------------------------------------------------------- booking

    def _book(self, backend, works):
        values = [self._get_entry_values(work) for work in works]
        lines = self.env["account.bank.statement.line"].with_context(**_BOOKING).create(values).with_env(self.env)
        if self.env["account.move"]._get_unbalanced_moves({"records": lines.move_id}):
            raise RetailError("The entries of %d movements are not balanced." % len(works))
        bindings = self.env["retail.settlement.line"].create(
            [self._get_binding_values(backend, work, line) for work, line in zip(works, lines, strict=True)]
        )
        for work, binding in zip(works, bindings, strict=True):
            if binding.move_id.state != "posted" or binding.move_id.date != work.booked_on:
                # Nothing of the batch stays: what Odoo would do instead was not asked for.
                raise RetailError(
                    "Odoo did not post %s on %s." % (work.document["external_id"], work.booked_on),
                )
            work.binding = binding
            work.result = ImportResult("created", binding.move_id)

    def _get_entry_values(self, work):
        settlement, document = work.settlement, work.document
        digits = settlement.company_id.currency_id.decimal_places
        balances = rules.converted([leg.amount for leg in work.legs], work.rate, digits)
        values = {
            "journal_id": settlement.journal_id.id,
            "date": work.booked_on,
            "amount": float(work.legs[0].amount),
            "payment_ref": "%s %s" % (document["external_id"], work.legs[0].label),
            "ref": document["external_id"],
            "line_ids": [
                Command.create(self._get_item_values(work, leg, balance))
                for leg, balance in zip(work.legs, balances, strict=True)
            ],
        }
        if work.booked_on != work.date:
            values["narration"] = self.env._(
                "Moved on %(day)s, which is locked; booked on the first open day, as the settlement account says.",
                day=work.date,
            )
        return values

    def _get_item_values(self, work, leg, balance):
        settlement = work.settlement
        if leg.role == rules.BALANCE:
            account = settlement.balance_account_id
        else:
            account = settlement._get_account(work.document["category"], leg.role)
        is_fee = leg.role in (rules.FEE, rules.FEE_TAX)
        return {
            "account_id": account.id,
            "name": "%s %s" % (work.document["external_id"], leg.label),
            "currency_id": settlement.currency_id.id,
            "amount_currency": float(leg.amount),
            "balance": float(balance),
            "partner_id": settlement.fee_partner_id.id if is_fee else False,
        }

    def _get_binding_values(self, backend, work, line):
        document = work.document
        return {
            "backend_id": backend.id,
            "external_id": document["external_id"],
            "external_version": document["version"],
            "checksum": _fixed_digest(document),
            "synced_at": fields.Datetime.now(),
            "settlement_id": work.settlement.id,
            "statement_line_id": line.id,
            "occurred_at": to_datetime(document["created_at"]),
            "available_at": to_datetime(document.get("available_at")),
            "date": work.date,
            "category": document["category"],
            "role": rules.role_of(document["category"]),
            "amount": float(to_decimal(document["amount"])),
            "fee": float(to_decimal(document["fee"])),
            "net": float(to_decimal(document["net"])),
            "description": document.get("description"),
            "source_external_id": document.get("source_external_id"),
            "references": document.get("references") or [],
        }

    def _link_payouts(self, works):
        """Link with payouts that came before what they carry."""
        payouts = self.env["retail.payout"].search_fetch(
            [
                ("settlement_id", "in", _ids(works)),
                ("has_breakdown", "=", True),
                ("is_complete", "=", False),
                # A payout is made after what it carries.
                ("occurred_at", ">=", min(work.binding.occurred_at for work in works)),
            ],
            ["carried_ids"],
        )
        booked = {work.document["external_id"] for work in works}
        payouts.filtered(lambda payout: not booked.isdisjoint(payout.carried_ids or ()))._link_lines()

    # ---------------------------------------------------------------- matching

    def _match(self, works):
        """Reconcile what belongs together without a doubt; the rest stays open, where the proofs name it."""
        lines = self.env["retail.settlement.line"].union(*(work.binding for work in works))
        self.env["retail.settlement.matcher"]._match(lines)

    # ---------------------------------------------------------------- people

    def _tell_people(self, backend, works):
        exceptions = self.env["retail.exception"].sudo()
        for work in works:
            category = work.document["category"]
            is_ruled = work.settlement.rule_ids.filtered(lambda rule, name=category: rule.category == name)
            if rules.role_of(category) == rules.UNIDENTIFIED and not is_ruled:
                kind, title = "settlement_unidentified", self.env._("Movements of the category %s", category)
            elif category in rules.COMPENSATED:
                kind, title = "settlement_compensate", self.env._("Refunds and payments that failed afterwards")
            else:
                continue
            text = self.env._(
                "%(id)s (%(category)s) of %(day)s is posted, and its counterpart is open: %(amount)s %(currency)s.",
                id=work.document["external_id"],
                category=category,
                day=work.date,
                amount=work.document["amount"]["amount"],
                currency=work.document["amount"]["currency"],
            )
            exceptions._open(
                backend,
                # Not the message's own subject: that went through, which would close this.
                "settlement_item:%s" % work.document["external_id"],
                NeedsHuman(text, kind=kind, cause_key="settlement:%s" % category),
                kind=kind,
                cause_key="settlement:%s" % category,
                cause_title=title,
                facts={"external_id": work.document["external_id"], "category": category},
                amount=_at_risk(work.document, "amount"),
            )


def _ids(works):
    return list({work.settlement.id for work in works})


def _fixed_digest(document):
    return registry.checksum({key: document[key] for key in _FIXED})


def _at_risk(document, key="net"):
    return abs(to_decimal(document[key])), document[key]["currency"]
