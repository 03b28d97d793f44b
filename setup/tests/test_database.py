"""The key of the template database, and what an installation's log is held to."""

import pytest

from setup import database
from setup.shell import SetupError

VERSION = "debian 19.0.0+dfsg-1"
THIRD_PARTY = ["odoo-addon-queue_job==19.0.2.4.0", "odoo-addon-other==19.0.1.0.0"]
DEPENDS = ["mail", "queue_job"]
KEY = database.template_key(VERSION, THIRD_PARTY, DEPENDS)


def test_the_order_of_addons_does_not_matter():
    assert database.template_key(VERSION, THIRD_PARTY[::-1], DEPENDS[::-1]) == KEY


@pytest.mark.parametrize(
    ("version", "third_party", "depends"),
    [
        ("debian 19.0.1+dfsg-1", THIRD_PARTY, DEPENDS),
        (VERSION, ["odoo-addon-queue_job==19.0.2.5.0", THIRD_PARTY[1]], DEPENDS),
        (VERSION, THIRD_PARTY[:1], DEPENDS),
        (VERSION, THIRD_PARTY, [*DEPENDS, "sale_stock"]),
        (VERSION, [], [*THIRD_PARTY, *DEPENDS]),
    ],
)
def test_whatever_is_installed_changes_the_key(version, third_party, depends):
    assert database.template_key(version, third_party, depends) != KEY


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-01 10:00:00,000 12 ERROR retail odoo.modules.loading: broken view",
        "2026-01-01 10:00:00,000 12 CRITICAL retail odoo.service.server: failed",
        "2026-01-01 10:00:00,000 12 WARNING retail odoo.modules.loading: "
        "The models ['retail.x'] have no access rules in module retail_x, consider adding some",
    ],
)
def test_an_installation_that_logs_a_fault_is_refused(tmp_path, line):
    log = tmp_path / "install.log"
    log.write_text(f"2026-01-01 10:00:00,000 12 INFO retail odoo.modules.loading: loading\n{line}\n")
    with pytest.raises(SetupError, match=r"broken view|failed|no access rules"):
        database.check_log(log)


def test_an_installation_that_mentions_an_error_in_passing_is_accepted(tmp_path):
    log = tmp_path / "install.log"
    log.write_text("2026-01-01 10:00:00,000 12 INFO retail odoo.modules.loading: no ERROR here\n")
    database.check_log(log)
