"""What staff, third parties and carriers do with an order's goods while the simulator runs."""

from .state import fulfilments
from .state.not_possible import NotPossible


def fulfil(world, order, lines=None, location=None, tracking=None, service=None, webhooks=True, **delivery):
    """Fulfil in the shop, not through the API.

    :param list lines: ``{"sku" or "line": position from 0, "quantity"}``; None is all that is left
    :param str location: name or id; what is assigned elsewhere is moved there first
    :param dict tracking: as in ``FulfillmentTrackingInput``
    :param str service: name of the third party that ships
    :param delivery: for :meth:`Sender.emit`
    :return: the ``Fulfillment`` record
    :raises NotPossible: there is not so much left to ship
    """
    shop = world.shop
    with shop.lock:
        if location:
            _move_all(shop, order, location)
        parts = _choose(shop, order, lines)
        made = fulfilments.fulfil(shop, parts, tracking, service)
        if webhooks:
            world.sender.emit("fulfillments/create", made, **delivery)
            world.sender.emit("orders/updated", order)
        return made


def _move_all(shop, order, location):
    place = next((one for one in shop.all("Location") if location in (one["name"], one["id"])), None)
    if place is None:
        raise KeyError(f"no location {location}")
    for record in fulfilments.orders_of(shop, order):
        if record["status"] in fulfilments.FULFILLABLE and record["locationId"] != place["id"]:
            fulfilments.move(shop, record, place["id"])


def _choose(shop, order, lines):
    open_orders = [one for one in fulfilments.orders_of(shop, order) if one["status"] in fulfilments.FULFILLABLE]
    if not open_orders:
        raise NotPossible(f"{order['name']} has nothing left to ship")
    if lines is None:
        return [(record, None) for record in open_orders]
    parts = {}
    for entry in lines:
        wanted, left = _line(order, entry), int(entry["quantity"])
        for record in open_orders:
            for part in record["lines"]:
                taken = min(left, part["remainingQuantity"]) if part["lineItem"] is wanted else 0
                if taken:
                    parts.setdefault(record["id"], (record, []))[1].append((part, taken))
                    left -= taken
        if left:
            raise NotPossible(f"{order['name']} has not so much of a line left to ship")
    return list(parts.values())


def _line(order, entry):
    if "line" in entry:
        return order["lineItems"][entry["line"]]
    return next(line for line in order["lineItems"] if line["sku"] == entry["sku"])


def cancel(world, record, webhooks=True, **delivery):
    with world.shop.lock:
        fulfilments.cancel(world.shop, record)
        _tell(world, record, webhooks, **delivery)


def track(world, record, tracking, webhooks=True, **delivery):
    with world.shop.lock:
        fulfilments.track(world.shop, record, tracking)
        _tell(world, record, webhooks, **delivery)


def note_event(world, record, status, message=None, webhooks=True, **delivery):
    with world.shop.lock:
        fulfilments.note_event(world.shop, record, {"status": status, "message": message})
        _tell(world, record, webhooks, **delivery)


def _tell(world, record, webhooks, **delivery):
    if webhooks:
        world.sender.emit("fulfillments/update", record, **delivery)


def hold(world, order, reason="OTHER", notes=None, release=False):
    """Put what is left of an order on hold, or release it."""
    shop = world.shop
    with shop.lock:
        for record in fulfilments.orders_of(shop, order):
            if release and record["status"] == "ON_HOLD":
                fulfilments.release(shop, record)
            elif not release and record["status"] in fulfilments.FULFILLABLE:
                fulfilments.hold(shop, record, reason, notes)
        world.sender.emit("orders/updated", order)


def schedule(world, order):
    """Let an order's goods be due later: they cannot be fulfilled before somebody opens them."""
    with world.shop.lock:
        for record in fulfilments.orders_of(world.shop, order):
            record["status"] = "SCHEDULED"
        fulfilments.settle(world.shop, order)
