"""Figures, probes, logs and spans of a real server with several workers."""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import notes
import psycopg2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from test_inbox import drained

from conftest import serve
from simulators.otlp import Receiver

#: Longer than a process keeps what it measured.
FLUSHED_SECONDS = 7


@pytest.fixture(scope="module")
def receiver():
    served = Receiver()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def odoo(ready, receiver):
    wide = "base,web,queue_job,retail_integration_gateway,retail_integration_observability"
    options = {"server_wide_modules": wide, "retail_log_format": "json", "retail_otel_endpoint": receiver.url}
    with serve(ready, ["test_retail_observability", "retail_integration_gateway"], **options) as served:
        yield served


@pytest.fixture(scope="module")
def token(odoo):
    new = odoo.create("retail.metrics.token.new", name="e2e")
    return odoo.call("retail.metrics.token.new", "action_make", [new])["context"]["default_token"]


@pytest.fixture
def shop(odoo):
    return notes.make_shop(odoo)


def get(odoo, path, token=None):
    """Return ``(status, headers, text)``."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(odoo.url + path, headers=headers), timeout=60) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def figure(odoo, token, name, **labels):
    status, _headers, text = get(odoo, "/retail/metrics", token)
    assert status == 200, text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(each.value for each in samples if each.name == name and labels.items() <= each.labels.items())


def becomes(function, value, seconds=60):
    deadline = time.monotonic() + seconds
    while (found := function()) != value and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def connect(ready, odoo):
    return psycopg2.connect(
        host=ready.server.host, port=ready.server.port, user=ready.server.user, password=ready.server.password,
        dbname=odoo.server.database,
    )  # fmt: skip


def test_whatever_worker_is_asked_and_after_a_restart_each_message_and_answer_is_counted_once(odoo, shop, token):
    mine = {"backend_id": str(shop.backend_id)}
    names = [f"n{number}" for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(shop, names * 2)) == {200}
    drained(odoo)
    time.sleep(FLUSHED_SECONDS)
    with ThreadPoolExecutor(8) as pool:  # many scrapes at once, while nothing changes
        scrapes = list(pool.map(lambda _n: get(odoo, "/retail/metrics", token)[0], range(16)))
    assert set(scrapes) == {200}

    def counts():
        return (
            figure(odoo, token, "retail_messages_received_total", **mine),
            figure(odoo, token, "retail_messages_finished_total", outcome="done", **mine),
            figure(odoo, token, "retail_processing_seconds_count", **mine),
            figure(odoo, token, "retail_ack_seconds_count", outcome="accepted", **mine),
            figure(odoo, token, "retail_ack_seconds_count", outcome="duplicate", **mine),
        )

    assert becomes(counts, (60, 60, 60, 60, 60)) == (60, 60, 60, 60, 60)
    odoo.server.kill()
    odoo.server.start()
    assert counts() == (60, 60, 60, 60, 60)
    assert shop("after") == 200
    drained(odoo)
    assert becomes(counts, (61, 61, 61, 61, 60)) == (61, 61, 61, 61, 60)


def test_a_row_that_is_committed_after_one_with_a_higher_id_is_counted_and_neither_twice(ready, odoo, shop, token):
    mine = {"backend_id": str(shop.backend_id), "outcome": "ignored"}
    insert = (
        "INSERT INTO retail_sync_log (at, backend_id, inbox_id, direction, subject_key, outcome) SELECT now() AT TIME "
        "ZONE 'UTC', backend_id, id, 'in', subject_key, 'ignored' FROM retail_inbox WHERE backend_id = %s LIMIT 1"
    )

    def ignored():
        return figure(odoo, token, "retail_attempts_total", **mine)

    assert shop("n1") == 200
    drained(odoo)
    early, late = connect(ready, odoo), connect(ready, odoo)
    try:
        early.cursor().execute(insert, (shop.backend_id,))  # has the lower id, and is not committed
        late.cursor().execute(insert, (shop.backend_id,))
        late.commit()
        for _scrape in range(3):
            assert ignored() == 0  # what is not settled waits
            time.sleep(1.1)
        early.commit()
        assert becomes(ignored, 2) == 2
        time.sleep(1.1)
        assert ignored() == 2
    finally:
        early.close()
        late.close()


def test_a_server_at_work_is_ready_and_says_why_to_the_token_only(odoo, token):
    # The crons take their turn within a minute after the start.
    assert becomes(lambda: get(odoo, "/retail/ready")[0], 200, 90) == 200, get(odoo, "/retail/ready", token)[2]
    assert json.loads(get(odoo, "/retail/ready")[2]) == {"status": "ok"}
    checks = json.loads(get(odoo, "/retail/ready", token)[2])["checks"]
    assert {name for name, check in checks.items() if check["ok"]} == {"database", "jobs", "crons", "drain", "backlog"}


def test_while_the_database_is_away_health_is_200_and_the_rest_503_with_retry_after(ready, odoo, token):
    name = odoo.server.database
    admin = psycopg2.connect(
        host=ready.server.host, port=ready.server.port, user=ready.server.user, password=ready.server.password,
        dbname="postgres",
    )  # fmt: skip
    admin.autocommit = True
    cursor = admin.cursor()
    try:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        time.sleep(1.1)
        assert get(odoo, "/retail/health")[0] == 200
        for path in ("/retail/ready", "/retail/metrics"):
            status, headers, text = get(odoo, path, token)
            assert (status, headers["Retry-After"]) == (503, "30"), text
    finally:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        admin.close()
    assert becomes(lambda: get(odoo, "/retail/metrics", token)[0], 200) == 200


def test_log_lines_are_json_name_the_trace_and_hold_no_secret(odoo, shop, token):
    address = odoo.call("retail.backend", "read", [shop.backend_id], ["token"])[0]["token"]
    assert shop("broken", text="bug") == 200
    drained(odoo)
    trace_id = odoo.sql(
        f"SELECT trace_id FROM retail_inbox WHERE backend_id = {shop.backend_id} AND subject_key = 'note:broken'"
    ).strip()
    text = odoo.server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert len(lines) > 20
    assert all({"timestamp", "level", "logger", "message"} <= line.keys() for line in lines)
    assert any(line.get("trace_id") == trace_id and line.get("inbox_id") for line in lines), trace_id
    assert address not in "".join(map(str, lines))
    assert token not in text


def test_a_message_is_traced_from_the_callers_trace_id_to_its_effect(odoo, shop, receiver):
    assert shop("traced") == 200
    drained(odoo)
    trace_id = odoo.sql(
        f"SELECT trace_id FROM retail_inbox WHERE backend_id = {shop.backend_id} AND subject_key = 'note:traced'"
    ).strip()

    def names():
        return {span.name for span in receiver.spans if span.trace_id.hex() == trace_id}

    wanted = {"retail.receive", "retail.claim", "retail.import", "retail.fetch", "retail.apply"}
    assert becomes(names, wanted, 30) == wanted
