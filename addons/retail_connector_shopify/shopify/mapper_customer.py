"""A customer of Shopify → ``customer.v1``, and the pieces an order shares with it: identity and addresses."""

from . import instants, shapes


def map_customer(node):
    """Return the ``customer.v1`` document of a ``Customer`` whose addresses are all fetched.

    :raises VendorChanged: the node is not of the shape read here
    """
    shapes.check(node, "CUSTOMER")
    updated = instants.parse_instant(node["updatedAt"])
    default = node["defaultAddress"]
    identity = map_identity(node)
    return {
        "schema": "customer.v1",
        **identity,
        "external_id": node["id"],
        "version": instants.to_micros(updated),
        "company_name": clean(default["company"]) if default else None,
        "created_at": instants.canonical(node["createdAt"]),
        "updated_at": instants.to_rfc3339(updated),
        "default_address": map_address(default),
        "addresses": [map_address(address) for address in node["addressesV2"]["nodes"]],
    }


def map_identity(customer):
    """Return what is known of a person. Everything but the id can be missing: shops may withhold personal data."""
    first, last = clean(customer["firstName"]), clean(customer["lastName"])
    email, phone = customer["defaultEmailAddress"], customer["defaultPhoneNumber"]
    return {
        "external_id": customer["id"],
        "name": " ".join(filter(None, (first, last))) or None,
        "first_name": first,
        "last_name": last,
        "company_name": None,
        "email": clean(email["emailAddress"]) if email else None,
        "phone": clean(phone["phoneNumber"]) if phone else None,
        "language": clean(customer["locale"]),
        "is_tax_exempt": customer["taxExempt"],
        "tags": [tag for tag in map(clean, customer["tags"]) if tag],
        "note": clean(customer["note"]),
    }


def map_address(address):
    """Return the canonical address of a ``MailingAddress``, or ``None``."""
    if address is None:
        return None
    country = clean(address["countryCodeV2"])
    name = clean(address["name"]) or " ".join(filter(None, (clean(address["firstName"]), clean(address["lastName"]))))
    return {
        "external_id": address.get("id"),
        "name": name or None,
        "company_name": clean(address["company"]),
        "street": clean(address["address1"]),
        "street2": clean(address["address2"]),
        "postal_code": clean(address["zip"]),
        "city": clean(address["city"]),
        "region_code": clean(address["provinceCode"]),
        "region_name": clean(address["province"]),
        # ISO 3166 leaves "ZZ" to users; Shopify's is "unknown region".
        "country": country if country != "ZZ" else None,
        "phone": clean(address["phone"]),
    }


def clean(text):
    """Return ``text`` without outer space and without NUL, ``None`` where nothing is left."""
    return (text or "").replace("\x00", "").strip() or None
