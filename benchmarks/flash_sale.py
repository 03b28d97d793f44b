"""A flash sale: everybody orders the same products within a minute, and the channel tells it twice and out of order.

    .local/venv/bin/python -m benchmarks.flash_sale [--short] [--orders 600] [--seconds 60] [--reservation with_order]

Orders come as signed webhooks of the Shopify simulator; a fifth of them twice, a tenth overtaken by the next.
Measured is how long a message waits for its end, and how long after the last order everything is reserved.
Afterwards every order must be there exactly once with the shop's total, and what is reserved must be what was sold.
"""

import sys
import time

from .shop_sale import open_shop, parse_options
from .verdicts import Verdict, report, table


def main(arguments=None):
    options = parse(arguments)
    with open_shop("flash") as sale:
        sale.prepare(options.hot, options.reservation)
        print(f"… {options.orders} orders of {options.hot} products within {options.seconds:g} s", flush=True)
        started = time.monotonic()
        names = sale.place(options.orders, options.seconds)
        placed = time.monotonic() - started
        cleared = sale.settle(options.patience)
        lags = {share: sale.lag(share) for share in (0.5, 0.95, 1.0)}
        troubles = sale.troubles(names)
    head = ["orders", "placed in", "p50 lag", "p95 lag", "max lag", "clear after", "orders/s", "result"]
    row = [len(names), f"{placed:.0f} s", *(f"{lag:.1f} s" for lag in lags.values()), f"{cleared:.0f} s"]
    row += [f"{len(names) / (placed + cleared):.1f}", "; ".join(troubles[:5]) or "all right"]
    print(f"\n{table(head, [row])}")
    return report(
        [
            Verdict("p95 from arrival to end", lags[0.95], options.lag, "s", at_most=True),
            Verdict("all reserved after the last order", cleared, options.clear, "s", at_most=True),
            Verdict("orders placed", len(names), options.orders, ""),
            Verdict("orders lost, twice, different or wrongly reserved", len(troubles), 0, "", at_most=True),
        ]
    )


def parse(arguments):
    return parse_options(__doc__, arguments, orders=600, short_seconds=6.0)


if __name__ == "__main__":
    sys.exit(main())
