"""A real Odoo server for the tests here: four workers and the job runner, on a fresh copy of the installed suite."""

import base64
import json
import os
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from setup import addons, database, environment, system
from setup.server import OdooServer, running

WINDOW = (1280, 900)


@dataclass
class Odoo:
    """The running server, and ways to ask it things.

    :param OdooServer server: the process: ``server.kill()``, ``server.start()``, ``server.log``
    :param Callable sql: runs one SQL statement on its database and returns the output as text
    """

    server: OdooServer
    sql: Callable
    login: str = "admin"
    password: str = "admin"

    @property
    def url(self):
        """Address of the server."""
        return self.server.url

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model as the administrator; the arguments are those of Odoo's external API."""
        service_args = [self.server.database, self._uid(), self.password, model, method, args, kwargs]
        return self._rpc("object", "execute_kw", service_args)

    def _uid(self):
        if not hasattr(self, "_known_uid"):
            self._known_uid = self._rpc("common", "login", [self.server.database, self.login, self.password])
        return self._known_uid

    def _rpc(self, service, method, args):
        params = {"service": service, "method": method, "args": args}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}).encode()
        request = urllib.request.Request(f"{self.url}/jsonrpc", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(answer["error"]["data"]["debug"])
        return answer["result"]


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


def take_screenshot(driver, path):
    """Save what the browser shows as a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(driver.get_screenshot_as_base64()))


FAILED = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Remember that a test failed, for the screenshot."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report
