"""A flash sale: everybody orders the same products within a minute, and the channel tells it twice and out of order.

    .local/venv/bin/python -m benchmarks.flash_sale [--short] [--orders 600] [--seconds 60] [--reservation with_order]

Orders come as signed webhooks of the Shopify simulator; a fifth of them twice, a tenth overtaken by the next.
Measured is how long a message waits for its end, and how long after the last order everything is reserved.
Afterwards every order must be there exactly once with the shop's total, and what is reserved must be what was sold.
"""

import argparse
import sys
import time

from .shop_sale import open_shop
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
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="60 orders in 6 s: says that it works, not how fast")
    parser.add_argument("--orders", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--hot", type=int, default=8, help="products on sale")
    parser.add_argument("--reservation", choices=("with_order", "deferred"), default="deferred")
    parser.add_argument("--lag", type=float, default=30.0, help="target: seconds")
    parser.add_argument("--clear", type=float, default=60.0, help="target: seconds")
    parser.add_argument("--patience", type=float, default=900.0, help="give up after so many seconds")
    options = parser.parse_args(arguments)
    options.orders = options.orders or (60 if options.short else 600)
    options.seconds = options.seconds or (6.0 if options.short else 60.0)
    return options


if __name__ == "__main__":
    sys.exit(main())
