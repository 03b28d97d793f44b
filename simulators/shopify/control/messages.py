"""Commands on scenarios, faults, deliveries and subscriptions."""

from dataclasses import fields

from .. import summaries
from ..faults import Fault
from ..scenario import Scenario, Script
from ..webhooks import payloads, subscriptions
from .command import BadCommand, only


def start_scenario(world, body, request):
    """Stream orders, at once answered: orders, seconds, duplicates, out_of_order, unknown_sku, updated, cancelled, …"""
    only(body, {entry.name for entry in fields(Script)})
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
    """Misbehave: fault, count or probability, retry_after, seconds, status, on (graphql, oauth or bulk)."""
    only(body, {entry.name for entry in fields(Fault)})
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
        "subscriptions": [
            {"id": e["id"], "topic": subscriptions.topic_of(e["topic"]), "uri": e["uri"]} for e in entries
        ],
        "removed": list(world.sender.removed_subscriptions),
    }


def add_webhooks(world, body, request):
    """Subscribe without the API: uri, topics (default all that are sent)."""
    only(body, {"uri", "topics", "filter", "includeFields", "name"})
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
