"""``python -m simulators.stripe --port 8510``."""

import argparse
import signal
import threading

from .server import StripeSimulator
from .world import Options


def main():
    parser = argparse.ArgumentParser(prog="python -m simulators.stripe", description="A fake of Stripe's API.")
    parser.add_argument("--port", type=int, default=8510, help="0 takes any free one (default: 8510)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same ids")
    parser.add_argument("--key", default=Options.key, help="the key it accepts")
    arguments = vars(parser.parse_args())
    simulator = StripeSimulator(is_verbose=True, **arguments).start()
    print(f"Stripe simulator listens on {simulator.url}", flush=True)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    stopping.wait()
    simulator.stop()


if __name__ == "__main__":
    main()
