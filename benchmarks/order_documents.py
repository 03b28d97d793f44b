"""The orders that both sides make: three lines of a catalogue, from known customers. Plain Python."""

import random
from datetime import UTC, datetime

LINES = 3
PRICE, TAX = "11.90", "1.90"


def skus_of(number, skus, seed=0):
    """Return the three SKUs of order ``number``: the same on both sides, spread evenly over ``skus``."""
    return random.Random(f"{seed}:{number}").sample(skus, LINES)


def document(run, number, skus, customers, currency, *, version=1, quantities=None, cancelled=False):
    """Return the ``order.v1`` of order ``number``.

    :param str run: makes the ids of this run differ from those of others
    :param list[str] skus: the catalogue it is taken from
    :param int customers: how many known customers there are
    :param list quantities: of the lines; one of each by default
    """
    quantities = quantities or [1] * LINES
    customer = number % customers

    def money(units, price):
        return {"amount": f"{units * round(float(price) * 100) / 100:.2f}", "currency": currency}

    lines = [
        {
            "external_id": f"L{index}",
            "kind": "product",
            "sku": sku,
            "title": f"Product {sku}",
            "quantity": str(quantity),
            "unit_price": money(1, PRICE),
            "discounts": [],
            "taxes": [{"title": "VAT", "rate": "0.19", "amount": money(quantity, TAX)}],
        }
        for index, (sku, quantity) in enumerate(zip(skus_of(number, skus), quantities, strict=True), 1)
    ]
    units = sum(quantities)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    home = address(customer)
    return {
        "schema": "order.v1",
        "external_id": f"{run}-{number}",
        "version": version,
        "name": f"#{run}-{number}",
        "placed_at": now,
        "updated_at": now,
        "cancelled_at": now if cancelled else None,
        "currency": currency,
        "taxes_included": True,
        "customer": {"external_id": f"C{customer}", "name": home["name"], "email": f"c{customer}@example.com"},
        "billing_address": home,
        "shipping_address": home,
        "lines": lines,
        "totals": {
            "subtotal": money(units, PRICE),
            "discounts": money(0, "0"),
            "shipping": money(0, "0"),
            "taxes": money(units, TAX),
            "total": money(units, PRICE),
        },
    }


def address(customer):
    """Return the canonical address of a customer."""
    return {
        "name": f"Customer {customer}",
        "street": f"Main Street {customer}",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
    }
