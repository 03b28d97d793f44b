"""What the simulator serves fits the vendor's schema, in every supported version."""

import pytest
from graphql import get_named_type, is_leaf_type, is_required_argument

from simulators.shopify import idempotency, schemas
from simulators.shopify.resolvers import registry
from simulators.shopify.state.stock import QUANTITY_NAMES


@pytest.mark.parametrize("version", schemas.SUPPORTED)
def test_every_resolver_answers_a_field_that_the_vendor_has(version):
    types = schemas.load(version).schema.type_map
    unknown = [
        (kind, name) for kind, name in registry.registered() if kind not in types or name not in types[kind].fields
    ]
    assert unknown == []


@pytest.mark.parametrize("version", schemas.SUPPORTED)
def test_every_mutation_that_must_be_idempotent_exists_in_the_schema(version):
    assert set(schemas.load(version).schema.mutation_type.fields) >= idempotency.MANDATORY


def test_an_unknown_version_is_not_loaded():
    with pytest.raises(schemas.UnknownVersion):
        schemas.load("2019-04")


def test_the_supported_versions_are_the_two_newest_that_are_shipped():
    shipped = sorted(path.name.split("_")[1][:7] for path in schemas._FOLDER.glob("admin_*.json.gz"))
    assert list(schemas.SUPPORTED) == shipped[-2:]


def _plain_fields(type_):
    """Names of the fields that are scalars, need no argument and are not deprecated."""
    return [
        name
        for name, field in type_.fields.items()
        if is_leaf_type(get_named_type(field.type))
        and field.deprecation_reason is None
        and not any(is_required_argument(argument) for argument in field.args.values())
    ]


SERVED = (
    "Order LineItem OrderTransaction Refund Customer Product ProductVariant InventoryItem InventoryLevel Location "
    "WebhookSubscription Fulfillment FulfillmentOrder FulfillmentOrderLineItem FulfillmentLineItem FulfillmentHold"
).split()


@pytest.mark.parametrize("version", schemas.SUPPORTED)
@pytest.mark.parametrize("kind", SERVED)
def test_every_plain_field_of_a_served_record_is_answered(hooked, simulator, kind, version):
    order = hooked.place()
    hooked.control("POST", f"/orders/{order['number']}/cancel")
    hooked.control("POST", f"/orders/{hooked.place()['number']}/fulfil", tracking={"number": "X1", "company": "UPS"})
    hooked.control("POST", f"/orders/{hooked.place()['number']}/hold", reason="OTHER")
    names = _plain_fields(schemas.load(version).schema.type_map[kind])
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {' '.join(names)} }} }} }}"
    answered = hooked.data(query, {"id": simulator.world.shop.all(kind)[0]["id"]}, version=version)
    assert set(answered["node"]) == set(names)


@pytest.mark.parametrize("version", schemas.SUPPORTED)
def test_every_plain_field_of_the_shop_is_answered(api, version):
    names = _plain_fields(schemas.load(version).schema.type_map["Shop"])
    assert set(api.data(f"{{ shop {{ {' '.join(names)} }} }}", version=version)["shop"]) == set(names)


def test_a_field_that_is_not_simulated_is_refused_by_name_and_counted(api):
    order = api.place()
    answer = api.run(
        "query($id: ID!) { order(id: $id) { suggestedRefund { subtotalSet { shopMoney { amount } } } } }",
        {"id": order["id"]},
    )
    assert answer["data"]["order"]["suggestedRefund"] is None
    (error,) = answer["errors"]
    assert error["extensions"] == {
        "code": "SIMULATOR_NOT_IMPLEMENTED",
        "typeName": "Order",
        "fieldName": "suggestedRefund",
    }
    assert api.control("GET", "/stats")["not_simulated"] == {error["message"]: 1}


def test_quantities_of_a_level_add_up_to_what_is_on_hand(api):
    for _position in range(5):
        api.place()
    names = '", "'.join(QUANTITY_NAMES)
    query = f"""{{ inventoryItems(first: 20) {{ nodes {{ inventoryLevels(first: 5) {{ nodes {{
      quantities(names: ["{names}"]) {{ name quantity }} }} }} }} }} }}"""
    for item in api.data(query)["inventoryItems"]["nodes"]:
        for level in item["inventoryLevels"]["nodes"]:
            found = {entry["name"]: entry["quantity"] for entry in level["quantities"]}
            rest = sum(count for name, count in found.items() if name not in ("on_hand", "incoming"))
            assert found["on_hand"] == rest
