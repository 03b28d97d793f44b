"""``WebhookSubscription`` records: who wants which topic where."""

from urllib.parse import urlsplit

from ..access import widened
from . import payloads

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Refused(ValueError):
    """The subscription cannot be made; the text is for ``userErrors``."""

    def __init__(self, message, field):
        super().__init__(message)
        self.field = field


def enum_of(topic):
    """``orders/create`` → ``ORDERS_CREATE``."""
    return topic.replace("/", "_").replace(".", "_").upper()


_TOPIC_OF = {enum_of(topic): topic for topic in payloads.TOPICS}


def topic_of(enum):
    """``ORDERS_CREATE`` → ``orders/create``, also for topics that are never sent here."""
    return _TOPIC_OF.get(enum) or enum.lower().replace("_", "/", 1)


def check_uri(uri):
    """:raises Refused: not HTTPS; HTTP is taken for this machine alone, where the vendor would refuse it"""
    parts = urlsplit(uri or "")
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.netloc or not (parts.scheme == "https" or is_local):
        raise Refused("Address is not a valid URL: it must be an HTTPS address", ["webhookSubscription", "uri"])


def check_scope(app, topic):
    """:raises Refused: the app has no scope that reads the topic's record"""
    if topic not in payloads.TOPICS:
        return
    readers = {f"read_{name}" for name in payloads.example(topic)["access_scopes"]}
    if not widened(app.scopes) & readers:
        message = f"You do not have permission to create or update webhooks with {topic} topic."
        raise Refused(message, ["webhookSubscription"])


def create(shop, app, topic_enum, uri, **options):
    """Store a subscription.

    :param options: ``filter``, ``includeFields``, ``metafieldNamespaces``, ``name``, ``format``
    :return: the ``WebhookSubscription`` record
    :raises Refused: the address, the scope, or the same topic is subscribed at this address already
    """
    check_uri(uri)
    check_scope(app, topic_of(topic_enum))
    if any(entry["topic"] == topic_enum and entry["uri"] == uri for entry in shop.all("WebhookSubscription")):
        raise Refused("Address for this topic has already been taken", ["webhookSubscription", "uri"])
    number, now = shop.new_number("WebhookSubscription"), shop.clock.now()
    return shop.add(
        {
            "__typename": "WebhookSubscription",
            "id": f"gid://shopify/WebhookSubscription/{number}",
            "legacyResourceId": number,
            "topic": topic_enum,
            "uri": uri,
            "callbackUrl": uri,
            "endpoint": {"__typename": "WebhookHttpEndpoint", "callbackUrl": uri},
            "format": options.get("format") or "JSON",
            "filter": options.get("filter"),
            "includeFields": options.get("includeFields") or [],
            "metafieldNamespaces": options.get("metafieldNamespaces") or [],
            "metafields": [],
            "name": options.get("name"),
            "createdAt": now,
            "updatedAt": now,
        }
    )
