"""The file of a bulk operation, line by line, and the orders that are joined from it."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.retail_connector_shopify.shopify import bulk, order_fetch
from odoo.addons.retail_connector_shopify.shopify.mapper_order import map_order
from odoo.addons.retail_integration_base.engine.errors import MalformedMessage, StillRunning, VendorChanged
from odoo.addons.retail_integration_base.engine.http import VendorHttp
from odoo.addons.retail_integration_base.engine.messages import ExportRequest

from . import pure

SINCE = datetime.fromisoformat("2020-01-01")
ORDER = {
    "id": "gid://shopify/Order/1",
    "updatedAt": "2026-10-01T08:00:00Z",
    "closed": False,
    "cancelledAt": None,
    "displayFulfillmentStatus": "UNFULFILLED",
}


@pytest.fixture(scope="module")
def running():
    with pure.simulator() as shop:
        yield shop


def request(key="backfill/x/1/1", **options):
    return ExportRequest(**{"since": SINCE, "is_whole": True, "is_open_only": False, "key": key, **options})


def finished(client, gid):
    export = bulk.look(client, gid)
    while export.state == "running":
        export = bulk.look(client, gid)
    return export


def lines_of(running, export):
    base, path = bulk.split_address(export.url, running.url)
    return b"".join(VendorHttp(base).stream(path)).splitlines()


def families_of(lines):
    roots, parts = {}, {}
    for line in lines:
        read = bulk.read_line(line)
        if read.change:
            roots[read.subject] = line
        else:
            parts.setdefault(read.subject, []).append(line)
    return {subject: (root, parts.get(subject, [])) for subject, root in roots.items()}


@pytest.mark.parametrize("version", [pure.NEW_VERSION, pure.OLD_VERSION])
def test_an_order_of_the_file_is_the_document_that_is_fetched(running, version):
    from simulators.shopify import live
    from simulators.shopify.state.kinds import KINDS

    running.world.reset()
    running.world.bucket.configure(10**7, 10**7)
    for kind in KINDS:
        live.place(running.world, kind, webhooks=False)
    client = pure.connect(running, version)
    export = finished(client, bulk.start(client, request()))
    families = families_of(lines_of(running, export))
    assert export.root_count == len(families) == len(KINDS)
    fetched = order_fetch.fetch_orders(client, list(families))
    for gid, (root, parts) in families.items():
        change = bulk.join(gid, root, parts)
        assert change.key.subject_key == "order:%s" % gid
        order = bulk.whole_order(change.body)
        if fetched[gid]["refunds"]:
            assert order is None
            continue
        ours, theirs = map_order(order), map_order(fetched[gid])
        for document in (ours, theirs):
            document["lines"].sort(key=lambda line: line["external_id"])
            document["shipping_lines"].sort(key=lambda line: line["external_id"])
        assert ours == theirs


def test_an_operation_is_found_again_by_its_request_and_by_no_other(running):
    client = pure.connect(running)
    gid = bulk.start(client, request("backfill/x/1/1"))
    finished(client, gid)
    assert bulk.find(client, request("backfill/x/1/1")) == gid
    assert bulk.find(client, request("backfill/x/1/11")) is None
    assert bulk.find(client, request("backfill/x/1/")) is None


def test_no_more_operations_are_begun_than_the_app_may_run(running):
    running.world.reset()
    client = pure.connect(running)
    for number in range(5):
        bulk.start(client, request(str(number)))
    with pytest.raises(StillRunning):
        bulk.start(client, request("6"))


def test_a_line_says_whether_its_order_is_done():
    def is_done(**changes):
        return bulk.read_line(json.dumps({**ORDER, **changes}).encode()).is_done

    assert not is_done() and not is_done(displayFulfillmentStatus="PARTIALLY_FULFILLED")
    assert is_done(closed=True) and is_done(cancelledAt="2026-10-01T08:00:00Z")
    assert is_done(displayFulfillmentStatus="FULFILLED") and is_done(displayFulfillmentStatus="RESTOCKED")


@given(st.one_of(st.binary(max_size=60), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)))
def test_whatever_a_line_is_it_is_read_or_refused(line):
    with pytest.raises(MalformedMessage):
        bulk.read_line(line if isinstance(line, bytes) else line.encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "1"},
        {"updatedAt": "yesterday"},
        {"closed": None},
        {"__parentId": 7},
        {"__parentId": "gid://shopify/Order/1"},
    ],
)
def test_a_line_of_another_shape_is_refused(changes):
    with pytest.raises(MalformedMessage):
        bulk.read_line(json.dumps({**ORDER, **changes}).encode())


def test_an_order_of_which_something_is_missing_is_a_hint():
    root = json.dumps({**ORDER, "refunds": [], "transactions": [], "transactionsCount": {"count": 0}}).encode()
    part = b'{"id":"gid://shopify/LineItem/1","__typename":"LineItem","__parentId":"gid://shopify/Order/1"}'
    assert b'"parts"' in bulk.join(ORDER["id"], root, [part]).body
    more_paid = root.replace(b'"count": 0', b'"count": 1')
    refunded = root.replace(b'"refunds": []', b'"refunds": [{"id": "gid://shopify/Refund/1"}]')
    for hint in ((root, []), (more_paid, [part]), (refunded, [part]), (None, [part])):
        change = bulk.join(ORDER["id"], *hint)
        assert json.loads(change.body)["admin_graphql_api_id"] == ORDER["id"]
        assert bulk.whole_order(change.body) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.example/file",
        "https://localhost/file",
        "https://127.0.0.1:8069/file",
        "file:///etc/passwd",
        "ftp://storage.example/file",
        "https:///file",
    ],
)
def test_no_address_is_called_that_no_file_of_a_shop_has(url):
    with pytest.raises(VendorChanged):
        bulk.split_address(url, "https://%s" % pure.SHOP)


def test_a_simulators_file_is_read_from_the_simulator_alone():
    assert bulk.split_address("http://localhost:8500/f?s=1", "http://localhost:8500") == (
        "http://localhost:8500",
        "/f?s=1",
    )
    with pytest.raises(VendorChanged):
        bulk.split_address("http://localhost:8069/f", "http://localhost:8500")


def test_the_address_of_a_file_keeps_its_signature():
    url = "https://storage.googleapis.com/shopify/x.jsonl?GoogleAccessId=a&Signature=b%2Fc"
    base, path = bulk.split_address(url, "https://%s" % pure.SHOP)
    assert base + path == url
