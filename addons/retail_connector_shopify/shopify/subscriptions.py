"""Which webhook subscriptions there are, which are missing, and which would not bring what we need."""

from dataclasses import dataclass, field

from odoo.addons.retail_integration_base.engine.errors import Refused

from . import const


@dataclass
class Comparison:
    """What the shop has compared with what is wanted. Topics are as in the header (``orders/create``)."""

    good: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    #: topic → the subscription (dict) that goes to our address but is filtered, or in another form
    wrong: dict = field(default_factory=dict)
    #: subscriptions of topics nobody wants any more, at our address
    surplus: list = field(default_factory=list)
    #: subscriptions to other addresses: another server or database of the same app. Left alone.
    foreign: list = field(default_factory=list)


def wanted(uri):
    """Return the ``WebhookSubscriptionInput`` of each of our subscriptions."""
    return {"uri": uri, "format": "JSON", "includeFields": list(const.INCLUDED_FIELDS)}


def compare(subscriptions, topics, uri):
    """Compare the shop's ``subscriptions`` (list of dicts) with the wanted ``topics`` (list of str) at ``uri``."""
    by_enum = {const.topic_enum(topic): topic for topic in const.TOPICS}
    result = Comparison()
    for subscription in subscriptions:
        topic = by_enum.get(subscription.get("topic"))
        if subscription.get("uri") != uri:
            result.foreign.append(subscription)
        elif topic not in topics:
            result.surplus.append(subscription)
        elif _is_good(subscription):
            result.good.append(topic)
        else:
            result.wrong[topic] = subscription
    # Two subscriptions of one topic: one that works is enough.
    result.wrong = {topic: one for topic, one in result.wrong.items() if topic not in result.good}
    result.missing = [topic for topic in topics if topic not in result.good and topic not in result.wrong]
    return result


def list_all(client):
    """Return all subscriptions of this app in the shop."""
    return [node for page in client.pages("webhook_subscriptions", {}, ("webhookSubscriptions",)) for node in page]


def create(client, topic, uri):
    """Subscribe ``uri`` to ``topic``.

    :raises Refused: Shopify does not accept it, with its own words
    """
    variables = {"topic": const.topic_enum(topic), "subscription": wanted(uri)}
    answer = client.run("webhook_subscription_create", variables).data
    _raise_for_user_errors(answer.get("webhookSubscriptionCreate"), topic)


def mend(client, topic, subscription, uri):
    """Make an existing subscription bring what we need.

    :raises Refused: Shopify does not accept it, with its own words
    """
    variables = {"id": subscription["id"], "subscription": dict(wanted(uri), filter="")}
    answer = client.run("webhook_subscription_update", variables).data
    _raise_for_user_errors(answer.get("webhookSubscriptionUpdate"), topic)


def _is_good(subscription):
    included = subscription.get("includeFields") or []
    names_subject = not included or {"admin_graphql_api_id", "updated_at"} <= set(included)
    return subscription.get("format") == "JSON" and not subscription.get("filter") and names_subject


def _raise_for_user_errors(payload, topic):
    errors = (payload or {}).get("userErrors") or []
    if payload is None or errors:
        said = "; ".join(str(error.get("message")) for error in errors) or "no answer"
        raise Refused(
            "Shopify does not accept the webhook subscription to %s: %s" % (topic, said),
            reason="subscription_refused",
            status=403,
            evidence={"topic": topic, "user_errors": [str(error.get("message"))[:300] for error in errors]},
        )
