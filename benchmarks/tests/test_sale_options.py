"""The short forms are small, and what is asked for wins."""

import pytest

from benchmarks import flash_sale, orders, returns


@pytest.mark.parametrize("script", [orders, flash_sale, returns])
def test_the_short_form_is_a_tenth_or_so_of_the_full_one(script):
    assert script.parse(["--short"]).orders * 6 <= script.parse([]).orders
    assert script.parse(["--short", "--orders", "7"]).orders == 7


def test_a_staging_server_is_named_with_its_database():
    with pytest.raises(SystemExit):
        orders.parse(["--url", "https://staging.example.com"])
