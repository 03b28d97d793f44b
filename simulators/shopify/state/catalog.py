"""Products, variants, inventory items and levels of the seeded shop."""

from datetime import timedelta
from decimal import Decimal

from . import ids, stock

# title, product type, vendor, base price, weight in kg, HS code, option name, option values
_RANGE = [
    ("Blue mug", "Kitchen", "Vale Ceramics", "12.90", "0.35", "691200", "Size", ["S", "L"]),
    ("Linen apron", "Kitchen", "Webhaus", "34.00", "0.30", "621142", "Colour", ["Sand", "Navy"]),
    ("Olive board", "Kitchen", "Tavola", "49.50", "1.20", "441919", None, []),
    ("Enamel pot", "Kitchen", "Tavola", "59.90", "2.10", "732394", "Size", ["2 l", "4 l"]),
    ("Wool blanket", "Home", "Webhaus", "119.00", "1.60", "630120", "Colour", ["Grey", "Ochre"]),
    ("Beeswax candle", "Home", "Hive & Co", "9.95", "0.25", "340600", None, []),
    ("Oak stool", "Furniture", "Nordholz", "89.00", "4.50", "940169", None, []),
    ("Desk lamp", "Furniture", "Nordholz", "74.99", "1.80", "940521", "Colour", ["Black", "White"]),
    ("Rain jacket", "Clothing", "Seafarer", "139.00", "0.70", "620193", "Size", ["S", "M", "L"]),
    ("Striped shirt", "Clothing", "Seafarer", "44.95", "0.25", "610910", "Size", ["S", "M", "L"]),
    ("Fisher beanie", "Clothing", "Seafarer", "24.50", "0.12", "650500", "Colour", ["Red", "Navy"]),
    ("Canvas bag", "Accessories", "Seafarer", "29.90", "0.40", "420222", None, []),
    ("Pocket atlas", "Books", "Kartograf", "18.00", "0.45", "490591", None, []),
    ("Logbook", "Books", "Kartograf", "15.49", "0.38", "482010", "Cover", ["Soft", "Hard"]),
    ("Sea salt", "Food", "Saline", "6.80", "0.25", "250100", None, []),
    ("Espresso beans", "Food", "Rösterei Süd", "13.90", "0.50", "090121", "Weight", ["250 g", "1 kg"]),
    ("Apple juice", "Food", "Obsthof", "3.33", "1.05", "200979", None, []),
    ("Soap bar", "Care", "Hive & Co", "7.77", "0.11", "340111", "Scent", ["Lavender", "Pine"]),
    ("Hand balm", "Care", "Hive & Co", "11.11", "0.09", "330499", None, []),
    ("Ship model", "Toys", "Werft 9", "64.00", "0.95", "950300", None, []),
]
_EDITIONS = ("", "Studio ", "Heritage ")
REDUCED_RATE_TYPES = {"Books", "Food"}


def seed_catalog(shop, rng):
    """Create the locations, 60 products with their variants, and stock for each."""
    locations = [
        _location(shop, "Warehouse Hamburg", "DE", "Hamburg", "20457", online=True),
        _location(shop, "Store Utrecht", "NL", "Utrecht", "3511 AB", online=False),
    ]
    for position, edition in enumerate(_EDITIONS):
        for entry in _RANGE:
            make_product(shop, rng, entry, edition, Decimal(1) + Decimal(position) / 4, locations)


def make_product(shop, rng, entry, edition, factor, locations, sku=None):
    """Store a product with its variants, inventory items and levels.

    :param tuple entry: a row as in ``_RANGE``
    :param Decimal factor: multiplies the base price
    :param str sku: overrides the derived SKU of a product with one variant
    :return: the ``Product`` record
    """
    title, kind, vendor, price, weight, hs_code, option, values = entry
    created = shop.clock.now() - timedelta(days=rng.randrange(40, 900), seconds=rng.randrange(86400))
    number = shop.new_number("Product")
    full_title = f"{edition}{title}".strip().capitalize()
    product = shop.add(
        {
            "__typename": "Product",
            "id": ids.make("Product", number),
            "legacyResourceId": number,
            "title": full_title,
            "handle": full_title.lower().replace(" ", "-"),
            "descriptionHtml": f"<p>{full_title}, made by {vendor}.</p>",
            "productType": kind,
            "vendor": vendor,
            "status": "ACTIVE",
            "tags": sorted({kind.lower(), edition.strip().lower() or "classic"}),
            "createdAt": created,
            "updatedAt": created,
            "publishedAt": created,
            "templateSuffix": None,
            "isGiftCard": False,
            "optionName": option or "Title",
            "optionValues": values or ["Default Title"],
            "variants": [],
        }
    )
    for position, value in enumerate(values or ["Default Title"], start=1):
        amount = (Decimal(price) * factor + 2 * (position - 1)).quantize(Decimal("0.01"))
        code = sku or _sku(edition, title, value if values else None)
        _variant(shop, rng, product, position, value, amount, code, weight, hs_code, locations)
    return product


