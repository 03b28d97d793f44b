"""The arithmetic that keeps a channel from selling what is sold already. Pure, on whole units.

For one item at one place of a channel:

- ``shop``: what the channel offers now. It falls when the channel sells, before Odoo hears of it.
- ``taken``: units of the channel's orders that Odoo's stock shows: reserved or shipped from the mapped locations.
- ``given``: units the channel was given to sell in all. Only we change it, when we set what the channel offers.

What the channel was given, less what it still offers, is what it sold; less what Odoo has taken in, is **in flight**::

    in flight = given - shop - taken

So orders in flight are known without knowing any of them: webhooks may be late, lost, held by an exception or fetched
out of order. What the channel may offer is what Odoo has available, less what is in flight.
"""

from math import floor

#: Floats of stock are compared to so many digits before they are cut to whole units.
_DIGITS = 6


def whole_units(quantity):
    """Return how many whole units ``quantity`` (float) holds: never more than there are."""
    return floor(round(quantity, _DIGITS))


def in_flight(given, shop, taken):
    """Return the units that the channel has sold and Odoo's stock does not show yet.

    Never negative: a channel that offers more than it was given (somebody raised it by hand, an order was cancelled
    there) must not hide units that it sells afterwards.
    """
    return max(given - shop - taken, 0)


def offer(available, flying):
    """Return what the channel may offer: never negative."""
    return max(available - flying, 0)


def wanted(document, shop):
    """Return ``(what the channel is to offer, units in flight)`` where it offers ``shop`` now.

    :param dict document: ``stock_level.v1``
    :param int shop: ``None`` where the channel does not stock the item at this place: it has sold none from there

    While nobody knows what is in flight the channel's figure is never raised: what it sold may be among what Odoo has.
    """
    given = document["given"]
    if given is None:
        return max(min(shop or 0, document["available"]), 0), 0
    flying = in_flight(given, shop or 0, document["taken"])
    return offer(document["available"], flying), flying


def agreement(document, shop, quantity):
    """Return what both sides know after the channel was set from ``shop`` to ``quantity``, JSON-like.

    :param int shop: what it offered right before; ``None``: it did not stock the item there
    """
    target, flying = wanted(document, shop)
    expected = document["expected"]
    given = document["given"]
    return {
        "quantity": quantity,
        "shop_before": shop,
        "was_expected": expected is None or shop == expected,
        "is_raised": given is not None and given - (shop or 0) - document["taken"] < 0,
        "in_flight": flying,
        "available": document["available"],
        "target": target,
        "given": None if given is None else quantity + document["taken"] + flying,
    }


def expected(given, taken, last_shop):
    """Return what the channel most likely offers now: what it showed last, less what was sold there since.

    A guess is enough: the channel compares it with what it has and refuses the change if it is wrong.
    """
    return min(last_shop, given - taken)
