"""Customers."""

from decimal import Decimal

from ..search import test
from ..state.money import Money
from . import common, connections
from .registry import resolver


@test
def _anything(customer, text):
    haystack = (customer["firstName"], customer["lastName"], customer["email"])
    return any(text.lower() in (straw or "").lower() for straw in haystack)


FIELDS = {
    "default": _anything,
    "id": common.record_number,
    "created_at": lambda customer: customer["createdAt"],
    "updated_at": lambda customer: customer["updatedAt"],
    "customer_date": lambda customer: customer["createdAt"],
    "email": lambda customer: customer["email"],
    "phone": lambda customer: customer["phone"],
    "first_name": lambda customer: customer["firstName"],
    "last_name": lambda customer: customer["lastName"],
    "tag": lambda customer: customer["tags"],
    "country": lambda customer: customer["defaultAddress"]["country"],
    "state": lambda customer: customer["state"],
}

SORT_KEYS = {
    "ID": common.record_number,
    "CREATED_AT": lambda customer: common.stamp(customer["createdAt"]),
    "UPDATED_AT": lambda customer: common.stamp(customer["updatedAt"]),
    "NAME": lambda customer: f"{customer['lastName']}, {customer['firstName']}",
}


@resolver("QueryRoot", "customers")
def customers(_root, context, args):
    return common.search_page(context, context.shop.all("Customer"), args, FIELDS, SORT_KEYS)


@resolver("QueryRoot", "customersCount")
def customers_count(_root, context, args):
    return common.count(len(common.Search(args.get("query"), FIELDS).select(context.shop.all("Customer"))))


@resolver("QueryRoot", "customerByIdentifier")
def customer_by_identifier(_root, context, args):
    wanted = args["identifier"]
    if wanted.get("id"):
        return context.shop.get(common.read_id(wanted["id"], "Customer"), "Customer")
    name, value = (
        ("email", wanted.get("emailAddress")) if wanted.get("emailAddress") else ("phone", wanted.get("phoneNumber"))
    )
    return next((c for c in context.shop.all("Customer") if value and c[name] == value), None)


@resolver("Customer", "displayName")
def display_name(customer, _context, _args):
    name = " ".join(part for part in (customer["firstName"], customer["lastName"]) if part)
    return name or customer["email"] or customer["phone"] or ""


@resolver("Customer", "defaultEmailAddress")
def default_email_address(customer, context, _args):
    if customer["email"] is None or not context.shop.settings.protected_customer_data:
        return None
    url = f"https://{context.shop.settings.domain}/account"
    return {
        "__typename": "CustomerEmailAddress",
        "emailAddress": customer["email"],
        "marketingState": customer["marketingState"],
        "marketingOptInLevel": "SINGLE_OPT_IN" if customer["marketingUpdatedAt"] else None,
        "marketingUpdatedAt": customer["marketingUpdatedAt"],
        "marketingUnsubscribeUrl": f"{url}/unsubscribe",
        "openTrackingLevel": "UNKNOWN",
        "openTrackingUrl": f"{url}/tracking",
        "sourceLocation": None,
        "validFormat": True,
    }


@resolver("Customer", "defaultPhoneNumber")
def default_phone_number(customer, context, _args):
    if customer["phone"] is None or not context.shop.settings.protected_customer_data:
        return None
    return {
        "__typename": "CustomerPhoneNumber",
        "phoneNumber": customer["phone"],
        "marketingState": "NOT_SUBSCRIBED",
        "marketingOptInLevel": None,
        "marketingUpdatedAt": None,
        "marketingCollectedFrom": None,
        "sourceLocation": None,
    }


@resolver("Customer", "addressesV2")
def addresses_v2(customer, _context, args):
    return connections.page(customer["addresses"], args)


@resolver("Customer", "addresses")
def addresses(customer, _context, args):
    return connections.first_of(customer["addresses"], args)


def _orders_of(customer, context):
    return [order for order in context.shop.all("Order") if order["customerId"] == customer["id"]]


@resolver("Customer", "numberOfOrders")
def number_of_orders(customer, context, _args):
    return len(_orders_of(customer, context))


@resolver("Customer", "amountSpent")
def amount_spent(customer, context, _args):
    paid = (order["netPaymentSet"].shopMoney.amount for order in _orders_of(customer, context) if not order["test"])
    return Money(sum(paid, Decimal("0.00")), context.shop.settings.currency)


@resolver("Customer", "lastOrder")
def last_order(customer, context, _args):
    return next(reversed(_orders_of(customer, context)), None)


@resolver("Customer", "companyContactProfiles", "identityProviderSubjects")
def nothing(_customer, _context, _args):
    return []


@resolver("Customer", "productSubscriberStatus")
def product_subscriber_status(_customer, _context, _args):
    return "NEVER_SUBSCRIBED"


@resolver("Customer", "validEmailAddress")
def valid_email_address(customer, _context, _args):
    return customer["email"] is not None


resolver("Customer", "metafields", "events", "paymentMethods", "storeCreditAccounts", "subscriptionContracts")(
    common.empty_connection
)
resolver("Customer", "metafield")(common.no_metafield)
