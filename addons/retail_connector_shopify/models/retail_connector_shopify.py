"""The handler of Shopify: what the framework asks, answered by the pure modules under ``shopify/``."""

from odoo import models

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetailError
from odoo.addons.retail_integration_base.models.retail_connector import WebhookPolicy

from ..shopify import const, object_fetch, order_fetch
from ..shopify.changes import list_changes
from ..shopify.mapper_customer import map_customer
from ..shopify.mapper_order import map_order
from ..shopify.mapper_product import map_product
from ..shopify.webhook import ShopifyWebhookPolicy
from .shopify_access import open_client


class Policy(ShopifyWebhookPolicy, WebhookPolicy):
    """The pure policy with what the framework does for unreadable messages."""


class RetailConnectorShopify(models.AbstractModel):
    _name = "retail.connector.shopify"
    _inherit = "retail.connector"
    _description = "Shopify connector"

    _webhook_policy = Policy()

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

    def _get_documents(self, backend, messages):
        """Fetch what the messages are about. A message only says *look again*: its body is as old as its first try."""
        gids = {message.id: message.external_id for message in messages}
        client = open_client(backend, messages[0].trace_id)
        fetched, map_node = self._fetch(client, messages[0].entity, list(gids.values()))
        documents = {}
        for message in messages:
            try:
                documents[message.id] = self._make_document(fetched.get(message.external_id), message, map_node)
            except RetailError as error:
                documents[message.id] = error
        return documents

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
        if node is None:
            raise NeedsHuman(
                self.env._(
                    "Shopify has no %(entity)s %(id)s any more. It was deleted there after the message was sent.",
                    entity=message.entity,
                    id=message.external_id,
                ),
                kind="subject_missing",
                cause_key="shopify:%s" % message.entity,
                cause_title=self.env._("Deleted in Shopify: %s", message.entity),
            )
        return registry.validate(map_node(node))

    def _list_changes(self, backend, flow, since):
        entity = flow.entity
        return list_changes(open_client(backend), entity, since)
