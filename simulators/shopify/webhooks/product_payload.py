"""Products and variants in the REST shape."""

from ..scalars import money_text
from ..state import ids
from ..state.stock import available_of
from .shapes import fill, instant


def product_payload(shop, shape, product):
    variants = [shop.get(gid) for gid in product["variants"]]
    values = {
        "id": product["legacyResourceId"],
        "admin_graphql_api_id": product["id"],
        "title": product["title"],
        "body_html": product["descriptionHtml"],
        "vendor": product["vendor"],
        "product_type": product["productType"],
        "handle": product["handle"],
        "status": product["status"].lower(),
        "tags": ", ".join(product["tags"]),
        "published_scope": "global",
        "template_suffix": product["templateSuffix"],
        "created_at": instant(shop, product["createdAt"]),
        "updated_at": instant(shop, product["updatedAt"]),
        "published_at": instant(shop, product["publishedAt"]),
        "variants": [_variant(shop, shape["variants"][0], variant) for variant in variants],
        "variant_gids": [
            {
                "admin_graphql_api_id": variant["id"],
                "updated_at": variant["updatedAt"].strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            }
            for variant in variants
        ],
        "options": [
            {
                "id": product["legacyResourceId"] + 11,
                "product_id": product["legacyResourceId"],
                "name": product["optionName"],
                "position": 1,
                "values": product["optionValues"],
            }
        ],
        "images": [],
        "image": None,
        "media": [],
        "category": None,
        "has_variants_that_requires_components": False,
    }
    return fill(shape, values)


def _variant(shop, shape, variant):
    available = available_of(shop, variant["inventoryItemId"])
    values = {
        "id": variant["legacyResourceId"],
        "admin_graphql_api_id": variant["id"],
        "product_id": ids.number(variant["productId"]),
        "inventory_item_id": ids.number(variant["inventoryItemId"]),
        "title": variant["title"],
        "option1": variant["title"],
        "option2": None,
        "option3": None,
        "sku": variant["sku"],
        "barcode": variant["barcode"],
        "price": money_text(variant["price"]),
        "compare_at_price": variant["compareAtPrice"] and money_text(variant["compareAtPrice"]),
        "position": variant["position"],
        "inventory_policy": variant["inventoryPolicy"].lower(),
        "inventory_quantity": available,
        "old_inventory_quantity": available,
        "taxable": variant["taxable"],
        "image_id": None,
        "created_at": instant(shop, variant["createdAt"]),
        "updated_at": instant(shop, variant["updatedAt"]),
    }
    return fill(shape, values)
