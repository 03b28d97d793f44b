"""Stock levels of a shop: read, compared and set, put into stock where they are missing.

``inventorySetQuantities`` sets up to 250 quantities, all or none, each only if the shop still has what we say it has.
So a figure of ours can never undo a sale that we have not heard of: it is refused (``CHANGE_FROM_QUANTITY_STALE``), the
shop is asked what it has, and the figure is worked out anew (:mod:`stock_ledger`).

Source: shopify.dev, ``inventorySetQuantities``, ``inventoryActivate``, "Idempotent requests".
"""

import uuid
from collections import defaultdict

from odoo.addons.retail_integration_base.engine.errors import (
    NeedsHuman,
    RetailError,
    RetryLater,
    VendorChanged,
    VendorUnavailable,
)
from odoo.addons.retail_integration_base.engine.messages import Sent
from odoo.addons.retail_integration_sale.engine import stock_ledger

from . import batches, const
from .client import TooExpensive

REASON = "correction"
_STALE = "CHANGE_FROM_QUANTITY_STALE"
#: Gone from the published codes in 2026-10: what is stale is asked for anyway, and found not to be stocked.
_NOT_STOCKED = "ITEM_NOT_STOCKED_AT_LOCATION"
#: The other figures of the call are right; the shop sold of these between two calls of ours.
_TRANSIENT = frozenset(("IDEMPOTENCY_CONCURRENT_REQUEST", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"))
#: How often a batch is worked out anew because something was sold meanwhile, before the hottest items wait.
MAX_ROUNDS = 4
#: Activations are calls of one item each.
MAX_ACTIVATIONS = 25


class StockPush:
    """One batch of levels on its way to the shop.

    :param ShopifyClient client: of the shop
    :param str document_uri: names what the change is about in the shop's history of the item
    """

    def __init__(self, client, document_uri):
        self.client = client
        self.document_uri = document_uri
        self.answers = {}
        #: intent id → what the shop has, as far as we know; absent: as the document expects
        self.shown = {}
        self.activations = 0

    def run(self, outbound):
        """Bring the shop to what each document wants.

        :param list[Outbound] outbound: ``stock_level.v1``, at most 250, at most one per level
        :return: dict intent id → :class:`Sent` (its answer as :func:`stock_ledger.agreement`) or a :class:`RetailError`
        :raises RetailError: nothing was answered
        """
        waiting = {item.id: item for item in outbound}
        try:
            self._ask(item for item in outbound if item.document["expected"] is None)
            for _round in range(MAX_ROUNDS):
                self._settle_equal(waiting)
                if not waiting:
                    return self.answers
                self._round(waiting)
        except RetailError as error:
            if not self.answers:
                raise
            # What was answered is not forgotten because a later call failed.
            self.answers.update(dict.fromkeys(waiting, error))
            return self.answers
        error = RetryLater("The shop sells this faster than it can be set.", evidence={"is_outcome_unknown": False})
        self.answers.update(dict.fromkeys(waiting, error))
        return self.answers

    # ------------------------------------------------------------ one round

    def _settle_equal(self, waiting):
        """End what shows already what it is to show."""
        for item in list(waiting.values()):
            shop = self._shop(item)
            if shop is not None and self._target(item) == shop:
                self._end(waiting, item, shop, shop)

    def _round(self, waiting):
        """Set what can be set; take out what cannot, and learn what the shop has of what was stale."""
        # A shop that does not stock the item says so by null; the others are compared with a number.
        self._activate_all(waiting)
        batch = list(waiting.values())
        if not batch:
            return
        errors = self._set(batch)
        if not errors:
            for item in batch:
                self._end(waiting, item, self._shop(item), self._target(item))
            return
        stale = []
        for index, (code, message) in errors.items():
            item = batch[index]
            if code == _STALE:
                stale.append(item)
            elif code == _NOT_STOCKED:
                self.shown[item.id] = None
            else:
                self.answers[item.id] = _refusal(item.document, code, message)
                del waiting[item.id]
        self._ask(stale)

    def _end(self, waiting, item, shop, quantity):
        answer = stock_ledger.agreement(item.document, shop, quantity)
        self.answers[item.id] = Sent(item.document["external_id"], answer)
        del waiting[item.id]

    def _shop(self, item):
        return self.shown[item.id] if item.id in self.shown else item.document["expected"]

    def _target(self, item):
        return stock_ledger.wanted(item.document, self._shop(item))[0]

    # ------------------------------------------------------------ calls

    def _ask(self, items):
        """Learn what the shop has of ``items``."""
        by_location = defaultdict(list)
        for item in items:
            by_location[item.document["location_id"]].append(item)
        for location_id, group in by_location.items():
            found = read_levels(self.client, location_id, [item.document["inventory_item_id"] for item in group])
            for item in group:
                level = found.get(item.document["inventory_item_id"])
                self.shown[item.id] = level and level[0]

    def _set(self, batch):
        """Set a batch; return dict index → ``(code, message)`` of what kept the shop from it, empty if it did."""
        quantities = [
            {
                "inventoryItemId": item.document["inventory_item_id"],
                "locationId": item.document["location_id"],
                "quantity": self._target(item),
                "changeFromQuantity": self._shop(item),
            }
            for item in batch
        ]
        variables = {
            "input": {
                "name": "available",
                "reason": REASON,
                "referenceDocumentUri": self.document_uri,
                "quantities": quantities,
            }
        }
        payload = self._call("inventory_set", "inventorySetQuantities", variables)
        errors = {}
        for error in payload.get("userErrors") or []:
            index = _index_of(error.get("field"), len(batch))
            if error.get("code") in _TRANSIENT:
                raise RetryLater(str(error.get("message")), evidence={"is_outcome_unknown": True})
            if index is None:
                raise VendorChanged(
                    "Shopify does not accept the stock levels: %s" % error.get("message"),
                    differences=["inventorySetQuantities: %s" % error.get("code")],
                )
            errors.setdefault(index, (error.get("code"), str(error.get("message"))))
        return errors

    def _activate_all(self, waiting):
        for item in list(waiting.values()):
            if self._shop(item) is not None or item.id not in self.shown:
                continue
            document = item.document
            if not document["may_activate"]:
                self.answers[item.id] = _refusal(document, _NOT_STOCKED, "The item is not stocked at the location.")
                del waiting[item.id]
            elif self.activations >= MAX_ACTIVATIONS:
                self.answers[item.id] = RetryLater("Others are stocked first.", evidence={"is_outcome_unknown": False})
                del waiting[item.id]
            else:
                self._activate(waiting, item)

    def _activate(self, waiting, item):
        """Stock an item at a place where it is not: nothing was sold from there."""
        document, quantity = item.document, self._target(item)
        variables = {
            "item": document["inventory_item_id"],
            "location": document["location_id"],
            "available": quantity,
        }
        self.activations += 1
        payload = self._call("inventory_activate", "inventoryActivate", variables)
        errors = payload.get("userErrors") or []
        if errors:
            self.answers[item.id] = _refusal(document, "ACTIVATION", str(errors[0].get("message")))
            del waiting[item.id]
        else:
            self._end(waiting, item, None, quantity)

    def _call(self, name, field, variables):
        """Run a mutation under a key of its own; where no answer came, ask for that very answer once more.

        Shopify answers the same key with what it did the first time, or does it now: either way it is known.
        """
        variables = dict(variables, key=str(uuid.uuid4()))
        try:
            data = self.client.run(name, variables).data
        except VendorUnavailable as error:
            if not error.evidence.get("is_outcome_unknown", True):
                raise
            try:
                data = self.client.run(name, variables).data
            except RetryLater as again:
                # It may be sure that it did nothing itself; what the first call did is as unknown as before.
                again.evidence["is_outcome_unknown"] = True
                raise
            except RetailError as again:
                raise error from again
        payload = data.get(field)
        if not isinstance(payload, dict):
            raise VendorChanged("The answer to %s is empty." % name, differences=["%s: missing" % field])
        return payload


def read_levels(client, location_id, item_ids):
    """Return dict item id → ``(available, version)``, ``None`` where it is not stocked there; unknown items are absent.

    :param list[str] item_ids: at most 250
    :raises RetailError: the shop cannot be asked; nothing was changed by asking
    """
    found, waiting = {}, list(item_ids)
    size = const.MAX_PAGE
    while waiting:
        batch = waiting[:size]
        try:
            answer = client.run("inventory_at_location", {"ids": batch, "location": location_id})
        except TooExpensive as error:
            if len(batch) == 1:
                raise
            size = max(1, min(int(len(batch) * error.share), len(batch) - 1))
            continue
        except RetryLater as error:
            error.evidence["is_outcome_unknown"] = False
            raise
        for gid, node in zip(batch, batches.nodes_of(answer, "inventory_at_location", batch), strict=True):
            if node is not None:
                found[gid] = _level(node, gid)
        waiting = waiting[len(batch) :]
    return found


def _level(node, gid):
    level = node.get("inventoryLevel")
    if level is None:
        return None
    for quantity in level.get("quantities") or []:
        if quantity.get("name") == "available" and type(quantity.get("quantity")) is int:
            return quantity["quantity"], str(level.get("updatedAt"))
    raise VendorChanged(
        "Shopify shows a stock level of %s without a quantity." % gid,
        differences=["inventoryLevel.quantities: missing"],
    )


def list_locations(client):
    """Return ``(id, name)`` of the shop's active locations."""
    return [(node["id"], node["name"]) for page in client.pages("locations", {}, ("locations",)) for node in page]


def find_sold_variants(client, order_ids):
    """Return the ids of the variants in orders.

    :raises RetryLater: an order has more lines than are read here: nobody can say what it is about
    """
    variants = set()
    for node in batches.fetch_nodes(client, "order_variants", order_ids).values():
        if isinstance(node, RetailError):
            raise node
        if node is None:
            continue  # deleted, or too old for this app: it takes nothing any more
        if node["lineItems"]["pageInfo"]["hasNextPage"]:
            raise RetryLater("Order %s has too many lines to tell what is in flight." % node["id"])
        variants.update(line["variant"]["id"] for line in node["lineItems"]["nodes"] if line["variant"])
    return variants


def _index_of(field, count):
    """Return the index of the quantity that a user error names: ``["input", "quantities", "3", "quantity"]``."""
    for part in field or ():
        if str(part).isdecimal() and int(part) < count:
            return int(part)
    return None


def _refusal(document, code, message):
    sku = document.get("sku") or document["inventory_item_id"]
    return NeedsHuman(
        "Shopify does not take the stock of %s at %s: %s" % (sku, document["location_id"], message),
        kind="stock_refused",
        cause_key="shopify:stock:%s" % code,
        cause_title="Shopify does not take a stock level: %s" % message,
        facts={"sku": document.get("sku"), "code": code, "location": document["location_id"]},
    )
