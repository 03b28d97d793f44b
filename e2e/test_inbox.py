"""The inbox under real processes: many callers at once, several workers, the job runner, and sudden death."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import notes
import pytest
from notes import wait_until

from conftest import serve

KILL_ROUNDS = 3
NOTES_PER_ROUND = 300
UNFINISHED = "SELECT count(*) FROM retail_inbox_work WHERE NOT is_held"
#: Processes that hold the lock of a lane (``engine/lanes.py``) for a job. A session does not tell: workers inherit its
#: ``application_name`` from the process that forked them, and over a socket of the file system it has no port.
DRAINING = f"""
SELECT DISTINCT j.worker_pid FROM pg_locks l
JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
JOIN queue_job j ON j.state = 'started' AND j.identity_key = 'retail.drain.' || mod(l.objid::bigint, 4)
WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = {0x52544C49} AND l.granted
"""


@pytest.fixture(scope="module")
def odoo(ready):
    with serve(ready, ["test_retail_integration"]) as served:
        yield served


@pytest.fixture
def shop(odoo):
    """A fresh armed backend with a live flow of notes; yields a function that posts a note and returns the status."""
    return notes.make_shop(odoo)


def drained(odoo, seconds=120):
    wait_until(lambda: odoo.sql(UNFINISHED).strip() == "0", seconds)
    assert odoo.sql(UNFINISHED).strip() == "0", odoo.server.log_tail(40)


def states(odoo, shop):
    rows = odoo.sql(f"SELECT state, count(*) FROM retail_inbox WHERE backend_id = {shop.backend_id} GROUP BY state")
    return {state: int(count) for state, count in (row.split("|") for row in rows.split())}


def effects(odoo, shop):
    rows = odoo.sql(
        "SELECT n.name, n.effects, n.history FROM test_retail_note n JOIN retail_binding_note b ON b.note_id = n.id "
        f"WHERE b.backend_id = {shop.backend_id}"
    )
    return {name: (int(count), history) for name, count, history in (row.split("|") for row in rows.split())}


def test_a_burst_of_duplicates_from_many_callers_takes_effect_once_each(odoo, shop):
    names = [f"n{number}" for number in range(150)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(shop, names * 3))
    assert set(answers) == {200}
    drained(odoo)
    assert states(odoo, shop) == {"done": 150}
    assert effects(odoo, shop) == dict.fromkeys(names, (1, "1"))


def test_simultaneous_deliveries_of_one_event_are_all_answered_200(odoo, shop):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _i: shop("storm"), range(64)))
    assert set(answers) == {200}
    drained(odoo)
    assert states(odoo, shop) == {"done": 1}


def test_versions_in_any_order_end_in_the_newest(odoo, shop):
    jobs = [(f"n{number}", version) for version in (3, 1, 5, 2, 4) for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda job: shop(*job, text=f"v{job[1]}"), jobs)) == {200}
    drained(odoo)
    rows = odoo.sql(
        "SELECT DISTINCT n.text FROM test_retail_note n JOIN retail_binding_note b ON b.note_id = n.id "
        f"WHERE b.backend_id = {shop.backend_id}"
    )
    assert rows.split() == ["v5"]
    for count, history in effects(odoo, shop).values():
        versions = [int(version) for version in history.split(",")]
        assert versions == sorted(set(versions)) and count == len(versions), history


def test_a_message_is_worked_off_without_anybody_asking(odoo, shop):
    assert shop("quick") == 200
    drained(odoo)
    assert list(effects(odoo, shop)) == ["quick"]


@contextmanager
def without_crons(odoo):
    """Nobody but the jobs works: the crons that stand behind them sleep."""
    crons = "id IN (SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module = 'retail_integration_base')"
    names = "SELECT name FROM ir_model_data WHERE model = 'ir.cron' AND module = 'retail_integration_base'"
    assert {"cron_watchdog", "cron_poll"} <= set(odoo.sql(names).split())
    # Waits until a cron that runs has ended.
    odoo.sql(f"UPDATE ir_cron SET active = false WHERE {crons}")
    try:
        yield
        assert odoo.sql(f"SELECT DISTINCT active FROM ir_cron WHERE {crons}").strip() == "f"
    finally:
        odoo.sql(f"UPDATE ir_cron SET active = true WHERE {crons}")


def test_no_wake_up_is_lost_when_each_message_comes_as_the_drain_goes_to_sleep(odoo, shop):
    drained(odoo)
    with without_crons(odoo):
        for number in range(30):
            assert shop(f"n{number}") == 200
            # The next one is sent at once, while the job that did this one lies down.
            wait_until(lambda: odoo.sql(UNFINISHED).strip() == "0", 20, pause=0)
            assert odoo.sql(UNFINISHED).strip() == "0", f"message {number}: {odoo.server.log_tail(40)}"
    assert states(odoo, shop) == {"done": 30}


def test_a_message_that_waits_for_its_next_attempt_wakes_a_job_by_itself(odoo, shop):
    drained(odoo)

    def attempts():
        count = odoo.sql(f"SELECT max(attempts) FROM retail_inbox WHERE backend_id = {shop.backend_id}").strip()
        return int(count or 0)

    with without_crons(odoo):
        assert shop("late", text="retry later") == 200
        wait_until(lambda: attempts() >= 2, 30)
        assert attempts() >= 2, odoo.server.log_tail(40)
        assert shop("late", version=2) == 200
        drained(odoo, 30)
    assert effects(odoo, shop) == {"late": (1, "2")}


def test_a_worker_killed_while_it_drains_loses_and_repeats_nothing(odoo, shop):
    flows = odoo.call("retail.flow", "search", [("backend_id", "=", shop.backend_id)])
    for round_number in range(KILL_ROUNDS):
        names = [f"r{round_number}n{number}" for number in range(NOTES_PER_ROUND)]
        # All at once, so that the drain is long enough to be met in the middle.
        odoo.call("retail.flow", "action_pause", flows)
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(shop, names)) == {200}
        # The watchdog would be quicker: what waited while the flow was paused is overdue.
        with without_crons(odoo):
            odoo.call("retail.flow", "action_live", flows)
            _kill_a_drain(odoo)
        drained(odoo, 200)
    found = effects(odoo, shop)
    assert len(found) == KILL_ROUNDS * NOTES_PER_ROUND
    assert {count for count, _history in found.values()} == {1}
    lost = odoo.sql(
        "SELECT count(*) FROM retail_sync_log l JOIN retail_inbox m ON m.id = l.inbox_id "
        f"WHERE l.outcome = 'lost' AND m.backend_id = {shop.backend_id}"
    )
    assert int(lost) > 0, "no drain was met in the middle"


def test_a_message_that_kills_its_worker_is_kept_apart_and_the_rest_goes_on(odoo, shop):
    assert shop("innocent1") == 200
    assert shop("poison", text="kill") == 200
    assert shop("innocent2") == 200

    def isolated():
        return odoo.sql("SELECT count(*) FROM retail_inbox WHERE state = 'held'").strip() == "1"

    wait_until(isolated, 240)
    assert isolated(), odoo.server.log_tail(40)
    drained(odoo)
    assert sorted(effects(odoo, shop)) == ["innocent1", "innocent2"]
    outcomes = odoo.sql(
        "SELECT l.outcome FROM retail_sync_log l JOIN retail_inbox m ON m.id = l.inbox_id "
        "WHERE m.subject_key = 'note:poison' ORDER BY l.id"
    )
    assert outcomes.split() == ["lost", "lost", "lost", "held"]


def _kill_a_drain(odoo):
    """Kill a process that drains, as soon as there is one."""
    found = set()

    def look():
        # A job whose worker was killed before still names it.
        found.update(set(map(int, odoo.sql(DRAINING).split())) & set(_children(odoo.server.pid)))
        return found

    wait_until(look, 30, pause=0)
    assert found, odoo.server.log_tail(40)
    os.kill(found.pop(), signal.SIGKILL)


def _children(parent):
    with open(f"/proc/{parent}/task/{parent}/children") as file:
        return [int(pid) for pid in file.read().split()]
