"""Customers and addresses in the REST shape."""

from ..state import ids
from .shapes import fill, instant


def address_payload(shape, address):
    if address is None:
        return None
    values = {
        "first_name": address["firstName"],
        "last_name": address["lastName"],
        "name": address["name"],
        "company": address["company"],
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "zip": address["zip"],
        "province": address["province"],
        "province_code": address["provinceCode"],
        "country": address["country"],
        "country_code": address["countryCodeV2"],
        "country_name": address["country"],
        "phone": address["phone"],
        "latitude": address["latitude"],
        "longitude": address["longitude"],
        "id": ids.number(address["id"]),
        "customer_id": None,
        "default": True,
    }
    return fill(shape, values)


def customer_payload(shop, shape, customer):
    is_visible = shop.settings.protected_customer_data
    number = customer["legacyResourceId"]
    default = address_payload(shape["default_address"], customer["defaultAddress"])
    values = {
        "id": number,
        "admin_graphql_api_id": customer["id"],
        "created_at": instant(shop, customer["createdAt"]),
        "updated_at": instant(shop, customer["updatedAt"]),
        "first_name": customer["firstName"] if is_visible else None,
        "last_name": customer["lastName"] if is_visible else None,
        "email": customer["email"] if is_visible else None,
        "phone": customer["phone"] if is_visible else None,
        "state": customer["state"].lower(),
        "note": customer["note"],
        "verified_email": customer["verifiedEmail"],
        "multipass_identifier": None,
        "tax_exempt": customer["taxExempt"],
        "tax_exemptions": customer["taxExemptions"],
        "currency": shop.settings.currency,
        "addresses": [
            {**address_payload(shape["default_address"], address), "customer_id": number, "default": position == 0}
            for position, address in enumerate(customer["addresses"])
            if is_visible
        ],
        "default_address": {**default, "customer_id": number} if is_visible else None,
    }
    return fill(shape, values)
