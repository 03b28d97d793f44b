"""The plain values that the steps of an order import hand on to each other."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from odoo.fields import Command

from odoo.addons.retail_integration_base.engine.messages import ImportResult


@dataclass
class LineSpec:
    """One line as the order shall have it.

    ``line_type`` and ``external_id`` name it for later versions of the document.
    """

    line_type: str
    external_id: str
    product: Any
    name: str
    quantity: Decimal
    price_unit: Decimal
    taxes: Any
    is_delivery: bool = False
    is_retail_rounding: bool = False

    @property
    def key(self):
        return self.line_type, self.external_id

    def to_values(self, sequence):
        """Return the values that create the line."""
        return {
            "retail_line_type": self.line_type,
            "retail_external_id": self.external_id,
            "product_id": self.product.id,
            "name": self.name,
            "product_uom_qty": float(self.quantity),
            "product_uom_id": self.product.uom_id.id,
            "price_unit": float(self.price_unit),
            "discount": 0.0,
            "tax_ids": [Command.set(self.taxes.ids)],
            "sequence": sequence,
            "is_delivery": self.is_delivery,
            "is_retail_rounding": self.is_retail_rounding,
        }


@dataclass
class OrderWork:
    """One document on its way to a sales order. ``result`` is set as soon as its end is known."""

    document: dict
    binding: Any = None
    result: ImportResult | None = None
    currency: Any = None
    carrier: Any = None
    #: ``None``: the channel's lines are as they were, and the order's stay as they are
    lines: list | None = None
    partner: Any = None
    invoice_partner: Any = None
    shipping_partner: Any = None
    order: Any = None
    digests: dict = field(default_factory=dict)
    #: a person wants today's mapping applied, even if the channel changed nothing
    is_reapplied: bool = False
    #: it was done before Odoo had it: a record of what was, without effect on stock and invoices
    is_history: bool = False
    #: why today's mapping was not applied, or an empty text
    note: str = ""
    #: it was delivered or invoiced once: its lines stay as they are, and its refunds are booked apart
    has_effects: bool = False
    #: of an order that was imported before this was noted: ids of the refunds its lines contain; ``None``: as noted
    recalled: list | None = None

    @property
    def is_new(self):
        return not self.binding

    @property
    def is_done(self):
        """Return whether nothing is left to be shipped: the channel did that, or called it off."""
        document = self.document
        shipped = document.get("fulfilment_status") in ("fulfilled", "restocked")
        return bool(document["cancelled_at"] or document.get("is_closed") or shipped)

    @property
    def keeps_lines(self):
        """Return whether the order's lines stay as they are, whatever the channel says of them: it is cancelled."""
        return not self.is_new and bool(self.document["cancelled_at"])

    @property
    def takes_lines(self):
        return self.lines is not None and not self.keeps_lines

    @property
    def is_remapped(self):
        """Return whether the channel's lines are as they were, and only the mapping of today may change the order's."""
        return self.is_reapplied and not self.has_new("lines") and not self.document["cancelled_at"]

    def has_new(self, part):
        """Return whether the channel changed ``part`` (``lines``, ``billing``, ``shipping``) since the last version."""
        return self.is_new or self.digests[part] != self.binding["%s_digest" % part]


def waiting(works):
    """Return the works whose end is not known yet."""
    return [work for work in works if work.result is None]
