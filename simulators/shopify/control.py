"""The control API under ``/_sim/``: JSON in, JSON out. The table of it is in README.md."""

from dataclasses import asdict, fields

from werkzeug.routing import Rule

from . import live, summaries
from .faults import Fault
from .http import json_response
from .scenario import Scenario, Script
from .state.changes import NotPossible
from .state.kinds import KINDS
from .webhooks import payloads, subscriptions


class BadCommand(ValueError):
    """The command cannot be carried out; the text says why."""


def _command(function):
    """Read the body, answer failures as 4xx with a sentence."""

    def endpoint(world, request, **values):
        body = request.get_json(silent=True) or {}
        try:
            return json_response(function(world, body if isinstance(body, dict) else {}, request, **values))
        except KeyError as error:
            return json_response({"error": str(error.args[0])}, 404)
        except (BadCommand, NotPossible, TypeError, ValueError, AttributeError) as error:
            return json_response({"error": str(error)}, 400)

    endpoint.__doc__ = function.__doc__
    return endpoint


def index(world, body, request):
    """This list."""
    return {"commands": [f"{', '.join(sorted(rule.methods - {'HEAD'}))} {rule.rule}: {rule.endpoint.__doc__}" for rule in RULES]}


def list_orders(world, body, request):
    """All orders with their totals."""
    with world.shop.lock:
        return {"orders": [summaries.order(order) for order in world.shop.all("Order")]}


