"""Where no job runner runs, the cron works the inbox off."""

import pytest
from test_inbox import drained, effects, shop, states  # noqa: F401 shop is a fixture

from conftest import serve
from setup import odoo_config


@pytest.fixture(scope="module")
def odoo(ready):
    modules = [name for name in odoo_config.SERVER_WIDE if name != "queue_job"]
    with serve(ready, ["test_retail_integration"], server_wide_modules=",".join(modules)) as served:
        yield served


def test_messages_are_worked_off_by_the_cron(odoo, shop):  # noqa: F811
    for number in range(3):
        # One after the other: each finds everybody asleep again.
        assert shop(f"n{number}") == 200
        drained(odoo, 180)
    names = [f"m{number}" for number in range(50)]
    assert {shop(name) for name in names} == {200}
    drained(odoo, 180)
    assert states(odoo, shop) == {"done": 53}
    assert {count for count, _history in effects(odoo, shop).values()} == {1}
    assert odoo.sql("SELECT DISTINCT state FROM queue_job").split() == ["pending"], "a job runner ran"
