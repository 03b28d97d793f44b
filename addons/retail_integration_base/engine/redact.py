"""Take secrets and personal data out of what is kept as evidence or shown to people who need not see it."""

from collections.abc import Mapping

MASK = "•••"

#: Keys whose value never appears in a log or an exception, whatever the vendor calls the rest.
SECRET_KEYS = frozenset(
    """
    access_token api_key apikey authorization cart_token checkout_token client_secret cookie key order_status_url
    password secret set-cookie signature token
    x-shopify-access-token x-shopify-hmac-sha256 x-square-hmacsha256-signature stripe-signature webhook-signature
    """.split()
)
#: Keys that hold personal data. Compared in lower case without ``_`` and ``-``.
PERSONAL_KEYS = frozenset(
    """
    address1 address2 addressline1 addressline2 birthday browserip city clientip company contactemail customernote
    displayname email firstname formattedarea fullname lastname latitude longitude mobile name note noteattributes
    ordernote phone postcode postalcode street street2 useragent vat zip
    """.split()
)
#: ``name`` says who somebody is only inside these objects; elsewhere it names an order, a product, a tax.
PERSON_OBJECTS = frozenset(
    "address addresses billingaddress customer defaultaddress shippingaddress recipient contact".split()
)
_NAME_KEYS = frozenset(("name", "company", "displayname"))
_MAX_TEXT = 2000


def plain_key(key):
    """Return a key as keys are compared: in lower case without ``_`` and ``-``."""
    return str(key).lower().replace("_", "").replace("-", "")


_SECRET_PLAIN = frozenset(plain_key(key) for key in SECRET_KEYS)


def redact(value, *, personal=True, keys=frozenset(), _inside_person=False):
    """Return a copy of a JSON-like value without secrets and, unless ``personal=False``, personal data.

    :param value: dict, list, str, number, bool or None, nested
    :param bool personal: also mask the keys of :data:`PERSONAL_KEYS`
    :param frozenset keys: more keys to mask, as :func:`plain_key` returns them
    """
    if isinstance(value, Mapping):
        result = {}
        for key, item in value.items():
            plain = plain_key(key)
            if (
                plain in _SECRET_PLAIN
                or (plain in keys and item)
                or (personal and item and plain in PERSONAL_KEYS and (_inside_person or plain not in _NAME_KEYS))
            ):
                result[key] = MASK
            else:
                inside = _inside_person or plain in PERSON_OBJECTS
                result[key] = redact(item, personal=personal, keys=keys, _inside_person=inside)
        return result
    if isinstance(value, (list, tuple)):
        return [redact(item, personal=personal, keys=keys, _inside_person=_inside_person) for item in value]
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        return value[:_MAX_TEXT] + "… (%d characters)" % len(value)
    return value
