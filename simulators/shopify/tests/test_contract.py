"""The contract check finds what the vendor would refuse, without a server."""

import pytest

from simulators.shopify import contract, schemas

SET = """mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code } } }"""
LINE = {"inventoryItemId": "gid://shopify/InventoryItem/1", "locationId": "gid://shopify/Location/1", "quantity": 4}


def variables(**line):
    return {"key": "k", "input": {"name": "available", "reason": "correction", "quantities": [{**LINE, **line}]}}


@pytest.mark.parametrize("version", schemas.SUPPORTED)
def test_a_correct_document_with_correct_variables_has_no_errors(version):
    assert contract.check_document(version, SET, variables(changeFromQuantity=3)) == []


@pytest.mark.parametrize("version", schemas.SUPPORTED)
def test_a_removed_field_inside_a_variable_is_found_though_the_document_is_valid(version):
    assert contract.check_document(version, SET, variables(compareQuantity=3)) == [
        "Variable $input.quantities.0.compareQuantity: Field is not defined on InventoryQuantityInput"
    ]
    ignoring = variables(changeFromQuantity=None)
    ignoring["input"]["ignoreCompareQuantity"] = True
    assert contract.check_document(version, SET, ignoring) == [
        "Variable $input.ignoreCompareQuantity: Field is not defined on InventorySetQuantitiesInput"
    ]


def test_an_unknown_field_is_found_with_its_place():
    (message,) = contract.check_document("2026-07", "{ shop { nmae } }")
    assert "'nmae'" in message and "line 1, column 10" in message


def test_a_syntax_error_is_found():
    assert contract.check_document("2026-07", "{ shop { name }")


def test_a_missing_variable_and_a_wrong_type_are_found():
    query = "query Q($ids: [ID!]!, $first: Int) { nodes(ids: $ids) { id } orders(first: $first) { nodes { id } } }"
    assert contract.check_document("2026-07", query, {}) == ["Variable $ids: Expected value to not be null"]
    (message,) = contract.check_document("2026-07", query, {"ids": ["x"], "first": "ten"})
    assert message.startswith("Variable $first: ")


@pytest.mark.parametrize(
    ("at", "is_refused"), [("2026-10-01T08:00:00Z", False), ("2026-10-01", False), ("yesterday", True), (5, True)]
)
def test_a_variable_that_is_no_instant_is_found(at, is_refused):
    mutation = """mutation M($id: ID!, $at: DateTime!) {
      fulfillmentOrderReschedule(id: $id, fulfillAt: $at) { userErrors { message } } }"""
    values = {"id": "gid://shopify/FulfillmentOrder/1", "at": at}
    assert bool(contract.check_document("2026-07", mutation, values)) == is_refused


@pytest.mark.parametrize("version", schemas.SUPPORTED)
@pytest.mark.parametrize(
    "document",
    [
        """mutation M($input: InventorySetQuantitiesInput!) {
             inventorySetQuantities(input: $input) { userErrors { code } } }""",
        "mutation M($input: RefundInput!) { refundCreate(input: $input) { userErrors { message } } }",
    ],
)
def test_a_mutation_that_must_be_idempotent_is_refused_without_the_directive(version, document):
    values = (
        variables(changeFromQuantity=1) if "Inventory" in document else {"input": {"orderId": "gid://shopify/Order/1"}}
    )
    (message,) = contract.check_document(version, document, {"input": values["input"]})
    assert "@idempotent directive is required" in message


def test_a_blank_idempotency_key_is_refused():
    assert contract.check_document("2026-07", SET, {**variables(changeFromQuantity=1), "key": " "})


def test_deprecated_fields_are_reported_apart_from_errors():
    query = "{ customers(first: 1) { nodes { email } } }"
    assert contract.check_document("2026-07", query) == []
    (message,) = contract.deprecated_uses("2026-07", query)
    assert "Customer.email is deprecated" in message


def test_a_deprecated_field_inside_a_variable_is_reported():
    mutation = """mutation M($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) { userErrors { message } } }"""
    values = {"topic": "ORDERS_CREATE", "hook": {"callbackUrl": "https://example.com"}}
    assert contract.check_document("2026-07", mutation, values) == []
    (message,) = contract.deprecated_uses("2026-07", mutation, values)
    assert "WebhookSubscriptionInput.callbackUrl" in message
    values["hook"] = {"uri": "https://example.com"}
    assert contract.deprecated_uses("2026-07", mutation, values) == []
