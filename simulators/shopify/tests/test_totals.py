"""Orders add up to the cent, in both currencies, before and after changes."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.shopify.state.kinds import KINDS

from . import arithmetic
from .conftest import Api


def test_every_seeded_order_adds_up_to_the_cent_in_both_currencies(full):
    api = Api(full)
    api.control("POST", "/settings", bucket={"maximum": 1_000_000, "restore_rate": 1000})
    summaries = api.control("GET", "/orders")["orders"]
    assert {entry["kind"] for entry in summaries} == set(KINDS)
    found = [text for entry in summaries for text in arithmetic.problems(arithmetic.fetch(api, entry["id"]))]
    assert found == []


def test_the_accountant_notices_a_wrong_cent(api):
    order = arithmetic.fetch(api, api.place("code_percent")["id"])
    assert arithmetic.problems(order) == []
    for path in (
        ("subtotalPriceSet",),
        ("totalPriceSet",),
        ("totalTaxSet",),
        ("totalReceivedSet",),
        ("currentTotalPriceSet",),
    ):
        broken = json.loads(json.dumps(order))
        bag = broken[path[0]]["shopMoney"]
        bag["amount"] = str(Decimal(bag["amount"]) + Decimal("0.01"))
        assert arithmetic.problems(broken), path


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_order_of_each_kind_adds_up_after_it_was_cancelled(api, kind):
    order = api.place(kind)
    api.control("POST", f"/orders/{order['number']}/cancel")
    cancelled = arithmetic.fetch(api, order["id"])
    assert arithmetic.problems(cancelled) == []
    assert cancelled["displayFinancialStatus"] in ("REFUNDED", "VOIDED")


_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("quantity"), st.integers(0, 2), st.integers(0, 5)),
        st.tuples(st.just("pay")),
        st.tuples(st.just("cancel")),
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(set(KINDS) - {"many_lines"})), changes=_CHANGES)
def test_an_order_adds_up_after_any_changes(simulator, kind, changes):
    api = Api(simulator)
    simulator.world.bucket.configure(100_000, 1000)
    order = api.place(kind)
    path = f"{api.url}/_sim/orders/{order['number']}"
    for change in changes:
        if change[0] == "quantity":
            entry = {"line": change[1] % len(order["lines"]), "quantity": change[2]}
            answer = api.session.post(f"{path}/edit", json={"quantities": [entry]})
        else:
            answer = api.session.post(f"{path}/{change[0]}")
        # 400 says that the order's state does not allow it, which leaves the order as it was
        assert answer.status_code in (200, 400), answer.text
    assert arithmetic.problems(arithmetic.fetch(api, order["id"])) == []


def test_the_webhook_tells_the_same_amounts_as_the_api(full):
    api = Api(full)
    api.control("POST", "/settings", bucket={"maximum": 1_000_000, "restore_rate": 1000})
    names = {
        "totalPriceSet": "total_price_set",
        "subtotalPriceSet": "subtotal_price_set",
        "totalTaxSet": "total_tax_set",
        "totalDiscountsSet": "total_discounts_set",
        "totalShippingPriceSet": "total_shipping_price_set",
        "currentTotalPriceSet": "current_total_price_set",
    }
    for entry in api.control("GET", "/orders")["orders"]:
        order, payload = arithmetic.fetch(api, entry["id"]), api.control("GET", f"/orders/{entry['number']}")["payload"]
        for field, key in names.items():
            for side, part in (("shopMoney", "shop_money"), ("presentmentMoney", "presentment_money")):
                assert Decimal(order[field][side]["amount"]) == Decimal(payload[key][part]["amount"]), (
                    entry["name"],
                    field,
                )
        assert [Decimal(line["price"]) for line in payload["line_items"]] == [
            Decimal(line["originalUnitPriceSet"]["shopMoney"]["amount"]) for line in order["lineItems"]["nodes"]
        ]
