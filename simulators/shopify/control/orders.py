"""Commands on orders, customers, products and stock."""

from .. import live, live_fulfilments, live_privacy, summaries
from ..state.kinds import KINDS
from ..state.taxes import RATES
from ..webhooks import payloads
from .command import BadCommand, only


def list_orders(world, body, request):
    """All orders with their totals."""
    with world.shop.lock:
        return {"orders": [summaries.order(order) for order in world.shop.all("Order")]}


def create_orders(world, body, request):
    """Place orders: kind, count, webhooks, unknown_sku, lines [{sku, quantity}], note, tags, …"""
    body = dict(body)
    count, kind = int(body.pop("count", 1)), body.pop("kind", None)
    if kind is not None and "country" in body:
        raise BadCommand("a kind knows its country; leave one of them out")
    if body.get("country", "DE") not in RATES:
        raise BadCommand(f"unknown country; known: {', '.join(RATES)}")
    if kind is not None and kind not in KINDS:
        raise BadCommand(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    options = {name: body.pop(name) for name in ("webhooks", "unknown_sku", "lines", "country") if name in body}
    only(body, {"note", "tags", "guest_email", "source_name", "po_number", "company", "attributes", "utm"})
    made = [live.place(world, kind, overrides=body, **options)[0] for _position in range(count)]
    return {"orders": [summaries.order(order) for order in made]}


def show_order(world, body, request, reference):
    """One order with its lines, and the payload a webhook about it would carry now."""
    with world.shop.lock:
        order = live.find_order(world.shop, reference)
        return {**summaries.order(order), "payload": payloads.build(world.shop, "orders/updated", order)}


def edit_order(world, body, request, reference):
    """Edit: note, tags, quantities [{sku or line, quantity}], webhooks."""
    only(body, {"note", "tags", "quantities", "webhooks"})
    order = live.find_order(world.shop, reference)
    live.edit(world, order, **body)
    return summaries.order(order)


def cancel_order(world, body, request, reference):
    """Cancel, pay back what was paid: reason, webhooks."""
    only(body, {"reason", "webhooks"})
    order = live.find_order(world.shop, reference)
    live.cancel(world, order, **body)
    return summaries.order(order)


def pay_order(world, body, request, reference):
    """Mark as paid: webhooks."""
    only(body, {"webhooks"})
    order = live.find_order(world.shop, reference)
    live.mark_paid(world, order, **body)
    return summaries.order(order)


def fulfil_order(world, body, request, reference):
    """Fulfil as staff or a third party does: lines [{sku or line, quantity}], location, tracking, service, webhooks."""
    only(body, {"lines", "location", "tracking", "service", "webhooks"})
    order = live.find_order(world.shop, reference)
    made = live_fulfilments.fulfil(world, order, **body)
    return {"id": made["id"], "name": made["name"], "order": summaries.order(order)}


def hold_order(world, body, request, reference):
    """Put what is left to ship on hold: reason, notes; with release: true release it."""
    only(body, {"reason", "notes", "release"})
    order = live.find_order(world.shop, reference)
    live_fulfilments.hold(world, order, **body)
    return summaries.order(order)


def cancel_fulfilment(world, body, request, number):
    """Cancel a fulfilment by the number of its id: webhooks."""
    only(body, {"webhooks"})
    record = _fulfilment(world, number)
    live_fulfilments.cancel(world, record, **body)
    return {"id": record["id"], "status": record["status"]}


def note_fulfilment_event(world, body, request, number):
    """What the carrier says of a fulfilment: status (IN_TRANSIT, DELIVERED, …), message, webhooks."""
    only(body, {"status", "message", "webhooks"})
    record = _fulfilment(world, number)
    live_fulfilments.note_event(world, record, **body)
    return {"id": record["id"], "displayStatus": record["displayStatus"]}


def _fulfilment(world, number):
    record = world.shop.get(f"gid://shopify/Fulfillment/{number}", "Fulfillment")
    if record is None:
        raise KeyError(f"no fulfilment {number}")
    return record


def send_order(world, body, request, reference):
    """Send a topic about an order again: topic (default orders/updated), copies."""
    only(body, {"topic", "copies"})
    topic = body.get("topic", "orders/updated")
    if not topic.startswith("orders/") or topic not in payloads.TOPICS:
        raise BadCommand(f"unknown topic {topic!r}; known: {', '.join(payloads.TOPICS)}")
    sent = world.sender.emit(topic, live.find_order(world.shop, reference), copies=int(body.get("copies", 0)))
    return {"deliveries": [delivery.summary() for delivery in sent]}


def edit_customer(world, body, request, number):
    """Overwrite fields of a customer: firstName, lastName, email, phone, note, tags; sends customers/update."""
    return _edit_record(world, body, f"gid://shopify/Customer/{number}", "customers/update")


def ask_for_privacy(world, body, request, number):
    """Let a customer ask about their data: kind (data_request, redact), copies; sent to the app's compliance_uri."""
    only(body, {"kind", "copies"})
    customer = world.shop.get(f"gid://shopify/Customer/{number}")
    if customer is None:
        raise KeyError(f"no customer {number}")
    return live_privacy.ask(world, body["kind"], customer, int(body.get("copies", 0))).summary()


def edit_product(world, body, request, number):
    """Overwrite fields of a product: title, vendor, tags, status, …; sends products/update."""
    return _edit_record(world, body, f"gid://shopify/Product/{number}", "products/update")


def _edit_record(world, body, gid, topic):
    webhooks = body.pop("webhooks", True)
    record = world.shop.get(gid)
    if record is None:
        raise KeyError(f"no {gid}")
    sent = live.edit_record(world, record, body, topic, webhooks)
    return {"id": gid, "updatedAt": record["updatedAt"], "deliveries": len(sent)}


def list_products(world, body, request):
    """All variants: SKU, barcode, price, ids, stock by location."""
    with world.shop.lock:
        return {"variants": [summaries.variant(world.shop, entry) for entry in world.shop.all("ProductVariant")]}


def add_products(world, body, request):
    """Add products of one variant each, without a word: count, prefix of their SKUs, available at each location."""
    only(body, {"count", "prefix", "available"})
    with world.shop.lock:
        made = live.add_products(world, int(body["count"]), body.get("prefix", "NEW"), int(body.get("available", 0)))
        return {"variants": [summaries.variant(world.shop, entry) for entry in made]}


def set_inventory(world, body, request):
    """Sell or count in the shop: sku, location (name or id; default the first), available or delta."""
    with world.shop.lock:
        level = live.level_by_sku(world.shop, body["sku"], body.get("location"))
        level["available"] = int(body["available"]) if "available" in body else level["available"] + int(body["delta"])
        world.shop.touch(level)
        return {"sku": body["sku"], "available": level["available"]}
