"""Both ways at once, in and out, while workers, PostgreSQL, the server and the vendor fail.

After each fault the effects in Odoo and at the vendor are exactly the expected ones, by count and by content, and
nothing is left without an end.
"""

import os
import random
import signal
import threading
import time
import urllib.error
from collections import Counter

import notes
import pytest

from conftest import serve
from setup import postgres
from simulators.notes import NotesVendor

KILLS = 20
UNFINISHED = """
SELECT (SELECT count(*) FROM retail_inbox_work) + (SELECT count(*) FROM retail_outbox_work)
     + (SELECT count(*) FROM retail_outbox_mark)
"""
#: Unfinished and with no next attempt: nobody would ever look at it again.
FORGOTTEN = """
SELECT (SELECT count(*) FROM retail_inbox m WHERE state IN ('pending', 'retry')
        AND NOT EXISTS (SELECT 1 FROM retail_inbox_work w WHERE w.inbox_id = m.id))
     + (SELECT count(*) FROM retail_outbox o WHERE state IN ('pending', 'retry')
        AND NOT EXISTS (SELECT 1 FROM retail_outbox_work w WHERE w.outbox_id = o.id))
"""


@pytest.fixture(scope="module")
def vendor():
    with NotesVendor() as served:
        yield served


@pytest.fixture(scope="module")
def odoo(ready, vendor):
    with serve(ready, ["test_retail_integration"]) as served:
        yield served


class World:
    """A backend both ways, and what must have come of all that it was given."""

    def __init__(self, odoo, vendor):
        self.odoo, self.vendor = odoo, vendor.vendor
        self.post = notes.make_shop(odoo, "test_notes", test_notes_url=vendor.url)
        self.rng = random.Random(19)
        self.expected = {}
        self.parcels = Counter()
        self.ids = []

    def begin(self, name, count):
        """Make the notes whose parcels are ordered."""
        self.ids = [self.odoo.create("test.retail.note", name=f"{name}-out{n}", text="begun") for n in range(count)]
        for note in range(count):
            self.expected[f"{name}-out{note}"] = "begun"

    def work(self, name, rounds):
        """Receive, change and order, each as often as it takes to be acknowledged, some things twice."""
        for number in range(rounds):
            self._until_acknowledged(self._receive, f"{name}-in{number % (rounds // 2)}", number + 1)
            index = number % len(self.ids)
            self._until_acknowledged(self._change, index, f"{name}-out{index}", f"text {number}")
            self._until_acknowledged(self._order, index, f"{name} parcel {number}")

    def _until_acknowledged(self, act, *args):
        for _attempt in range(200):
            try:
                return act(*args)
            except (OSError, AssertionError, ValueError, RuntimeError, urllib.error.URLError):
                time.sleep(0.5)
        raise AssertionError(f"nobody acknowledged {act.__name__}{args}: {self.odoo.server.log_tail(30)}")

    def _receive(self, name, version):
        for _delivery in range(self.rng.choice((1, 1, 2))):
            status = self.post(name, version, f"version {version}")
            if status != 200:
                raise OSError(status)
        self.expected[name] = f"version {version}"

    def _change(self, index, name, text):
        self.odoo.call("test.retail.note", "write", [self.ids[index]], {"text": text})
        self.expected[name] = text

    def _order(self, index, text):
        # Given again when the answer was lost: it is the same command.
        self.odoo.call("test.retail.note", "send_parcels", [self.ids[index]], [text])
        self.parcels[text] = 1

    def settle(self, seconds=240):
        """Let the vendor behave and the rest be done; a person replays what three deaths have set apart."""
        self.vendor.clear_faults()
        self.odoo.sql("UPDATE retail_inbox_work SET not_before = now() AT TIME ZONE 'UTC' WHERE NOT is_held")
        self.odoo.sql("UPDATE retail_outbox_work SET not_before = now() AT TIME ZONE 'UTC' WHERE NOT is_held")
        self.odoo.sql("UPDATE retail_circuit SET wait_until = now() AT TIME ZONE 'UTC' WHERE wait_until IS NOT NULL")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.unfinished():
            held = self.odoo.call(
                "retail.exception", "search", [("state", "=", "open"), ("kind", "=", "worker_killed")]
            )
            if held:
                self.odoo.call("retail.exception", "action_replay", held)
            time.sleep(1)

    def unfinished(self):
        return int(self.odoo.sql(UNFINISHED))

    def check(self):
        """Compare what there is with what there must be."""
        assert self.unfinished() == 0, self.odoo.server.log_tail(60)
        assert self.odoo.sql(FORGOTTEN).strip() == "0"
        rows = self.odoo.sql("SELECT name, text FROM test_retail_note ORDER BY name").splitlines()
        assert len(rows) == len({row.split("|")[0] for row in rows}), "a note was made twice"
        assert dict(row.split("|") for row in rows) == self.expected
        assert self.vendor.notes == self.expected
        assert Counter(parcel["text"] for parcel in self.vendor.parcels) == self.parcels
        # Each parcel is noted on its note exactly once.
        noted = self.odoo.sql("SELECT string_agg(history, ',') FROM test_retail_note WHERE history LIKE 'P-%'")
        assert sorted(noted.strip().split(",")) == sorted(parcel["id"] for parcel in self.vendor.parcels)
        states = self.odoo.sql("SELECT DISTINCT state FROM retail_inbox UNION SELECT DISTINCT state FROM retail_outbox")
        assert set(states.split()) <= {"done", "superseded"}


