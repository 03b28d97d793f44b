"""Orders of many kinds: each function completes a plan; ``KINDS`` names them for the control API."""

from decimal import Decimal

from . import people, taxes
from .money import Currencies
from .plans import CodePlan, LinePlan, OrderPlan, ShippingPlan

RATES = {"USD": Decimal("1.0873"), "GBP": Decimal("0.8412"), "JPY": Decimal("163.27"), "CHF": Decimal("0.9391")}
# Sold by the orders that a scenario calls unknown, and by no others
LATECOMER_SKU = "NEW-COMPASS-ROSE"
EUROPE = ("DE", "DE", "DE", "FR", "NL", "IT", "ES", "AT")


def base_plan(shop, rng, country=None, lines=None):
    """An ordinary order of a known customer: one to three lines, standard shipping, paid by card."""
    country = country or rng.choice(EUROPE)
    count = lines or rng.choice([1, 1, 2, 3])
    variants = rng.sample(_known_variants(shop), count)
    customers = [c for c in shop.all("Customer") if c["defaultAddress"]["countryCodeV2"] == country]
    return OrderPlan(
        lines=[line_for(shop, variant, country, rng.choice([1, 1, 1, 2, 3])) for variant in variants],
        currencies=Currencies(shop.settings.currency, shop.settings.currency),
        country=country,
        taxes_included=taxes.includes_tax(country),
        customer=rng.choice(customers) if customers else None,
        guest_email=f"guest{rng.randrange(10_000)}@example.org",
        shipping=[ShippingPlan("Standard", "standard", Decimal("4.90"), taxes.for_shipping(country))],
        utm=_utm(rng),
    )


def new_customer(shop, rng):
    """The first order of somebody who just made an account."""
    plan = base_plan(shop, rng)
    plan.customer = people.make_customer(shop, rng, plan.country, is_new=True)
    return plan


def _known_variants(shop):
    """Return the variants of the catalogue as others copied it: without the product that was added afterwards."""
    return [variant for variant in shop.all("ProductVariant") if variant["sku"] != LATECOMER_SKU]


def line_for(shop, variant, country, quantity=1):
    product = shop.get(variant["productId"])
    return LinePlan(
        title=product["title"],
        price=variant["price"],
        quantity=quantity,
        variant=variant,
        tax_rates=taxes.for_goods(country, product["productType"]),
    )


def _utm(rng):
    if rng.random() < 0.6:
        return None
    source, medium = rng.choice([("newsletter", "email"), ("google", "cpc"), ("instagram", "social")])
    return {"source": source, "medium": medium, "campaign": "autumn", "term": None, "content": None}


def simple(shop, rng):
    return base_plan(shop, rng)


def guest(shop, rng):
    """Nobody's account; ships elsewhere than it bills."""
    plan = base_plan(shop, rng)
    plan.customer, plan.ships_elsewhere = None, True
    return plan


def anonymous(shop, rng):
    """A guest without an e-mail address, as a till sells."""
    plan = pos_cash(shop, rng)
    plan.guest_email = None
    return plan


def custom_line(shop, rng):
    """An engraving that is no product, with properties on the line."""
    plan = base_plan(shop, rng, lines=1)
    rates = plan.lines[0].tax_rates
    plan.lines.append(LinePlan("Engraving", Decimal("7.50"), tax_rates=rates, attributes={"Text": "Ahoi, Käpt'n!"}))
    plan.note, plan.attributes = "Please engrave\nby hand.", {"gift_wrap": "yes"}
    return plan


def tip(shop, rng):
    plan = base_plan(shop, rng)
    plan.lines.append(
        LinePlan("Tip", Decimal(rng.choice(["2.00", "3.33", "5.00"])), is_tip=True, requires_shipping=False)
    )
    return plan


def duties(shop, rng):
    """Sent abroad with duties paid at checkout."""
    plan = base_plan(shop, rng, rng.choice(["CH", "JP"]))
    for line in plan.lines:
        line.duty = (line.price * line.quantity * Decimal("0.065")).quantize(Decimal("0.01"))
    plan.shipping = [ShippingPlan("International DDP", "intl_ddp", Decimal("24.00"))]
    return plan


def line_discount(shop, rng):
    plan = base_plan(shop, rng, lines=2)
    plan.lines[0].discount_percent = Decimal(rng.choice(["7.5", "15", "33.33"]))
    return plan


