"""Customers and products, and the small tools of exactness."""

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.retail_connector_shopify.shopify import (
    domains,
    instants,
    mapper_customer,
    mapper_product,
    object_fetch,
)
from odoo.addons.retail_connector_shopify.shopify.money import Purse, canonical_money
from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.engine.errors import VendorChanged
from odoo.addons.retail_integration_sale.canonical import customer_v1, product_v1  # noqa: F401 register the schemas

from . import pure


@pytest.fixture(scope="module")
def running():
    with pure.simulator() as one:
        yield one


def test_every_customer_fits_the_canonical_schema(running):
    records = running.world.shop.all("Customer")
    found = object_fetch.fetch_customers(pure.connect(running), [record["id"] for record in records])
    for record in records:
        document = registry.validate(mapper_customer.map_customer(found[record["id"]]))
        assert document["email"] == record["email"]
        assert document["name"] == "%s %s" % (record["firstName"], record["lastName"])
        assert document["default_address"]["street"] == record["defaultAddress"]["address1"]
        assert len(document["addresses"]) == len(record["addresses"])


def test_a_customer_without_name_and_e_mail_is_still_a_customer(running):
    settings = running.world.shop.settings
    settings.protected_customer_data = False
    try:
        gid = running.world.shop.all("Customer")[0]["id"]
        node = object_fetch.fetch_customers(pure.connect(running), [gid])[gid]
    finally:
        settings.protected_customer_data = True
    document = registry.validate(mapper_customer.map_customer(node))
    assert document["external_id"] == gid and document["name"] is None and document["email"] is None


def test_every_product_fits_the_canonical_schema(running):
    records = running.world.shop.all("Product")
    found, currency = object_fetch.fetch_products(pure.connect(running), [record["id"] for record in records])
    for record in records:
        document = registry.validate(mapper_product.map_product(found[record["id"]], currency))
        variants = [running.world.shop.get(gid) for gid in record["variants"]]
        assert [one["sku"] for one in document["variants"]] == [one["sku"] for one in variants]
        assert [one["barcode"] for one in document["variants"]] == [one["barcode"] for one in variants]
        assert [pure.amount(one["price"]) for one in document["variants"]] == [one["price"] for one in variants]
        assert all(one["price"]["currency"] == "EUR" for one in document["variants"])


def test_the_only_variant_of_a_product_without_options_has_none(running):
    records = [one for one in running.world.shop.all("Product") if len(one["variants"]) == 1]
    found, currency = object_fetch.fetch_products(pure.connect(running), [records[0]["id"]])
    variant = mapper_product.map_product(found[records[0]["id"]], currency)["variants"][0]
    assert variant["options"] == [] and variant["title"] is None


@pytest.mark.parametrize(
    ("unit", "value", "kilograms"),
    [("GRAMS", Decimal("250"), "0.25"), ("KILOGRAMS", 1, "1"), ("POUNDS", Decimal("1.5"), "0.680388555"),
     ("OUNCES", 0, "0"), ("STONES", 1, None)],
)  # fmt: skip
def test_weights_are_exact_kilograms(unit, value, kilograms):
    assert mapper_product._kilograms({"unit": unit, "value": value}) == kilograms


_CENTS = st.integers(0, 10**7).map(lambda number: Decimal(number).scaleb(-2))


@given(amount=_CENTS, weights=st.lists(_CENTS, min_size=1, max_size=12), is_negative=st.booleans())
def test_a_split_amount_sums_to_itself_and_no_part_is_a_cent_off(amount, weights, is_negative):
    amount = -amount if is_negative else amount
    parts = Purse("EUR").split(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        assert all(
            abs(part - amount * weight / total) < Decimal("0.0100001")
            for part, weight in zip(parts, weights, strict=True)
        )


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("12.3", "EUR", "12.30"), ("1000.0", "JPY", "1000"), ("1.5", "KWD", "1.500"), ("0.125", "EUR", "0.125"),
     ("-0.05", "EUR", "-0.05"), ("1E+3", "EUR", "1000.00")],
)  # fmt: skip
def test_amounts_have_the_decimals_of_their_currency_and_lose_none(amount, currency, text):
    assert canonical_money(Decimal(amount), currency) == {"amount": text, "currency": currency}


def test_a_foreign_currency_is_refused():
    with pytest.raises(VendorChanged):
        Purse("EUR").read({"shopMoney": {"amount": "1.0", "currencyCode": "USD"}})


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("blue-mug", "blue-mug.myshopify.com"),
        (" https://Blue-Mug.myshopify.com/ ", "blue-mug.myshopify.com"),
        ("https://admin.shopify.com/store/blue-mug/orders", "blue-mug.myshopify.com"),
        ("bluemug.com", None),
        ("evil.com/blue-mug.myshopify.com", None),
        ("blue-mug.myshopify.com.evil.com", None),
        ("blue-mug.myshopify.com@evil.com", None),
        ("blue_mug", None),
        ("", None),
        (None, None),
    ],
)
def test_what_people_type_becomes_the_shops_domain_or_nothing(typed, domain):
    assert domains.normalise(typed) == domain


@pytest.mark.parametrize(
    ("url", "is_loopback", "is_public"),
    [
        ("http://localhost:8500", True, False),
        ("http://127.0.0.1:8500/x", True, False),
        ("https://[::1]", True, False),
        ("http://user@localhost", False, False),
        ("http://localhost.evil.com", False, False),
        ("http://10.0.0.1", False, False),
        ("https://odoo.example/retail", False, True),
        ("http://odoo.example", False, False),
        ("file:///etc/passwd", False, False),
        ("http://[", False, False),
        (None, False, False),
    ],
)
def test_addresses_are_told_apart(url, is_loopback, is_public):
    assert (domains.is_loopback(url), domains.is_public_https(url)) == (is_loopback, is_public)


@given(st.datetimes() | st.text(max_size=30))
def test_any_text_is_an_instant_or_none(value):
    text = value if isinstance(value, str) else value.isoformat() + "+02:00"
    moment = instants.parse_instant(text)
    assert moment is None or moment.utcoffset().total_seconds() == 0


def test_the_examples_in_the_docs_are_true():
    assert doctest.testmod(domains).failed == 0
