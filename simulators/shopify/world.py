"""Everything one simulated shop consists of, wired together."""

import random
import threading
from collections import Counter, deque
from dataclasses import dataclass, field

from simulators.bucket import Bucket
from simulators.clock import Clock

from .app import App
from .bulk import Bulk
from .engine import Engine
from .faults import Faults
from .state.seed import HISTORY, seed
from .state.shop import Settings, Shop
from .webhooks.sender import Sender


@dataclass
class Options:
    """How a world begins.

    :param datetime start: aware instant at which its clock begins; None for now
    :param int orders: size of the seeded history besides one order of each kind; 0 for no orders at all
    """

    seed: int = 7
    start: object = None
    orders: int = HISTORY
    client_id: str = App.client_id
    client_secret: str = App.client_secret
    settings: Settings = field(default_factory=Settings)


class World:
    """One shop, its app, its webhooks and what makes it misbehave.

    :param Options options:
    """

    def __init__(self, options):
        self.options = options
        self.stopping = threading.Event()
        self.counting = threading.Lock()
        #: where its server listens
        self.url = ""
        self.build()

    def build(self, new_seed=None):
        """Begin anew, with the options and another seed if one is given."""
        options = self.options
        options.seed = options.seed if new_seed is None else new_seed
        self.clock = Clock(options.start)
        self.shop = Shop(self.clock, options.seed, Settings(**vars(options.settings)))
        seed(self.shop, options.orders)
        self.app = App(self.clock, options.client_id, options.client_secret)
        self.faults = Faults(options.seed)
        self.bucket = Bucket()
        self.sender = Sender(self.shop, self.app, self.faults, options.seed)
        self.shop.emit = self.sender.emit
        self.engine = Engine(self.shop, self.app, self.bucket)
        self.bulk = self.shop.bulk = Bulk(self)
        self.requests = Counter()
        self.traces = deque(maxlen=1000)
        self.scenario = None
        self.rng = random.Random(f"{options.seed}/live")

    def start(self):
        self.sender.start()

    def stop(self):
        self.stopping.set()
        if self.scenario is not None:
            self.scenario.stop()
        self.sender.stop()
        self.bulk.stop()

    def forget_keys(self):
        """Let the shop forget all idempotency keys, as it does some time after."""
        self.engine.forget_keys()

    def reset(self, new_seed=None):
        """Stop what runs and begin anew: shop, tokens, subscriptions, faults, logs."""
        if self.scenario is not None:
            self.scenario.stop()
        self.sender.stop()
        self.bulk.stop()
        self.build(new_seed)
        self.sender.start()
