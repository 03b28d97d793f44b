"""What a backend's mapping decides about an order, and what a replay may change of it."""

from dataclasses import dataclass, field

from odoo import models
from odoo.tools import float_compare

#: Fields of the order that the backend's settings give, apart from its lines.
_HEAD = ("carrier_id", "user_id", "team_id", "payment_term_id")
_DIGITS = 6


@dataclass
class Remapping:
    """What today's mapping changes of an order apart from its lines."""

    values: dict = field(default_factory=dict)
    confirms: bool = False

    def __bool__(self):
        return bool(self.values or self.confirms)


class RetailOrderMapping(models.AbstractModel):
    """A replay applies the mapping of today to what the mapping of then made, and to nothing that people made since.

    So the binding keeps what was made. Lines are one thing: taxes, discounts and rounding add up to the channel's total
    only together, so lines of which a person changed one stay as they are.
    """

    _name = "retail.order.mapping"
    _description = "Order mapping"

    def _get_head(self, backend, work):
        """Return the values of the order that the mapping decides."""
        values = {
            "carrier_id": work.carrier.id if work.carrier else False,
            # The service user sells nothing: neither it nor its team may become the order's.
            "user_id": (backend.salesperson_id or work.partner.user_id).id,
        }
        for name in ("team_id", "payment_term_id"):
            if backend[name]:
                values[name] = backend[name].id
        return values

    def _read(self, backend, order):
        """Return (JSON-like) what the mapping made of an order that was brought to its document just now."""
        return {
            "head": {name: order[name].id for name in _HEAD},
            "confirm": backend.order_confirm,
            "lines": {
                "%s|%s" % (line.retail_line_type, line.retail_external_id): self._read_line(line)
                for line in order.order_line
                if line.retail_external_id and line.product_uom_qty
            },
        }

    def _read_line(self, line):
        return [line.product_id.id, line.product_uom_qty, line.price_unit, line.discount, sorted(line.tax_ids.ids)]

    def _compare(self, backend, work):
        """Return the :class:`Remapping`; leave the lines alone (``work.lines``, ``work.note``) where they have to stay.

        Nothing, where nobody asks for today's mapping or the channel changed the lines itself.
        """
        applied, order = work.binding.applied, work.order
        if not work.is_remapped or not work.takes_lines:
            return Remapping()
        if order._has_left_the_shelf():
            return self._keep(work, self.env._("It is delivered or invoiced at least in part: it stays as it is."))
        if not applied or not self._is_as_applied(backend, order, applied["lines"]):
            return self._keep(work, self.env._("Somebody changed its lines in Odoo: they stay as they are."))
        head = applied["head"]
        values = {
            name: value
            for name, value in self._get_head(backend, work).items()
            if (value or False) != head.get(name) and order[name].id == head.get(name)
        }
        is_draft = order.state in ("draft", "sent")
        return Remapping(values, is_draft and backend.order_confirm and not applied["confirm"])

    def _keep(self, work, note):
        work.lines, work.note = None, note
        return Remapping()

    def _is_as_applied(self, backend, order, lines):
        """Return whether the channel's lines of ``order`` are those the mapping made."""
        now = self._read(backend, order)["lines"]
        return now.keys() == lines.keys() and all(
            product == was[0]
            and taxes == was[4]
            and not any(
                float_compare(*pair, precision_digits=_DIGITS)
                for pair in zip((quantity, price, discount), was[1:4], strict=True)
            )
            for (product, quantity, price, discount, taxes), was in ((now[key], lines[key]) for key in lines)
        )
