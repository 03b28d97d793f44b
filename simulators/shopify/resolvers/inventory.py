"""Locations, inventory items and levels, and ``inventorySetQuantities``."""

from .. import errors
from ..state.catalog import make_level
from ..state.money import Money
from ..state.stock import QUANTITY_NAMES, level_of, levels_of_item, quantity_of
from . import common, connections
from .registry import resolver

LOCATION_FIELDS = {
    "id": common.record_number,
    "name": lambda location: location["name"],
    "active": lambda location: location["isActive"],
    "updated_at": lambda location: location["updatedAt"],
}


@resolver("QueryRoot", "locations")
def locations(_root, context, args):
    active = [
        location for location in context.shop.all("Location") if location["isActive"] or args.get("includeInactive")
    ]
    keys = {"ID": common.record_number, "NAME": lambda location: location["name"]}
    return common.search_page(context, active, args, LOCATION_FIELDS, keys)


@resolver("QueryRoot", "location")
def location(_root, context, args):
    if args.get("id"):
        return context.shop.get(common.read_id(args["id"], "Location"), "Location")
    return next(record for record in context.shop.all("Location") if record["isPrimary"])


@resolver("Location", "inventoryLevels")
def levels_at_location(location, context, args):
    levels = [level for level in context.shop.all("InventoryLevel") if level["locationId"] == location["id"]]
    return connections.page(levels, args, identity=lambda level: level["id"])


@resolver("Location", "inventoryLevel")
def level_at_location(location, context, args):
    return level_of(context.shop, common.read_id(args["inventoryItemId"], "InventoryItem"), location["id"])


ITEM_FIELDS = {
    "id": common.record_number,
    "sku": lambda item: item["sku"],
    "created_at": lambda item: item["createdAt"],
    "updated_at": lambda item: item["updatedAt"],
}


@resolver("QueryRoot", "inventoryItems")
def inventory_items(_root, context, args):
    keys = {"ID": common.record_number}
    return common.search_page(context, context.shop.all("InventoryItem"), args, ITEM_FIELDS, keys)


@resolver("InventoryItem", "variants")
def item_variants(item, context, args):
    return connections.page([context.shop.get(item["variantId"])], args)


@resolver("InventoryItem", "variant")
def item_variant(item, context, _args):
    return context.shop.get(item["variantId"])


@resolver("InventoryItem", "inventoryLevels")
def item_levels(item, context, args):
    return connections.page(levels_of_item(context.shop, item["id"]), args, identity=lambda level: level["id"])


@resolver("InventoryItem", "inventoryLevel")
def item_level(item, context, args):
    return level_of(context.shop, item["id"], common.read_id(args["locationId"], "Location"))


@resolver("InventoryItem", "locationsCount")
def item_locations_count(item, context, _args):
    return common.count(len(levels_of_item(context.shop, item["id"])))


@resolver("InventoryItem", "duplicateSkuCount")
def duplicate_sku_count(item, context, _args):
    return sum(other["sku"] == item["sku"] for other in context.shop.all("InventoryItem")) - 1


@resolver("InventoryItem", "unitCost")
def unit_cost(item, context, _args):
    return Money(item["unitCost"], context.shop.settings.currency)


@resolver("InventoryItem", "measurement")
def measurement(item, _context, _args):
    weight = {"__typename": "Weight", "unit": "KILOGRAMS", "value": float(item["weight"])}
    gid = f"gid://shopify/InventoryItemMeasurement/{item['legacyResourceId']}"
    return {"__typename": "InventoryItemMeasurement", "id": gid, "weight": weight}


resolver("InventoryItem", "countryHarmonizedSystemCodes")(common.empty_connection)
resolver("Location", "metafields")(common.empty_connection)
resolver("Location", "metafield")(common.no_metafield)


@resolver("InventoryItem", "inventoryHistoryUrl")
def inventory_history_url(item, context, _args):
    return (
        f"https://{context.shop.settings.domain}/admin/products/inventory/{item['legacyResourceId']}/inventory_history"
    )


