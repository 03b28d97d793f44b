"""The demo's story, as a user lives it: a sale, two orders with an unknown product, one fix, two hundred orders."""

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

from conftest import console_errors, log_in, serve, take_screenshot
from setup import addons, demo_world
from setup.odoo_rpc import get_json

ORDERS = 200
DUPLICATES, OUT_OF_ORDER = 0.2, 0.1
#: What Odoo calls the product that the shop added meanwhile; the shop's SKU is another.
OWN_PRODUCT, OWN_CODE = "Compass rose print", "PRINT-COMPASS-A3"
#: Where the walk's pictures go; the documentation's are made with RETAIL_SCREENSHOTS=docs/images.
PICTURES = Path(os.environ.get("RETAIL_SCREENSHOTS", ".local/run/screenshots"))


@pytest.fixture(scope="module")
def world(ready):
    """A shop connected to an Odoo of its own, after its sale."""
    shop = demo_world.ShopSimulator(f"e2e-shopify-{os.getpid()}")
    with serve(ready, addons.product()) as odoo:
        try:
            shop.start()
            world = demo_world.build(odoo, shop.url)
            world.start_orders(
                orders=ORDERS, seconds=60, duplicates=DUPLICATES, out_of_order=OUT_OF_ORDER, unknown_sku=2
            )
            demo_world.wait_until(lambda: world.progress()["state"] in ("done", "failed"), "the shop has sent all", 300)
            assert world.progress()["state"] == "done", world.progress()
            demo_world.wait_until(lambda: not world.unfinished(), "all messages have an end", 300)
            yield world
        finally:
            shop.stop()


@pytest.fixture
def screen(world, browser):
    """The browser, logged in."""
    log_in(browser, world.odoo)
    return Screen(browser, world.odoo.url)


class Screen:
    """The web client as a person uses it."""

    def __init__(self, driver, url):
        self.driver, self.url = driver, url

    def open(self, path):
        self.driver.get(f"{self.url}/odoo/{path}")

    def wait(self, selector, seconds=40):
        condition = expected_conditions.visibility_of_element_located((By.CSS_SELECTOR, selector))
        return WebDriverWait(self.driver, seconds).until(condition)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        condition = expected_conditions.element_to_be_clickable((By.CSS_SELECTOR, selector))
        WebDriverWait(self.driver, 40).until(condition).click()

    def pick(self, field, text):
        """Choose the only record that a many2one finds for ``text``, as a person who types it."""
        condition = expected_conditions.element_to_be_clickable((By.CSS_SELECTOR, f"[name={field}] input"))
        WebDriverWait(self.driver, 40).until(condition).send_keys(text)
        found = (By.XPATH, f"//*[contains(@class, 'o-autocomplete--dropdown-item')][contains(., '{text}')]")
        WebDriverWait(self.driver, 40).until(expected_conditions.element_to_be_clickable(found)).click()

    def picture(self, name):
        time.sleep(1)  # fonts and pictures
        take_screenshot(self.driver, PICTURES / f"{name}.png")

    def assert_no_error_in_the_console(self):
        assert console_errors(self.driver) == []


def agreed(world):
    """Return the names of the orders whose state and total are the same on both sides."""
    odoo = world.odoo_totals()
    return {
        order["name"]
        for order in world.shop_orders()
        if order["name"] in odoo
        and odoo[order["name"]][0] == "sale"
        and Decimal(odoo[order["name"]][1])
        == Decimal(order["current_total"]["amount"]) + Decimal(order["rounding"]["amount"])
    }


