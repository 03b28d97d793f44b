"""Orders and what hangs on them."""

from datetime import timedelta

from ..search import test
from . import common, connections
from .registry import resolver


@test
def _status(order, text):
    wanted = text.lower()
    states = {
        "any": True,
        "open": not order["closed"] and order["cancelledAt"] is None,
        "closed": order["closed"],
        "cancelled": order["cancelledAt"] is not None,
        "not_closed": not order["closed"],
    }
    return any(states.get(option, False) for option in wanted.split(","))


@test
def _name(order, text):
    return text.lstrip("#").lower() in (order["name"].lstrip("#").lower(), order["name"].lower())


@test
def _anything(order, text):
    haystack = (order["name"], order["email"] or "", *(line["title"] for line in order["lineItems"]))
    return any(text.lower() in straw.lower() for straw in haystack)


FIELDS = {
    "default": _anything,
    "id": common.record_number,
    "name": _name,
    "status": _status,
    "created_at": lambda order: order["createdAt"],
    "updated_at": lambda order: order["updatedAt"],
    "processed_at": lambda order: order["processedAt"],
    "financial_status": lambda order: order["displayFinancialStatus"],
    "fulfillment_status": lambda order: order["displayFulfillmentStatus"],
    "email": lambda order: order["email"],
    "tag": lambda order: order["tags"],
    "test": lambda order: order["test"],
    "source_name": lambda order: order["sourceName"],
    "po_number": lambda order: order["poNumber"],
    "discount_code": lambda order: order["discountCodes"],
    "sku": lambda order: [line["sku"] for line in order["lineItems"]],
    "customer_id": lambda order: int(order["customerId"].rpartition("/")[2]) if order["customerId"] else None,
    "confirmation_number": lambda order: order["confirmationNumber"],
    "current_total_price": lambda order: order["currentTotalPriceSet"].shopMoney.amount,
    "total_price": lambda order: order["totalPriceSet"].shopMoney.amount,
}

SORT_KEYS = {
    "ID": common.record_number,
    "UPDATED_AT": lambda order: common.stamp(order["updatedAt"]),
    "CREATED_AT": lambda order: common.stamp(order["createdAt"]),
    "PROCESSED_AT": lambda order: common.stamp(order["processedAt"]),
    "ORDER_NUMBER": lambda order: order["number"],
    "TOTAL_PRICE": lambda order: int(order["totalPriceSet"].shopMoney.amount * 100),
    "CURRENT_TOTAL_PRICE": lambda order: int(order["currentTotalPriceSet"].shopMoney.amount * 100),
}


def visible(context, orders):
    """Without ``read_all_orders`` an app sees the orders of the last sixty days only."""
    if "read_all_orders" in context.granted:
        return orders
    since = context.shop.clock.now() - timedelta(days=60)
    return [order for order in orders if order["createdAt"] >= since]


@resolver("QueryRoot", "orders")
@resolver("Shop", "orders")
def orders(_root, context, args):
    return common.search_page(context, visible(context, context.shop.all("Order")), args, FIELDS, SORT_KEYS)


@resolver("Customer", "orders")
def customer_orders(customer, context, args):
    own = [order for order in context.shop.all("Order") if order["customerId"] == customer["id"]]
    return common.search_page(context, visible(context, own), args, FIELDS, SORT_KEYS)


@resolver("QueryRoot", "ordersCount")
def orders_count(_root, context, args):
    return common.count(
        len(common.Search(args.get("query"), FIELDS).select(visible(context, context.shop.all("Order"))))
    )


@resolver("QueryRoot", "orderByIdentifier")
def order_by_identifier(_root, context, args):
    gid = args["identifier"].get("id")
    return context.shop.get(common.read_id(gid, "Order"), "Order") if gid else None


@resolver("Order", "customer")
def customer(order, context, _args):
    return context.shop.get(order["customerId"])


@resolver("Order", "lineItems")
def line_items(order, _context, args):
    return connections.page(order["lineItems"], args)


@resolver("Order", "nonFulfillableLineItems")
def non_fulfillable_line_items(order, _context, args):
    return connections.page([line for line in order["lineItems"] if not line["requiresShipping"]], args)


@resolver("Order", "shippingLines")
def shipping_lines(order, _context, args):
    return connections.page(order["shippingLines"], args)


