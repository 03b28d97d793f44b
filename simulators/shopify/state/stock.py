"""Inventory levels: where an item is, how many are available, and what an order commits.

Source: Shopify, "Inventory states": on hand is available + committed + reserved + damaged + safety stock + quality
control; a new order moves units from available to committed.
"""

from . import ids

QUANTITY_NAMES = (
    "available",
    "committed",
    "incoming",
    "damaged",
    "quality_control",
    "reserved",
    "safety_stock",
    "on_hand",
)
_NOT_ON_HAND = ("on_hand", "incoming")


def level_of(shop, item_id, location_id):
    """The ``InventoryLevel`` record of an item at a location, or None where it is not stocked."""
    return shop.get(level_id(item_id, location_id))


def level_id(item_id, location_id):
    # Shopify's level ids carry the item in a query part; it is how two levels of one location differ
    return f"{ids.make('InventoryLevel', ids.number(location_id))}?inventory_item_id={ids.number(item_id)}"


def levels_of_item(shop, item_id):
    levels = (level_of(shop, item_id, location["id"]) for location in shop.all("Location"))
    return [level for level in levels if level]


def available_of(shop, item_id):
    """Available units of an item over all locations."""
    return sum(level["available"] for level in levels_of_item(shop, item_id))


def quantity_of(level, name):
    """One of :data:`QUANTITY_NAMES`; on hand is not stored, it is a sum."""
    if name == "on_hand":
        return sum(level[part] for part in QUANTITY_NAMES if part not in _NOT_ON_HAND)
    return level[name]


def commit(shop, order, line, count):
    """Move ``count`` units of a line from available to committed; a negative count moves them back.

    A store's sale takes them away at once. Lines without a variant have no stock.
    """
    if line["variantId"] is None or not line["requiresShipping"]:
        return
    store = order["retailLocationId"]
    place = store or next(location["id"] for location in shop.all("Location") if location["fulfillsOnlineOrders"])
    level = level_of(shop, shop.get(line["variantId"])["inventoryItemId"], place)
    level["available"] -= count
    if store is None:
        level["committed"] += count
    shop.touch(level)
