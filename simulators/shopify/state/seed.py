"""Fill a new shop: catalog, customers, and a history with every kind of order in it."""

from datetime import timedelta

from .catalog import seed_catalog
from .kinds import KINDS, MIXED, make_plan
from .orders import place_order
from .people import PLACES, make_customer

CUSTOMERS_PER_COUNTRY = 4
HISTORY = 40


def seed(shop, orders=HISTORY):
    """Fill ``shop``; the same seed and the same start of its clock make the same shop.

    :param int orders: how many orders of mixed kinds its history holds besides one of each kind
    """
    rng = shop.rng
    seed_catalog(shop, rng)
    for country in PLACES:
        for position in range(CUSTOMERS_PER_COUNTRY):
            make_customer(shop, rng, country, "Kontor Nord GmbH" if position == 3 else None, has_email=position != 2)
    kinds = list(KINDS) + [rng.choice(MIXED) for _position in range(orders)] if orders else []
    moment, step = shop.clock.now() - timedelta(days=30), timedelta(days=29) / max(len(kinds), 1)
    for kind in kinds:
        moment += step
        plan = make_plan(shop, rng, kind)
        plan.created_at = moment.replace(microsecond=0)
        place_order(shop, plan, rng)
