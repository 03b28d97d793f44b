"""The shop: records by id, its settings, its clock, and the one lock that guards them.

A record is a dict whose keys are the schema's field names, with ``__typename``; a reference to another record is its
id.
"""

import random
import threading
from dataclasses import dataclass, field

from . import ids

_FIRST_NUMBERS = {
    "Order": 5_600_000_000_000,
    "Customer": 7_100_000_000_000,
    "Product": 8_300_000_000_000,
    "ProductVariant": 45_200_000_000_000,
    "InventoryItem": 47_300_000_000_000,
    "LineItem": 14_100_000_000_000,
}


@dataclass
class Settings:
    """What a merchant or the vendor can set, and the control API with them."""

    name: str = "Harbour & Vale"
    domain: str = "harbour-vale.myshopify.com"
    currency: str = "EUR"
    timezone: str = "Europe/Berlin"
    plan: str = "Grow"
    taxes_included: bool = True
    # Without approval for protected customer data (or on the Basic plan), names, e-mails and so on are null
    protected_customer_data: bool = True


@dataclass
class Shop:
    """All state of the simulator's shop.

    :param Clock clock: source of every timestamp
    :param int seed: same seed and same start of the clock, same shop
    """

    clock: object
    seed: int
    settings: Settings = field(default_factory=Settings)
    records: dict = field(default_factory=dict)
    #: tells the webhooks: ``function(topic, record)``; what a mutation of the API does is an event too
    emit: object = lambda _topic, _record: None
    #: the shop's bulk operations (:class:`bulk.Bulk`)
    bulk: object = None

    def __post_init__(self):
        self.lock = threading.RLock()
        self.rng = random.Random(self.seed)
        self._sequences = {}
        self._by_kind = {}
        self.next_order_number = 1001

    # ids and records

    def new_number(self, kind):
        sequence = self._sequences.get(kind)
        if sequence is None:
            start = _FIRST_NUMBERS.get(kind, 900_000_000_000)
            sequence = self._sequences[kind] = ids.Sequence(random.Random(f"{self.seed}/{kind}"), start)
        return sequence.next()

    def new_id(self, kind):
        return ids.make(kind, self.new_number(kind))

    def add(self, record):
        """Store ``record`` under its id; return it."""
        self.records[record["id"]] = record
        self._by_kind.setdefault(record["__typename"], {})[record["id"]] = record
        return record

    def remove(self, record):
        del self.records[record["id"]]
        del self._by_kind[record["__typename"]][record["id"]]

    def get(self, gid, kind=None):
        """Return the record, or None when there is none or it is of another kind."""
        record = self.records.get(gid)
        return record if record and kind in (None, record["__typename"]) else None

    def all(self, kind):
        """Records of ``kind`` in the order in which they came to be.

        :rtype: list[dict]
        """
        return list(self._by_kind.get(kind, {}).values())

    def all_ids(self, kind):
        """:rtype: list[str]"""
        return list(self._by_kind.get(kind, {}))

    def touch(self, record):
        record["updatedAt"] = self.clock.now()
