"""Fulfilment orders, fulfilments, and the mutations on them. Each mutation tells the webhooks what it did."""

from .. import errors
from ..state import fulfilments
from ..state.not_possible import NotPossible
from . import common, connections
from .registry import resolver


@resolver("Order", "fulfillments")
def order_fulfillments(order, context, args):
    return connections.first_of(fulfilments.fulfilments_of(context.shop, order), args)


@resolver("Order", "fulfillmentsCount")
def fulfillments_count(order, _context, _args):
    return common.count(len(order["_fulfilments"]))


@resolver("Order", "fulfillmentOrders")
def order_fulfillment_orders(order, context, args):
    return connections.page(fulfilments.orders_of(context.shop, order), args)


@resolver("QueryRoot", "fulfillment")
def fulfillment(_root, context, args):
    return context.shop.get(common.read_id(args["id"], "Fulfillment"), "Fulfillment")


@resolver("QueryRoot", "fulfillmentOrder")
def fulfillment_order(_root, context, args):
    return context.shop.get(common.read_id(args["id"], "FulfillmentOrder"), "FulfillmentOrder")


# ------------------------------------------------------------------ fulfilment orders


@resolver("FulfillmentOrder", "order")
def order_of(record, context, _args):
    return context.shop.get(record["orderId"])


@resolver("FulfillmentOrder", "assignedLocation")
def assigned_location(record, context, _args):
    location = context.shop.get(record["locationId"])
    address = location["address"]
    return {
        "__typename": "FulfillmentOrderAssignedLocation",
        "name": location["name"],
        "location": location,
        **{name: address[name] for name in ("address1", "address2", "city", "countryCode", "phone", "province", "zip")},
    }


@resolver("FulfillmentOrder", "supportedActions")
def supported_actions(record, _context, _args):
    return [
        {"__typename": "FulfillmentOrderSupportedAction", "action": action, "externalUrl": None}
        for action in fulfilments.supported_actions(record)
    ]


@resolver("FulfillmentOrder", "lineItems")
def order_line_items(record, _context, args):
    return connections.page(record["lines"], args)


@resolver("FulfillmentOrder", "fulfillments")
def fulfillments_of_order(record, context, args):
    order = context.shop.get(record["orderId"])
    own = [one for one in fulfilments.fulfilments_of(context.shop, order) if record["id"] in one["orders"]]
    return connections.page(own, args)


@resolver("FulfillmentOrder", "deliveryMethod", "destination", "internationalDuties", "remainingLineItemsWeight")
def none(_record, _context, _args):
    """Optional at the vendor and never there in this shop."""
    return


resolver("FulfillmentOrder", "merchantRequests", "fulfillmentOrdersForMerge")(common.empty_connection)


def _from_line(field_name, key):
    @resolver("FulfillmentOrderLineItem", field_name)
    def value(part, _context, _args):
        return part["lineItem"][key]


for _field_name, _key in (
    ("sku", "sku"),
    ("vendor", "vendor"),
    ("variantTitle", "variantTitle"),
    ("requiresShipping", "requiresShipping"),
    ("productTitle", "title"),
):
    _from_line(_field_name, _key)


@resolver("FulfillmentOrderLineItem", "variant")
def line_variant(part, context, _args):
    return context.shop.get(part["lineItem"]["variantId"])


@resolver("FulfillmentOrderLineItem", "inventoryItemId")
def line_inventory_item(part, context, _args):
    variant = context.shop.get(part["lineItem"]["variantId"])
    return variant and variant["inventoryItemId"]


# ------------------------------------------------------------------ fulfilments


@resolver("Fulfillment", "order")
def fulfillment_order_of(record, context, _args):
    return context.shop.get(record["orderId"])


@resolver("Fulfillment", "location")
def fulfillment_location(record, context, _args):
    return context.shop.get(record["locationId"])


@resolver("Fulfillment", "fulfillmentLineItems")
def fulfillment_line_items(record, _context, args):
    return connections.page(record["lines"], args)


@resolver("Fulfillment", "fulfillmentOrders")
def orders_of_fulfillment(record, context, args):
    return connections.page([context.shop.get(gid) for gid in record["orders"]], args)


@resolver("Fulfillment", "events")
def fulfillment_events(record, _context, args):
    return connections.page(record["events"], args)


@resolver("Fulfillment", "trackingInfo")
def fulfillment_tracking(record, _context, args):
    return connections.first_of(record["trackingInfo"], args)


@resolver("Fulfillment", "service")
def fulfillment_service(record, _context, _args):
    if record["serviceName"] is None:
        return None
    return {
        "__typename": "FulfillmentService",
        "serviceName": record["serviceName"],
        "handle": "third-party",
        "type": "THIRD_PARTY",
    }


@resolver("Fulfillment", "originAddress")
def fulfillment_origin(_record, _context, _args):
    return


@resolver("FulfillmentLineItem", "originalTotalSet")
def line_original_total(line, _context, _args):
    return line["lineItem"]["originalUnitPriceSet"] * line["quantity"]


@resolver("FulfillmentLineItem", "discountedTotalSet")
def line_discounted_total(line, _context, _args):
    return line["lineItem"]["discountedUnitPriceSet"] * line["quantity"]


# ------------------------------------------------------------------ mutations


def _refusal(error, **nothing):
    return {**nothing, "userErrors": [errors.user_error(str(error), None)]}