@pytest.fixture(scope="module")
def world(odoo, vendor):
    return World(odoo, vendor)


def under_load(world, name, rounds, disturb):
    """Run ``disturb`` while the world works, then check that all of it came out right."""
    world.begin(name, 8)
    failure = []

    def work():
        try:
            world.work(name, rounds)
        except BaseException as error:  # noqa: BLE001 raised again by the test, which another thread cannot
            failure.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        disturb(thread.is_alive)
    finally:
        thread.join(timeout=400)
    assert not failure, failure
    world.settle()
    world.check()


def test_a_vendor_that_fails_in_every_way_gets_each_command_once(world):
    def misbehave(_is_busy):
        for fault in ("status", "rate_limit", "lost_answer", "truncated"):
            world.vendor.add_fault(fault=fault, probability=0.15)
        world.vendor.add_fault(fault="hang", count=2, seconds=6)

    under_load(world, "vendor", 60, misbehave)


def test_workers_killed_at_random_moments_lose_and_repeat_nothing(world):
    killed = []

    def kill(is_busy):
        for fault in ("status", "lost_answer"):
            world.vendor.add_fault(fault=fault, probability=0.1)
        while len(killed) < KILLS and (is_busy() or world.unfinished()):
            time.sleep(world.rng.uniform(0.2, 2))
            children = _children(world.odoo.server.pid)
            if children:
                victim = world.rng.choice(children)
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    under_load(world, "kill", 240, kill)
    assert len(killed) == KILLS


def test_connections_that_are_cut_lose_and_repeat_nothing(world):
    struck = []

    def cut(is_busy):
        for _time in range(5):
            time.sleep(1.5)
            struck.append(is_busy() or world.unfinished() > 0)
            world.odoo.sql(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    under_load(world, "cut", 60, cut)
    assert any(struck), "nothing was under way when the connections were cut"


def test_a_server_killed_as_a_whole_goes_on_where_it_was(world):
    def kill(_is_busy):
        time.sleep(3)
        world.odoo.server.kill()
        world.odoo.server.start()

    under_load(world, "server", 60, kill)


def test_a_database_that_restarts_loses_and_repeats_nothing(world):
    if postgres.from_environment(os.environ):
        pytest.skip("the database server is not ours to restart")

    def restart(_is_busy):
        time.sleep(3)
        postgres.stop()
        time.sleep(1)
        postgres.ensure()
        # The master process ends when it finds a worker dead while PostgreSQL is away: a supervisor starts it again.
        time.sleep(2)
        if not world.odoo.server.is_alive:
            world.odoo.server.kill()
            world.odoo.server.start()

    under_load(world, "database", 60, restart)


def test_every_attempt_that_was_killed_is_in_the_log(world):
    lost = int(world.odoo.sql("SELECT count(*) FROM retail_sync_log WHERE outcome = 'lost'"))
    assert lost > 0, "no kill met work under way"


def _children(parent):
    try:
        with open(f"/proc/{parent}/task/{parent}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:
        return []
