"""Customers and addresses. Names and places are invented; the postcodes only look right."""

from datetime import timedelta

FIRST = (
    "Anna Bruno Chiara Daan Elif Femke Gaël Hana Ines Jonas Katarína Liam Maja Noah Olga Pau Quentin Rosa Søren Tess"
).split()
LAST = (
    "Almeida Becker Costa Dubois Evans Fischer García Hofmann "
    "Ivanov Janssen Kowalska Lindqvist Moreau Nowak O'Brien Peeters"
).split()
STREETS = (
    "Marktplatz",
    "Rue du Port",
    "Keizersgracht",
    "Harbour Lane",
    "Via Roma",
    "Calle Mayor",
    "Mill Road",
    "Linden Allee",
)

# country code: (country, province, province code, city, postcode, phone prefix)
PLACES = {
    "DE": ("Germany", None, None, "Hamburg", "20457", "+4940"),
    "FR": ("France", None, None, "Nantes", "44000", "+33240"),
    "NL": ("Netherlands", None, None, "Utrecht", "3511 AB", "+3130"),
    "IT": ("Italy", "Genova", "GE", "Genova", "16121", "+39010"),
    "ES": ("Spain", "Valencia", "V", "Valencia", "46001", "+3496"),
    "AT": ("Austria", None, None, "Graz", "8010", "+43316"),
    "GB": ("United Kingdom", "England", "ENG", "Bristol", "BS1 4DJ", "+44117"),
    "US": ("United States", "California", "CA", "Oakland", "94607", "+1510"),
    "CA": ("Canada", "Quebec", "QC", "Montreal", "H2Y 1C6", "+1514"),
    "CH": ("Switzerland", None, None, "Basel", "4051", "+4161"),
    "JP": ("Japan", "Kanagawa", "JP-14", "Yokohama", "231-0001", "+8145"),
}


def make_address(shop, rng, country, first=None, last=None, company=None):
    """A ``MailingAddress`` record in ``country``; orders keep their own, so each call makes a new one."""
    name, province, province_code, city, postcode, prefix = PLACES[country]
    first, last = first or rng.choice(FIRST), last or rng.choice(LAST)
    record = {
        "__typename": "MailingAddress",
        "id": shop.new_id("MailingAddress"),
        "firstName": first,
        "lastName": last,
        "name": f"{first} {last}",
        "company": company,
        "address1": f"{rng.choice(STREETS)} {rng.randrange(1, 180)}",
        "address2": rng.choice([None, None, "2nd floor"]),
        "city": city,
        "zip": postcode,
        "province": province,
        "provinceCode": province_code,
        "country": name,
        "countryCodeV2": country,
        "countryCode": country,
        "phone": f"{prefix}{rng.randrange(1_000_000, 9_999_999)}",
        "latitude": None,
        "longitude": None,
        "coordinatesValidated": False,
        "timeZone": None,
        "validationResultSummary": None,
    }
    record["formattedArea"] = ", ".join(part for part in (city, province, name) if part)
    return record


def make_customer(shop, rng, country, company=None, has_email=True, is_new=False):
    """A ``Customer`` record with one or two addresses, stored in the shop.

    :param bool is_new: made now, and not at some time in the past
    """
    address = make_address(shop, rng, country, company=company)
    addresses = [address]
    if rng.random() < 0.4:
        addresses.append(make_address(shop, rng, country, address["firstName"], address["lastName"]))
    age = timedelta(days=rng.randrange(31, 700), seconds=rng.randrange(86400))
    created = shop.clock.now() - (timedelta() if is_new else age)
    number = shop.new_number("Customer")
    email = f"{_ascii(address['firstName'])}.{_ascii(address['lastName'])}.{number % 9973}@example.com".lower()
    state = rng.choice(["SUBSCRIBED", "NOT_SUBSCRIBED"])
    return shop.add(
        {
            "__typename": "Customer",
            "id": f"gid://shopify/Customer/{number}",
            "legacyResourceId": number,
            "createdAt": created,
            "updatedAt": created,
            "firstName": address["firstName"],
            "lastName": address["lastName"],
            "email": email if has_email else None,
            "phone": None if has_email else address["phone"],
            "marketingState": state,
            "marketingUpdatedAt": created if state == "SUBSCRIBED" else None,
            "note": None,
            "tags": sorted(rng.sample(["newsletter", "vip", "wholesale", "local"], rng.randrange(0, 2))),
            "taxExempt": False,
            "taxExemptions": [],
            "state": "DISABLED",
            "verifiedEmail": has_email,
            "locale": {"DE": "de", "AT": "de", "FR": "fr", "NL": "nl", "IT": "it", "ES": "es"}.get(country, "en"),
            "multipassIdentifier": None,
            "dataSaleOptOut": False,
            "canDelete": False,
            "lifetimeDuration": "over 1 year",
            "addresses": addresses,
            "defaultAddress": address,
        }
    )


def _ascii(text):
    return text.translate(str.maketrans("ëíøñé", "eione", "'"))