@resolver("Mutation", "fulfillmentCreate")
def fulfillment_create(_root, context, args):
    wanted = args["fulfillment"]
    try:
        parts = [_part(context, entry) for entry in wanted["lineItemsByFulfillmentOrder"]]
        if not parts:
            raise NotPossible("Fulfillment order is missing.")
        made = fulfilments.fulfil(context.shop, parts, wanted.get("trackingInfo"))
    except NotPossible as error:
        return _refusal(error, fulfillment=None)
    _emit(context, made, "fulfillments/create", wanted.get("notifyCustomer"))
    return {"fulfillment": made, "userErrors": []}


def _part(context, entry):
    if len(entry.get("fulfillmentOrderLineItems") or ()) > 250:
        raise errors.bad_request("The input array size is greater than the maximum allowed of 250.")
    gid = common.read_id(entry["fulfillmentOrderId"], "FulfillmentOrder")
    record = context.shop.get(gid, "FulfillmentOrder")
    if record is None:
        raise NotPossible("Fulfillment order does not exist.")
    return record, _lines(record, entry.get("fulfillmentOrderLineItems"))


def _lines(record, wanted):
    """Return ``(line of a fulfilment order, units)`` of what is asked for by id; None: all that remains."""
    by_id = {part["id"]: part for part in record["lines"]}
    if any(line["id"] not in by_id for line in wanted or ()):
        raise NotPossible("Fulfillment order line item does not exist.")
    return [(by_id[line["id"]], line["quantity"]) for line in wanted] if wanted else None


@resolver("Mutation", "fulfillmentTrackingInfoUpdate")
def fulfillment_tracking_info_update(_root, context, args):
    return _change(
        context,
        args["fulfillmentId"],
        lambda shop, one: fulfilments.track(shop, one, args["trackingInfoInput"]),
        args.get("notifyCustomer"),
    )


@resolver("Mutation", "fulfillmentCancel")
def fulfillment_cancel(_root, context, args):
    return _change(context, args["id"], fulfilments.cancel)


def _change(context, gid, change, is_notified=False):
    record = context.shop.get(common.read_id(gid, "Fulfillment"), "Fulfillment")
    if record is None:
        return _refusal("Fulfillment not found.", fulfillment=None)
    try:
        change(context.shop, record)
    except NotPossible as error:
        return _refusal(error, fulfillment=None)
    _emit(context, record, "fulfillments/update", is_notified)
    return {"fulfillment": record, "userErrors": []}


@resolver("Mutation", "fulfillmentEventCreate")
def fulfillment_event_create(_root, context, args):
    wanted = args["fulfillmentEvent"]
    record = context.shop.get(common.read_id(wanted["fulfillmentId"], "Fulfillment"), "Fulfillment")
    if record is None:
        return _refusal("Fulfillment not found.", fulfillmentEvent=None)
    event = fulfilments.note_event(context.shop, record, wanted)
    _emit(context, record, "fulfillments/update")
    return {"fulfillmentEvent": event, "userErrors": []}


def _emit(context, record, topic, is_notified=False):
    """Tell the webhooks; count the mails that the customer gets."""
    if is_notified:
        record["_notified"] = record.get("_notified", 0) + 1
    context.shop.emit(topic, record)
    context.shop.emit("orders/updated", context.shop.get(record["orderId"]))


def _order_mutation(field_name, names):
    """Register a mutation on one fulfilment order.

    :param tuple names: fields of the payload besides ``userErrors``
    """

    def register(function):
        @resolver("Mutation", field_name)
        def mutate(_root, context, args):
            record = context.shop.get(common.read_id(args["id"], "FulfillmentOrder"), "FulfillmentOrder")
            nothing = dict.fromkeys(names)
            if record is None:
                return _refusal("Fulfillment order does not exist.", **nothing)
            try:
                answer = function(context, record, args)
            except NotPossible as error:
                return _refusal(error, **nothing)
            context.shop.emit("orders/updated", context.shop.get(record["orderId"]))
            return {**nothing, **answer, "userErrors": []}

        return mutate

    return register


@_order_mutation("fulfillmentOrderHold", ("fulfillmentHold", "fulfillmentOrder", "remainingFulfillmentOrder"))
def fulfillment_order_hold(context, record, args):
    wanted = args["fulfillmentHold"]
    made = fulfilments.hold(context.shop, record, wanted["reason"], wanted.get("reasonNotes"))
    return {"fulfillmentHold": made, "fulfillmentOrder": record}


@_order_mutation("fulfillmentOrderReleaseHold", ("fulfillmentOrder",))
def fulfillment_order_release_hold(context, record, args):
    fulfilments.release(context.shop, record, args.get("holdIds"))
    return {"fulfillmentOrder": record}


@_order_mutation(
    "fulfillmentOrderMove", ("movedFulfillmentOrder", "originalFulfillmentOrder", "remainingFulfillmentOrder")
)
def fulfillment_order_move(context, record, args):
    location_id = common.read_id(args["newLocationId"], "Location")
    if context.shop.get(location_id, "Location") is None:
        raise NotPossible("Location not found.")
    lines = _lines(record, args.get("fulfillmentOrderLineItems"))
    moved, rest = fulfilments.move(context.shop, record, location_id, lines)
    return {"movedFulfillmentOrder": moved, "originalFulfillmentOrder": record, "remainingFulfillmentOrder": rest}
