"""Paging, sorting and the search syntax."""

import pytest

PAGE = """query Page($first: Int, $after: String, $last: Int, $before: String, $query: String, $sort: OrderSortKeys,
  $reverse: Boolean) {
  orders(first: $first, after: $after, last: $last, before: $before, query: $query, sortKey: $sort, reverse: $reverse) {
    nodes { id name updatedAt } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def pages(api, **variables):
    """All pages, forward, as lists of names."""
    found, after = [], None
    while True:
        page = api.data(PAGE, {**variables, "after": after})["orders"]
        found.append([node["name"] for node in page["nodes"]])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def names(api, query, **variables):
    return [node["name"] for node in api.data(PAGE, {"first": 100, "query": query, **variables})["orders"]["nodes"]]


def place(api, count, seconds=60, **options):
    """Place orders with time between them."""
    made = []
    for _position in range(count):
        made.append(api.place(**options))
        api.control("POST", "/clock", seconds=seconds)
    return made


def test_forward_paging_meets_every_order_once(api):
    made = [order["name"] for order in place(api, 7)]
    assert pages(api, first=3, sort="UPDATED_AT") == [made[:3], made[3:6], made[6:]]
    assert pages(api, first=3, sort="UPDATED_AT", reverse=True) == [made[:3:-1], made[3:0:-1], made[:1]]


def test_backward_paging_meets_every_order_once(api):
    made = [order["name"] for order in place(api, 5)]
    last = api.data(PAGE, {"last": 2, "sort": "CREATED_AT"})["orders"]
    assert [node["name"] for node in last["nodes"]] == made[3:]
    assert last["pageInfo"]["hasPreviousPage"] and not last["pageInfo"]["hasNextPage"]
    before = api.data(PAGE, {"last": 2, "before": last["pageInfo"]["startCursor"], "sort": "CREATED_AT"})["orders"]
    assert [node["name"] for node in before["nodes"]] == made[1:3]


def test_an_order_updated_while_paging_is_not_lost_but_met_again_at_the_end(api):
    made = place(api, 4)
    first = api.data(PAGE, {"first": 2, "sort": "UPDATED_AT"})["orders"]
    api.control("POST", f"/orders/{made[0]['number']}/edit", note="changed")
    rest = api.data(PAGE, {"first": 5, "sort": "UPDATED_AT", "after": first["pageInfo"]["endCursor"]})["orders"]
    assert [node["name"] for node in rest["nodes"]] == [made[2]["name"], made[3]["name"], made[0]["name"]]


def test_orders_of_the_same_second_are_paged_without_loss(api):
    made = [order["name"] for order in api.control("POST", "/orders", kind="simple", count=6)["orders"]]
    assert [name for page in pages(api, first=2, sort="UPDATED_AT") for name in page] == made


def test_a_page_needs_a_size_and_not_more_than_the_limit(api):
    assert api.errors(PAGE, {})[0]["message"] == "you must provide one of first or last"
    assert api.errors(PAGE, {"first": 251})[0]["extensions"]["code"] == "BAD_REQUEST"
    assert api.errors(PAGE, {"first": 1, "after": "nonsense"})[0]["extensions"]["code"] == "BAD_REQUEST"


def test_lines_beyond_the_first_page_are_reached(api):
    order = api.place("many_lines")
    query = """query($id: ID!, $after: String) { order(id: $id) { lineItems(first: 100, after: $after) {
      nodes { id } pageInfo { hasNextPage endCursor } } } }"""
    seen, after = [], None
    while True:
        page = api.data(query, {"id": order["id"], "after": after})["order"]["lineItems"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 260


def test_the_watermark_query_takes_the_same_second_and_what_is_after(api):
    made = place(api, 4)
    since = made[2]["updatedAt"]
    expected = [made[2]["name"], made[3]["name"]]
    for query in (f"updated_at:>='{since}'", f"updated_at:>={since}", f'updated_at:>="{since}"'):
        assert names(api, query, sort="UPDATED_AT") == expected
    assert names(api, f"updated_at:>'{since}'") == [made[3]["name"]]
    between = f"updated_at:>='{made[1]['updatedAt']}' AND updated_at:<'{since}'"
    assert names(api, between) == [made[1]["name"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status:open", ["#1001", "#1003"]),
        ("status:cancelled", ["#1002"]),
        ("status:any", ["#1001", "#1002", "#1003"]),
        ("", ["#1001", "#1002", "#1003"]),
        ("name:#1003", ["#1003"]),
        ("name:1003", ["#1003"]),
        ("name:1001 OR name:1003", ["#1001", "#1003"]),
        ("-name:1001", ["#1002", "#1003"]),
        ("NOT name:1001 AND status:open", ["#1003"]),
        ("(name:1001 OR name:1002) status:open", ["#1001"]),
        ("tag:b2b", ["#1003"]),
        ("financial_status:paid", ["#1001", "#1003"]),
        ("financial_status:refunded,paid", ["#1001", "#1002", "#1003"]),
        ("po_number:PO-*", ["#1003"]),
    ],
)
def test_a_filter_selects(api, query, expected):
    place(api, 1)
    second = place(api, 1)[0]
    place(api, 1, kind="company")
    api.control("POST", f"/orders/{second['number']}/cancel")
    assert names(api, query, sort="CREATED_AT") == expected


def test_a_misspelt_filter_returns_everything_with_a_warning(api):
    place(api, 2)
    answer = api.run(PAGE, {"first": 5, "query": "updatedat:>=2030"})
    assert len(answer["data"]["orders"]["nodes"]) == 2
    (warning,) = answer["extensions"]["search"]
    assert warning["field"] == "updatedat"


def test_the_first_orders_by_id_are_found_by_id_range(api):
    made = place(api, 3)
    assert names(api, f"id:>{made[0]['number']}") == [made[1]["name"], made[2]["name"]]


@pytest.mark.parametrize(
    ("root", "field"),
    [
        ("products", "title"),
        ("productVariants", "sku"),
        ("customers", "firstName"),
        ("inventoryItems", "sku"),
        ("locations", "name"),
    ],
)
def test_every_catalogue_pages(api, root, field):
    query = f"""query($after: String) {{ {root}(first: 40, after: $after) {{
      nodes {{ id {field} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
    seen, after = [], None
    while True:
        page = api.data(query, {"after": after})[root]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) > 0


def test_products_are_found_by_sku_and_barcode(api):
    variant = api.control("GET", "/products")["variants"][5]
    query = (
        "query($query: String!) { productVariants(first: 5, query: $query) { nodes { sku barcode product { id } } } }"
    )
    for text in (f"sku:{variant['sku']}", f"barcode:{variant['barcode']}", f"sku:'{variant['sku']}'"):
        (found,) = api.data(query, {"query": text})["productVariants"]["nodes"]
        assert found == {"sku": variant["sku"], "barcode": variant["barcode"], "product": {"id": variant["product_id"]}}
