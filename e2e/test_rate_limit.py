"""A rush at a shop whose API allows little and answers 429 at times: two workers, everything once, few calls."""

import os
from decimal import Decimal

import pytest

from conftest import serve
from setup import addons, demo_world
from setup.odoo_rpc import get_json, post_json

ORDERS = 60
#: Half of what a shop of the smallest plan has; one query may cost all of it.
BUCKET = {"maximum": 1000, "restore_rate": 60}


@pytest.fixture(scope="module")
def shop(ready):
    simulator = demo_world.ShopSimulator(f"e2e-limit-{os.getpid()}")
    with serve(ready, addons.product(), jobs=2) as odoo:
        try:
            simulator.start()
            yield demo_world.build(odoo, simulator.url)
        finally:
            simulator.stop()


def operations(world):
    return sum(get_json(f"{world.shop_url}/_sim/stats")["operations"].values())


def test_a_storm_of_limits_loses_and_repeats_nothing_and_calls_no_more_than_it_may(shop):
    post_json(f"{shop.shop_url}/_sim/settings", {"bucket": BUCKET})
    post_json(f"{shop.shop_url}/_sim/faults", {"fault": "http_429", "count": 10, "retry_after": 1})
    before = operations(shop)
    shop.start_orders(orders=ORDERS, seconds=6, duplicates=0.3, out_of_order=0.2, unknown_sku=0)
    demo_world.wait_until(lambda: shop.progress()["state"] in ("done", "failed"), "the shop has sent all", 120)
    demo_world.wait_until(lambda: shop.bound_orders() == ORDERS and not shop.unfinished(), "all is worked off", 240)
    totals = shop.odoo_totals()
    assert len(totals) == ORDERS
    for order in shop.shop_orders():
        assert Decimal(totals[order["name"]][1]) == Decimal(order["current_total"]["amount"]), order["name"]
    assert shop.open_exceptions() == 0
    # What cannot be paid for is not tried: a call per message at most, whatever is sent twice or refused.
    assert operations(shop) - before <= 2 * ORDERS
    (budget,) = shop.odoo.call("retail.budget", "search_read", [("backend_id", "=", shop.backend_id)])
    assert (budget["is_known"], budget["maximum"]) == (True, BUCKET["maximum"])
