"""Every document with realistic variables against the published schemas of both supported versions."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from odoo.addons.retail_connector_shopify.shopify import bulk, const, documents, stock, subscriptions
from odoo.addons.retail_integration_base.engine.messages import ExportRequest

from simulators.shopify import access, contract, cost, schemas
from simulators.shopify.scopes import needed_scopes
from simulators.shopify.webhooks import payloads

GID = "gid://shopify/Order/5600001703936"
PAGE = {"id": GID, "after": "eyJsYXN0X2lkIjo1fQ=="}
BATCH = {"ids": ["gid://shopify/Order/%d" % number for number in range(1, 51)]}
CHANGED = {"query": "updated_at:>='2026-10-01T08:00:00Z'", "first": const.POLL_PAGE, "after": None}
FULFILMENT = "gid://shopify/Fulfillment/5600001703936"
FULFILMENT_ORDER = "gid://shopify/FulfillmentOrder/5600001703936"
TRACKING = {"company": "UPS", "numbers": ["1Z1", "1Z2"], "urls": ["https://example.com/1Z1", "https://example.com/1Z2"]}
WANTED = subscriptions.wanted("https://odoo.example/retail/T0ken-_/webhook")

#: Variables as the code sends them; a document without an entry here fails the first test.
VARIABLES = {
    "bulk_operation": {"id": "gid://shopify/BulkOperation/5600001703936"},
    "bulk_operation_run": {"query": "query { orders { edges { node { id } } } }"},
    "bulk_operations": {},
    "bulk_order_references": {},
    "bulk_orders": {},
    "customer_addresses": PAGE,
    "customers_by_ids": BATCH,
    "customers_changed": CHANGED,
    "inventory_activate": {
        "item": "gid://shopify/InventoryItem/1",
        "location": "gid://shopify/Location/1",
        "available": 5,
        "key": "b2b0f0f0-7f0c-4d0c-9a53-0f2d6f3f8a11",
    },
    "inventory_at_location": {
        "ids": ["gid://shopify/InventoryItem/%d" % number for number in range(1, const.MAX_PAGE + 1)],
        "location": "gid://shopify/Location/1",
    },
    "inventory_set": {
        "input": {
            "name": "available",
            "reason": stock.REASON,
            "referenceDocumentUri": "gid://odoo/RetailBackend/1",
            "quantities": [
                {
                    "inventoryItemId": "gid://shopify/InventoryItem/1",
                    "locationId": "gid://shopify/Location/1",
                    "quantity": 5,
                    "changeFromQuantity": 7,
                }
            ],
        },
        "key": "b2b0f0f0-7f0c-4d0c-9a53-0f2d6f3f8a11",
    },
    "locations": {"after": None},
    "fulfilment_cancel": {"id": FULFILMENT},
    "fulfilment_create": {
        "fulfilment": {
            "lineItemsByFulfillmentOrder": [
                {"fulfillmentOrderId": FULFILMENT_ORDER},
                {
                    "fulfillmentOrderId": FULFILMENT_ORDER,
                    "fulfillmentOrderLineItems": [{"id": "gid://shopify/FulfillmentOrderLineItem/1", "quantity": 2}],
                },
            ],
            "notifyCustomer": True,
            "trackingInfo": TRACKING,
        }
    },
    "fulfilment_lines": PAGE,
    "fulfilment_order_lines": PAGE,
    "fulfilment_order_move": {
        "id": FULFILMENT_ORDER,
        "location": "gid://shopify/Location/1",
        "lines": [{"id": "gid://shopify/FulfillmentOrderLineItem/1", "quantity": 1}],
    },
    "fulfilment_order_release": {"id": FULFILMENT_ORDER},
    "fulfilment_tracking_update": {"id": FULFILMENT, "tracking": TRACKING, "notify": False},
    "fulfilments_by_ids": BATCH,
    "fulfilments_changed": {**CHANGED, "first": const.FULFILMENT_POLL_PAGE},
    "order_fulfilment_orders": PAGE,
    "order_fulfilments": {"id": GID, "first": const.MAX_FULFILMENTS},
    "order_line_items": PAGE,
    "order_refundable": {"id": GID, "first": const.MAX_PAGE},
    "order_refunds": {"id": GID, "first": const.MAX_PAGE},
    "order_shipping_lines": PAGE,
    "order_variants": BATCH,
    "order_transactions": {"id": GID, "first": const.MAX_PAGE},
    "orders_by_ids": {**BATCH, "lines": 20},
    "orders_changed": CHANGED,
    "product_variants": PAGE,
    "products_by_ids": {**BATCH, "variants": 20},
    "products_changed": {**CHANGED, "after": "eyJsYXN0X2lkIjo1fQ=="},
    "protected_data_probe": {},
    "refund_create": {
        "input": {
            "orderId": GID,
            "note": "RINV/2026/00001 (odoo-0123456789abcdef)",
            "notify": True,
            "refundLineItems": [
                {
                    "lineItemId": "gid://shopify/LineItem/1",
                    "quantity": 1,
                    "restockType": "RETURN",
                    "locationId": "gid://shopify/Location/1",
                },
                {"lineItemId": "gid://shopify/LineItem/2", "quantity": 2, "restockType": "CANCEL"},
            ],
            "shipping": {"amount": "4.90"},
            "refundDuties": [{"dutyId": "gid://shopify/Duty/1", "refundType": "FULL"}],
            "transactions": [
                {
                    "orderId": GID,
                    "parentId": "gid://shopify/OrderTransaction/1",
                    "gateway": "shopify_payments",
                    "kind": "REFUND",
                    "amount": "24.90",
                }
            ],
        },
        "key": "b2b0f0f0-7f0c-4d0c-9a53-0f2d6f3f8a11",
    },
    "refund_line_items": PAGE,
    "refunds_by_ids": BATCH,
    "refunds_changed": {**CHANGED, "first": const.REFUND_POLL_PAGE},
    "returns_by_ids": BATCH,
    "returns_changed": {**CHANGED, "first": const.REFUND_POLL_PAGE},
    "shop": {},
    "webhook_subscription_create": {"topic": "ORDERS_CREATE", "subscription": WANTED},
    "webhook_subscription_update": {
        "id": "gid://shopify/WebhookSubscription/1",
        "subscription": {**WANTED, "filter": ""},
    },
    "webhook_subscriptions": {"after": None},
}
EACH = pytest.mark.parametrize("version", const.API_VERSIONS)


def test_every_document_has_variables_here():
    assert documents.names() == sorted(VARIABLES)


def test_the_supported_versions_are_the_two_newest_there_are_schemas_of():
    assert sorted(const.API_VERSIONS) == sorted(schemas.SUPPORTED)


@EACH
@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_document_with_its_variables_fits_the_schema(version, name):
    assert contract.check_document(version, documents.text(name), VARIABLES[name]) == []


@EACH
@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_document_uses_nothing_deprecated(version, name):
    assert contract.deprecated_uses(version, documents.text(name), VARIABLES[name]) == []


@EACH
@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_document_costs_no_more_than_one_query_may(version, name):
    schema = schemas.load(version).schema
    document = contract.read_document(version, documents.text(name)).document
    operation = contract.operation_of(document)
    # A batch of ids is cut to what fits; one has to.
    variables = {key: value[:1] if key == "ids" else value for key, value in VARIABLES[name].items()}
    assert cost.requested_cost(schema, document, operation, variables) <= const.MAX_QUERY_COST


@EACH
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("is_open_only", [True, False])
def test_the_queries_of_backfills_run_as_bulk_operations(version, is_whole, is_open_only):
    since = datetime.fromisoformat("2026-01-01T08:00:00")
    text = bulk.query_text(ExportRequest(since, is_whole, is_open_only, "backfill/x/1/1"))
    assert contract.bulk_errors(version, text) == []
    assert "created_at:>='2026-01-01T08:00:00Z'" in text
    assert contract.deprecated_uses(version, text) == []


@EACH
@pytest.mark.parametrize(
    "wrong",
    [
        "query { shop { name } }",
        "query Q($first: Int) { orders(first: $first) { edges { node { id } } } }",
        "query { orders { nodes { id } } }",
        "query { orders { edges { node { name lineItems { edges { node { id } } } } } } }",
        "query { orders { edges { node { id refunds { id refundLineItems { edges { node { quantity } } } } } } } }",
    ],
)
def test_what_a_bulk_operation_does_not_take_would_be_noticed(version, wrong):
    assert contract.bulk_errors(version, wrong)


@EACH
def test_a_document_that_does_not_fit_would_be_noticed(version):
    wrong = documents.text("orders_by_ids").replace("currentQuantity", "currentAmount")
    assert contract.check_document(version, wrong, VARIABLES["orders_by_ids"])
    assert contract.check_document(version, documents.text("orders_by_ids"), {**BATCH, "lines": "20"})


@EACH
def test_every_topic_is_one_of_the_schemas(version):
    known = schemas.load(version).schema.type_map["WebhookSubscriptionTopic"].values
    assert {const.topic_enum(topic) for topic in const.TOPICS} <= set(known)


@EACH
def test_the_scopes_are_the_least_that_the_documents_need(version):
    needed = needed_scopes(version, *map(documents.text, documents.names()))
    needed |= {*const.WEBHOOK_SCOPES, *const.UNPUBLISHED_SCOPES}
    implied = {scope.replace("write_", "read_", 1) for scope in needed if scope.startswith("write_")}
    assert needed - implied == set(const.SCOPES)


def test_every_topic_is_open_to_the_scopes():
    granted = access.widened(const.SCOPES)
    for topic in const.TOPICS:
        if topic in payloads.TOPICS:
            assert granted & {"read_%s" % name for name in payloads.example(topic)["access_scopes"]}, topic


def test_the_readme_and_the_form_name_exactly_these_scopes():
    addon = Path(documents.__file__).parents[1]
    for path in ("readme/CONFIGURE.md", "views/retail_backend_views.xml"):
        text = (addon / path).read_text("utf-8")
        named = set(re.findall(r"\b(?:read|write)_[a-z_]+\b", text)) - {const.SCOPE_ALL_ORDERS}
        assert named == set(const.SCOPES), path


@EACH
def test_protected_fields_are_those_of_the_schema(version):
    """What the client takes as withheld must be what the vendor calls protected, or hold nothing else."""
    protected = {field for _type, field in schemas.load(version).protected}
    wrappers = {"customer", "defaultEmailAddress", "defaultPhoneNumber"}
    assert const.PROTECTED_FIELDS - wrappers <= protected