def _variant(shop, rng, product, position, value, price, sku, weight, hs_code, locations):
    number, item_number = shop.new_number("ProductVariant"), shop.new_number("InventoryItem")
    item = shop.add(
        {
            "__typename": "InventoryItem",
            "id": ids.make("InventoryItem", item_number),
            "legacyResourceId": item_number,
            "sku": sku,
            "tracked": True,
            "requiresShipping": True,
            "unitCost": (price * Decimal("0.4")).quantize(Decimal("0.01")),
            "weight": Decimal(weight),
            "harmonizedSystemCode": hs_code,
            "countryCodeOfOrigin": rng.choice(["DE", "PT", "IT"]),
            "provinceCodeOfOrigin": None,
            "createdAt": product["createdAt"],
            "updatedAt": product["createdAt"],
            "variantId": ids.make("ProductVariant", number),
        }
    )
    variant = shop.add(
        {
            "__typename": "ProductVariant",
            "id": ids.make("ProductVariant", number),
            "legacyResourceId": number,
            "productId": product["id"],
            "inventoryItemId": item["id"],
            "title": value,
            "sku": sku,
            "barcode": _ean13(number),
            "price": price,
            "compareAtPrice": (price * Decimal("1.2")).quantize(Decimal("0.01")) if rng.random() < 0.15 else None,
            "position": position,
            "taxable": True,
            "taxCode": None,
            "inventoryPolicy": "DENY",
            "createdAt": product["createdAt"],
            "updatedAt": product["createdAt"],
        }
    )
    product["variants"].append(variant["id"])
    for location in locations:
        make_level(shop, item, location, rng.randrange(0, 120))
    return variant


def make_level(shop, item, location, quantity):
    """Stock ``item`` at ``location``."""
    return shop.add(
        {
            "__typename": "InventoryLevel",
            "id": stock.level_id(item["id"], location["id"]),
            "itemId": item["id"],
            "locationId": location["id"],
            "available": quantity,
            "committed": 0,
            "incoming": 0,
            "damaged": 0,
            "quality_control": 0,
            "reserved": 0,
            "safety_stock": 0,
            "isActive": True,
            "canDeactivate": True,
            "deactivationAlert": None,
            "createdAt": item["createdAt"],
            "updatedAt": item["createdAt"],
        }
    )


def _location(shop, name, country, city, postcode, online):
    number = shop.new_number("Location")
    countries = {"DE": "Germany", "NL": "Netherlands"}
    created = shop.clock.now() - timedelta(days=1000)
    return shop.add(
        {
            "__typename": "Location",
            "id": ids.make("Location", number),
            "legacyResourceId": number,
            "name": name,
            "isActive": True,
            "isPrimary": online,
            "activatable": True,
            "deactivatable": not online,
            "deletable": False,
            "deactivatedAt": None,
            "isFulfillmentService": False,
            "fulfillmentService": None,
            "fulfillsOnlineOrders": online,
            "shipsInventory": online,
            "hasActiveInventory": True,
            "hasUnfulfilledOrders": True,
            "addressVerified": True,
            "localPickupSettingsV2": None,
            "suggestedAddresses": [],
            "createdAt": created,
            "updatedAt": created,
            "address": {
                "__typename": "LocationAddress",
                "address1": "Am Kai 1" if online else "Oudegracht 12",
                "address2": None,
                "city": city,
                "country": countries[country],
                "countryCode": country,
                "formatted": [city, countries[country]],
                "latitude": None,
                "longitude": None,
                "phone": "",
                "province": None,
                "provinceCode": None,
                "zip": postcode,
            },
        }
    )


def _sku(edition, title, value):
    parts = [edition.strip()[:3], *(word[:4] for word in title.split()), value]
    return "-".join(part.upper().replace(" ", "") for part in parts if part)


def _ean13(number):
    digits = f"20{number % 10**10:010d}"
    check = -sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits)) % 10
    return f"{digits}{check}"
