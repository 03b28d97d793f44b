"""Deferred reservation under real processes: two workers, products that everybody wants, sudden death of the writer."""

import os
import signal

import pytest
from test_inbox import wait_until

from benchmarks.order_documents import document
from benchmarks.order_world import OrderWorld
from conftest import serve

HOT = 6
ORDERS = 60
CUSTOMERS = 10
#: Processes that hold the lock of a warehouse (``engine/reservation_sql.py``) for a job.
RESERVING = f"""
SELECT DISTINCT j.worker_pid FROM pg_locks l
JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
JOIN queue_job j ON j.state = 'started' AND j.identity_key = 'retail.reserve.' || l.objid
WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = {0x52544C57} AND l.granted
"""


@pytest.fixture(scope="module")
def odoo(ready):
    with serve(ready, ["retail_integration_sale", "retail_integration_gateway"]) as served:
        yield served


@pytest.fixture(scope="module")
def world(odoo):
    built = OrderWorld(odoo, [f"HOT-{number}" for number in range(HOT)], customers=CUSTOMERS)
    built.build()
    return built.at(odoo)


@pytest.fixture(scope="module")
def sent():
    """All documents that were sent: stock is compared with the sum of them."""
    return []


def send(world, sent, run, count=ORDERS, **more):
    documents = [document(run, number, world.skus, world.customers, world.currency, **more) for number in range(count)]
    sent[:] = [known for known in sent if known["external_id"] not in {new["external_id"] for new in documents}]
    sent.extend(documents)
    assert world.send(documents) == 0
    return documents


def settle(odoo, world):
    try:
        world.wait(240)
    except TimeoutError:
        pytest.fail(odoo.server.log_tail(60))


def check(world, sent, documents):
    assert world.troubles(documents) == []
    assert world.stock_troubles(sent) == []


def test_orders_of_the_same_products_are_all_reserved_exactly_once_by_two_workers(odoo, world, sent):
    world.pause()
    documents = send(world, sent, "deferred")
    world.go("deferred")
    settle(odoo, world)
    check(world, sent, documents)
    conflicts = odoo.server.log.read_text(errors="replace").count("could not serialize access")
    assert conflicts == 0, "nobody else reserves in this warehouse"


def test_reserved_with_the_order_they_are_too_whoever_loses_a_batch(odoo, world, sent):
    world.pause()
    documents = send(world, sent, "together")
    world.go("with_order")
    settle(odoo, world)
    check(world, sent, documents)


def test_updates_and_cancellations_while_orders_are_reserved_leave_what_stands(odoo, world, sent):
    world.pause()
    send(world, sent, "changed")
    world.go("deferred")
    # The first are reserved, or about to be, when their updates come.
    wait_until(lambda: odoo.sql("SELECT count(*) FROM retail_reservation").strip() != "0", 60)
    more = send(world, sent, "changed", ORDERS // 2, version=2, quantities=[3, 1, 0])
    gone = send(world, sent, "changed", ORDERS // 4, version=3, cancelled=True)
    settle(odoo, world)
    check(world, sent, more[ORDERS // 4 :] + gone)


def test_a_killed_writer_loses_nothing_and_reserves_nothing_twice(odoo, world, sent):
    world.pause()
    documents = send(world, sent, "killed", 2 * ORDERS)
    # The watchdog would be quicker than the next job, and there would be nobody left to kill.
    crons = "id IN (SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module LIKE 'retail%')"
    odoo.sql(f"UPDATE ir_cron SET active = false WHERE {crons}")
    try:
        world.go("deferred")
        kill_the_writer(odoo)
        assert odoo.sql("SELECT count(*) FROM retail_reservation").strip() != "0", "it had nothing left to do"
    finally:
        odoo.sql(f"UPDATE ir_cron SET active = true WHERE {crons}")
    settle(odoo, world)
    check(world, sent, documents)


def kill_the_writer(odoo):
    """Kill a process that reserves, as soon as there is one."""
    found = set()

    def look():
        found.update(set(map(int, odoo.sql(RESERVING).split())) & set(children(odoo.server.pid)))
        return found

    wait_until(look, 120, pause=0)
    assert found, odoo.server.log_tail(60)
    os.kill(found.pop(), signal.SIGKILL)


def children(parent):
    with open(f"/proc/{parent}/task/{parent}/children") as file:
        return [int(pid) for pid in file.read().split()]