@resolver("InventoryItem", "trackedEditable")
def tracked_editable(_item, _context, _args):
    return {"__typename": "EditableProperty", "locked": False, "reason": None}


@resolver("InventoryLevel", "item")
def level_item(level, context, _args):
    return context.shop.get(level["itemId"])


@resolver("InventoryLevel", "location")
def level_location(level, context, _args):
    return context.shop.get(level["locationId"])


@resolver("InventoryLevel", "quantities")
def quantities(level, context, args):
    return [
        {
            "__typename": "InventoryQuantity",
            "id": f"{level['id'].replace('InventoryLevel', 'InventoryQuantity')}&name={name}",
            "name": name,
            "quantity": quantity_of(level, name),
            "updatedAt": level["updatedAt"],
        }
        for name in args["names"]
        if name in QUANTITY_NAMES
    ]

    # Source: Shopify, "Inventory states", section "Set inventory quantities"


_REASONS = frozenset(
    (
        "correction cycle_count_available damaged movement_canceled movement_created movement_received "
        "movement_updated other promotion quality_control received reservation_created reservation_deleted "
        "reservation_updated restock safety_stock shrinkage"
    ).split()
)
_MAXIMUM = 1_000_000_000


@resolver("Mutation", "inventorySetQuantities")
def inventory_set_quantities(_root, context, args):
    """All or nothing, with compare-and-set on each quantity whose ``changeFromQuantity`` is not null."""
    wanted = args["input"]
    refused = _input_errors(wanted) or [
        error
        for index, entry in enumerate(wanted["quantities"])
        for error in _quantity_errors(context, wanted, index, entry)
    ]
    if refused:
        return {"inventoryAdjustmentGroup": None, "userErrors": refused}
    return {"inventoryAdjustmentGroup": _adjust(context, wanted), "userErrors": []}


@resolver("Mutation", "inventoryActivate")
def inventory_activate(_root, context, args):
    """Stock an item at a location; one that is stocked there already keeps its quantity."""
    item, place = context.shop.get(args["inventoryItemId"], "InventoryItem"), context.shop.get(args["locationId"])
    if item is None:
        return _not_activated("inventoryItemId", "The product couldn't be stocked because it wasn't found.")
    if place is None or place["__typename"] != "Location" or not place["isActive"]:
        return _not_activated("locationId", "The product couldn't be stocked because the location wasn't found.")
    if args.get("available") is not None and args.get("onHand") is not None:
        return _not_activated("available", "Specify either available or on hand, not both.")
    level = level_of(context.shop, item["id"], place["id"])
    if level is None:
        quantity = args.get("available") if args.get("available") is not None else args.get("onHand") or 0
        level = make_level(context.shop, item, place, quantity)
        context.shop.touch(level)
    elif args.get("available") is not None:
        return _not_activated("available", "Not allowed to set available quantity when the item is already active.")
    return {"inventoryLevel": level, "userErrors": []}


def _not_activated(place, text):
    return {"inventoryLevel": None, "userErrors": [errors.user_error(text, [place])]}


def _input_errors(wanted):
    pairs = [(entry["inventoryItemId"], entry["locationId"]) for entry in wanted["quantities"]]
    if len(pairs) > 250:
        raise errors.bad_request(f"The input array size of {len(pairs)} is greater than the maximum allowed of 250.")
    for index, entry in enumerate(wanted["quantities"]):
        if "changeFromQuantity" not in entry:
            place = f"input.quantities.{index}.changeFromQuantity"
            raise errors.bad_request(f"{place} must be passed; pass null to set the quantity without comparing.")
    if wanted["name"] not in ("available", "on_hand"):
        return [_error(["input", "name"], "INVALID_NAME", "The quantity name must be either 'available' or 'on_hand'.")]
    if wanted["reason"] not in _REASONS:
        return [_error(["input", "reason"], "INVALID_REASON", "The specified reason is invalid.")]
    uri = wanted.get("referenceDocumentUri")
    if uri is not None and "://" not in uri:
        text = "The specified reference document is invalid."
        return [_error(["input", "referenceDocumentUri"], "INVALID_REFERENCE_DOCUMENT", text)]
    if len(set(pairs)) < len(pairs):
        text = "The combination of inventoryItemId and locationId must be unique."
        return [_error(["input", "quantities"], "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", text)]
    return []


