"""Products and variants."""

from decimal import Decimal

from ..search import test
from ..state import ids
from ..state.money import Money
from ..state.stock import available_of
from . import common, connections
from .registry import resolver


def _variants(product, context):
    return [context.shop.get(gid) for gid in product["variants"]]


@test
def _anything(product, text):
    return text.lower() in product["title"].lower()


@test
def _variant_anything(variant, text):
    return text.lower() in f"{variant['sku']} {variant['barcode']} {variant['title']}".lower()


def _product_fields(context):
    return {
        "default": _anything,
        "id": common.record_number,
        "title": lambda product: product["title"],
        "handle": lambda product: product["handle"],
        "status": lambda product: product["status"],
        "vendor": lambda product: product["vendor"],
        "product_type": lambda product: product["productType"],
        "tag": lambda product: product["tags"],
        "created_at": lambda product: product["createdAt"],
        "updated_at": lambda product: product["updatedAt"],
        "sku": lambda product: [variant["sku"] for variant in _variants(product, context)],
        "barcode": lambda product: [variant["barcode"] for variant in _variants(product, context)],
    }


PRODUCT_SORT_KEYS = {
    "ID": common.record_number,
    "TITLE": lambda product: product["title"],
    "VENDOR": lambda product: product["vendor"],
    "PRODUCT_TYPE": lambda product: product["productType"],
    "CREATED_AT": lambda product: common.stamp(product["createdAt"]),
    "UPDATED_AT": lambda product: common.stamp(product["updatedAt"]),
}

VARIANT_FIELDS = {
    "default": _variant_anything,
    "id": common.record_number,
    "sku": lambda variant: variant["sku"],
    "barcode": lambda variant: variant["barcode"],
    "product_id": lambda variant: ids.number(variant["productId"]),
    "title": lambda variant: variant["title"],
    "updated_at": lambda variant: variant["updatedAt"],
}

VARIANT_SORT_KEYS = {
    "ID": common.record_number,
    "SKU": lambda variant: variant["sku"] or "",
    "TITLE": lambda variant: variant["title"],
    "POSITION": lambda variant: variant["position"],
}


@resolver("QueryRoot", "products")
def products(_root, context, args):
    return common.search_page(context, context.shop.all("Product"), args, _product_fields(context), PRODUCT_SORT_KEYS)


@resolver("QueryRoot", "productsCount")
def products_count(_root, context, args):
    return common.count(
        len(common.Search(args.get("query"), _product_fields(context)).select(context.shop.all("Product")))
    )


@resolver("QueryRoot", "productVariants")
def product_variants(_root, context, args):
    return common.search_page(context, context.shop.all("ProductVariant"), args, VARIANT_FIELDS, VARIANT_SORT_KEYS)


@resolver("QueryRoot", "productVariantsCount")
def product_variants_count(_root, context, args):
    return common.count(
        len(common.Search(args.get("query"), VARIANT_FIELDS).select(context.shop.all("ProductVariant")))
    )


@resolver("QueryRoot", "productByIdentifier")
def product_by_identifier(_root, context, args):
    wanted = args["identifier"]
    if wanted.get("id"):
        return context.shop.get(common.read_id(wanted["id"], "Product"), "Product")
    return next((p for p in context.shop.all("Product") if p["handle"] == wanted.get("handle")), None)


@resolver("QueryRoot", "productVariantByIdentifier")
def product_variant_by_identifier(_root, context, args):
    gid = args["identifier"].get("id")
    return context.shop.get(common.read_id(gid, "ProductVariant"), "ProductVariant") if gid else None


@resolver("Product", "variants")
def variants(product, context, args):
    value = VARIANT_SORT_KEYS.get(args.get("sortKey"), VARIANT_SORT_KEYS["POSITION"])
    return connections.page(sorted(_variants(product, context), key=value), args, value)


@resolver("Product", "variantsCount")
def variants_count(product, _context, _args):
    return common.count(len(product["variants"]))


@resolver("Product", "hasOnlyDefaultVariant")
def has_only_default_variant(product, _context, _args):
    return product["optionValues"] == ["Default Title"]


@resolver("Product", "totalInventory")
def total_inventory(product, context, _args):
    return sum(available_of(context.shop, variant["inventoryItemId"]) for variant in _variants(product, context))