def create_orders(world, body, request):
    """Place orders: kind, count, webhooks, unknown_sku, lines [{sku, quantity}], and fields of the plan (note, tags, …)."""
    body = dict(body)
    count, kind = int(body.pop("count", 1)), body.pop("kind", None)
    if kind is not None and kind not in KINDS:
        raise BadCommand(f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    options = {name: body.pop(name) for name in ("webhooks", "unknown_sku", "lines") if name in body}
    _only(body, {"note", "tags", "guest_email", "source_name", "po_number", "company", "attributes", "utm"})
    made = [live.place(world, kind, overrides=body, **options)[0] for _position in range(count)]
    return {"orders": [summaries.order(order) for order in made]}


def show_order(world, body, request, reference):
    """One order with its lines, and the payload a webhook about it would carry now."""
    with world.shop.lock:
        order = live.find_order(world.shop, reference)
        return {**summaries.order(order), "payload": payloads.build(world.shop, "orders/updated", order)}


def edit_order(world, body, request, reference):
    """Edit: note, tags, quantities [{sku or line, quantity}], webhooks."""
    _only(body, {"note", "tags", "quantities", "webhooks"})
    order = live.find_order(world.shop, reference)
    live.edit(world, order, **body)
    return summaries.order(order)


def cancel_order(world, body, request, reference):
    """Cancel, pay back what was paid: reason, webhooks."""
    _only(body, {"reason", "webhooks"})
    order = live.find_order(world.shop, reference)
    live.cancel(world, order, **body)
    return summaries.order(order)


def pay_order(world, body, request, reference):
    """Mark as paid: webhooks."""
    _only(body, {"webhooks"})
    order = live.find_order(world.shop, reference)
    live.mark_paid(world, order, **body)
    return summaries.order(order)


def send_order(world, body, request, reference):
    """Send a topic about an order again: topic (default orders/updated), copies."""
    _only(body, {"topic", "copies"})
    topic = body.get("topic", "orders/updated")
    if not topic.startswith("orders/") or topic not in payloads.TOPICS:
        raise BadCommand(f"unknown topic {topic!r}; known: {', '.join(payloads.TOPICS)}")
    sent = world.sender.emit(topic, live.find_order(world.shop, reference), copies=int(body.get("copies", 0)))
    return {"deliveries": [delivery.summary() for delivery in sent]}


def edit_customer(world, body, request, number):
    """Overwrite fields of a customer: firstName, lastName, email, phone, note, tags; sends customers/update."""
    return _edit_record(world, body, f"gid://shopify/Customer/{number}", "customers/update")


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


def set_inventory(world, body, request):
    """Sell or count in the shop: sku, location (name or id; default the first), available or delta."""
    with world.shop.lock:
        level = live.level_by_sku(world.shop, body["sku"], body.get("location"))
        level["available"] = int(body["available"]) if "available" in body else level["available"] + int(body["delta"])
        world.shop.touch(level)
        return {"sku": body["sku"], "available": level["available"]}


def start_scenario(world, body, request):
    """Stream orders: orders, seconds, duplicates, out_of_order, unknown_sku, updated, cancelled, kinds, seed. Returns at once."""
    _only(body, {entry.name for entry in fields(Script)})
    if world.scenario is not None and world.scenario.progress()["state"] == "running":
        raise BadCommand("a scenario is running; wait for it or DELETE it")
    world.scenario = Scenario(world, Script(**body)).start()
    return world.scenario.progress()


def show_scenario(world, body, request):
    """Progress of the scenario: state is running, sent, done, stopped or failed."""
    return world.scenario.progress() if world.scenario else {"state": "none"}


def stop_scenario(world, body, request):
    """Stop the scenario."""
    if world.scenario:
        world.scenario.stop()
    return show_scenario(world, body, request)


def list_faults(world, body, request):
    """Faults in force."""
    return {"faults": world.faults.active()}


def add_fault(world, body, request):
    """Misbehave: fault, count or probability, retry_after, seconds, status, on (graphql or oauth)."""
    _only(body, {entry.name for entry in fields(Fault)})
    world.faults.add(Fault(**body))
    return list_faults(world, body, request)


def clear_faults(world, body, request):
    """Behave again."""
    world.faults.clear()
    return list_faults(world, body, request)


def list_deliveries(world, body, request):
    """What was sent and how it was answered; ?state= and ?topic= filter."""
    wanted = {name: request.args[name] for name in ("state", "topic", "subject", "event_id") if name in request.args}
    found = [delivery.summary() for delivery in list(world.sender.log)]
    found = [entry for entry in found if all(entry[name] == value for name, value in wanted.items())]
    return {"counts": summaries.delivery_counts(world.sender.log), "idle": world.sender.is_idle(), "deliveries": found}


def list_webhooks(world, body, request):
    """Subscriptions, and those removed after the last failure."""
    entries = world.shop.all("WebhookSubscription")
    return {
        "subscriptions": [{"id": e["id"], "topic": subscriptions.topic_of(e["topic"]), "uri": e["uri"]} for e in entries],
        "removed": list(world.sender.removed_subscriptions),
    }


def add_webhooks(world, body, request):
    """Subscribe without the API: uri, topics (default all that are sent)."""
    _only(body, {"uri", "topics", "filter", "includeFields", "name"})
    options = {name: body[name] for name in ("filter", "includeFields", "name") if name in body}
    with world.shop.lock:
        for topic in body.get("topics") or payloads.TOPICS:
            if topic not in payloads.TOPICS:
                raise BadCommand(f"unknown topic {topic!r}; known: {', '.join(payloads.TOPICS)}")
            subscriptions.create(world.shop, world.app, subscriptions.enum_of(topic), body.get("uri"), **options)
    return list_webhooks(world, body, request)


def remove_webhooks(world, body, request):
    """Remove all subscriptions, silently, as Shopify does."""
    with world.shop.lock:
        for entry in world.shop.all("WebhookSubscription"):
            world.shop.remove(entry)
    return list_webhooks(world, body, request)


def show_settings(world, body, request):
    """Settings in force."""
    status = world.bucket.status()
    return {
        **asdict(world.shop.settings),
        "scopes": sorted(world.app.scopes),
        "client_id": world.app.client_id,
        "webhook_version": world.app.webhook_version,
        "bucket": {"maximum": status["maximumAvailable"], "restore_rate": status["restoreRate"]},
        "retry_delays": list(world.sender.retry_delays),
        "answer_seconds": world.sender.answer_seconds,
    }


def change_settings(world, body, request):
    """Change: scopes, plan, name, taxes_included, protected_customer_data, client_secret, bucket, retry_delays, answer_seconds."""
    body = dict(body)
    _only(body, {"scopes", "client_secret", "webhook_version", "bucket", "retry_delays", "answer_seconds"} | summaries.SETTINGS)
    if "scopes" in body:
        world.app.scopes = set(body["scopes"])
    for name in ("client_secret", "webhook_version"):
        if name in body:
            setattr(world.app, name, body[name])
    if "bucket" in body:
        world.bucket.configure(int(body["bucket"]["maximum"]), float(body["bucket"]["restore_rate"]))
    for name in ("retry_delays", "answer_seconds"):
        if name in body:
            setattr(world.sender, name, body[name])
    for name in summaries.SETTINGS & set(body):
        setattr(world.shop.settings, name, body[name])
    return show_settings(world, body, request)


def advance_clock(world, body, request):
    """Let simulated time pass: seconds."""
    world.clock.advance(float(body.get("seconds", 0)))
    return {"now": world.clock.now()}


def revoke_tokens(world, body, request):
    """End all access tokens."""
    world.app.revoke_tokens()
    return {"tokens": 0}


def show_stats(world, body, request):
    """Requests by path, GraphQL operations by name, gaps met, deliveries."""
    return {
        "now": world.clock.now(),
        "requests": dict(world.requests),
        "operations": dict(world.engine.operations),
        "points_spent": world.engine.points_spent,
        "not_simulated": dict(world.engine.gaps),
        "deliveries": summaries.delivery_counts(world.sender.log),
        "records": summaries.record_counts(world.shop),
    }


def reset(world, body, request):
    """Begin anew: seed (default the same). Tokens, subscriptions, faults and logs go too."""
    _only(body, {"seed"})
    world.reset(body.get("seed"))
    return {"seed": world.options.seed, "records": summaries.record_counts(world.shop)}


def _only(body, known):
    unknown = set(body) - set(known)
    if unknown:
        raise BadCommand(f"unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")


def _rule(method, path, function):
    return Rule(f"/_sim{path}", endpoint=_command(function), methods=[method])


RULES = [
    _rule("GET", "/", index),
    _rule("GET", "/orders", list_orders),
    _rule("POST", "/orders", create_orders),
    _rule("GET", "/orders/<path:reference>", show_order),
    _rule("POST", "/orders/<reference>/edit", edit_order),
    _rule("POST", "/orders/<reference>/cancel", cancel_order),
    _rule("POST", "/orders/<reference>/pay", pay_order),
    _rule("POST", "/orders/<reference>/send", send_order),
    _rule("POST", "/customers/<int:number>/edit", edit_customer),
    _rule("POST", "/products/<int:number>/edit", edit_product),
    _rule("GET", "/products", list_products),
    _rule("POST", "/inventory", set_inventory),
    _rule("POST", "/scenario", start_scenario),
    _rule("GET", "/scenario", show_scenario),
    _rule("DELETE", "/scenario", stop_scenario),
    _rule("GET", "/faults", list_faults),
    _rule("POST", "/faults", add_fault),
    _rule("DELETE", "/faults", clear_faults),
    _rule("GET", "/deliveries", list_deliveries),
    _rule("GET", "/webhooks", list_webhooks),
    _rule("POST", "/webhooks", add_webhooks),
    _rule("DELETE", "/webhooks", remove_webhooks),
    _rule("GET", "/settings", show_settings),
    _rule("POST", "/settings", change_settings),
    _rule("POST", "/clock", advance_clock),
    _rule("POST", "/tokens/revoke", revoke_tokens),
    _rule("GET", "/stats", show_stats),
    _rule("POST", "/reset", reset),
]