def _quantity_errors(context, wanted, index, entry):
    def error(name, code, text):
        return [_error(["input", "quantities", str(index), name], code, text)]

    if entry["quantity"] > _MAXIMUM:
        return error("quantity", "INVALID_QUANTITY_TOO_HIGH", "The total quantity can't be higher than 1,000,000,000.")
    if entry["quantity"] < -_MAXIMUM:
        return error("quantity", "INVALID_QUANTITY_TOO_LOW", "The total quantity can't be lower than -1,000,000,000.")
    if context.shop.get(entry["inventoryItemId"], "InventoryItem") is None:
        return error("inventoryItemId", "INVALID_INVENTORY_ITEM", "The specified inventory item could not be found.")
    if context.shop.get(entry["locationId"], "Location") is None:
        return error("locationId", "INVALID_LOCATION", "The specified location could not be found.")
    level = level_of(context.shop, entry["inventoryItemId"], entry["locationId"])
    codes = context.version.schema.type_map["InventorySetQuantitiesUserErrorCode"].values
    if level is None and "ITEM_NOT_STOCKED_AT_LOCATION" in codes:
        text = "The specified inventory item is not stocked at the location."
        return error("locationId", "ITEM_NOT_STOCKED_AT_LOCATION", text)
    if level is None:
        # 2026-10 has no such code any more, and what it answers instead is not published: nothing persisted matches.
        text = "The changeFromQuantity value does not match persisted value."
        return error("changeFromQuantity", "CHANGE_FROM_QUANTITY_STALE", text)
    expected = entry["changeFromQuantity"]
    if expected is not None and expected != quantity_of(level, wanted["name"]):
        text = "The changeFromQuantity value does not match persisted value."
        return error("changeFromQuantity", "CHANGE_FROM_QUANTITY_STALE", text)
    return []


def _error(place, code, text):
    return errors.user_error(text, place, code)


def _adjust(context, wanted):
    now, changes = context.shop.clock.now(), []
    for entry in wanted["quantities"]:
        level = level_of(context.shop, entry["inventoryItemId"], entry["locationId"])
        delta = entry["quantity"] - quantity_of(level, wanted["name"])
        if not delta:
            continue
        level["available"] += delta
        level["updatedAt"] = now
        for name in ("available", "on_hand"):
            changes.append(
                {
                    "__typename": "InventoryChange",
                    "name": name,
                    "delta": delta,
                    "quantityAfterChange": quantity_of(level, name),
                    "itemId": level["itemId"],
                    "locationId": level["locationId"],
                    "ledgerDocumentUri": None,
                }
            )
    if not changes:
        return None
    return context.shop.add(
        {
            "__typename": "InventoryAdjustmentGroup",
            "id": context.shop.new_id("InventoryAdjustmentGroup"),
            "createdAt": now,
            "reason": wanted["reason"],
            "referenceDocumentUri": wanted.get("referenceDocumentUri"),
            "app": None,
            "staffMember": None,
            "changes": changes,
        }
    )


@resolver("InventoryAdjustmentGroup", "changes")
def group_changes(group, _context, args):
    filters = (("inventoryItemIds", "itemId"), ("locationIds", "locationId"), ("quantityNames", "name"))
    return [
        change
        for change in group["changes"]
        if all(args.get(argument) is None or change[key] in args[argument] for argument, key in filters)
    ]


@resolver("InventoryChange", "item")
def change_item(change, context, _args):
    return context.shop.get(change["itemId"])


@resolver("InventoryChange", "location")
def change_location(change, context, _args):
    return context.shop.get(change["locationId"])
