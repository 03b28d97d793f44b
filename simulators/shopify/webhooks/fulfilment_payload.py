"""Fulfilments in the REST shape."""

from ..state import ids
from .line_payload import line_payload
from .party_payload import address_payload
from .shapes import fill, instant

_SHIPMENT_STATUS = {
    "IN_TRANSIT": "in_transit",
    "OUT_FOR_DELIVERY": "out_for_delivery",
    "ATTEMPTED_DELIVERY": "attempted_delivery",
    "DELIVERED": "delivered",
    "CONFIRMED": "confirmed",
    "FAILURE": "failure",
}


def fulfilment_payload(shop, shape, record):
    order = shop.get(record["orderId"])
    numbers = [entry["number"] for entry in record["trackingInfo"]]
    urls = [entry["url"] for entry in record["trackingInfo"] if entry["url"]]
    is_visible = shop.settings.protected_customer_data
    values = {
        "id": record["legacyResourceId"],
        "admin_graphql_api_id": record["id"],
        "order_id": order["legacyResourceId"],
        "name": record["name"],
        "status": record["status"].lower(),
        "service": "manual" if record["serviceName"] is None else record["serviceName"],
        "shipment_status": _SHIPMENT_STATUS.get(record["displayStatus"]),
        "created_at": instant(shop, record["createdAt"]),
        "updated_at": instant(shop, record["updatedAt"]),
        "location_id": ids.number(record["locationId"]),
        "origin_address": None,
        "email": order["email"] if is_visible else None,
        "destination": address_payload(shape["destination"], order["shippingAddress"]) if is_visible else None,
        "line_items": [
            {**line_payload(shop, shape["line_items"][0], line["lineItem"]), "quantity": line["quantity"]}
            for line in record["lines"]
        ],
        "tracking_company": next((entry["company"] for entry in record["trackingInfo"]), None),
        "tracking_number": next(iter(numbers), None),
        "tracking_numbers": numbers,
        "tracking_url": next(iter(urls), None),
        "tracking_urls": urls,
        "receipt": {},
    }
    return fill(shape, values)
