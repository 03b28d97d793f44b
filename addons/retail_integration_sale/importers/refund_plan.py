"""The plain values that the steps of a refund's import hand on to each other."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from odoo.addons.retail_integration_base.engine.messages import ImportResult


@dataclass
class CreditSpec:
    """One line as the credit note shall have it. Positive quantities and prices are the customer's.

    Units that are not delivered any more are taken off ``sale_line`` itself. Everything else gets an order line of its
    own with the opposite quantity, so that delivered and invoiced quantities of what was sold stay true.
    """

    product: Any
    name: str
    quantity: Decimal
    price_unit: Decimal
    taxes: Any
    #: the order line it is taken off; ``None``: one of its own
    sale_line: Any = None
    #: the order line that charged it, if there is one
    about: Any = None
    #: units that were invoiced, and so are credited now; the rest stays to be set off on the next invoice
    credited: Decimal = Decimal(0)

    @property
    def is_credited(self):
        return self.credited == self.quantity


@dataclass
class LineOutcome:
    """What becomes of the units of one order line."""

    quantity: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)


@dataclass
class RefundPlan:
    """All that is to happen for one refund, before anything is written."""

    specs: list = field(default_factory=list)
    #: order line → LineOutcome
    outcomes: dict = field(default_factory=dict)
    #: list of ``(order line, units, id of the place in the channel)``
    returns: list = field(default_factory=list)
    #: what the customer owes less, to the cent
    wanted: Decimal = Decimal(0)


@dataclass
class RefundWork:
    """One document, what it is about, and how it ended."""

    document: dict
    order: Any = None
    order_binding: Any = None
    binding: Any = None
    result: ImportResult | None = None
    is_reapplied: bool = False
    #: order line → units that people took back before the channel told of it
    adopted: dict = field(default_factory=dict)

    @property
    def name(self):
        return self.document.get("order_name") or self.document["order_external_id"]
