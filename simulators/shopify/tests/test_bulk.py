"""Bulk operations: from the query to its file, and everything that can go wrong with it."""

import json
import time

import pytest
import requests

START = """
mutation ($query: String!, $grouped: Boolean!) {
  bulkOperationRunQuery(query: $query, groupObjects: $grouped) {
    bulkOperation { id status }
    userErrors { code field message }
  }
}
"""
LOOK = """
query ($id: ID!) {
  bulkOperation(id: $id) {
    id status errorCode objectCount rootObjectCount url partialDataUrl fileSize completedAt query
  }
}
"""
ORDERS = """
query {
  orders(query: "created_at:>='2026-01-01T00:00:00Z'") {
    edges { node { id name lineItems { edges { node { id title quantity taxLines { title rate } } } } } }
  }
}
"""


def start(api, query=ORDERS, is_grouped=False):
    return api.data(START, {"query": query, "grouped": is_grouped})["bulkOperationRunQuery"]


def finish(api, gid):
    """Look until the operation has come to an end."""
    for _number in range(500):
        record = api.data(LOOK, {"id": gid})["bulkOperation"]
        if record["status"] not in ("CREATED", "RUNNING"):
            return record
        assert record["url"] is None
        time.sleep(0.01)
    raise AssertionError("it does not end")


def run(api, query=ORDERS, is_grouped=False):
    begun = start(api, query, is_grouped)
    assert begun["userErrors"] == []
    return finish(api, begun["bulkOperation"]["id"])


def lines_of(record):
    response = requests.get(record["url"], timeout=10)
    assert response.status_code == 200
    return [json.loads(line) for line in response.content.splitlines()]


@pytest.mark.parametrize("is_grouped", [True, False])
def test_every_object_is_a_line_that_comes_after_its_parent(api, is_grouped):
    placed = [api.place("many_lines"), api.place("simple"), api.place("company")]
    record = run(api, is_grouped=is_grouped)
    lines = lines_of(record)
    assert record["status"] == "COMPLETED" and record["query"] == ORDERS
    assert (int(record["objectCount"]), int(record["rootObjectCount"])) == (len(lines), 3)
    seen = set()
    for line in lines:
        assert line.get("__parentId") is None or line["__parentId"] in seen
        seen.add(line["id"])
    counts = [sum(1 for line in lines if line.get("__parentId") == order["id"]) for order in placed]
    assert counts[0] == 260
    families = [line.get("__parentId") or line["id"] for line in lines]
    changes = sum(family != before for family, before in zip(families, [None, *families], strict=False))
    assert (changes == len(placed)) is is_grouped


def test_an_operation_is_seen_to_run_before_it_is_done(api):
    begun = start(api)["bulkOperation"]
    assert begun["status"] == "CREATED"
    assert api.data(LOOK, {"id": begun["id"]})["bulkOperation"]["status"] == "RUNNING"
    assert finish(api, begun["id"])["status"] == "COMPLETED"


def test_an_operation_without_objects_has_no_file(api):
    record = run(api, ORDERS.replace("2026-01", "2036-01"))
    assert (record["status"], record["url"], record["objectCount"]) == ("COMPLETED", None, "0")


def test_a_query_that_is_none_for_bulk_operations_is_refused(api):
    refused = start(api, "query { shop { name } }")
    assert refused["bulkOperation"] is None
    assert refused["userErrors"][0]["code"] == "INVALID"


def test_only_so_many_run_at_once(api):
    for _number in range(5):
        assert start(api)["userErrors"] == []
    assert start(api)["userErrors"][0]["code"] == "LIMIT_REACHED"


def test_the_newest_is_listed_first(api):
    gids = [run(api)["id"] for _number in range(2)]
    listed = api.data("query { bulkOperations(first: 5) { nodes { id } } }")["bulkOperations"]["nodes"]
    assert [node["id"] for node in listed] == gids[::-1]


def test_a_file_is_read_on_from_a_byte(api):
    api.place("company")
    record = run(api)
    whole = requests.get(record["url"], timeout=10).content
    rest = requests.get(record["url"], headers={"Range": "bytes=100-"}, timeout=10)
    assert (rest.status_code, rest.content) == (206, whole[100:])
    assert rest.headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    beyond = requests.get(record["url"], headers={"Range": f"bytes={len(whole)}-"}, timeout=10)
    assert beyond.status_code == 416


def test_a_file_is_there_for_seven_days(api):
    api.place("simple")
    record = run(api)
    api.control("POST", "/clock", seconds=8 * 86400)
    api.token = api.grant().json()["access_token"]
    assert requests.get(record["url"], timeout=10).status_code == 403
    assert api.data(LOOK, {"id": record["id"]})["bulkOperation"]["status"] == "EXPIRED"


def test_whoever_sends_the_shops_token_to_the_storage_host_is_told_so(api):
    api.place("simple")
    record = run(api)
    headers = {"X-Shopify-Access-Token": api.token}
    assert requests.get(record["url"], headers=headers, timeout=10).status_code == 403


def test_it_fails_partway_on_command(api):
    api.place("company")
    api.control("POST", "/faults", fault="bulk_fail", count=1)
    record = run(api)
    assert (record["status"], record["errorCode"], record["url"]) == ("FAILED", "INTERNAL_SERVER_ERROR", None)
    assert len(requests.get(record["partialDataUrl"], timeout=10).content) == int(record["fileSize"])


def test_its_file_is_cut_off_or_hostile_on_command(api):
    api.place("company")
    api.control("POST", "/faults", fault="bulk_cut", count=1)
    cut = run(api)
    assert requests.get(cut["url"], timeout=10).content.count(b"\n") < int(cut["objectCount"])
    api.control("POST", "/faults", fault="bulk_hostile", count=1)
    lines = requests.get(run(api)["url"], timeout=10).content.splitlines()
    assert len(max(lines, key=len)) > 10 * 1024 * 1024
    with pytest.raises(ValueError, match="Unterminated"):
        [json.loads(line) for line in lines]


def test_a_cancelled_operation_has_no_file(api):
    gid = start(api)["bulkOperation"]["id"]
    answer = api.data(
        "mutation ($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status url } userErrors { message } } }",
        {"id": gid},
    )["bulkOperationCancel"]
    assert answer == {"bulkOperation": {"status": "CANCELED", "url": None}, "userErrors": []}


def test_without_the_scope_it_ends_denied(api):
    api.place("simple")
    api.control("POST", "/settings", scopes=["read_products"])
    assert run(api)["errorCode"] == "ACCESS_DENIED"