@resolver("Product", "hasOutOfStockVariants")
def has_out_of_stock_variants(product, context, _args):
    return any(available_of(context.shop, variant["inventoryItemId"]) <= 0 for variant in _variants(product, context))


@resolver("Product", "tracksInventory")
def tracks_inventory(_product, _context, _args):
    return True


@resolver("Product", "requiresSellingPlan", "hasVariantsThatRequiresComponents")
@resolver("ProductVariant", "requiresComponents", "showUnitPrice")
def never(_record, _context, _args):
    return False


@resolver("Product", "description")
def description(product, _context, args):
    text = product["descriptionHtml"].replace("<p>", "").replace("</p>", "")
    return text[: args["truncateAt"]] if args.get("truncateAt") else text


@resolver("Product", "options")
def options(product, _context, args):
    number = product["legacyResourceId"]
    option = {
        "__typename": "ProductOption",
        "id": ids.make("ProductOption", number + 11),
        "name": product["optionName"],
        "position": 1,
        "values": product["optionValues"],
        "linkedMetafield": None,
        "optionValues": [
            {
                "__typename": "ProductOptionValue",
                "id": ids.make("ProductOptionValue", number + 100 + position),
                "name": value,
                "hasVariants": True,
                "linkedMetafieldValue": None,
                "swatch": None,
            }
            for position, value in enumerate(product["optionValues"])
        ],
    }
    return connections.first_of([option], args)


@resolver("Product", "seo")
def seo(_product, _context, _args):
    return {"__typename": "SEO", "title": None, "description": None}


@resolver("Product", "priceRangeV2")
def price_range(product, context, _args):
    prices = [variant["price"] for variant in _variants(product, context)] or [Decimal("0.00")]
    currency = context.shop.settings.currency
    return {
        "__typename": "ProductPriceRangeV2",
        "minVariantPrice": Money(min(prices), currency),
        "maxVariantPrice": Money(max(prices), currency),
    }


@resolver("Product", "onlineStoreUrl", "onlineStorePreviewUrl")
def online_store_url(product, context, _args):
    return f"https://{context.shop.settings.domain}/products/{product['handle']}"


@resolver("Product", "mediaCount", "sellingPlanGroupsCount", "productComponentsCount")
@resolver("ProductVariant", "sellingPlanGroupsCount")
def no_count(_record, _context, _args):
    return common.count(0)


@resolver("Product", "defaultCursor")
@resolver("ProductVariant", "defaultCursor")
def default_cursor(record, _context, _args):
    return connections.cursor_of([common.record_number(record)] * 2)


resolver("Product", "media", "collections", "metafields", "events", "sellingPlanGroups")(common.empty_connection)
resolver("ProductVariant", "media", "metafields", "events", "sellingPlanGroups")(common.empty_connection)
resolver("Product", "metafield")(common.no_metafield)
resolver("ProductVariant", "metafield")(common.no_metafield)


@resolver(
    "Product",
    "category",
    "featuredMedia",
    "feedback",
    "giftCardTemplateSuffix",
    "combinedListing",
    "combinedListingRole",
)
@resolver("ProductVariant", "unitPrice", "unitPriceMeasurement", "deliveryProfile")
def none(_record, _context, _args):
    return None


@resolver("ProductVariant", "product")
def product_of_variant(variant, context, _args):
    return context.shop.get(variant["productId"])


@resolver("ProductVariant", "inventoryItem")
def inventory_item(variant, context, _args):
    return context.shop.get(variant["inventoryItemId"])


@resolver("ProductVariant", "inventoryQuantity", "sellableOnlineQuantity")
def inventory_quantity(variant, context, _args):
    return available_of(context.shop, variant["inventoryItemId"])


@resolver("ProductVariant", "availableForSale")
def available_for_sale(variant, context, _args):
    return available_of(context.shop, variant["inventoryItemId"]) > 0


@resolver("ProductVariant", "displayName")
def display_name(variant, context, _args):
    return f"{context.shop.get(variant['productId'])['title']} - {variant['title']}"


@resolver("ProductVariant", "selectedOptions")
def selected_options(variant, context, _args):
    name = context.shop.get(variant["productId"])["optionName"]
    return [{"__typename": "SelectedOption", "name": name, "value": variant["title"]}]
