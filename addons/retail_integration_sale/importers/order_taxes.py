"""Finds the Odoo taxes for what the channel charged."""

from decimal import Decimal

from odoo import models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman
from odoo.addons.retail_integration_base.engine.money import to_decimal


class TaxTable:
    """The tax mappings of one backend, read once per batch."""

    def __init__(self, maps):
        self._maps = maps
        self._found = {}

    def find(self, title, rate_percent, place, included):
        """Return the most specific mapping, or an empty recordset.

        :param Decimal rate_percent: 19 for 19 %
        :param tuple place: country code, region code, region name
        """
        key = (title, rate_percent, place, included)
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def _search(self, title, rate_percent, place, included):
        country_code, region_code, region_name = place
        regions = {(text or "").casefold() for text in (region_code, region_name)} - {""}
        best, best_rank = self._maps.browse(), -1
        for line in self._maps:
            if line.price_include != included or abs(line.rate_percent - float(rate_percent)) > 0.00005:
                continue
            if line.title and line.title.strip().casefold() != title.strip().casefold():
                continue
            if line.country_id and line.country_id.code != country_code:
                continue
            state = line.state_id
            if state and not regions & {state.code.casefold(), state.name.casefold()}:
                continue
            rank = 4 * bool(line.title) + 2 * bool(state) + bool(line.country_id)
            if rank > best_rank:
                best, best_rank = line, rank
        return best


class RetailOrderTaxes(models.AbstractModel):
    _name = "retail.order.taxes"
    _description = "Order taxes"

    def _load(self, backend):
        """Return the :class:`TaxTable` of ``backend``."""
        return TaxTable(backend.tax_map_ids)

    def _find(self, backend, table, document, taxes, net):
        """Return the ``account.tax`` records for the taxes of one line.

        :param list[dict] taxes: canonical taxes of the line
        :param Decimal net: what the line costs after discounts, in the channel's form
        :raises NeedsHuman: ``tax_unmapped``, with a proposal where the company has a fitting tax
        """
        found = self.env["account.tax"]
        place = self._get_place(backend, document)
        for tax in taxes or []:
            percent = (Decimal(tax["rate"]) * 100).normalize()
            if self._was_not_charged(tax, percent, net):
                continue
            line = table.find(tax["title"], percent, place, document["taxes_included"])
            # A tax of nothing needs no mapping; one that is mapped matters to the tax report (export, reverse charge).
            if not line and percent:
                raise self._unmapped(backend, document, tax["title"], percent, place)
            found |= line.tax_ids
        return found

    def _was_not_charged(self, tax, percent, net):
        """Return whether the channel names a tax that it did not take: an exempt customer or product."""
        return bool(percent) and to_decimal(tax["amount"]) == 0 and abs(net * percent) >= 1

    def _get_place(self, backend, document):
        """Return country code, region code and region name that decide the tax.

        An order without any address is taken at the counter: the company's own country decides.
        """
        address = document.get("shipping_address") or document.get("billing_address") or {}
        country = address.get("country")
        if not country:
            return backend.company_id.country_id.code, None, None
        return country, address.get("region_code"), address.get("region_name")

    def _unmapped(self, backend, document, title, percent, place):
        country_code, region_code, region_name = place
        included = document["taxes_included"]
        country = self.env["res.country"].search([("code", "=", country_code)], limit=1)
        proposal = self.env["retail.tax.map"]._propose(backend, float(percent), included, country)
        rate_text = format(percent, "f")
        form = self.env._("included in the price") if included else self.env._("added to the price")
        where = region_name or region_code
        where = "%s, %s" % (where, country_code) if where else country_code or self.env._("no country")
        return NeedsHuman(
            self.env._(
                "Order %(order)s has the tax “%(title)s” of %(rate)s %% (%(where)s, %(form)s), which is mapped to no "
                "tax. Map it.",
                order=document["name"],
                title=title,
                rate=rate_text,
                where=where,
                form=form,
            ),
            kind="tax_unmapped",
            # Without the region: most countries have one rate for all of theirs, and one mapping mends all.
            cause_key="tax:%s:%s:%s" % (rate_text, country_code, "included" if included else "excluded"),
            cause_title=self.env._(
                "Tax of %(rate)s %% in %(country)s, %(form)s, is not mapped",
                rate=rate_text,
                country=country.name or self.env._("no country"),
                form=form,
            ),
            amount=(to_decimal(document["totals"]["total"]), document["currency"]),
            facts={
                "title": title,
                "rate_percent": rate_text,
                "country": country_code,
                "region_code": region_code,
                "region_name": region_name,
                "price_include": included,
                "proposed_tax_ids": proposal.ids,
            },
        )
