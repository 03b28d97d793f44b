"""The least set of scopes that documents need."""

import pytest

from simulators.shopify import access, scopes

ORDERS = "{ orders(first: 1) { nodes { name customer { id } } } }"


@pytest.mark.parametrize(
    ("document", "needed"),
    [
        ("{ shop { name } }", set()),
        ("{ orders(first: 1) { nodes { name } } }", {"read_orders"}),
        (ORDERS, {"read_orders", "read_customers"}),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Product { title } } }", {"read_products"}),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { ...P } } fragment P on Product { title }", {"read_products"}),
        ("{ locations(first: 1) { nodes { id name } } }", {"read_locations"}),
    ],
)
def test_a_document_needs_exactly_these_scopes(document, needed):
    assert scopes.needed_scopes("2026-07", document) == needed


def test_a_write_scope_covers_its_read_scope():
    write = """mutation M($input: InventorySetQuantitiesInput!, $key: String!) {
      inventorySetQuantities(input: $input) @idempotent(key: $key) {
        inventoryAdjustmentGroup { changes { item { id } } } } }"""
    assert scopes.needed_scopes("2026-07", write) == {"write_inventory"}


def test_any_of_several_scopes_is_met_by_one_that_is_needed_anyway():
    item = "query($id: ID!) { inventoryItem(id: $id) { sku } }"
    assert len(scopes.needed_scopes("2026-07", item)) == 1
    both = scopes.needed_scopes("2026-07", item, "{ products(first: 1) { nodes { id } } }")
    assert both == {"read_products"}


def test_an_invalid_document_has_no_scopes():
    with pytest.raises(scopes.InvalidDocument):
        scopes.needed_scopes("2026-07", "{ nothing }")


@pytest.mark.parametrize(
    ("text", "listed", "query", "mutation"),
    [
        ("`a_b` access scope.", ["read_x"], (("read_x",),), (("read_x",),)),
        (
            "`read_a` access scope or `read_b` access scope. Also: User needs a permission.",
            ["read_a", "read_b"],
            (("read_a", "read_b"),),
            (("read_a", "read_b"),),
        ),
        (
            "`write_a` access scope. Also: Requires `write_b` scope.",
            ["write_a", "write_b"],
            (("write_a",), ("write_b",)),
            (("write_a",), ("write_b",)),
        ),
        (
            "`read_a` for queries and both `read_a` as well as `write_a` for mutations.",
            ["read_a", "write_a"],
            (("read_a",),),
            (("read_a",), ("write_a",)),
        ),
        (
            "`read_a` access scope and (`read_b` access scope or `read_c` access scope).",
            ["read_a", "read_b", "read_c"],
            (("read_a",), ("read_b", "read_c")),
            (("read_a",), ("read_b", "read_c")),
        ),
    ],
)
def test_the_vendors_sentences_are_read_as_they_are_meant(text, listed, query, mutation):
    requirement = access.parse_sentence(text, listed)
    assert (requirement.query, requirement.mutation) == (query, mutation)


def test_a_document_runs_with_the_scopes_computed_for_it_and_with_none_less(api):
    needed = scopes.needed_scopes("2026-07", ORDERS)
    api.place()
    api.control("POST", "/settings", scopes=sorted(needed))
    assert "errors" not in api.run(ORDERS)
    for scope in needed:
        api.control("POST", "/settings", scopes=sorted(needed - {scope}))
        assert {error["extensions"]["code"] for error in api.errors(ORDERS)} == {"ACCESS_DENIED"}
