"""An order of Shopify becomes an ``order.v1`` in which no cent is lost."""

import random
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.retail_connector_shopify.shopify import mapper_order, order_fetch
from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import VendorChanged
from odoo.addons.retail_integration_sale.canonical import order_v1  # noqa: F401 registers the schema

from . import pure


@pytest.fixture(scope="module")
def running():
    with pure.simulator(orders=0) as one:
        yield one


@pytest.fixture(scope="module")
def client(running):
    return pure.connect(running)


def place(running, kind, seed=None):
    """Return a fresh order (the simulator's record) of ``kind``."""
    from simulators.shopify.state.kinds import make_plan
    from simulators.shopify.state.orders import place_order

    shop = running.world.shop
    rng = random.Random(seed)
    return place_order(shop, make_plan(shop, rng, kind), rng)


def fetch(client, order):
    return order_fetch.fetch_orders(client, [order["id"]])[order["id"]]


def document_of(client, order):
    return registry.validate(mapper_order.map_order(fetch(client, order)))


def kinds():
    from simulators.shopify.state.kinds import KINDS

    return sorted(KINDS)


def assert_exact(document, order):
    assert pure.amount(document["totals"]["total"]) == pure.shop_total(order)
    assert pure.parts_total(document) == pure.shop_total(order)
    taxes = [tax for part in ("lines", "shipping_lines", "duties") for one in document[part] for tax in one["taxes"]]
    assert (
        sum((pure.amount(tax["amount"]) for tax in taxes), Decimal(0)) == order["currentTotalTaxSet"].shopMoney.amount
    )


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_order_sums_to_the_shops_total_and_tax(running, client, kind):
    for seed in range(5 if kind != "many_lines" else 1):
        order = place(running, kind, seed)
        assert_exact(document_of(client, order), order)


@pytest.mark.parametrize("kind", kinds())
def test_a_cancelled_order_of_any_kind_sums_to_nothing(running, client, kind):
    from simulators.shopify.state import changes

    order = place(running, kind, 2)
    changes.cancel(running.world.shop, order)
    document = document_of(client, order)
    assert_exact(document, order)
    assert pure.parts_total(document) == 0


