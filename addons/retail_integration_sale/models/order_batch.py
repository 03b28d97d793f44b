"""What Odoo asks once per record, asked once per batch of imported orders.

A batch carries one :class:`OrderBatch` in its context. The methods that look at it (of quants, moves, transfers and
analytic distributions) give the answers Odoo's own give. They only save asking again within one transaction, whose
snapshot does not change. Without a batch nothing is different.
"""

from dataclasses import dataclass, field

CONTEXT_KEY = "retail_order_batch"


@dataclass(eq=False)
class OrderBatch:
    """What one transaction has found out, and what it put off to its end."""

    #: key of ``stock.quant._gather`` → ids of quants
    quants: dict = field(default_factory=dict)
    #: product id → whether it has reordering rules
    reordered: dict = field(default_factory=dict)
    #: whether there are analytic distribution models; ``None``: nobody has asked yet
    has_distributions: bool | None = None
    #: ids of confirmed transfers for which nobody has looked at the reordering rules yet
    pickings: set = field(default_factory=set)
    #: whether what was put off is being done
    is_finishing: bool = False
