"""The ground that the other tests here stand on: server, job runner and browser work together."""

import time

import pytest

from conftest import console_errors, log_in

JOB_SECONDS = 60


@pytest.fixture
def logged_in(odoo, browser):
    """The browser, logged in as the administrator and showing the web client."""
    log_in(browser, odoo)
    return browser


def test_the_web_client_shows_without_an_error_in_the_console(logged_in):
    assert console_errors(logged_in) == []


def test_the_job_runner_runs_a_job(odoo, logged_in):
    logged_in.get(f"{odoo.url}/queue_job/create_test_job")
    deadline = time.monotonic() + JOB_SECONDS
    states = []
    while states != ["done"] and time.monotonic() < deadline:
        states = odoo.sql("SELECT state FROM queue_job").split()
        time.sleep(0.2)
    assert states == ["done"], odoo.server.log_tail()


def test_the_external_api_answers_the_administrator(odoo):
    (admin,) = odoo.call("res.users", "read", [2], ["login"])
    assert admin["login"] == odoo.login