def test_what_a_refund_says_it_took_is_taken_to_the_cent(running, client):
    """1.00 off three units, of which one went: which cents went with it only the refund knows."""
    from simulators.shopify.state import changes

    order = place(running, "code_amount", 8)
    line = order["lineItems"][0]
    changes.set_quantity(running.world.shop, order, line, 3)
    changes.set_quantity(running.world.shop, order, line, 2)
    node = fetch(client, order)
    line = node["lineItems"]["nodes"][0]
    line["originalUnitPriceSet"]["shopMoney"]["amount"] = "10.0"
    line["discountAllocations"][0]["allocatedAmountSet"]["shopMoney"]["amount"] = "1.0"
    line["taxLines"][0]["priceSet"]["shopMoney"]["amount"] = "4.63"
    line["quantity"] = 3
    [part] = node["refunds"][0]["refundLineItems"]["nodes"]
    part["subtotalSet"]["shopMoney"]["amount"] = "9.68"
    part["totalTaxSet"]["shopMoney"]["amount"] = "1.52"
    mapped = mapper_order.map_order(node)["lines"][0]
    assert [one["amount"]["amount"] for one in mapped["discounts"]] == ["0.68"]
    assert [one["amount"]["amount"] for one in mapped["taxes"]] == ["3.11"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_after_any_edits_and_refunds_no_cent_is_lost(running, client, data):
    from simulators.shopify.state import changes

    kind = data.draw(st.sampled_from([kind for kind in kinds() if kind != "many_lines"]))
    order = place(running, kind, data.draw(st.integers(0, 10**6)))
    shop = running.world.shop
    for _number in range(data.draw(st.integers(1, 4))):
        line = data.draw(st.sampled_from(order["lineItems"]))
        changes.set_quantity(shop, order, line, data.draw(st.integers(0, line["currentQuantity"] + 2)))
    if data.draw(st.booleans()):
        changes.cancel(shop, order)
    assert_exact(document_of(client, order), order)


def test_current_quantities_leave_out_what_was_removed(running, client):
    from simulators.shopify.state import changes

    order = place(running, "code_percent", 3)
    line = order["lineItems"][0]
    changes.set_quantity(running.world.shop, order, line, 5)
    changes.set_quantity(running.world.shop, order, line, 2)
    mapped = document_of(client, order)["lines"][0]
    assert (mapped["quantity"], mapped["ordered_quantity"]) == ("2", "5")
    unit = pure.amount(mapped["unit_price"])
    assert unit == line["originalUnitPriceSet"].shopMoney.amount
    assert len(mapped["discounts"]) == 1 and mapped["discounts"][0]["code"] == "AHOI10"


def test_a_removed_line_stays_with_quantity_zero_and_nothing_on_it(running, client):
    from simulators.shopify.state import changes

    order = place(running, "two_discounts", 1)
    changes.set_quantity(running.world.shop, order, order["lineItems"][1], 0)
    mapped = document_of(client, order)["lines"][1]
    assert (mapped["quantity"], mapped["discounts"], mapped["taxes"]) == ("0", [], [])


def test_units_removed_without_a_refund_take_their_share_with_them(running, client):
    """Shopify names a refund for what was removed; where it does not, the share is in proportion, in whole cents."""
    order = place(running, "code_amount", 8)
    node = fetch(client, order)
    line = node["lineItems"]["nodes"][0]
    line.update(quantity=3, currentQuantity=2)
    line["originalUnitPriceSet"]["shopMoney"]["amount"] = "10.0"
    line["discountAllocations"][0]["allocatedAmountSet"]["shopMoney"]["amount"] = "1.0"
    line["taxLines"][0]["priceSet"]["shopMoney"]["amount"] = "4.63"
    mapped = mapper_order.map_order(node)["lines"][0]
    assert [one["amount"]["amount"] for one in mapped["discounts"]] == ["0.67"]
    assert [one["amount"]["amount"] for one in mapped["taxes"]] == ["3.09"]


def test_the_orders_own_addresses_are_taken_never_the_customers_default(running, client):
    order = place(running, "guest", 2)
    document = document_of(client, order)
    assert document["customer"] is None
    assert document["billing_address"]["street"] == order["billingAddress"]["address1"]
    assert document["shipping_address"]["street"] == order["shippingAddress"]["address1"]
    assert document["billing_address"] != document["shipping_address"]
    known = place(running, "simple", 5)
    default = running.world.shop.get(known["customerId"])["defaultAddress"]
    assert document_of(client, known)["shipping_address"]["street"] == known["shippingAddress"]["address1"]
    assert known["shippingAddress"]["id"] != default["id"]


def test_each_line_says_what_it_is(running, client):
    def by_kind(order):
        return [(line["kind"], line["title"]) for line in document_of(client, order)["lines"]][1:]

    assert by_kind(place(running, "custom_line", 1)) == [("custom", "Engraving")]
    assert by_kind(place(running, "tip", 1))[-1] == ("tip", "Tip")
    order = place(running, "simple", 1)
    order["lineItems"][0].update(isGiftCard=True)
    assert document_of(client, order)["lines"][0]["kind"] == "gift_card"


def test_a_product_that_was_deleted_is_still_a_product(running, client):
    order = place(running, "simple", 6)
    order["lineItems"][0].update(variantId=None, productId=None)
    line = document_of(client, order)["lines"][0]
    assert line["kind"] == "product" and line["variant_external_id"] is None and line["sku"]


def test_a_custom_line_as_dear_as_the_tip_is_not_taken_for_it(running, client):
    order = place(running, "tip", 4)
    tip = order["lineItems"][-1]
    wrapping = dict(tip, id="gid://shopify/LineItem/99", title="Gift wrap", requiresShipping=True, _is_tip=False)
    order["lineItems"].insert(0, wrapping)
    kinds_by_id = {line["external_id"]: line["kind"] for line in document_of(client, order)["lines"]}
    assert kinds_by_id[tip["id"]] == "tip" and kinds_by_id["gid://shopify/LineItem/99"] == "custom"


def test_a_tip_without_a_line_of_its_own_gets_one_so_that_the_sum_is_right(running, client):
    node = fetch(client, place(running, "tip", 4))
    del node["lineItems"]["nodes"][-1]
    document = mapper_order.map_order(node)
    assert document["lines"][-1]["kind"] == "tip"
    assert document["lines"][-1]["external_id"] == node["id"] + "#tip"
    assert pure.parts_total(document) == pure.amount(document["totals"]["total"])


def test_an_additional_fee_is_a_custom_line(running, client):
    node = fetch(client, place(running, "simple", 4))
    price = {"shopMoney": {"amount": "2.5", "currencyCode": "EUR"}}
    node["additionalFees"] = [
        {"id": "gid://shopify/AdditionalFee/1", "name": "Deposit", "price": price, "taxLines": []}
    ]
    line = mapper_order.map_order(node)["lines"][-1]
    assert (line["kind"], line["title"], line["unit_price"]["amount"]) == ("custom", "Deposit", "2.50")


def test_duties_are_charged_apart_unless_the_prices_hold_them(running, client):
    order = place(running, "duties", 4)
    document = document_of(client, order)
    assert len(document["duties"]) == len(order["lineItems"])
    assert pure.amount(document["totals"]["duties"]) == sum(pure.amount(duty["price"]) for duty in document["duties"])
    node = fetch(client, order)
    node["dutiesIncluded"] = True
    assert mapper_order.map_order(node)["duties"] == []


def test_free_shipping_is_a_price_with_a_discount_of_the_same_amount(running, client):
    line = document_of(client, place(running, "free_shipping", 2))["shipping_lines"][0]
    assert line["price"]["amount"] == "4.90" == line["discounts"][0]["amount"]["amount"]
    assert line["discounts"][0]["title"] == "Free shipping"


def test_a_gift_card_is_a_payment_and_no_discount(running, client):
    document = document_of(client, place(running, "gift_card_paid", 2))
    gift, card = document["payments"]
    assert gift["is_gift_card"] and gift["gateway"] == "gift_card" and gift["amount"]["amount"] == "10.00"
    assert not card["is_gift_card"] and (card["kind"], card["status"]) == ("sale", "success")
    assert document["lines"][0]["discounts"] == []


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("CHANGE", "SUCCESS", [("refund", "success")]),
        ("EMV_AUTHORIZATION", "AWAITING_RESPONSE", [("authorization", "pending")]),
        ("VOID", "FAILURE", [("void", "failure")]),
        ("CAPTURE", "UNKNOWN", [("capture", "pending")]),
        ("SUGGESTED_REFUND", "SUCCESS", []),
    ],
)
def test_payments_of_every_kind_are_understood(running, client, kind, status, expected):
    node = fetch(client, place(running, "simple", 2))
    node["transactions"][0].update(kind=kind, status=status, gateway=None)
    payments = mapper_order.map_order(node)["payments"]
    assert [(one["kind"], one["status"]) for one in payments] == expected
    assert all(one["gateway"] == "Shopify Payments" for one in payments)