@resolver("Order", "shippingLine")
def shipping_line(order, _context, _args):
    return next(iter(order["shippingLines"]), None)


@resolver("Order", "discountApplications")
def discount_applications(order, _context, args):
    return connections.page(order["discountApplications"], args, identity=lambda application: application["index"])


@resolver("Order", "discountCode")
def discount_code(order, _context, _args):
    return next(iter(order["discountCodes"]), None)


@resolver("Order", "transactions")
def transactions(order, _context, args):
    return connections.first_of(order["transactions"], args)


@resolver("Order", "transactionsCount")
def transactions_count(order, _context, _args):
    return common.count(len(order["transactions"]))


@resolver("Order", "refunds")
def refunds(order, _context, args):
    return connections.first_of(order["refunds"], args)


@resolver("Order", "additionalFees", "alerts", "disputes", "merchantEditableErrors")
def nothing(_record, _context, _args):
    return []


resolver("Order", "events", "metafields", "agreements", "localizedFields")(common.empty_connection)
resolver("Order", "metafield")(common.no_metafield)


@resolver(
    "Order",
    "app",
    "attribution",
    "merchantOfRecordApp",
    "originalTotalAdditionalFeesSet",
    "currentTotalAdditionalFeesSet",
    "paymentTerms",
    "publication",
    "shopifyProtect",
    "staffMember",
)
def none(_record, _context, _args):
    """Optional at the vendor and never there in this shop."""
    return


@resolver("Order", "displayAddress")
def display_address(order, _context, _args):
    return order["shippingAddress"] or order["billingAddress"]


@resolver("Order", "retailLocation")
def retail_location(order, context, _args):
    return context.shop.get(order["retailLocationId"])


@resolver("Order", "purchasingEntity")
def purchasing_entity(order, context, _args):
    return context.shop.get(order["customerId"])


@resolver("Order", "statusPageUrl")
def status_page_url(order, context, _args):
    return f"https://{context.shop.settings.domain}/orders/{order['statusToken']}"


@resolver("Order", "risk")
def risk(_order, _context, _args):
    return {"__typename": "OrderRiskSummary", "assessments": [], "recommendation": "NONE"}


@resolver("Order", "fulfillable", "merchantEditable", "restockable", "canNotifyCustomer", "requiresShipping")
def follows_state(order, context, args):
    return order["cancelledAt"] is None


@resolver("Order", "hasTimelineComment", "productNetwork")
def never(_order, _context, _args):
    return False


@resolver("Order", "customerJourneySummary")
def customer_journey_summary(order, _context, _args):
    if order["sourceName"] != "web":
        return None
    visit = _visit(order) if order["utm"] else None
    return {
        "__typename": "CustomerJourneySummary",
        "ready": True,
        "customerOrderIndex": order["customerOrderIndex"],
        "daysToConversion": 0 if visit else None,
        "firstVisit": visit,
        "lastVisit": visit,
        "momentsCount": common.count(1 if visit else 0),
    }


def _visit(order):
    utm = order["utm"]
    return {
        "__typename": "CustomerVisit",
        "id": f"gid://shopify/CustomerVisit/{order['legacyResourceId'] + 7}",
        "landingPage": "https://harbour-vale.example/?utm_source=" + utm["source"],
        "landingPageHtml": None,
        "marketingEvent": None,
        "occurredAt": order["createdAt"],
        "referralCode": None,
        "referralInfoHtml": "",
        "referrerUrl": None,
        "source": utm["source"].capitalize(),
        "sourceDescription": None,
        "sourceType": None,
        "utmParameters": {"__typename": "UTMParameters", **utm},
    }


@resolver("MailingAddress", "formatted")
def formatted(address, _context, args):
    lines = [address["name"] if args.get("withName") else None, address["company"] if args.get("withCompany") else None]
    lines += [address["address1"], address["address2"], f"{address['zip']} {address['city']}", address["country"]]
    return [line for line in lines if line]


@resolver("Order", "paymentCollectionDetails")
def payment_collection_details(_order, _context, _args):
    details = "OrderPaymentCollectionDetails"
    return {"__typename": details, "additionalPaymentCollectionUrl": None, "vaultedPaymentMethods": []}
