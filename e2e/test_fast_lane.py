"""The fast lane gives the verdicts of the routed controller, and what it stores is worked off like the rest."""

import pytest
from test_inbox import drained, effects, shop, states  # noqa: F401 shop is a fixture

from conftest import serve

LANE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'retail-fast-lane'"


@pytest.fixture(scope="module")
def odoo(ready):
    with serve(ready, ["test_retail_integration", "retail_integration_gateway"]) as served:
        yield served


def test_a_signed_message_takes_the_fast_lane_and_takes_effect_once(odoo, shop):  # noqa: F811
    assert [shop("n1"), shop("n1"), shop("n2")] == [200, 200, 200]
    assert int(odoo.sql(LANE)) > 0
    drained(odoo)
    assert states(odoo, shop) == {"done": 2}
    assert {name: count for name, (count, _history) in effects(odoo, shop).items()} == {"n1": 1, "n2": 1}


def test_what_is_not_allowed_is_refused_with_4xx_counted_and_not_stored(odoo, shop):  # noqa: F811
    assert shop("n1", token="nobody") == 404
    assert shop("n1", endpoint="other") == 404
    assert shop("n1", tamper=True) == 401
    assert states(odoo, shop) == {}
    counts = odoo.sql("SELECT reason, sum(count) FROM retail_gateway_refusal GROUP BY reason").split()
    assert {"unknown_token|1", "unknown_endpoint|1", "bad_signature|1"} <= set(counts)


def test_a_backend_that_is_disarmed_or_a_secret_that_is_revoked_is_refused_a_second_later(odoo, shop):  # noqa: F811
    assert shop("n1") == 200
    odoo.call("retail.backend", "action_disarm", [shop.backend_id])
    assert _becomes(lambda: shop("n2"), 403)
    odoo.call("retail.backend", "action_arm", [shop.backend_id])
    assert _becomes(lambda: shop("n3"), 200)
    secrets = odoo.call("retail.credential", "search", [("backend_id", "=", shop.backend_id)])
    odoo.call("retail.credential", "action_revoke", secrets)
    assert _becomes(lambda: shop("n4"), 404)


def test_a_lost_connection_is_made_again_and_loses_nothing(odoo, shop):  # noqa: F811
    assert shop("n1") == 200
    odoo.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'retail-fast-lane'")
    assert [shop(f"m{number}") for number in range(8)] == [200] * 8
    drained(odoo)
    assert states(odoo, shop) == {"done": 9}


def test_a_body_above_the_limit_is_refused_and_other_paths_are_odoos(odoo, shop):  # noqa: F811
    assert shop("n1", text="x" * (26 * 1024 * 1024)) == 413
    assert odoo.call("res.users", "search_count", []) > 0


def _becomes(answer, status, tries=30):
    """Whether ``answer()`` is ``status`` within a few tries of the workers' second."""
    import time

    for _try in range(tries):
        if answer() == status:
            return True
        time.sleep(0.2)
    return False
