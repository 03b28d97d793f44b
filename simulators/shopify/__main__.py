"""``python -m simulators.shopify --port 8500 --seed 7``."""

import argparse
import signal
import threading
from datetime import UTC, datetime

from .app import App
from .server import ShopifySimulator
from .state.seed import HISTORY


def main():
    parser = argparse.ArgumentParser(prog="python -m simulators.shopify", description="A fake of Shopify's Admin API.")
    parser.add_argument("--port", type=int, default=8500, help="0 takes any free one (default: 8500)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same shop")
    parser.add_argument(
        "--start", type=_instant, help="the clock's start, for example 2026-10-01T08:00:00Z (default: now)"
    )
    parser.add_argument("--orders", type=int, default=HISTORY, help="size of the history; 0 for a shop without orders")
    parser.add_argument("--client-id", default=App.client_id)
    parser.add_argument("--client-secret", default=App.client_secret)
    arguments = vars(parser.parse_args())
    try:
        simulator = ShopifySimulator(is_verbose=True, **arguments).start()
    except OSError as error:
        parser.exit(1, f"Cannot listen on {arguments['host']}:{arguments['port']}: {error.strerror}\n")
    print(f"Shopify simulator listens on {simulator.url} (seed {arguments['seed']})", flush=True)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    stopping.wait()
    simulator.stop()


def _instant(text):
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
