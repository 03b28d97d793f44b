"""The handler of Shopify: what the framework asks, answered by the pure modules under ``shopify/``."""

from datetime import datetime, timezone

from odoo import models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.budget import RateLimit
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetailError, RetryLater
from odoo.addons.retail_integration_base.models.retail_connector import WebhookPolicy

from ..shopify import const, instants, object_fetch, order_fetch
from ..shopify.changes import list_changes
from ..shopify.mapper_customer import map_customer
from ..shopify.mapper_order import map_order
from ..shopify.mapper_product import map_product
from ..shopify.webhook import ShopifyWebhookPolicy
from . import webhook_registration
from .connection_check import ConnectionCheck
from .shopify_access import open_client


class Policy(ShopifyWebhookPolicy, WebhookPolicy):
    """The pure policy with what the framework does for unreadable messages."""


class RetailConnectorShopify(models.AbstractModel):
    _name = "retail.connector.shopify"
    _inherit = "retail.connector"
    _description = "Shopify connector"

    _webhook_policy = Policy()
    _personal_keys = ("landing_site", "referring_site", "session_hash")

    def _get_flows(self):
        return [
            {"entity": "order", "direction": "in", "latency": "realtime", "sequence": 10, "poll_interval_minutes": 5},
            {
                "entity": "product",
                "direction": "in",
                "latency": "standard",
                "sequence": 20,
                "poll_interval_minutes": 30,
            },
            {
                "entity": "customer",
                "direction": "in",
                "latency": "standard",
                "sequence": 30,
                "poll_interval_minutes": 30,
            },
        ]

    def _get_endpoint_settings(self, backend):
        return {"shop_domain": backend.shopify_domain or "", "topics": self._get_topics(backend)}

    def _get_topics(self, backend):
        """Return the topics of the flows that are not off, sorted."""
        entities = {flow.entity for flow in backend.sudo().flow_ids if flow.direction == "in" and flow.state != "off"}
        return sorted(topic for topic, entity in const.TOPICS.items() if entity in entities)

    def _get_rate_limit(self, backend, endpoint):
        # Points differ by plan: what the shop says with each answer counts.
        return RateLimit.learned(dearest=const.MAX_QUERY_COST)

    def _get_documents(self, backend, messages):
        """Fetch what the messages are about. A message only says *look again*: its body is as old as its first try."""
        fetched, map_node = self._fetch_for(backend, messages)
        documents = {}
        for message in messages:
            try:
                documents[message.id] = self._make_document(fetched.get(message.external_id), message, map_node)
            except RetailError as error:
                documents[message.id] = error
        return documents

    def _fetch_for(self, backend, messages):
        """Return ``(dict gid → node, None or RetailError, function node → document)`` for messages of one entity."""
        gids = [message.external_id for message in messages]
        return self._fetch(open_client(backend), messages[0].entity, gids)

    def _fetch(self, client, entity, gids):
        """Return ``(dict gid → node, None or RetailError, function node → document)``."""
        if entity == "order":
            return order_fetch.fetch_orders(client, gids), map_order
        if entity == "customer":
            return object_fetch.fetch_customers(client, gids), map_customer
        products, currency = object_fetch.fetch_products(client, gids)
        return products, lambda node: map_product(node, currency)

    def _make_document(self, node, message, map_node):
        if isinstance(node, RetailError):
            raise node
        is_fresh = self._is_fresh(message)
        if node is None:
            raise self._late(message) if is_fresh else self._missing(message)
        document = registry.validate(map_node(node))
        if is_fresh and message.version is not None and document["version"] < message.version:
            raise self._late(message)
        return document

    def _is_fresh(self, message):
        """Return whether the event is so young that the API may not know of it yet."""
        triggered = instants.parse_instant(message.headers.get(const.HEADER_TRIGGERED))
        if message.origin != "webhook" or triggered is None:
            return False
        return datetime.now(timezone.utc) - triggered < const.API_LAG

    def _late(self, message):
        return RetryLater(
            self.env._("Shopify announced %s and does not show it yet.", message.subject_key),
            delay=const.API_LAG_DELAY,
        )

    def _missing(self, message):
        return NeedsHuman(
            self.env._(
                "Shopify shows no %(entity)s %(id)s. It was deleted there, or it is older than the app may read.",
                entity=message.entity,
                id=message.external_id,
            ),
            kind="subject_missing",
            cause_key="shopify:%s" % message.entity,
            cause_title=self.env._("Shopify does not show this %s any more", message.entity),
        )

    def _list_changes(self, backend, flow, since):
        entity = flow.entity
        return list_changes(open_client(backend), entity, since)

    def _register_webhooks(self, backend):
        """Subscribe the backend's address to the topics of its flows that are not off; return what was done."""
        return webhook_registration.register(backend, self._get_topics(backend))

    def _get_admin_url(self, backend, entity, external_id):
        name, kind, number = (
            (backend.shopify_domain or "").partition(".")[0],
            entity + "s",
            external_id.rpartition("/")[2],
        )
        if entity not in ("order", "product", "customer") or not name or not number.isdecimal():
            return None
        return "https://admin.shopify.com/store/%s/%s/%s" % (name, kind, number)

    def _check_connection(self, backend):
        backend.check_access("write")
        return ConnectionCheck(self, backend).run()
