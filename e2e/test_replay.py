"""Replay, dry run and recovery with a real server: jobs that commit, workers that are killed."""

import os
import signal
import time

import notes
import pytest

from conftest import serve
from simulators.notes import NotesVendor

WRITTEN = 40


@pytest.fixture(scope="module")
def vendor():
    with NotesVendor() as served:
        yield served


class Notes:
    """A vendor of notes and a backend that has heard of none of them."""

    def __init__(self, odoo, vendor):
        self.odoo, self.vendor = odoo, vendor.vendor
        self.post = notes.make_shop(odoo, "test_notes", test_notes_url=vendor.url)
        (self.flow,) = odoo.call(
            "retail.flow",
            "search",
            [("backend_id", "=", self.post.backend_id), ("entity", "=", "note"), ("direction", "=", "in")],
        )

    def recover(self):
        """Press *Recover…* and *List*; return the id of the recovery."""
        action = self.odoo.call("retail.flow", "action_recover", [self.flow])
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 7200))
        self.odoo.call("retail.recover", "write", [action["res_id"]], {"since": since})
        return self.odoo.call("retail.recover", "action_list", [action["res_id"]])["res_id"]

    def read(self, model, record_id, *names):
        (values,) = self.odoo.call(model, "read", [record_id], list(names))
        return values

    def wait(self, model, record_id, state, seconds=150):
        notes.wait_until(lambda: self.read(model, record_id, "state")["state"] == state, seconds)
        values = self.read(model, record_id, "state", "error")
        assert values["state"] == state, (values, self.odoo.server.log_tail(30))

    def run_dry(self, domain):
        """Select messages and run them dry; return the id of the run once it is done."""
        messages = self.odoo.call("retail.inbox", "search", domain)
        action = self.odoo.call("retail.inbox", "action_open_replay", messages)
        run = self.odoo.call("retail.replay", "action_dry_run", [action["res_id"]])["res_id"]
        self.wait("retail.bulk.run", run, "done")
        return run

    def in_odoo(self):
        rows = self.odoo.call("test.retail.note", "search_read", [], fields=["name", "text", "effects"])
        return {row["name"]: (row["text"], row["effects"]) for row in rows}


@pytest.fixture(scope="module")
def world(ready, vendor):
    with serve(ready, ["test_retail_integration"]) as odoo:
        yield Notes(odoo, vendor)


def test_a_recovery_whose_workers_are_killed_lists_and_takes_everything_once(world):
    hour_ago = time.time() - 3600
    for number in range(WRITTEN):
        world.vendor.write_note(f"n{number}", "hello", hour_ago + number)
    for number in range(5):
        assert world.post(f"n{number}", 1, "hello") == 200
    notes.wait_until(lambda: len(world.in_odoo()) == 5)
    original = world.vendor.list_written

    def slowly(since, page):
        time.sleep(0.25)
        return original(since, page)

    world.vendor.list_written = slowly
    recovery = world.recover()
    notes.wait_until(lambda: world.read("retail.recovery", recovery, "total")["total"] >= 6, 90, 0.1)
    with open(f"/proc/{world.odoo.server.pid}/task/{world.odoo.server.pid}/children") as file:
        for worker in file.read().split():
            os.kill(int(worker), signal.SIGKILL)
    listed = int(world.odoo.sql(f"SELECT count(*) FROM retail_recovery_line WHERE recovery_id = {recovery}"))
    assert 6 <= listed < WRITTEN, "it was killed in the middle"
    world.wait("retail.recovery", recovery, "listed")
    world.vendor.list_written = original
    names = ("total", "applied_count", "missing_count", "lacking_count")
    values = world.read("retail.recovery", recovery, *names)
    assert [values[name] for name in names] == [WRITTEN, 5, WRITTEN - 5, WRITTEN - 5]
    assert len(world.in_odoo()) == 5, "a list takes nothing"
    world.odoo.call("retail.recovery", "action_take", [recovery])
    world.wait("retail.recovery", recovery, "done")
    notes.wait_until(lambda: len(world.in_odoo()) == WRITTEN)
    assert world.in_odoo() == {f"n{number}": ("hello", 1) for number in range(WRITTEN)}


def test_a_dry_run_on_a_real_server_leaves_nothing_behind(world):
    world.odoo.sql("UPDATE test_retail_note SET text = 'of yesterday' WHERE name = 'n1'")
    tables = (
        "test_retail_note retail_binding_note retail_sync_log retail_outbox_work retail_outbox_mark retail_exception"
    )

    def snapshot():
        parts = (f"(SELECT md5(string_agg(t::text, ',' ORDER BY t.id)) FROM {table} t)" for table in tables.split())
        return world.odoo.sql("SELECT " + ", ".join(parts))

    # One statement: a mark becomes work in one transaction.
    unfinished = (
        "SELECT (SELECT count(*) FROM retail_outbox_work) + (SELECT count(*) FROM retail_outbox_mark)"
        " + (SELECT count(*) FROM retail_inbox_work)"
    )
    notes.wait_until(lambda: world.odoo.sql(unfinished).strip() == "0")
    before = snapshot()
    run = world.run_dry([("subject_key", "in", ["note:n1", "note:n2"])])
    rows = world.odoo.call(
        "retail.bulk.item", "search_read", [("run_id", "=", run)], fields=["subject_name", "outcome", "changes"]
    )
    assert sorted(row["outcome"] for row in rows) == ["changed", "unchanged"], rows
    assert "of yesterday" in str(rows)
    assert snapshot() == before
    world.odoo.call("retail.bulk.run", "action_replay_all", [run])
    notes.wait_until(lambda: world.in_odoo()["n1"] == ("hello", 2))
    assert world.in_odoo()["n1"] == ("hello", 2)