def code_percent(shop, rng):
    """A percentage code over three lines: its cents have to be split."""
    plan = base_plan(shop, rng, lines=3)
    plan.codes = [CodePlan("AHOI10", percent=Decimal(10))]
    return plan


def code_amount(shop, rng):
    """A fixed amount that three lines cannot share evenly."""
    plan = base_plan(shop, rng, lines=3)
    plan.codes = [CodePlan("TENOFF", amount=Decimal("10.00"))]
    return plan


def two_discounts(shop, rng):
    plan = line_discount(shop, rng)
    plan.codes = [CodePlan("AHOI10", percent=Decimal(10))]
    return plan


def free_shipping(shop, rng):
    plan = base_plan(shop, rng)
    plan.shipping[0].is_free = True
    return plan


def gift_card_paid(shop, rng):
    """Paid with a gift card first, the rest by card."""
    plan = base_plan(shop, rng)
    plan.payments = [("gift_card", Decimal("10.00")), ("shopify_payments", None)]
    return plan


def us_exclusive(shop, rng):
    """Three American taxes on top of the price."""
    return base_plan(shop, rng, "US")


def canada_exclusive(shop, rng):
    plan = base_plan(shop, rng, "CA")
    plan.payments = [("paypal", None)]
    return plan


def other_currency(shop, rng):
    """The customer sees and pays another currency than the shop's."""
    country, currency = rng.choice([("US", "USD"), ("GB", "GBP"), ("JP", "JPY"), ("CH", "CHF")])
    plan = base_plan(shop, rng, country)
    plan.currencies = Currencies(shop.settings.currency, currency, RATES[currency])
    plan.codes = [CodePlan("AHOI10", percent=Decimal(10))]
    return plan


def pos_cash(shop, rng):
    """Sold in the Utrecht store for cash, rounded to five cents."""
    plan = base_plan(shop, rng, "NL")
    store = next(record for record in shop.all("Location") if not record["fulfillsOnlineOrders"])
    plan.customer = plan.utm = None
    plan.shipping, plan.has_addresses = [], False
    plan.source_name, plan.location_id = "pos", store["id"]
    plan.payments, plan.cash_step = [("cash", None)], Decimal("0.05")
    return plan


def unpaid(shop, rng):
    """To be paid by bank transfer."""
    plan = base_plan(shop, rng)
    plan.payments = [("bank_deposit", None)]
    return plan


def authorized(shop, rng):
    plan = base_plan(shop, rng)
    plan.is_authorized_only = True
    return plan


def company(shop, rng):
    """A firm's order with its own order number and tags."""
    plan = base_plan(shop, rng, "DE", lines=3)
    plan.company, plan.po_number = "Kontor Nord GmbH", f"PO-{rng.randrange(1000, 9999)}"
    plan.tags = ("b2b", "net-30")
    return plan


def without_postage(shop, rng):
    """A draft order of the merchant: no shipping line."""
    plan = base_plan(shop, rng)
    plan.shipping, plan.source_name, plan.utm = [], "shopify_draft_order", None
    return plan


def test_order(shop, rng):
    """Placed through the bogus gateway: ``test`` is true."""
    plan = base_plan(shop, rng)
    plan.is_test, plan.payments = True, [("bogus", None)]
    return plan


def many_lines(shop, rng):
    """More lines than one page holds."""
    plan = base_plan(shop, rng, "DE", lines=1)
    variants = _known_variants(shop)
    plan.lines = [line_for(shop, variants[index % len(variants)], "DE") for index in range(260)]
    plan.codes = [CodePlan("TENOFF", amount=Decimal("10.00"))]
    return plan


KINDS = {
    function.__name__: function
    for function in (
        simple,
        new_customer,
        guest,
        anonymous,
        custom_line,
        tip,
        duties,
        line_discount,
        code_percent,
        code_amount,
        two_discounts,
        free_shipping,
        gift_card_paid,
        us_exclusive,
        canada_exclusive,
        other_currency,
        pos_cash,
        unpaid,
        authorized,
        company,
        without_postage,
        test_order,
        many_lines,
    )
}

# What an ordinary day brings: `simple` most often; those left out are for whoever asks for them
_SPECIAL = {"simple", "guest", "new_customer", "anonymous", "test_order", "many_lines", "unpaid"}
MIXED = ["simple"] * 6 + ["guest"] * 2 + [name for name in KINDS if name not in _SPECIAL]


def make_plan(shop, rng, kind="simple"):
    """:raises KeyError: no such kind"""
    plan = KINDS[kind](shop, rng)
    plan.kind = kind
    return plan
