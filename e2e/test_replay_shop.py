"""Recovery, dry run and a delivery of a shop, as its operator sees them."""

import os
import urllib.request

import pytest
from test_story import Screen

from conftest import log_in, serve
from setup import addons, demo_world
from setup.odoo_rpc import post_json

ORDERS, LOST = 12, 4


@pytest.fixture(scope="module")
def shop(ready):
    simulator = demo_world.ShopSimulator(f"e2e-replay-{os.getpid()}")
    with serve(ready, addons.product()) as odoo:
        try:
            simulator.start()
            world = demo_world.build(odoo, simulator.url)
            flows = odoo.call("retail.flow", "search", [("backend_id", "=", world.backend_id)])
            odoo.call("retail.flow", "write", flows, {"poll_interval_minutes": 0})
            yield world
        finally:
            simulator.stop()


def sell(world, orders):
    world.start_orders(orders=orders, seconds=3, duplicates=0, out_of_order=0, unknown_sku=0)
    demo_world.wait_until(lambda: world.progress()["state"] in ("done", "failed"), "the shop has sent all", 120)


def test_orders_that_nobody_announced_are_seen_and_taken(shop, browser):
    sell(shop, ORDERS - LOST)
    demo_world.wait_until(lambda: shop.bound_orders() == ORDERS - LOST, "what was announced is in Odoo")
    post_json(f"{shop.shop_url}/_sim/faults", {"fault": "drop_webhooks"})
    sell(shop, LOST)
    urllib.request.urlopen(urllib.request.Request(f"{shop.shop_url}/_sim/faults", method="DELETE")).close()
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    (flow,) = shop.odoo.call("retail.flow", "search", [("backend_id", "=", shop.backend_id), ("entity", "=", "order")])
    screen.open(f"retail-flows/{flow}")
    screen.click("button[name=action_recover]")
    screen.wait(".modal .o_form_view")
    screen.click(".modal button[name=action_list]")
    demo_world.wait_until(
        lambda: shop.count("retail.recovery", ("state", "=", "listed")), "the shop's orders are listed"
    )
    (recovery,) = shop.odoo.call("retail.recovery", "search", [])
    screen.open(f"retail-recoveries/{recovery}")
    screen.wait(".o_form_view .o_data_row")
    screen.picture("recovery")
    assert shop.bound_orders() == ORDERS - LOST
    screen.click("button[name=action_take]")
    demo_world.wait_until(lambda: shop.bound_orders() == ORDERS, "what was missing is in Odoo")
    assert len(shop.odoo_totals()) == ORDERS


def test_a_dry_run_shows_what_another_tax_mapping_would_change(shop, browser):
    maps = shop.odoo.call("retail.tax.map", "search_read", [("rate_percent", "in", (19, 7, 20))], fields=["tax_ids"])
    for mapping in maps:
        (copy,) = shop.odoo.call("account.tax", "copy", mapping["tax_ids"][:1])
        (tax,) = shop.odoo.call("account.tax", "read", mapping["tax_ids"][:1], ["name"])
        shop.odoo.call("account.tax", "write", [copy], {"name": f"{tax['name']} (online sales)"})
        shop.odoo.call("retail.tax.map", "write", [mapping["id"]], {"tax_ids": [(6, 0, [copy])]})
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    screen.open("retail-messages")
    screen.wait(".o_list_view .o_data_row")
    screen.click("thead .o_list_record_selector input")
    screen.click("button[name=action_open_replay]")
    screen.wait(".modal .o_form_view")
    screen.click(".modal button[name=action_dry_run]")
    demo_world.wait_until(
        lambda: shop.count("retail.bulk.run", ("operation", "=", "dry_run"), ("state", "=", "done")), "it was run dry"
    )
    (run,) = shop.odoo.call("retail.bulk.run", "search", [("operation", "=", "dry_run")])
    outcomes = {
        row["outcome"]
        for row in shop.odoo.call("retail.bulk.item", "search_read", [("run_id", "=", run)], fields=["outcome"])
    }
    assert "changed" in outcomes and "exception" not in outcomes, outcomes
    screen.open(f"retail-runs/{run}")
    screen.wait(".o_form_view .o_data_row")
    screen.click(".o_data_row td")
    screen.wait(".modal table")
    screen.picture("dry-run-message")
    screen.assert_no_error_in_the_console()