def test_198_orders_are_confirmed_with_the_shops_totals_and_none_is_there_twice(world):
    assert len(world.shop_orders()) == ORDERS
    assert len(agreed(world)) == ORDERS - 2
    assert world.bound_orders() == ORDERS - 2
    assert world.count("sale.order", ("retail_backend_id", "=", world.backend_id)) == ORDERS - 2
    names = world.odoo.sql(
        "SELECT retail_external_name FROM sale_order WHERE retail_backend_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    )
    assert names.strip() == ""


def test_a_fifth_of_the_messages_came_twice_and_a_tenth_of_the_orders_out_of_order(world):
    progress = world.progress()
    deliveries = get_json(f"{world.shop_url}/_sim/deliveries")["deliveries"]
    assert {delivery["state"] for delivery in deliveries} == {"delivered"}
    again = [delivery for delivery in deliveries if delivery["duplicate"]]
    assert len(again) == progress["duplicates"]
    assert len({delivery["event_id"] for delivery in again}) == len(again)
    assert DUPLICATES - 0.07 < len(again) / progress["events"] < DUPLICATES + 0.07
    # The update reached Odoo first, and then the creation with the older payload (or one of the same second).
    overtaken = world.odoo.sql(
        "SELECT count(DISTINCT subject_key) FROM retail_inbox u JOIN retail_inbox c USING (subject_key) "
        "WHERE u.topic = 'orders/updated' AND c.topic = 'orders/create' AND u.id < c.id AND u.version >= c.version"
    )
    assert int(overtaken) == ORDERS * OUT_OF_ORDER


def test_every_message_has_an_end_and_the_duplicates_left_no_second_row(world):
    progress = world.progress()
    rows = world.count("retail.inbox", ("entity", "=", "order"))
    assert rows == progress["events"]
    ended = ("done", "superseded", "held")
    assert world.count("retail.inbox", ("entity", "=", "order"), ("state", "in", ended)) == rows


def test_two_orders_of_one_customer_share_one_contact(world):
    twice = world.odoo.sql(
        "SELECT email_normalized FROM res_partner WHERE email_normalized IS NOT NULL AND parent_id IS NULL "
        "AND active GROUP BY 1 HAVING count(*) > 1"
    )
    assert twice.strip() == ""


def test_the_user_links_the_product_on_one_card_and_both_orders_go_through(world, screen):
    product = world.odoo.create("product.product", name=OWN_PRODUCT, default_code=OWN_CODE, is_storable=True)
    screen.open("retail-exceptions")
    screen.wait(".o_kanban_record")
    assert len(screen.all(".o_kanban_group")) == 1, "one cause"
    assert len(screen.all(".o_kanban_record:not(.o_kanban_ghost)")) == 2, "two cards"
    screen.picture("exceptions-kanban")

    screen.click(".o_kanban_record")
    screen.wait(".o_form_view button[name=link_product]")
    screen.picture("exception-form")

    screen.click("button[name=link_product]")
    screen.wait(".modal .o_form_view")
    screen.click(".modal input[data-value=link]")
    screen.pick("product_id", OWN_PRODUCT)
    screen.picture("link-product")
    screen.click(".modal button[name=action_apply]")

    demo_world.wait_until(lambda: world.open_exceptions() == 0, "no exception is open", 60)
    demo_world.wait_until(lambda: not world.unfinished(), "all messages have an end", 60)
    assert world.bound_orders() == ORDERS
    assert len(agreed(world)) == ORDERS
    assert world.count("product.product", ("name", "=", OWN_PRODUCT)) == 1, "it was linked, not created again"
    assert world.count("retail.binding.product", ("product_id", "=", product)) == 1
    assert world.count("sale.order", ("order_line.product_id", "=", product), ("state", "=", "sale")) == 2

    screen.open("retail-exceptions")
    screen.wait(".o_view_nocontent, .o_nocontent_help")
    screen.picture("exceptions-done")


def test_the_screens_show_what_came_and_what_became_of_it(world, screen):
    for path, selector, name in (
        ("retail-messages", ".o_list_view .o_data_row", "messages"),
        ("retail-backends", ".o_list_view .o_data_row", "backends"),
        ("retail-flows", ".o_list_view .o_data_row", "flows"),
        ("action-retail_integration_base.action_retail_sync_log", ".o_list_view .o_data_row", "sync-log"),
        (f"retail-backends/{world.backend_id}", ".o_form_view", "backend"),
        ("sales", ".o_list_view .o_data_row", "orders"),
    ):
        screen.open(path)
        screen.wait(selector)
        screen.picture(name)
    screen.open(f"retail-backends/{world.backend_id}")
    screen.click(".o_notebook a[name=check]")
    screen.picture("check-connection")
    (order,) = world.odoo.call("sale.order", "search", [("retail_backend_id", "=", world.backend_id)], limit=1)
    screen.open(f"sales/{order}")
    screen.wait(".o_form_view .o_notebook")
    screen.picture("order")
    screen.click(".o_notebook a[name=channel]")
    screen.picture("order-channel")
    screen.click("button[name=action_view_retail_timeline]")
    screen.wait(".o_data_row td[name=what]")
    assert "Message received" in screen.driver.page_source
    screen.picture("timeline")
    screen.assert_no_error_in_the_console()
