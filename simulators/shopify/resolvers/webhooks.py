"""Webhook subscriptions: list, create, update, delete."""

from .. import errors
from ..webhooks import subscriptions
from . import common
from .registry import resolver
from .shop import api_version

_FIELDS = {
    "id": common.record_number,
    "created_at": lambda entry: entry["createdAt"],
    "updated_at": lambda entry: entry["updatedAt"],
    "topic": lambda entry: entry["topic"],
    "uri": lambda entry: entry["uri"],
}
_SORT_KEYS = {"ID": common.record_number, "CREATED_AT": lambda entry: common.stamp(entry["createdAt"])}


@resolver("QueryRoot", "webhookSubscriptions")
def webhook_subscriptions(_root, context, args):
    chosen = [entry for entry in context.shop.all("WebhookSubscription") if _is_wanted(entry, args)]
    return common.search_page(context, chosen, args, _FIELDS, _SORT_KEYS)


def _is_wanted(entry, args):
    uri = args.get("uri") or args.get("callbackUrl")
    topics = args.get("topics")
    return (uri is None or entry["uri"] == uri) and (not topics or entry["topic"] in topics)


@resolver("QueryRoot", "webhookSubscriptionsCount")
def webhook_subscriptions_count(_root, context, args):
    return common.count(len(common.Search(args.get("query"), _FIELDS).select(context.shop.all("WebhookSubscription"))))


@resolver("WebhookSubscription", "apiVersion")
def subscription_api_version(_entry, context, _args):
    return api_version(context.app.webhook_version)


@resolver("Mutation", "webhookSubscriptionCreate")
def webhook_subscription_create(_root, context, args):
    wanted = dict(args["webhookSubscription"])
    uri = wanted.pop("uri", None) or wanted.pop("callbackUrl", None)
    try:
        entry = subscriptions.create(context.shop, context.app, args["topic"], uri, **wanted)
    except subscriptions.Refused as refused:
        return {"webhookSubscription": None, "userErrors": [errors.user_error(str(refused), refused.field)]}
    return {"webhookSubscription": entry, "userErrors": []}


@resolver("Mutation", "webhookSubscriptionUpdate")
def webhook_subscription_update(_root, context, args):
    entry = context.shop.get(args["id"], "WebhookSubscription")
    if entry is None:
        return {"webhookSubscription": None, "userErrors": [_unknown()]}
    wanted = dict(args["webhookSubscription"])
    uri = wanted.pop("uri", None) or wanted.pop("callbackUrl", None)
    try:
        if uri:
            subscriptions.check_uri(uri)
            wanted["uri"] = wanted["callbackUrl"] = uri
    except subscriptions.Refused as refused:
        return {"webhookSubscription": None, "userErrors": [errors.user_error(str(refused), refused.field)]}
    entry.update(wanted)
    context.shop.touch(entry)
    return {"webhookSubscription": entry, "userErrors": []}


@resolver("Mutation", "webhookSubscriptionDelete")
def webhook_subscription_delete(_root, context, args):
    entry = context.shop.get(args["id"], "WebhookSubscription")
    if entry is None:
        return {"deletedWebhookSubscriptionId": None, "userErrors": [_unknown()]}
    context.shop.remove(entry)
    return {"deletedWebhookSubscriptionId": entry["id"], "userErrors": []}


def _unknown():
    return errors.user_error("Webhook subscription does not exist", ["id"])