def test_the_customers_currency_is_kept_beside_the_shops(running, client):
    order = place(running, "other_currency", 3)
    document = document_of(client, order)
    seen = order["currentTotalPriceSet"].presentmentMoney
    assert document["currency"] == "EUR" != document["presentment_currency"] == seen.currencyCode
    assert pure.amount(document["totals"]["presentment_total"]) == seen.amount


def test_a_bag_in_another_currency_than_the_orders_is_never_mixed_in(running, client):
    node = fetch(client, place(running, "simple", 3))
    node["lineItems"]["nodes"][0]["originalUnitPriceSet"]["shopMoney"]["currencyCode"] = "USD"
    with pytest.raises(VendorChanged):
        mapper_order.map_order(node)


def test_cash_rounding_is_part_of_what_is_owed(running, client):
    order = next(
        order
        for order in (place(running, "pos_cash", seed) for seed in range(50))
        if order["totalCashRoundingAdjustment"]["paymentSet"].shopMoney.amount
    )
    document = document_of(client, order)
    assert pure.amount(document["totals"]["total"]) == order["transactions"][0]["amountSet"].shopMoney.amount
    assert pure.amount(document["totals"]["rounding"]) != 0
    assert document["source"]["location_external_id"] == order["retailLocationId"]
    assert document["source"]["channel"] == "pos"


def test_the_campaign_of_the_last_visit_is_the_source(running, client):
    order = place(running, "simple", 1)
    order["utm"] = {"source": "newsletter", "medium": "email", "campaign": "autumn", "term": None, "content": None}
    source = document_of(client, order)["source"]
    assert (source["utm_source"], source["utm_medium"], source["utm_campaign"]) == ("newsletter", "email", "autumn")


def test_note_tags_attributes_and_properties_come_along(running, client):
    order = place(running, "custom_line", 1)
    order["tags"] = ["b2b", "net-30"]
    document = document_of(client, order)
    assert document["note"] == "Please engrave\nby hand."
    assert document["tags"] == ["b2b", "net-30"]
    assert document["attributes"] == [{"name": "gift_wrap", "value": "yes"}]
    assert document["lines"][1]["properties"] == [{"name": "Text", "value": "Ahoi, Käpt'n!"}]
    assert document_of(client, place(running, "test_order", 1))["is_test"] is True


def test_the_channels_time_is_the_time_of_the_order(running, client):
    node = fetch(client, place(running, "simple", 1))
    node.update(processedAt="2026-03-29T03:30:00+02:00", updatedAt="2026-03-29T01:30:01Z")
    document = mapper_order.map_order(node)
    assert document["placed_at"] == "2026-03-29T01:30:00Z"
    assert document["version"] == 1774747801000000


def test_a_cancelled_order_says_when_and_why_and_owes_nothing(running, client):
    from simulators.shopify.state import changes

    order = place(running, "simple", 9)
    changes.cancel(running.world.shop, order, "INVENTORY")
    document = document_of(client, order)
    assert document["cancelled_at"] and document["cancel_reason"] == "inventory"
    assert pure.amount(document["totals"]["total"]) == 0
    assert {line["quantity"] for line in document["lines"]} == {"0"}


def test_withheld_customer_data_leaves_an_order_without_names(running, client):
    running.world.shop.settings.protected_customer_data = False
    try:
        document = document_of(client, place(running, "simple", 1))
    finally:
        running.world.shop.settings.protected_customer_data = True
    assert document["customer"]["external_id"].startswith("gid://shopify/Customer/")
    assert document["customer"]["name"] is document["customer"]["email"] is document["email"] is None
    assert document["shipping_address"]["street"] is None and document["shipping_address"]["country"]


def test_nul_characters_do_not_come_through(running, client):
    order = place(running, "simple", 1)
    order.update(note="a\x00b", tags=["x\x00", "\x00"])
    document = document_of(client, order)
    assert document["note"] == "ab" and document["tags"] == ["x"]
