"""Makes sure that Odoo's total is the channel's to the cent, before there is an order."""

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
    """

    _name = "retail.order.totals"
    _description = "Order totals"

    def _settle(self, backend, work, accepted):
        """Add a rounding line to ``work.lines`` where the totals differ a little.

        :param retail.accepted.difference accepted: of this order, possibly empty
        :raises NeedsHuman: ``amount_mismatch``: they differ by more than the backend tolerates
        """
        document = work.document
        wanted = to_decimal(document["totals"]["total"])
        planned = self._compute_total(backend.company_id, work.currency, work.lines)
        difference = wanted - planned
        if not difference:
            return
        name, external_id = self.env._("Rounding"), "tolerance"
        if abs(difference) > Decimal(str(backend.rounding_tolerance)):
            if difference != self._to_decimal(accepted.amount, work.currency):
                raise self._mismatch(document, wanted, planned, work)
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

    def _compute_total(self, company, currency, lines):
        """Return the total (Decimal) that Odoo will give an order of ``lines``."""
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
        return self._to_decimal(summary["total_amount_currency"], currency)

    def _to_decimal(self, amount, currency):
        return Decimal(float_repr(amount, currency.decimal_places))

    def _mismatch(self, document, wanted, planned, work):
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
            ),
            kind="amount_mismatch",
            cause_key="order:%s" % document["external_id"],
            cause_title=self.env._("The total of order %s does not add up", document["name"]),
            amount=(wanted, currency),
            facts={
                "order_external_id": document["external_id"],
                "currency": currency,
                "channel_total": str(wanted),
                "odoo_total": str(planned),
                "difference": str(wanted - planned),
                "channel_taxes": str(to_decimal(document["totals"]["taxes"])),
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
