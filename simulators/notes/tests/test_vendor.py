"""The vendor keeps what it promises, since tests believe it."""

import json
import urllib.error
import urllib.request
from http.client import HTTPException

import pytest

from simulators.notes import NotesVendor


@pytest.fixture
def vendor():
    with NotesVendor() as served:
        yield served


def call(vendor, method, path, value=None):
    data = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(vendor.url + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def test_a_note_stored_twice_is_one_change(vendor):
    for _time in range(2):
        call(vendor, "PUT", "/v1/notes", {"notes": [{"id": "a", "text": "x"}]})
    assert vendor.vendor.notes == {"a": "x"} and vendor.vendor.changes == {"a": 1}


def test_a_parcel_asked_for_twice_is_two_parcels_and_both_are_found(vendor):
    for _time in range(2):
        call(vendor, "POST", "/v1/parcels", {"reference": "r", "text": "x"})
    found = call(vendor, "GET", "/v1/parcels?reference=r&reference=other")
    assert [parcel["id"] for parcel in found["parcels"]] == ["P-1", "P-2"]


@pytest.mark.parametrize("fault", ["lost_answer", "truncated"])
def test_a_fault_after_the_effect_loses_the_answer_only(vendor, fault):
    call(vendor, "POST", "/_sim/faults", {"fault": fault, "count": 1})
    with pytest.raises((OSError, HTTPException)):
        call(vendor, "POST", "/v1/parcels", {"reference": "r", "text": "x"})
    assert len(vendor.vendor.parcels) == 1
    assert call(vendor, "GET", "/v1/status") == {"status": "up"}


def test_a_fault_before_the_effect_has_none(vendor):
    call(vendor, "POST", "/_sim/faults", {"fault": "rate_limit", "count": 1, "retry_after": 2})
    with pytest.raises(urllib.error.HTTPError) as caught:
        call(vendor, "POST", "/v1/parcels", {"reference": "r", "text": "x"})
    assert caught.value.code == 429 and caught.value.headers["Retry-After"] == "2"
    assert vendor.vendor.parcels == []
