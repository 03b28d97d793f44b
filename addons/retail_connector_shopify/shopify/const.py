"""What is fixed about Shopify: versions, topics, scopes, limits. Sources are named beside each."""

from datetime import date, timedelta
from decimal import Decimal

# Newest first: the newest stable version and the one before. Every document is validated against both.
API_VERSIONS = ("2026-10", "2026-07")
DEFAULT_API_VERSION = API_VERSIONS[0]
#: "Each stable version is supported for a minimum of 12 months" (shopify.dev, "API versioning").
API_VERSION_LIFETIME = timedelta(days=365)
#: People are told this long before the version in use ends.
API_VERSION_ALARM = timedelta(days=60)

# Webhook topic (as in the ``X-Shopify-Topic`` header) → canonical entity.
TOPICS = {
    "orders/create": "order",
    "orders/updated": "order",
    "orders/cancelled": "order",
    "customers/create": "customer",
    "customers/update": "customer",
    "products/create": "product",
    "products/update": "product",
    # A carrier's event changes its fulfilment too, so that its topic would only say the same again.
    "fulfillments/create": "fulfilment",
    "fulfillments/update": "fulfilment",
    "refunds/create": "refund",
    "returns/approve": "return",
    "returns/cancel": "return",
    "returns/close": "return",
}
#: Compliance topics → what is asked. They are set in the app's own settings and not subscribed to over the API
#: (shopify.dev, "Privacy law compliance"); each is taken whatever the flows are.
COMPLIANCE_TOPICS = {"customers/data_request": "data", "customers/redact": "redaction", "shop/redact": "shop"}

# Canonical entity → type name in a global id.
GID_TYPES = {
    "order": "Order",
    "customer": "Customer",
    "product": "Product",
    "fulfilment": "Fulfillment",
    "refund": "Refund",
    "return": "Return",
}

#: Our messages are hints, so a subscription asks for no more of the payload than names the subject: a body that holds
#: no address cannot leak one.
INCLUDED_FIELDS = ("id", "admin_graphql_api_id", "updated_at")

# The least scopes that the documents of this connector need; ``test_contract`` recomputes them from the schemas.
SCOPES = (
    "read_customers",
    "read_fulfillments",
    "read_locations",
    "read_products",
    "read_returns",
    "write_inventory",
    "write_merchant_managed_fulfillment_orders",
    "write_orders",
)
#: Of these, what no document needs but the subscription to a topic does (the topic's ``access_scopes``).
WEBHOOK_SCOPES = ("read_fulfillments",)
#: What a mutation needs although the published schema does not say it (shopify.dev, ``refundCreate``).
UNPUBLISHED_SCOPES = ("write_orders",)
#: Not in the schema: ``read_orders`` alone shows the last 60 days (shopify.dev, "API access scopes").
SCOPE_ALL_ORDERS = "read_all_orders"
#: What a needed scope is contained in (``write_x`` implies ``read_x``).
IMPLIED_SCOPES = {scope: scope.replace("read_", "write_", 1) for scope in SCOPES}

#: Names of fields of protected customer data (schema: ``protectedSubject``) that the documents read. A shop that
#: withholds them answers null, with or without an ``ACCESS_DENIED`` error; identity copes with both.
PROTECTED_FIELDS = frozenset(
    "address1 address2 customer defaultEmailAddress defaultPhoneNumber email emailAddress firstName lastName name "
    "phone phoneNumber zip".split()
)

# shopify.dev, "Shopify API limits": input arrays ≤250, a query ≤1,000 points.
MAX_PAGE = 250
MAX_IDS_PER_QUERY = 50
MAX_QUERY_COST = 1000
#: First guess of how many objects fit one query; afterwards the server's own figures decide.
FIRST_BATCH = 8
#: A connection with more pages than this does not end; 250 × 400 is far beyond Shopify's own 25,000 objects.
MAX_PAGES = 400

#: A token lives 24 hours ("Client credentials grant"); it is renewed when less than this is left.
TOKEN_MARGIN = timedelta(minutes=30)
TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105 an address

#: ``updated_at`` has a precision of a second, and the search index that answers ``query:`` lags behind the record.
#: A poll therefore asks again for this long before its watermark; the dedupe key drops what is known.
POLL_OVERLAP = timedelta(minutes=5)
POLL_PAGE = 100
#: Orders per page of the poll that names their fulfilments too.
FULFILMENT_POLL_PAGE = 25
#: Orders per page of the poll that names their refunds or returns too.
REFUND_POLL_PAGE = 25
#: Fulfilments of one order that are read at once; its list cannot be paged.
MAX_FULFILMENTS = 30

#: States of a bulk operation that is not at its end.
BULK_RUNNING = ("CREATED", "RUNNING")
#: Transactions of an order in such a file; a plain list, which cannot be paged. One with more is asked for by itself.
BULK_TRANSACTIONS = 100
#: ``read_orders`` alone shows the orders of so long.
ORDERS_SHOWN = timedelta(days=60)

#: A webhook can overtake the data it announces: for so long after the event, an API that does not know of it is asked
#: again. Afterwards what it says is believed.
API_LAG = timedelta(minutes=10)
API_LAG_DELAY = timedelta(seconds=5)

HEADER_HMAC = "x-shopify-hmac-sha256"
HEADER_TOPIC = "x-shopify-topic"
HEADER_SHOP = "x-shopify-shop-domain"
HEADER_EVENT = "x-shopify-event-id"
HEADER_DELIVERY = "x-shopify-webhook-id"
HEADER_TRIGGERED = "x-shopify-triggered-at"

# ISO 4217, decimals of the currencies that do not have two.
_MINOR_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}

KILOGRAMS = {
    "GRAMS": Decimal("0.001"),
    "KILOGRAMS": Decimal(1),
    "OUNCES": Decimal("0.028349523125"),
    "POUNDS": Decimal("0.45359237"),
}


def minor_digits(currency):
    """Return how many decimals an amount of ``currency`` (ISO 4217) has."""
    return _MINOR_DIGITS.get(currency, 2)


def topic_enum(topic):
    """Return the ``WebhookSubscriptionTopic`` of a topic: ``orders/create`` → ``ORDERS_CREATE``."""
    return topic.replace("/", "_").upper()


def version_end(version):
    """Return the date until which Shopify promises to support ``version`` (``YYYY-MM``)."""
    year, month = map(int, version.split("-"))
    return date(year, month, 1) + API_VERSION_LIFETIME
