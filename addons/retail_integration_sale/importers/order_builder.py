"""Plans the lines of an order: what is sold, how it is shipped, and what was taken off."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from odoo import models

from odoo.addons.retail_integration_base.engine.money import to_decimal

from .order_work import LineSpec
from .product_matcher import line_title

#: Kind of a canonical line → field of the backend with the product that stands for it
_PRODUCT_OF_KIND = {"custom": "custom_product_id", "tip": "tip_product_id", "gift_card": "gift_card_product_id"}


@dataclass
class _Discounts:
    """The discounts of one title on lines that bear the same taxes."""

    title: str
    taxes: Any
    amount: Decimal = Decimal(0)


class RetailOrderBuilder(models.AbstractModel):
    """Turn a document's lines into :class:`LineSpec`. Nothing is written."""

    _name = "retail.order.builder"
    _description = "Order builder"

    def _build(self, backend, work, products, taxes):
        """Set ``work.lines`` and ``work.carrier``.

        :param ProductTable products: of the batch
        :param TaxTable taxes: of the backend
        :raises NeedsHuman: ``product_unknown``, ``product_ambiguous`` or ``tax_unmapped``
        """
        document = work.document
        discounts = {}
        lines = [
            *self._build_items(backend, work, products, taxes, discounts),
            *self._build_duties(backend, document, taxes),
            *self._build_shipping(backend, work, taxes, discounts),
            *self._build_discounts(backend, discounts),
            *self._build_rounding(backend, document),
        ]
        work.lines = lines

    def _build_items(self, backend, work, products, taxes, discounts):
        for line in work.document["lines"]:
            quantity = Decimal(line["quantity"])
            if not quantity:
                continue  # ordered and taken off again before we heard of it
            net = self._net(line, quantity)
            found = self._find_taxes(backend, taxes, work.document, line, net)
            self._add_discounts(discounts, line, found)
            yield LineSpec(
                line_type="item",
                external_id=line["external_id"],
                product=self._find_product(backend, work, line, products),
                name=self._get_name(line),
                quantity=quantity,
                price_unit=to_decimal(line["unit_price"]),
                taxes=found,
            )

    def _build_duties(self, backend, document, taxes):
        for duty in document.get("duties") or []:
            price = to_decimal(duty["price"])
            yield LineSpec(
                line_type="duty",
                external_id=duty["external_id"],
                product=backend._get_service_product("duty_product_id"),
                name=duty["title"],
                quantity=Decimal(1),
                price_unit=price,
                taxes=self._find_taxes(backend, taxes, document, duty, price),
            )

    def _build_shipping(self, backend, work, taxes, discounts):
        for line in work.document.get("shipping_lines") or []:
            carrier = backend.carrier_map_ids._find(line) or backend.carrier_id
            work.carrier = work.carrier or carrier
            price = to_decimal(line["price"])
            found = self._find_taxes(backend, taxes, work.document, line, price - self._discounted(line))
            self._add_discounts(discounts, line, found)
            yield LineSpec(
                line_type="shipping",
                external_id=line["external_id"],
                # The rate of the channel is the price; the carrier only says with whose product it is booked.
                product=carrier.product_id or backend._get_service_product("shipping_product_id"),
                name=line["title"],
                quantity=Decimal(1),
                price_unit=price,
                taxes=found,
                is_delivery=True,
            )

    def _build_discounts(self, backend, discounts):
        # A discount is a line of its own with its exact amount, never the line's percentage: Odoo keeps a percentage
        # with two digits, so 10.00 off 29.97 (33.366700…%) would come out cents wrong, and three lines wrong three
        # times. One line per title and set of taxes, because a discount lowers the tax base of what it is given on.
        for (title, tax_ids), discount in discounts.items():
            if discount.amount:
                yield LineSpec(
                    line_type="discount",
                    external_id="%s|%s" % (title, ",".join(map(str, tax_ids))),
                    product=backend._get_service_product("discount_product_id"),
                    name=self.env._("Discount: %s", title) if title else self.env._("Discount"),
                    quantity=Decimal(1),
                    price_unit=-discount.amount,
                    taxes=discount.taxes,
                )

    def _build_rounding(self, backend, document):
        """Cash rounding that the channel made itself: a known amount, not a difference to be tolerated."""
        amount = to_decimal(document["totals"].get("rounding"))
        if amount:
            yield LineSpec(
                line_type="rounding",
                external_id="cash",
                product=backend._get_service_product("rounding_product_id"),
                name=self.env._("Cash rounding"),
                quantity=Decimal(1),
                price_unit=amount,
                taxes=self.env["account.tax"],
            )

    # ---------------------------------------------------------------- one line

    def _find_product(self, backend, work, line, products):
        kind = line["kind"]
        product, candidates = products.find(line) if kind in ("product", "gift_card") else (None, None)
        if product:
            return product
        if kind != "product":
            return backend._get_service_product(_PRODUCT_OF_KIND[kind])
        document = work.document
        on_order = self._product_on_order(work, line)
        if on_order:
            return on_order
        matcher = self.env["retail.product.matcher"]
        amount = (to_decimal(document["totals"]["total"]), document["currency"])
        if candidates:
            raise matcher._ambiguous(self.env._("Order %s", document["name"]), line, candidates, amount)
        raise matcher._unknown(document, line, amount)

    def _product_on_order(self, work, line):
        """Return the product this line was booked with before: what was known once need not be found again."""
        if work.is_new:
            return None
        return work.binding.order_id.order_line.filtered(
            lambda booked: booked.retail_line_type == "item" and booked.retail_external_id == line["external_id"]
        ).product_id

    def _find_taxes(self, backend, taxes, document, line, net):
        return self.env["retail.order.taxes"]._find(backend, taxes, document, line.get("taxes"), net)

    def _net(self, line, quantity):
        return to_decimal(line["unit_price"]) * quantity - self._discounted(line)

    def _discounted(self, line):
        return sum((to_decimal(discount["amount"]) for discount in line.get("discounts") or []), Decimal(0))

    def _add_discounts(self, discounts, line, taxes):
        for discount in line.get("discounts") or []:
            key = (discount["title"], tuple(taxes.ids))
            discounts.setdefault(key, _Discounts(discount["title"], taxes)).amount += to_decimal(discount["amount"])

    def _get_name(self, line):
        details = ["%s: %s" % (item["name"], item.get("value") or "") for item in line.get("properties") or []]
        return "\n".join([line_title(line) or line["external_id"], *details])