def test_a_validated_transfer_is_a_fulfilment_of_the_shop_with_its_parcel(shop, browser):
    (flow,) = shop.odoo.call(
        "retail.flow",
        "search",
        [("backend_id", "=", shop.backend_id), ("entity", "=", "fulfilment"), ("direction", "=", "out")],
    )
    shop.odoo.call("retail.flow", "action_live", [flow])
    ready = [("state", "=", "assigned"), ("sale_id.retail_backend_id", "=", shop.backend_id)]
    (transfer,) = shop.odoo.call("stock.picking", "search", ready, limit=1)
    shop.odoo.call("stock.picking", "write", [transfer], {"carrier_tracking_ref": "1Z999AA10123456784"})
    # As whoever answers the question about text messages with no.
    shop.odoo.call("stock.picking", "button_validate", [transfer], context={"skip_sms": True})
    (state,) = shop.odoo.call("stock.picking", "read", [transfer], ["state"])
    assert state["state"] == "done"
    told = ("retail_fulfilment_state", "=", "told")
    demo_world.wait_until(lambda: shop.count("stock.picking", ("id", "=", transfer), told), "the shop is told", 60)
    assert shop.count("retail.binding.fulfilment", ("picking_ids", "in", [transfer]), ("status", "=", "success")) == 1
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    browser.get(f"{shop.odoo.url}/odoo/action-stock.action_picking_tree_all/{transfer}")
    screen.wait("[name=retail_fulfilment_id]")
    assert "gid://" not in screen.driver.page_source
    screen.picture("transfer-fulfilment")
    screen.open("retail-fulfilments")
    screen.wait(".o_list_view .o_data_row")
    screen.picture("fulfilments")
    screen.assert_no_error_in_the_console()


def test_a_refund_of_the_shop_comes_in_live_and_brings_the_goods_back(shop, browser):
    incoming = [("backend_id", "=", shop.backend_id), ("entity", "=", "refund"), ("direction", "=", "in")]
    shop.odoo.call("retail.flow", "action_live", shop.odoo.call("retail.flow", "search", incoming))
    shop.odoo.call("retail.backend", "action_shopify_register_webhooks", [shop.backend_id])
    told = [("retail_fulfilment_state", "=", "told"), ("sale_id.retail_backend_id", "=", shop.backend_id)]
    (transfer,) = shop.odoo.call("stock.picking", "search_read", told, limit=1, fields=["sale_id"])
    order_id = transfer["sale_id"][0]
    (order,) = shop.odoo.call("sale.order", "read", [order_id], ["retail_external_name", "amount_total"])
    number = order["retail_external_name"].lstrip("#")
    made = post_json(f"{shop.shop_url}/_sim/orders/{number}/refund", {})
    demo_world.wait_until(lambda: shop.count("retail.binding.refund", ("order_id", "=", order_id)), "it is booked", 60)
    (refund,) = shop.odoo.call(
        "retail.binding.refund", "search_read", [("order_id", "=", order_id)], fields=["external_id", "state"]
    )
    assert (refund["external_id"], refund["state"]) == (made["id"], "booked")
    (after,) = shop.odoo.call("sale.order", "read", [order_id], ["amount_total"])
    assert order["amount_total"] > 0 and abs(after["amount_total"]) < 0.005
    assert shop.count("stock.picking", ("retail_refund_id", "=", refund["id"]), ("state", "=", "done")) == 1
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    screen.open(f"retail-refunds/{refund['id']}")
    screen.wait(".o_form_view .o_data_row")
    screen.picture("refund")
    screen.assert_no_error_in_the_console()


def test_another_api_version_is_used_once_the_shop_accepted_everything(shop, browser):
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    screen.open(f"retail-backends/{shop.backend_id}")
    screen.wait("button[name=action_shopify_switch_version]")
    screen.click("button[name=action_shopify_switch_version]")
    screen.wait(".modal .o_form_view")
    screen.picture("version-switch")
    screen.click(".modal button[name=action_switch]")
    used = [("id", "=", shop.backend_id), ("shopify_api_version", "=", "2026-07")]
    demo_world.wait_until(lambda: shop.count("retail.backend", *used), "the other version is used", 60)
    screen.assert_no_error_in_the_console()


def test_a_customer_who_is_to_be_forgotten_is_decided_about(shop, browser):
    (backend,) = shop.odoo.call("retail.backend", "read", [shop.backend_id], ["webhook_url"])
    post_json(f"{shop.shop_url}/_sim/settings", {"compliance_uri": backend["webhook_url"]})
    bound = [("backend_id", "=", shop.backend_id), ("external_id", "like", "gid://shopify/Customer/")]
    (customer,) = shop.odoo.call("retail.binding.partner", "search_read", bound, limit=1, fields=["external_id"])
    number = customer["external_id"].rpartition("/")[2]
    post_json(f"{shop.shop_url}/_sim/customers/{number}/privacy", {"kind": "redact"})
    demo_world.wait_until(lambda: shop.count("retail.privacy.request"), "the request is here", 60)
    log_in(browser, shop.odoo)
    screen = Screen(browser, shop.odoo.url)
    (request,) = shop.odoo.call("retail.privacy.request", "search", [])
    screen.open(f"retail-privacy/{request}")
    screen.wait("button[name=action_keep_contact]")
    screen.picture("privacy-request")
    screen.click("button[name=action_keep_contact]")
    done = [("id", "=", request), ("state", "=", "done")]
    demo_world.wait_until(lambda: shop.count("retail.privacy.request", *done), "the decision is noted", 60)
    screen.assert_no_error_in_the_console()
