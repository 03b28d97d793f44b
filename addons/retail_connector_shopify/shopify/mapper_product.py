"""A product of Shopify with its variants → ``product.v1``."""

from decimal import Decimal

from . import const, instants, shapes
from .mapper_customer import clean
from .money import canonical_money

# UNLISTED (2025-10): sold, but only to who has the link.
_STATUS = {"ACTIVE": "active", "UNLISTED": "active", "DRAFT": "draft", "ARCHIVED": "archived"}
#: What Shopify calls the only variant of a product without options.
_NO_OPTION = ("Title", "Default Title")


def map_product(node, currency):
    """Return the ``product.v1`` document of a ``Product`` whose variants are all fetched.

    :param str currency: of the shop; a variant's price is a plain amount in it
    :raises VendorChanged: the node is not of the shape read here
    """
    shapes.check(node, "PRODUCT")
    updated = instants.parse_instant(node["updatedAt"])
    return {
        "schema": "product.v1",
        "external_id": node["id"],
        "version": instants.to_micros(updated),
        "title": clean(node["title"]) or node["id"],
        "description_html": clean(node["descriptionHtml"]),
        "vendor": clean(node["vendor"]),
        "product_type": clean(node["productType"]),
        "status": _STATUS.get(node["status"], "draft"),
        "tags": [tag for tag in map(clean, node["tags"]) if tag],
        "updated_at": instants.to_rfc3339(updated),
        "variants": [_map_variant(variant, currency) for variant in node["variants"]["nodes"]],
    }


def _map_variant(variant, currency):
    item = variant["inventoryItem"]
    cost = item["unitCost"]
    options = [(option["name"], option["value"]) for option in variant["selectedOptions"]]
    title = clean(variant["title"])
    return {
        "external_id": variant["id"],
        "title": None if title == _NO_OPTION[1] else title,
        "sku": clean(variant["sku"]),
        "barcode": clean(variant["barcode"]),
        "price": canonical_money(Decimal(variant["price"]), currency),
        "compare_at_price": variant["compareAtPrice"] and canonical_money(Decimal(variant["compareAtPrice"]), currency),
        "cost": cost and canonical_money(Decimal(cost["amount"]), cost["currencyCode"]),
        "weight_kg": _kilograms(item["measurement"]["weight"]),
        "is_taxable": variant["taxable"],
        "requires_shipping": item["requiresShipping"],
        "inventory_item_id": item["id"],
        "options": [{"name": name, "value": value} for name, value in options if (name, value) != _NO_OPTION],
    }


def _kilograms(weight):
    """Return the weight in kilograms as a decimal string, or ``None`` where there is none or its unit is unknown."""
    if not weight or weight["unit"] not in const.KILOGRAMS:
        return None
    kilograms = (Decimal(weight["value"]) * const.KILOGRAMS[weight["unit"]]).quantize(Decimal("1e-10"))
    return format(kilograms.normalize(), "f")
