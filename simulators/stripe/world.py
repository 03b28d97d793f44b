"""Everything one simulated account consists of, wired together."""

import threading
from collections import Counter
from dataclasses import dataclass

from simulators.bucket import Bucket
from simulators.clock import Clock

from .account import Account
from .faults import Faults
from .idempotency import Memory
from .webhooks import Sender

#: What the simulator answers where a request names no version; the official SDK's own.
API_VERSION = "2026-10-28.endive"


@dataclass
class Options:
    """How a world begins.

    :param datetime start: aware instant at which its clock begins; None for now
    :param int tax_bps: tax on each fee in hundredths of a percent
    """

    seed: int = 7
    start: object = None
    key: str = "rk_test_simulated"
    livemode: bool = False
    country: str = "DE"
    currency: str = "eur"
    tax_bps: int = 0


class World:
    """One account, its webhooks and what makes it misbehave.

    :param Options options:
    """

    def __init__(self, options):
        self.options = options
        self.stopping = threading.Event()
        self.counting = threading.Lock()
        self.build()

    def build(self):
        options = self.options
        self.clock = Clock(options.start)
        self.account = Account(self.clock, options)
        self.faults = Faults()
        self.memory = Memory()
        # 25 requests a second in a test account, 100 live.
        rate = 100 if options.livemode else 25
        self.bucket = Bucket(rate, rate)
        self.sender = Sender(self.account, API_VERSION)
        self.account.emit = self.sender.emit
        self.requests = Counter()
        #: permissions taken away from the key, such as ``payout_read``
        self.denied = set()

    def start(self):
        """Nothing runs by itself: webhooks are sent by who asks for it."""

    def stop(self):
        self.stopping.set()

    def reset(self):
        """Begin anew."""
        self.build()
