"""A paced stream of orders: so many within so many seconds, with duplicates, disorder and unknown products."""

import random
import threading
import time
from dataclasses import asdict, dataclass

from . import live
from .state import kinds


@dataclass
class Script:
    """What to stream.

    :param int orders: how many orders are placed
    :param float seconds: over how long
    :param float duplicates: share of the events that are delivered twice
    :param float out_of_order: share of the orders whose ``orders/updated`` arrives before their ``orders/create``
    :param int unknown_sku: how many orders sell a product that nobody has copied yet
    :param float updated: share of the other orders that are edited a little later
    :param float cancelled: share of the orders that are cancelled at the end
    :param list kinds: names of order kinds to draw from; default what an ordinary day brings
    """

    orders: int = 200
    seconds: float = 60.0
    duplicates: float = 0.2
    out_of_order: float = 0.1
    unknown_sku: int = 0
    updated: float = 0.2
    cancelled: float = 0.0
    kinds: list | None = None
    seed: int = 7


class Scenario:
    """Runs a :class:`Script` in a thread of its own.

    :param World world: must stay the same for the time of the run
    """

    def __init__(self, world, script):
        self.world, self.script = world, script
        self.placed, self.events, self.duplicates, self.cancelled = [], 0, 0, 0
        self.state, self.error = "running", None
        self._rng = random.Random(f"{script.seed}/scenario")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scenario", daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stopping.set()
        self._thread.join(timeout=10)

    def progress(self):
        """For the control API.

        ``state`` is ``running``, ``sent`` (all queued), ``done`` (all answered or given up), ``stopped`` or ``failed``.
        """
        state = "done" if self.state == "sent" and self.world.sender.is_idle() else self.state
        return {
            "state": state,
            "error": self.error,
            "script": asdict(self.script),
            "orders": len(self.placed),
            "events": self.events,
            "duplicates": self.duplicates,
            "cancelled": self.cancelled,
            "names": [order["name"] for order in self.placed],
        }

    def _run(self):
        try:
            self._stream()
            self.state = "stopped" if self._stopping.is_set() else "sent"
        except Exception as error:
            self.state, self.error = "failed", repr(error)
            raise

    def _stream(self):
        script = self.script
        unknown = set(self._rng.sample(range(script.orders), min(script.unknown_sku, script.orders)))
        disordered = self._choose(script.out_of_order)
        cancelled = self._choose(script.cancelled) - unknown
        later = []
        started = time.monotonic()
        for position in range(script.orders):
            self._stopping.wait(max(0.0, started + script.seconds * position / script.orders - time.monotonic()))
            if self._stopping.is_set():
                return
            order = self._place(position in unknown, position in disordered)
            if position in cancelled:
                later.append(order)
        for order in later:
            self._cancel(order)

    def _choose(self, share):
        """A fixed number of positions, so that the share is met exactly and not on average."""
        count = round(self.script.orders * share)
        return set(self._rng.sample(range(self.script.orders), count))

    def _place(self, is_unknown, is_disordered):
        kind, copies = self._rng.choice(self.script.kinds or kinds.MIXED), self._copies()
        order, sent = live.place(self.world, kind, is_unknown, webhooks=not is_disordered, copies=copies)
        self.placed.append(order)
        self._note(sent, copies)
        if is_disordered:
            self._overtake(order, copies)
        elif self._rng.random() < self.script.updated:
            # This event is the later one, and its neighbours' disorder must not depend on how the threads run
            self._edit(order, sent[0] if sent else None)
        return order

    def _overtake(self, order, copies):
        """Freeze the payload of the creation, then deliver it after the update."""
        sender = self.world.sender
        with self.world.shop.lock:
            creations = sender.prepare("orders/create", order)
            updates = self._edit(order, None)
        for delivery in creations:
            delivery.waits_for = next((update for update in updates if update.uri == delivery.uri), None)
            sender.queue(delivery, copies)
        self._note(creations, copies)

    def _edit(self, order, waits_for):
        note, copies = self._rng.choice(["Ring twice", "Leave at the door", "It is a present"]), self._copies()
        sent = live.edit(self.world, order, note=note, waits_for=waits_for, copies=copies)
        self._note(sent, copies)
        return sent

    def _cancel(self, order):
        self._note(live.cancel(self.world, order), 0)
        self.cancelled += 1

    def _copies(self):
        return 1 if self._rng.random() < self.script.duplicates else 0

    def _note(self, sent, copies):
        self.events += len(sent)
        self.duplicates += len(sent) * copies
