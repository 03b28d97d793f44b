"""Returns in the REST shape."""

from .shapes import fill


def return_payload(shop, shape, record):
    order = shop.get(record["orderId"])
    values = {
        "id": record["legacyResourceId"],
        "admin_graphql_api_id": record["id"],
        "status": record["status"].lower(),
        "order": {"id": order["legacyResourceId"], "admin_graphql_api_id": order["id"]},
        "order_id": order["legacyResourceId"],
        "total_return_line_items": record["totalQuantity"],
        "name": record["name"],
        "return_line_items": [],
        "return_shipping_fees": [],
        "exchange_line_items": [],
        "total_exchange_line_items": 0,
    }
    return fill(shape, values)
