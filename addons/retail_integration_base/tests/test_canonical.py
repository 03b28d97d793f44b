"""Canonical documents: valid or refused with the path of what is wrong."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t
from odoo.addons.retail_integration_base.engine.errors import VendorChanged

SCHEMA = {**t.header("parcel", 1), "price": t.required(t.MONEY), "sent_at": t.OPTIONAL_INSTANT, "updated_at": t.INSTANT}


@pytest.fixture(autouse=True)
def _registered():
    before = dict(registry._shapes), dict(registry._upcasters)
    registry.register("parcel", 1, SCHEMA)
    yield
    for kept, old in zip((registry._shapes, registry._upcasters), before, strict=True):
        kept.clear()
        kept.update(old)


def parcel(**changes):
    document = {
        "schema": "parcel.v1",
        "external_id": "p1",
        "version": 1,
        "price": {"amount": "1.20", "currency": "EUR"},
        "sent_at": "2026-01-01T10:00:00Z",
    }
    return {**document, **changes}


def test_a_fitting_document_passes_unchanged():
    document = parcel()
    assert registry.validate(document) == parcel()


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"price": {"amount": 1.2, "currency": "EUR"}}, "price.amount: must be of string type"),
        ({"price": {"amount": "1.2", "currency": "eur"}}, "price.currency: value does not match"),
        ({"price": {"amount": "1.2"}}, "price.currency: required field"),
        ({"price": {"amount": "1e5", "currency": "EUR"}}, "price.amount: value does not match"),
        ({"sent_at": "2026-01-01 10:00:00"}, "sent_at: value does not match"),
        ({"sent_at": "2026-01-01T10:00:00+01:00"}, "sent_at: value does not match"),
        ({"external_id": ""}, "external_id: min length"),
        ({"version": "1"}, "version: must be of integer type"),
        ({"colour": "red"}, "colour: unknown field"),
    ],
)
def test_what_does_not_fit_is_named_with_its_path(changes, difference):
    with pytest.raises(VendorChanged) as caught:
        registry.validate(parcel(**changes))
    assert any(found.startswith(difference) for found in caught.value.differences), caught.value.differences


def test_threads_validate_at_the_same_time_without_mixing_documents():
    documents = [parcel(external_id="p%d" % number) if number % 2 else parcel(price={}) for number in range(400)]

    def verdict(document):
        try:
            return registry.validate(document)["external_id"]
        except VendorChanged as error:
            return error.differences

    expected = [verdict(document) for document in documents]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(verdict, documents)) == expected


@pytest.mark.parametrize("document", [None, [], {}, {"schema": "nothing.v1"}, {"schema": 5}])
def test_what_names_no_known_schema_is_refused(document):
    with pytest.raises(VendorChanged):
        registry.validate(document)


def test_an_older_version_is_lifted_to_the_newest():
    def lift(document):
        return {**document, "schema": "parcel.v2", "weight_kg": "0"}

    registry.register("parcel", 2, {**SCHEMA, **t.header("parcel", 2), "weight_kg": t.DECIMAL}, upcast=lift)
    assert registry.validate(parcel())["schema"] == "parcel.v2"


def test_a_schema_never_changes_its_meaning():
    with pytest.raises(ValueError, match="another schema"):
        registry.register("parcel", 1, {**SCHEMA, "more": t.STRING})
    with pytest.raises(ValueError, match="upcaster"):
        registry.register("parcel", 2, SCHEMA)


def test_the_checksum_says_whether_two_versions_ask_for_the_same():
    first = registry.checksum(parcel(version=1, updated_at="2026-01-01T10:00:00Z"))
    assert registry.checksum(parcel(version=2, updated_at="2026-01-02T10:00:00Z")) == first
    assert registry.checksum(parcel(price={"amount": "1.21", "currency": "EUR"})) != first
