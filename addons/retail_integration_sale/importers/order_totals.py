"""Makes sure that Odoo's total and taxes are the channel's, before there is an order."""

from decimal import Decimal

from odoo import models
from odoo.tools import float_repr

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman
from odoo.addons.retail_integration_base.engine.money import to_decimal

from .order_work import LineSpec


class RetailOrderTotals(models.AbstractModel):
    """The check is made on the planned lines with Odoo's own tax engine, exactly as ``sale.order`` will sum them up.

    So the rounding line is created with the order instead of after it, which would make Odoo work everything out
    twice, and an order that does not add up never exists.

    The total alone proves nothing where prices include the tax: 119.00 are 119.00 at any rate. So the taxes are
    compared too. They may differ by what rounding can make, which no line of the order could mend.
    """

    _name = "retail.order.totals"
    _description = "Order totals"

    def _settle(self, backend, work, accepted):
        """Add a rounding line to ``work.lines`` where the totals differ a little.

        :param retail.accepted.difference accepted: of this order, possibly empty
        :raises NeedsHuman: ``amount_mismatch``: total or taxes differ by more than the backend tolerates
        """
        document = work.document
        tolerance = Decimal(str(backend.rounding_tolerance))
        wanted, wanted_taxes = to_decimal(document["totals"]["total"]), self._get_channel_taxes(document, work.currency)
        planned, planned_taxes = self._compute_totals(backend.company_id, work.currency, work.lines)
        difference, tax_difference = wanted - planned, wanted_taxes - planned_taxes
        is_total_off = abs(difference) > tolerance
        are_taxes_off = abs(tax_difference) > max(tolerance, self._get_tax_rounding(document, work.currency))
        if (is_total_off and difference != self._to_decimal(accepted.amount, work.currency)) or (
            are_taxes_off and tax_difference != self._to_decimal(accepted.tax_amount, work.currency)
        ):
            raise self._mismatch(work, wanted, planned, wanted_taxes, planned_taxes, is_total_off)
        if not difference:
            return
        name, external_id = self.env._("Rounding"), "tolerance"
        if is_total_off:
            name, external_id = self.env._("Accepted difference: %s", accepted.reason), "accepted"
        work.lines.append(
            LineSpec(
                line_type="rounding",
                external_id=external_id,
                product=backend._get_service_product("rounding_product_id"),
                name=name,
                quantity=Decimal(1),
                price_unit=difference,
                taxes=self.env["account.tax"],
                is_retail_rounding=True,
            )
        )

    def _get_channel_taxes(self, document, currency):
        """Return the taxes (Decimal) the channel charged on the whole order.

        Some channels leave the taxes on shipping or on duties out of their sum: it is recognised by its own parts, and
        completed with the others.
        """
        stated = to_decimal(document["totals"]["taxes"])
        goods, shipping, duties = (
            sum((to_decimal(tax["amount"]) for line in document.get(key) or [] for tax in line.get("taxes") or []), 0)
            for key in ("lines", "shipping_lines", "duties")
        )
        allowed = self._get_tax_rounding(document, currency)
        everything = goods + shipping + duties
        for parts in (everything, goods, goods + shipping, goods + duties):
            if abs(stated - parts) <= allowed:
                return stated + everything - parts
        return stated

    def _get_tax_rounding(self, document, currency):
        """Return by how much two right ways to round can differ: one minor unit for each tax of each line."""
        lines = [line for key in ("lines", "shipping_lines", "duties") for line in document.get(key) or []]
        count = sum(len(line.get("taxes") or []) for line in lines)
        return max(count, 1) * Decimal(1).scaleb(-currency.decimal_places)

    def _compute_totals(self, company, currency, lines):
        """Return total and taxes (Decimal) that Odoo will give an order of ``lines``."""
        engine = self.env["account.tax"]
        base_lines = [
            engine._prepare_base_line_for_taxes_computation(
                None,
                product_id=line.product,
                product_uom_id=line.product.uom_id,
                tax_ids=line.taxes,
                price_unit=float(line.price_unit),
                quantity=float(line.quantity),
                currency_id=currency,
            )
            for line in lines
        ]
        engine._add_tax_details_in_base_lines(base_lines, company)
        engine._round_base_lines_tax_details(base_lines, company)
        summary = engine._get_tax_totals_summary(base_lines=base_lines, currency=currency, company=company)
        return tuple(
            self._to_decimal(summary[key], currency) for key in ("total_amount_currency", "tax_amount_currency")
        )

    def _to_decimal(self, amount, currency):
        return Decimal(float_repr(amount, currency.decimal_places))

    def _mismatch(self, work, wanted, planned, wanted_taxes, planned_taxes, is_total_off):
        document = work.document
        currency = document["currency"]
        return NeedsHuman(
            self.env._(
                "Order %(order)s is %(wanted)s %(currency)s in the channel, but its lines and taxes make %(planned)s "
                "%(currency)s in Odoo. Correct the tax mapping or the rounding tolerance, or accept the difference of "
                "%(difference)s for this order.",
                order=document["name"],
                wanted=wanted,
                planned=planned,
                difference=wanted - planned,
                currency=currency,
            )
            if is_total_off
            else self.env._(
                "Order %(order)s contains %(wanted)s %(currency)s of taxes in the channel, but the taxes of its lines "
                "make %(planned)s %(currency)s in Odoo. Correct the tax mapping, or accept the difference of "
                "%(difference)s for this order.",
                order=document["name"],
                wanted=wanted_taxes,
                planned=planned_taxes,
                difference=wanted_taxes - planned_taxes,
                currency=currency,
            ),
            kind="amount_mismatch",
            cause_key="order:%s" % document["external_id"],
            cause_title=self.env._("The total of order %s does not add up", document["name"])
            if is_total_off
            else self.env._("The taxes of order %s do not add up", document["name"]),
            amount=(wanted, currency),
            facts={
                "order_external_id": document["external_id"],
                "currency": currency,
                "channel_total": str(wanted),
                "odoo_total": str(planned),
                "difference": str(wanted - planned),
                "channel_taxes": str(wanted_taxes),
                "odoo_taxes": str(planned_taxes),
                "tax_difference": str(wanted_taxes - planned_taxes),
                "lines": [
                    {
                        "name": line.name,
                        "quantity": str(line.quantity),
                        "price_unit": str(line.price_unit),
                        "taxes": line.taxes.mapped("name"),
                    }
                    for line in work.lines
                ],
            },
        )

    def _differs(self, order, document):
        """Return the :class:`NeedsHuman` for a created order whose total is not the channel's, or ``None``.

        Only another addon that changes lines while they are created can make this happen.
        """
        wanted = to_decimal(document["totals"]["total"])
        made = self._to_decimal(order.amount_total, order.currency_id)
        if made == wanted:
            return None
        return NeedsHuman(
            self.env._(
                "Order %(order)s is %(wanted)s %(currency)s in the channel, but Odoo made it %(made)s. Something else "
                "installed here changes orders while they are created.",
                order=document["name"],
                wanted=wanted,
                made=made,
                currency=document["currency"],
            ),
            kind="amount_mismatch",
            cause_key="changed_on_create",
            amount=(wanted, document["currency"]),
            facts={
                "order_external_id": document["external_id"],
                "currency": document["currency"],
                "channel_total": str(wanted),
                "odoo_total": str(made),
            },
        )
