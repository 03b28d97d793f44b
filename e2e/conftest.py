"""A real Odoo server for the tests here: four workers and the job runner, on a fresh copy of the installed suite."""

import base64
import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

from setup import addons, database, environment, system
from setup.odoo_rpc import OdooClient
from setup.server import OdooServer, running

WINDOW = (1280, 900)


class Odoo(OdooClient):
    """The running server, and ways to ask it things.

    :param OdooServer server: the process: ``server.kill()``, ``server.start()``, ``server.log``
    :param Callable sql: runs one SQL statement on its database and returns the output as text
    """

    def __init__(self, server: OdooServer, sql: Callable):
        super().__init__(server.url, server.database)
        self.server = server
        self.sql = sql


@pytest.fixture(scope="session")
def ready():
    """The environment: Odoo's place and the database server."""
    return environment.ensure(system.CHROMIUM, system.CHROMEDRIVER)


@contextmanager
def serve(ready, wanted, **options):
    """Run an :class:`Odoo` with the addons ``wanted`` on a database of its own, dropped afterwards."""
    suite = database.ensure_suite(ready.odoo, ready.server, wanted)
    with (
        database.scratch(ready.server, suite, "e2e") as name,
        running(f"e2e-{os.getpid()}", ready, database=name, environment="test", workers=4, **options) as server,
    ):
        yield Odoo(server, lambda statement: database.sql(ready.server, statement, name))


@pytest.fixture(scope="module")
def odoo(ready):
    """An :class:`Odoo` with all of the suite, for the tests of one module."""
    with serve(ready, addons.product()) as served:
        yield served


@pytest.fixture
def browser(ready, tmp_path, request):
    """Chromium, driven by Selenium. A test that fails leaves a screenshot in `.local/run/`."""
    options = Options()
    options.binary_location = str(system.find_program("chromium"))
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--window-size={WINDOW[0]},{WINDOW[1]}",
        f"--user-data-dir={tmp_path / 'chromium'}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(system.find_program("chromedriver"))))
    driver.set_page_load_timeout(60)
    yield driver
    if request.node.stash.get(FAILED, False):
        take_screenshot(driver, Path(".local/run") / f"{request.node.name}.png")
    driver.quit()


def log_in(driver, odoo):
    """Log the browser in as the administrator and wait for the web client."""
    driver.get(f"{odoo.url}/web/login")
    # The page shows the form once its scripts have looked for users who logged in here before.
    form_shown = expected_conditions.element_to_be_clickable((By.ID, "login"))
    WebDriverWait(driver, 60).until(form_shown).send_keys(odoo.login)
    driver.find_element(By.ID, "password").send_keys(odoo.password)
    driver.find_element(By.CSS_SELECTOR, ".oe_login_form button[type=submit]").click()
    shown = expected_conditions.presence_of_element_located((By.CSS_SELECTOR, ".o_main_navbar"))
    WebDriverWait(driver, 60).until(shown)


def take_screenshot(driver, path):
    """Save what the browser shows as a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(driver.get_screenshot_as_base64()))


def console_errors(driver):
    """Return what the browser's console holds as errors since it was asked last."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


FAILED = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Remember that a test failed, for the screenshot."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report
