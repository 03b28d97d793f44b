"""A shop's history is counted, confirmed and taken on the backend's screen, across a kill of the server."""

import os
import time

import pytest
from test_story import Screen, agreed

from conftest import log_in, serve
from setup import addons, demo_world
from setup.odoo_rpc import post_json

ORDERS = 60


@pytest.fixture(scope="module")
def shop(ready):
    simulator = demo_world.ShopSimulator(f"e2e-backfill-{os.getpid()}")
    with serve(ready, addons.product()) as odoo:
        try:
            simulator.start()
            world = demo_world.build(odoo, simulator.url)
            flows = odoo.call("retail.flow", "search", [("backend_id", "=", world.backend_id)])
            odoo.call("retail.flow", "write", flows, {"poll_interval_minutes": 0})
            post_json(f"{simulator.url}/_sim/orders", {"kind": "simple", "count": ORDERS, "webhooks": False})
            yield world
        finally:
            simulator.stop()


def brought(shop):
    return shop.count("retail.inbox", ("topic", "=", "backfill/orders"))


def test_history_is_counted_confirmed_and_taken_once_though_the_server_is_killed(shop, browser):
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    (flow,) = shop.odoo.call("retail.flow", "search", [("backend_id", "=", shop.backend_id), ("entity", "=", "order")])
    screen.open(f"retail-flows/{flow}")
    screen.click("button[name=action_backfill]")
    screen.wait(".modal .o_form_view")
    screen.click(".modal button[name=action_count]")
    demo_world.wait_until(lambda: shop.count("retail.backfill", ("state", "=", "counted")), "the history is counted")
    (backfill,) = shop.odoo.call("retail.backfill", "search", [])
    screen.open(f"retail-backfills/{backfill}")
    screen.wait("button[name=action_take]")
    screen.picture("backfill-report")
    assert not brought(shop)
    screen.click("button[name=action_take]")
    screen.click(".modal button.btn-primary")
    deadline = time.monotonic() + 120
    while not brought(shop) and time.monotonic() < deadline:
        time.sleep(0.02)
    shop.odoo.server.kill()
    shop.odoo.server.start()
    demo_world.wait_until(lambda: shop.count("retail.backfill", ("state", "=", "done")), "the history is taken")
    demo_world.wait_until(lambda: not shop.unfinished(), "it is worked off", 300)
    assert len(agreed(shop)) == ORDERS == brought(shop)
    assert shop.count("sale.order", ("retail_backend_id", "=", shop.backend_id)) == ORDERS


def test_the_backends_form_shows_how_far_it_is(shop, browser):
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    screen.open(f"retail-backends/{shop.backend_id}")
    screen.click("a[name=backfills]")
    screen.wait("[name=backfill_ids] .o_progressbar")
    screen.picture("backfill-backend")
