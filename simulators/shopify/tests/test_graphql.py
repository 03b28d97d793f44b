"""GraphQL over HTTP: what is refused, and in which words."""

import json

import pytest

ORDERS = "query Orders($first: Int!) { orders(first: $first) { nodes { name } } }"


def test_an_undefined_field_is_refused_in_the_vendors_words(api):
    (error,) = api.errors("{ shop { nmae } }")
    assert error["message"] == "Field 'nmae' doesn't exist on type 'Shop'"
    assert error["extensions"] == {"code": "undefinedField", "typeName": "Shop", "fieldName": "nmae"}
    assert error["locations"] == [{"line": 1, "column": 10}]


def test_a_wrong_variable_is_refused_with_its_path(api):
    mutation = """mutation M($input: InventorySetQuantitiesInput!) {
      inventorySetQuantities(input: $input) @idempotent(key: "k") { userErrors { code } } }"""
    line = {"inventoryItemId": "gid://shopify/InventoryItem/1", "locationId": "gid://shopify/Location/1", "quantity": 1}
    value = {"name": "available", "reason": "correction", "quantities": [{**line, "compareQuantity": 2}]}
    (error,) = api.errors(mutation, {"input": value})
    assert error["message"] == (
        "Variable $input of type InventorySetQuantitiesInput! was provided invalid value for "
        "quantities.0.compareQuantity (Field is not defined on InventoryQuantityInput)"
    )
    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    assert error["extensions"]["problems"][0]["path"] == ["quantities", 0, "compareQuantity"]


def test_a_refused_request_costs_nothing(api, simulator):
    api.control("POST", "/settings", bucket={"maximum": 100, "restore_rate": 0})
    api.errors("{ shop { nmae } }")
    api.errors(ORDERS, {})
    assert simulator.world.bucket.status()["currentlyAvailable"] == 100


def test_a_syntax_error_is_an_error_and_no_crash(api):
    assert "errors" in api.run("{ shop { name }")


@pytest.mark.parametrize(
    ("body", "status"), [(b"not json", 400), (b"[]", 400), (b"{}", 400), (b'{"query": ""}', 400), (b"\x00", 400)]
)
def test_a_malformed_body_is_answered_400(api, body, status):
    headers = {"X-Shopify-Access-Token": api.token, "Content-Type": "application/json"}
    response = api.session.post(f"{api.url}/admin/api/2026-07/graphql.json", data=body, headers=headers)
    assert response.status_code == status
    assert "errors" in response.json()


def test_the_operation_is_chosen_by_its_name(api):
    both = "query A { shop { name } } query B { shop { currencyCode } }"
    assert api.data(both, operationName="B") == {"shop": {"currencyCode": "EUR"}}
    assert "errors" in api.run(both)
    assert "errors" in api.run(both, operationName="C")


def test_a_malformed_id_is_refused_and_an_unknown_one_is_null(api):
    query = "query($id: ID!) { order(id: $id) { name } }"
    assert api.errors(query, {"id": "12"})[0]["message"] == "Invalid global id '12'"
    assert api.errors(query, {"id": "gid://shopify/Product/1"})[0]["message"] == "invalid id"
    assert api.data(query, {"id": "gid://shopify/Order/1"}) == {"order": None}


def test_nodes_keep_the_order_of_the_ids_and_are_null_where_there_is_none(api):
    first, second = api.place()["id"], api.place()["id"]
    ids = [second, "gid://shopify/Order/1", first]
    found = api.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})["nodes"]
    assert found == [{"id": second}, None, {"id": first}]


def test_numbers_have_the_vendors_form(api):
    order = api.place("us_exclusive")
    query = """query($id: ID!) { order(id: $id) { legacyResourceId createdAt
      totalPriceSet { shopMoney { amount } } lineItems(first: 1) { nodes { variant { price } } } } }"""
    found = api.data(query, {"id": order["id"]})["order"]
    assert found["legacyResourceId"] == str(order["number"])
    assert found["createdAt"].startswith("2026-10-01T08:00:") and found["createdAt"].endswith("Z")
    amount = found["totalPriceSet"]["shopMoney"]["amount"]
    assert isinstance(amount, str) and not amount.endswith("00")
    price = found["lineItems"]["nodes"][0]["variant"]["price"]
    assert len(price.partition(".")[2]) == 2


def test_an_order_shows_what_the_connectors_of_today_get_wrong(api):
    """Own addresses, a guest, custom lines, tips, duties, gift cards, notes, campaign, the till's location."""
    guest = _order(api, api.place("guest"))
    assert guest["customer"] is None and guest["email"]
    assert guest["shippingAddress"]["address1"] != guest["billingAddress"]["address1"]
    custom = _order(api, api.place("custom_line"))
    line = custom["lineItems"]["nodes"][1]
    assert (line["variant"], line["sku"]) == (None, None)
    assert line["customAttributes"] == [{"key": "Text", "value": "Ahoi, Käpt'n!"}]
    assert custom["note"] == "Please engrave\nby hand." and custom["customAttributes"]
    assert _order(api, api.place("tip"))["totalTipReceivedSet"]["shopMoney"]["amount"] != "0.0"
    assert _order(api, api.place("duties"))["lineItems"]["nodes"][0]["duties"]
    card = _order(api, api.place("gift_card_paid"))
    assert [entry["gateway"] for entry in card["transactions"]] == ["gift_card", "shopify_payments"]
    till = _order(api, api.place("pos_cash"))
    assert (till["sourceName"], till["retailLocation"]["name"]) == ("pos", "Store Utrecht")
    assert _order(api, api.place("test_order"))["test"] is True
    assert _order(api, api.place("company"))["poNumber"].startswith("PO-")
    campaign = _order(
        api, api.place("simple", utm={"source": "x", "medium": "y", "campaign": "z", "term": None, "content": None})
    )
    assert campaign["customerJourneySummary"]["lastVisit"]["utmParameters"]["campaign"] == "z"


def _order(api, placed):
    address = "{ name address1 countryCodeV2 }"
    query = f"""query($id: ID!) {{ order(id: $id) {{ name note test email sourceName poNumber
      customer {{ id }} billingAddress {address} shippingAddress {address} customAttributes {{ key value }}
      retailLocation {{ name }} totalTipReceivedSet {{ shopMoney {{ amount }} }}
      customerJourneySummary {{ lastVisit {{ utmParameters {{ source medium campaign }} }} }}
      transactions {{ gateway kind status }}
      lineItems(first: 5) {{ nodes {{
        sku customAttributes {{ key value }} variant {{ id }} duties {{ id }} }} }} }} }}"""
    return api.data(query, {"id": placed["id"]})["order"]


def test_a_connection_is_kept_open_between_calls(api):
    with api.session.get(f"{api.url}/_sim/stats") as first:
        assert first.raw.version == 11
        assert "Connection" not in first.headers
    pool = api.session.get_adapter(api.url).poolmanager.connection_from_url(api.url)
    before = pool.num_connections
    for _position in range(5):
        api.data("{ shop { name } }")
    assert pool.num_connections == before


def test_a_body_that_is_too_large_is_refused(api):
    response = api.session.post(f"{api.url}/_sim/orders", data=b"x" * (9 * 1024 * 1024))
    assert response.status_code == 413


def test_umlauts_survive_in_both_directions(api):
    order = api.place(note="Grüße „ahoi“ \U0001f6a2")
    found = api.post("query($id: ID!) { order(id: $id) { note } }", {"id": order["id"]})
    assert json.loads(found.content.decode("utf-8"))["data"]["order"]["note"] == "Grüße „ahoi“ \U0001f6a2"
