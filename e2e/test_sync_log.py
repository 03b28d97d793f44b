"""The sync log with real processes: attempts whose worker was killed, a log for which there is no room, one trace."""

import json
import urllib.request
from collections import Counter

import notes
import pytest
from notes import wait_until

from conftest import serve
from simulators.notes import NotesVendor

UNFINISHED = """
SELECT (SELECT count(*) FROM retail_inbox_work WHERE NOT is_held)
     + (SELECT count(*) FROM retail_outbox_work WHERE NOT is_held) + (SELECT count(*) FROM retail_outbox_mark)
"""
#: What PostgreSQL says when the disk is full, for the log alone.
FULL = """
CREATE OR REPLACE FUNCTION e2e_disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER e2e_disk_full BEFORE INSERT ON retail_sync_log FOR EACH ROW EXECUTE FUNCTION e2e_disk_full();
"""
SPACE_IS_BACK = "DROP TRIGGER e2e_disk_full ON retail_sync_log"
#: Messages and intents that ended although no line says so.
ENDED_IN_SILENCE = """
SELECT (SELECT count(*) FROM retail_inbox m WHERE finished_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM retail_sync_log l WHERE l.inbox_id = m.id AND l.outcome = m.state))
     + (SELECT count(*) FROM retail_outbox o WHERE finished_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM retail_sync_log l WHERE l.outbox_id = o.id AND l.outcome = o.state))
"""


@pytest.fixture(scope="module")
def served_vendor():
    with NotesVendor() as served:
        yield served


@pytest.fixture
def vendor(served_vendor):
    return served_vendor.vendor


@pytest.fixture(scope="module")
def odoo(ready):
    with serve(ready, ["test_retail_integration"]) as served:
        yield served


@pytest.fixture(scope="module")
def shop(odoo, served_vendor):
    return notes.make_shop(odoo, "test_notes", test_notes_url=served_vendor.url)


def count(odoo, statement):
    return int(odoo.sql(statement))


def settle(odoo, seconds=180):
    wait_until(lambda: count(odoo, UNFINISHED) == 0, seconds)
    assert count(odoo, UNFINISHED) == 0, odoo.server.log_tail(40)


def outcomes(odoo, condition):
    return odoo.sql(f"SELECT outcome FROM retail_sync_log WHERE {condition} ORDER BY id").split()


def make_due(odoo):
    odoo.sql("UPDATE retail_inbox_work SET not_before = now() AT TIME ZONE 'UTC' WHERE NOT is_held")
    odoo.sql("UPDATE retail_outbox_work SET not_before = now() AT TIME ZONE 'UTC' WHERE NOT is_held")


def test_while_there_is_no_room_for_the_log_nothing_ends_and_afterwards_everything_once(odoo, shop, vendor):
    names = [f"full{number}" for number in range(20)]
    note = odoo.create("test.retail.note", name="parcels", text="begun")
    settle(odoo)
    before = count(odoo, "SELECT max(id) FROM retail_sync_log")
    odoo.sql(FULL)
    for name in names:
        assert shop(name) == 200, "what comes in is taken all the same"
    odoo.call("test.retail.note", "send_parcels", [note], ["one", "two"])
    # More attempts than a message may kill workers with, and than it has for the vendor's sake.
    for _round in range(5):
        calls = sum(vendor.calls.values())
        wait_until(lambda calls=calls: sum(vendor.calls.values()) > calls, 15)
        make_due(odoo)
    assert count(odoo, ENDED_IN_SILENCE) == 0
    assert count(odoo, f"SELECT count(*) FROM retail_sync_log WHERE id > {before}") == 0
    assert count(odoo, "SELECT count(*) FROM test_retail_note WHERE name LIKE 'full%'") == 0
    assert len(vendor.parcels) <= 2, "the vendor's answer is kept although the end of the command is not"
    odoo.sql(SPACE_IS_BACK)
    make_due(odoo)
    settle(odoo)
    made = odoo.sql("SELECT name, effects FROM test_retail_note WHERE name LIKE 'full%'").split()
    assert sorted(made) == sorted(f"{name}|1" for name in names)
    assert Counter(parcel["text"] for parcel in vendor.parcels) == {"one": 1, "two": 1}
    assert count(odoo, ENDED_IN_SILENCE) == 0
    assert count(odoo, "SELECT count(*) FROM retail_exception WHERE state = 'open'") == 0
    done = odoo.sql(
        "SELECT count(*) FROM retail_sync_log l JOIN retail_inbox m ON m.id = l.inbox_id "
        "WHERE m.subject_key LIKE 'note:full%' AND l.outcome = 'done' GROUP BY m.id"
    )
    assert done.split() == ["1"] * len(names)


def test_the_log_of_an_attempt_that_was_killed_exists_in_and_out(odoo, shop):
    assert shop("poison", text="kill") == 200
    odoo.create("test.retail.note", name="poison-out", text="kill on the way out")

    def held():
        return count(odoo, "SELECT (SELECT count(*) FROM retail_inbox WHERE state = 'held') + "
                           "(SELECT count(*) FROM retail_outbox WHERE state = 'held')") == 2  # fmt: skip

    wait_until(held, 300)
    assert held(), odoo.server.log_tail(40)
    killed = ["lost", "lost", "lost", "held"]
    assert outcomes(odoo, "subject_key = 'note:poison'") == killed
    out = "outbox_id IN (SELECT id FROM retail_outbox WHERE state = 'held')"
    assert outcomes(odoo, out) == killed
    traces = odoo.sql(f"SELECT DISTINCT trace_id FROM retail_sync_log WHERE {out}").split()
    assert len(traces) == 1, "the attempts are told in the trace they belong to"


def test_what_a_request_changes_goes_out_in_the_requests_own_trace(odoo, shop, vendor):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def call(path, params, **headers):
        body = json.dumps({"jsonrpc": "2.0", "params": params}).encode()
        request = urllib.request.Request(odoo.url + path, body, {"content-type": "application/json", **headers})
        with browser.open(request, timeout=60) as response:
            answer = json.load(response)
        assert "error" not in answer, answer

    call("/web/session/authenticate", {"db": odoo.database, "login": odoo.login, "password": odoo.password})
    params = {
        "model": "test.retail.note",
        "method": "create",
        "args": [[{"name": "traced", "text": "x"}]],
        "kwargs": {},
    }
    call("/web/dataset/call_kw", params, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    settle(odoo)
    assert trace in [value.split("-")[1] for value in vendor.traces["PUT /v1/notes"]]
    assert outcomes(odoo, f"trace_id = '{trace}'") == ["done"]
