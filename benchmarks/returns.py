"""A returns surge: orders are reduced and cancelled by the hundred while sales go on; then shipped goods come back.

    .local/venv/bin/python -m benchmarks.returns [--short] [--orders 400] [--seconds 60] [--shipped 150]

First orders are taken back *before* they left the warehouse: a third is cancelled, a third loses a line or a piece,
while the other orders still come in. The updates arrive in any order, some twice. Then the shop ships orders that are
left, and takes the goods back and refunds them, every second order in part, while new orders come in at the same pace.
Afterwards each order must be what the shop says it is, reserved what is still to be shipped, and on hand what did not
leave or came back.
"""

import sys
import time
from collections import Counter

from .shop_sale import open_shop, parse_options, spread
from .verdicts import Verdict, report, table


def main(arguments=None):
    options = parse(arguments)
    with open_shop("returns") as sale:
        sale.prepare(options.hot, options.reservation)
        sale.go_live("fulfilment", "refund")
        unshipped = take_back_unshipped(sale, options)
        shipped = take_back_shipped(sale, options, unshipped.names)
    head = ["surge", "orders", "taken back", "within", "p95 lag", "clear after", "result"]
    rows = [surge.row() for surge in (unshipped, shipped)]
    print(f"\n{table(head, rows)}")
    return report([*unshipped.verdicts(options), *shipped.verdicts(options)])


class Surge:
    """One kind of surge, and what came of it.

    :param str kind: what is taken back
    :param str entity: whose messages say so
    :param int least: so many have to be taken back for the surge to be one
    """

    def __init__(self, sale, kind, entity, least):
        self.kind, self.entity, self.least = kind, entity, least
        self.counts = Counter()
        self.names, self.troubles = [], []
        self._sale, self._begun = sale, time.monotonic()

    def end(self, names, patience, away):
        """The shop is done: wait until Odoo is, and compare."""
        self.names, self.seconds = names, time.monotonic() - self._begun
        self.cleared = self._sale.settle(patience)
        self.lag = self._sale.lag(0.95, self.entity)
        self.troubles = self._sale.troubles(names, away)

    def row(self):
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        figures = [f"{self.seconds:.0f} s", f"{self.lag:.1f} s", f"{self.cleared:.0f} s"]
        return [self.kind, len(self.names), counts, *figures, "; ".join(self.troubles[:5]) or "all right"]

    def verdicts(self, options):
        return [
            Verdict(f"{self.kind}: p95 from arrival to end", self.lag, options.lag, "s", at_most=True),
            Verdict(f"{self.kind}: all right after the last change", self.cleared, options.clear, "s", at_most=True),
            Verdict(f"{self.kind}: orders taken back", sum(self.counts.values()), self.least, ""),
            Verdict(f"{self.kind}: differences from the shop", len(self.troubles), 0, "", at_most=True),
        ]


def take_back_unshipped(sale, options):
    """Cancel and reduce orders that wait in the warehouse, while others are placed."""
    print(f"… {options.orders} orders within {options.seconds:g} s, two thirds of them changed", flush=True)
    surge, known = Surge(sale, "unshipped", "order", options.orders // 2), {}

    def take_back(number, order):
        """Change an order of a while ago: some are in Odoo by then, some are not."""
        known[number] = order
        earlier = known.get(number - options.after)
        if earlier is None or number % 3 == 0:
            return
        if number % 3 == 1:
            sale.do("cancel", earlier)
            surge.counts["cancelled"] += 1
        else:
            sale.do("edit", earlier, quantities=[{"line": 0, "quantity": 0 if number % 2 else 1}])
            surge.counts["reduced"] += 1

    names = sale.place(options.orders, options.seconds, after=take_back)
    surge.end(names, options.patience, Counter())
    return surge


def take_back_shipped(sale, options, names):
    """Ship orders, then take their goods back, while others are placed."""
    kept = [order for order in sale.orders(names) if sum(line["current"] for line in order["lines"])]
    chosen = [order for order in kept if not order["cancelled"]][: options.shipped]
    away = Counter()
    for order in chosen:
        away.update({line["sku"]: line["current"] for line in order["lines"]})
    spread(lambda order: sale.do("fulfil", order), chosen, len(chosen) * options.seconds / options.orders)
    sale.settle(options.patience)
    print(f"… {len(chosen)} shipped orders come back within {options.seconds:g} s", flush=True)
    surge = Surge(sale, "shipped", "refund", min(options.shipped, options.orders // 4))
    plan = []
    for number, order in enumerate(chosen):
        index, first = next((index, line) for index, line in enumerate(order["lines"]) if line["current"])
        if number % 2:
            plan.append((order, {"lines": [{"line": index, "quantity": 1, "restock": "RETURN"}]}))
            away[first["sku"]] -= 1
        else:
            plan.append((order, {}))
            away.subtract({line["sku"]: line["current"] for line in order["lines"]})
    surge.counts.update("in part" if refund else "whole" for _order, refund in plan)

    def take_back(step):
        order, refund = step
        sale.do("refund", order, **refund)
        names.extend(sale.place(1, 0))

    spread(take_back, plan, options.seconds)
    surge.end(names, options.patience, away)
    return surge


def parse(arguments):
    more = [
        ("--after", 8, "an order is taken back when so many more were placed"),
        ("--shipped", 150, "at most so many orders are shipped and come back"),
    ]
    return parse_options(__doc__, arguments, orders=400, short_seconds=12.0, more=more)


if __name__ == "__main__":
    sys.exit(main())
