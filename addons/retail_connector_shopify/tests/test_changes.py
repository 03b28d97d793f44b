"""The poll: everything that changed since a watermark, oldest first, nothing skipped."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.retail_connector_shopify.shopify import changes, const
from odoo.addons.retail_integration_base.engine.errors import VendorChanged

from . import pure

START = datetime(2026, 10, 1, 8, tzinfo=UTC)


def naive(moment):
    return moment.astimezone(UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def running():
    with pure.simulator(orders=150, start=START) as one:
        yield one


def pages(running, since, entity="order"):
    return list(changes.list_changes(pure.connect(running), entity, since))


@pytest.mark.parametrize(("entity", "kind"), [("order", "Order"), ("customer", "Customer"), ("product", "Product")])
def test_a_poll_from_the_beginning_lists_everything_once_and_oldest_first(running, entity, kind):
    found = pages(running, naive(datetime(2020, 1, 1, tzinfo=UTC)), entity)
    keys = [change.key for page, _watermark in found for change in page]
    records = running.world.shop.all(kind)
    assert sorted(key.subject_key for key in keys) == sorted("%s:%s" % (entity, record["id"]) for record in records)
    versions = [key.version for key in keys]
    assert versions == sorted(versions)
    assert found[-1][1] == max(naive(record["updatedAt"]) for record in records)


def test_pages_carry_watermarks_that_grow_and_cover_what_they_hold(running):
    found = pages(running, naive(datetime(2020, 1, 1, tzinfo=UTC)))
    assert len(found) > 1
    watermarks = [watermark for _page, watermark in found]
    assert watermarks == sorted(watermarks)
    for page, watermark in found:
        assert watermark == max(change.key.occurred_at for change in page)


def test_the_watermarks_own_second_and_the_overlap_before_it_are_asked_again(running):
    orders = running.world.shop.all("Order")[-4:]
    since = START + timedelta(days=10)
    begin = since - const.POLL_OVERLAP
    moments = [begin - timedelta(seconds=1), begin, begin + timedelta(seconds=1), since]
    before = [order["updatedAt"] for order in orders]
    try:
        for order, moment in zip(orders, moments, strict=True):
            order["updatedAt"] = moment
        found = [change.key.subject_key for page, _watermark in pages(running, naive(since)) for change in page]
    finally:
        for order, moment in zip(orders, before, strict=True):
            order["updatedAt"] = moment
    assert found == ["order:" + order["id"] for order in orders[1:]]


def test_a_poll_that_finds_nothing_keeps_the_watermark(running):
    since = naive(datetime(2030, 1, 1, tzinfo=UTC))
    assert pages(running, since) == [([], since)]


def test_asking_again_gives_the_same_dedupe_keys_and_a_change_gives_another(running):
    def keys():
        found = pages(running, naive(datetime(2020, 1, 1, tzinfo=UTC)))
        return {change.key.subject_key: change.key.dedupe_key for page, _watermark in found for change in page}

    first = keys()
    assert keys() == first
    order = running.world.shop.all("Order")[3]
    running.world.clock.advance(60)
    running.world.shop.touch(order)
    second = keys()
    assert {subject for subject in first if first[subject] != second[subject]} == {"order:" + order["id"]}


def test_a_reference_that_changed_shape_stops_the_poll_before_its_page_is_taken():
    class Odd:
        def pages(self, name, variables, path):
            yield [{"id": "gid://shopify/Order/1", "updatedAt": "soon"}]

    with pytest.raises(VendorChanged):
        list(changes.list_changes(Odd(), "order", naive(datetime(2026, 10, 1, tzinfo=UTC))))


_LAG = st.integers(0, int(const.POLL_OVERLAP.total_seconds()))


@settings(max_examples=300, deadline=None)
@given(
    updates=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), _LAG), max_size=25),
    polls=st.lists(st.integers(1, 400), min_size=1, max_size=8),
)
def test_no_change_is_missed_while_the_index_lags_less_than_the_overlap(updates, polls):
    """An index that shows updates late and in any order, polls at any times: each last update is seen."""
    clock, shown, events = 0, {}, []
    for pause, order, lag in updates:
        clock += pause
        events.append((clock, order, clock + lag))

    class Index:
        now = 0

        def pages(self, name, variables, path):
            since = datetime.fromisoformat(variables["query"].split("'")[1]).timestamp()
            visible = {}
            for moment, order, shows_at in events:
                if shows_at <= self.now:
                    visible[order] = moment
            nodes = [
                {"id": "gid://shopify/Order/%d" % order, "updatedAt": (START + timedelta(seconds=moment)).isoformat()}
                for order, moment in sorted(visible.items(), key=lambda item: item[1])
                if START.timestamp() + moment >= since
            ]
            for begin in range(0, len(nodes), 2):
                yield nodes[begin : begin + 2]

    index, watermark = Index(), naive(START)
    for pause in [*polls, 10_000, 1]:
        index.now += pause
        for page, reached in changes.list_changes(index, "order", watermark):
            watermark = reached
            for change in page:
                shown[change.key.subject_key] = max(change.key.version, shown.get(change.key.subject_key, 0))
    last = {"order:gid://shopify/Order/%d" % order: moment for moment, order, _shows_at in events}
    assert shown == {subject: int((START.timestamp() + moment) * 10**6) for subject, moment in last.items()}
