"""A returns surge: orders are reduced and cancelled by the hundred while sales go on.

    .local/venv/bin/python -m benchmarks.returns [--short] [--orders 400] [--seconds 60]

What it covers: orders that customers take back *before* they left the warehouse, as updates of the order: lines
removed or reduced, whole orders cancelled, with what was paid back. The goods must be free again for the orders
that come meanwhile. What it does not cover: goods that come back, which are documents of their own.

A third of the orders is cancelled, a third loses a line or a piece, while the other orders still come in. The
updates arrive in any order, some twice. Afterwards each order must be what the shop says it is, and reserved what
is still sold.
"""

import sys
import time

from .shop_sale import open_shop, parse_options
from .verdicts import Verdict, report, table


def main(arguments=None):
    options = parse(arguments)
    with open_shop("returns") as sale:
        sale.prepare(options.hot, options.reservation)
        print(f"… {options.orders} orders within {options.seconds:g} s, two thirds of them changed", flush=True)
        known, counts = {}, {"cancelled": 0, "reduced": 0}

        def take_back(number, order):
            """Change an order of a while ago: some are in Odoo by then, some are not."""
            known[number] = order
            earlier = known.get(number - options.after)
            if earlier is None or number % 3 == 0:
                return
            if number % 3 == 1:
                sale.cancel(earlier)
                counts["cancelled"] += 1
            else:
                sale.change(earlier, quantities=[{"line": 0, "quantity": 0 if number % 2 else 1}])
                counts["reduced"] += 1

        started = time.monotonic()
        names = sale.place(options.orders, options.seconds, after=take_back)
        placed = time.monotonic() - started
        cleared = sale.settle(options.patience)
        lag, troubles = sale.lag(0.95), sale.troubles(names)
    head = ["orders", "cancelled", "reduced", "within", "p95 lag", "clear after", "result"]
    row = [len(names), counts["cancelled"], counts["reduced"], f"{placed:.0f} s", f"{lag:.1f} s", f"{cleared:.0f} s"]
    print(f"\n{table(head, [[*row, '; '.join(troubles[:5]) or 'all right']])}")
    return report(
        [
            Verdict("p95 from arrival to end", lag, options.lag, "s", at_most=True),
            Verdict("all right after the last change", cleared, options.clear, "s", at_most=True),
            Verdict("orders cancelled or reduced", sum(counts.values()), options.orders // 2, ""),
            Verdict("orders different from the shop's or wrongly reserved", len(troubles), 0, "", at_most=True),
        ]
    )


def parse(arguments):
    more = [("--after", 8, "an order is taken back when so many more were placed")]
    return parse_options(__doc__, arguments, orders=400, short_seconds=12.0, more=more)


if __name__ == "__main__":
    sys.exit(main())
