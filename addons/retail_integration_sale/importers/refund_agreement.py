"""Takes a credit note that is in Odoo already for a refund of the channel: people made it, or the channel was told."""

import re
from decimal import Decimal

from odoo import models
from odoo.tools import float_repr

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman
from odoo.addons.retail_integration_base.engine.money import to_decimal

from ..models.account_move_refund import TOKEN
from .refund_plan import RefundPlan

_TOKEN = re.compile(TOKEN)


class RetailRefundAgreement(models.AbstractModel):
    """The order gets the lines that booking the refund would have given it, and the credit note's lines become theirs:
    otherwise Odoo would ask to invoice what was credited once more.

    Where the credit note is made up otherwise than the refund, its lines stay where they are and only goods follow.
    """

    _name = "retail.refund.agreement"
    _description = "Agreement on channel refunds"

    # ---------------------------------------------------------------- which

    def _find_own(self, backend, work):
        """Return the credit note that the channel was told of and that became this refund, possibly empty."""
        moves = self.env["account.move"].sudo()
        found = _TOKEN.search(work.document.get("note") or "")
        if not found:
            return moves
        move = moves.search(
            [
                ("company_id", "=", backend.company_id.id),
                ("retail_refund_token", "=", found.group()),
                ("retail_refund_id", "=", False),
            ],
            limit=1,
        )
        # Anybody can copy a note to a refund of another order.
        return move if work.order in move.invoice_line_ids.sale_line_ids.order_id else moves

    def _find_by_hand(self, work):
        """Return the credit note that somebody made by hand for just this, possibly empty.

        :raises NeedsHuman: there are some that may or may not stand for it
        """
        order, document = work.order, work.document
        foreign = order.invoice_ids.filtered(
            lambda move: move.move_type == "out_refund" and move.state != "cancel" and not move.retail_refund_id
        )
        if not foreign or document["external_id"] in (order.retail_refund_accepted or []):
            return foreign.browse()
        wanted = self.env["retail.refund.planner"]._get_amount(work)
        same = foreign.filtered(lambda move: to_decimal_of(move) == wanted)
        # Those that the channel is being told of stand for refunds of their own.
        foreign = foreign.filtered(lambda move: move.retail_refund_state != "pending")
        if same or not foreign:
            return same[:1]
        raise self.env["retail.refund.planner"]._mismatch(
            work,
            self.env._(
                "it is %(wanted)s, and there are credit notes made by hand of another amount: %(moves)s",
                wanted=wanted,
                moves=", ".join(foreign.mapped("display_name")),
            ),
            "by_hand",
        )

    def _adopt_returns(self, work):
        """Take the returns that people made for what the channel says came back; return their transfers.

        They stop lowering what was delivered, as no return of a refund does: see :class:`RetailRefundGoods`.
        """
        goods, lines = self.env["retail.refund.goods"].sudo(), work.order._get_retail_lines()
        pickings = self.env["stock.picking"].sudo()
        for part in work.document["lines"]:
            line = lines.get(part["line_external_id"])
            if part["restock"] != "returned" or not line or line in work.adopted:
                continue
            moves = goods._adopt(line)
            work.adopted[line] = goods._count_units(line, moves)
            pickings |= moves.picking_id
        return pickings

    # ---------------------------------------------------------------- taking it

    def _agree(self, backend, work, credit, pickings):
        """Let ``credit`` stand for the refund of ``work``; return the link.

        :raises NeedsHuman: a person has to say where its goods are
        :raises RetryLater: the goods have yet to be shipped in Odoo
        """
        credit = credit.sudo()
        links = {line: line.sale_line_ids for line in credit.invoice_line_ids if line.sale_line_ids}
        for line in links:
            line.sale_line_ids = False
        plan, pairs = self._plan(backend, work), None
        if plan.specs:
            pairs = self._pair(plan, credit, links)
        if pairs is None:
            plan.specs = []
            for line, sale_lines in links.items():
                line.sale_line_ids = sale_lines
        for outcome in plan.outcomes.values():
            outcome.credited = Decimal(0) if pairs is None else outcome.quantity - outcome.cancelled
        plan.wanted = to_decimal_of(credit)
        binding = self.env["retail.importer.refund"]._bind(backend, work, plan, "agreed")
        self._link(work, credit, binding)
        pickings.retail_refund_id = binding
        self.env["retail.refund.booker"]._take_credit(backend, work, plan, pairs or [], binding)
        return binding

    def _link(self, work, credit, binding):
        credit.retail_refund_id = binding
        if credit.retail_refund_state == "pending":
            is_own = credit.retail_refund_token in (work.document.get("note") or "")
            credit.retail_refund_state = "told" if is_own else "agreed"

    def _plan(self, backend, work):
        try:
            return self.env["retail.refund.planner"]._plan(backend, work)
        except NeedsHuman as error:
            if error.kind != "refund_mismatch":
                raise
            # Somebody has settled it. What cannot be told is left to them: the goods that come back are told apart.
            return RefundPlan(returns=self._plan_returns(work))

    def _plan_returns(self, work):
        """Return the goods that came back, as far as nobody took them back yet."""
        wanted, lines = [], work.order._get_retail_lines()
        for part in work.document["lines"]:
            line, units = lines.get(part["line_external_id"]), Decimal(part["quantity"])
            if part["restock"] != "returned" or not line or line.qty_delivered_method != "stock_move":
                continue
            agreed = min(units, work.adopted.get(line, Decimal(0)))
            work.adopted[line] = work.adopted.get(line, Decimal(0)) - agreed
            if units > agreed and not work.document.get("return_external_id"):
                wanted.append((line, units - agreed, part.get("location_external_id")))
        return wanted

    def _pair(self, plan, credit, links):
        """Return for each spec of ``plan`` the lines of ``credit`` that are just it, or ``None`` if they do not fit.

        :param dict links: line of the credit note → order lines it was made for
        """
        left = credit.invoice_line_ids.filtered(lambda line: line.display_type == "product" and line.quantity)
        pairs = [left.browse() for _spec in plan.specs]
        for index, spec in enumerate(plan.specs):
            if spec.about is None:
                continue
            lines = left.filtered(lambda line, spec=spec: spec.about in links.get(line, spec.about.browse()))
            if _worth_of(lines) == _worth_of_spec(spec, credit):
                pairs[index], left = lines, left - lines
        rest = [index for index, spec in enumerate(plan.specs) if not pairs[index]]
        if len(rest) == 1 and left and _worth_of(left) == _worth_of_spec(plan.specs[rest[0]], credit):
            pairs[rest[0]], left, rest = left, left.browse(), []
        return None if rest or left else pairs


def _worth_of(lines):
    """Return the sum of what lines of a credit note are, in the form of their prices (Decimal)."""
    digits = lines.currency_id[:1].decimal_places
    return sum((Decimal(float_repr(line.price_unit * line.quantity, digits)) for line in lines), Decimal(0))


def _worth_of_spec(spec, credit):
    return (spec.price_unit * spec.quantity).quantize(Decimal(1).scaleb(-credit.currency_id.decimal_places))


def to_decimal_of(move):
    """Return the exact total (Decimal) of a move."""
    return to_decimal({"amount": "%.*f" % (move.currency_id.decimal_places, move.amount_total)})
