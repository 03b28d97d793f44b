"""The load kit: runs the benchmarks one after the other and says which targets are met.

    .local/venv/bin/python -m benchmarks [--short] [name …]

The short form looks at correctness alone (nothing lost, nothing twice, in order, equal) and takes some minutes.
"""

import argparse
import importlib
import sys
import time
import traceback

from .verdicts import table

NAMES = (
    "receive duplicates drain history latency recovery outage observability orders peer_orders flash_sale returns "
    "stock_storm stock_lag backfill settlements"
).split()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="says that it works, not how fast")
    parser.add_argument("names", nargs="*", metavar="name", help="one of: " + ", ".join(NAMES))
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error("there is no benchmark " + ", ".join(sorted(unknown)))
    rows, is_met = [], True
    for name in options.names or NAMES:
        print(f"\n# {name}", flush=True)
        begun = time.monotonic()
        try:
            code = importlib.import_module(f"benchmarks.{name}").main(["--short"] if options.short else [])
        except Exception:  # noqa: BLE001 one that breaks is a miss of its own and must not hide the others
            traceback.print_exc()
            code = "failed"
        is_met = is_met and code == 0
        rows.append([name, {0: "all targets met", 1: "MISSED"}.get(code, code), f"{time.monotonic() - begun:.0f} s"])
    print(f"\n{table(['benchmark', 'result', 'took'], rows)}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
