"""``python -m simulators.notes --port 8510``."""

import argparse
import signal
import threading

from .server import NotesVendor


def main():
    parser = argparse.ArgumentParser(prog="python -m simulators.notes", description="A vendor of notes and parcels.")
    parser.add_argument("--port", type=int, default=8510, help="0 takes any free one (default: 8510)")
    vendor = NotesVendor(parser.parse_args().port).start()
    print(f"The vendor of notes listens on {vendor.url}", flush=True)
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    stopping.wait()
    vendor.stop()


if __name__ == "__main__":
    main()
