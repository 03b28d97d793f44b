"""Things that happen in the shop while the simulator runs: each changes the state and tells the webhooks."""

from decimal import Decimal

from .state import changes, kinds, taxes
from .state.catalog import make_product
from .state.orders import place_order
from .state.plans import LinePlan
from .state.stock import level_of, levels_of_item


def place(world, kind=None, unknown_sku=False, webhooks=True, lines=None, country=None, overrides=None, **delivery):
    """Place one order now.

    :param str kind: a name of :data:`kinds.KINDS`; None draws an ordinary one
    :param bool unknown_sku: one line sells a product that was added to the shop just now
    :param list lines: instead of the kind's own: see :func:`_wanted_line`
    :param str country: where an ordinary order goes; only without a kind
    :param dict overrides: fields of the plan: ``note``, ``tags``, ``guest_email``, ``source_name``, …
    :param delivery: for :meth:`Sender.emit`
    :return: ``(order, deliveries)``
    :raises KeyError: unknown kind or SKU
    """
    shop, rng = world.shop, world.rng
    with shop.lock:
        known = set(shop.all_ids("Customer"))
        if country:
            plan = kinds.base_plan(shop, rng, country)
        else:
            plan = kinds.make_plan(shop, rng, kind or rng.choice(kinds.MIXED))
        if lines:
            plan.lines = [_wanted_line(shop, plan, line) for line in lines]
        if unknown_sku:
            plan.lines[0] = kinds.line_for(shop, latecomer(world), plan.country)
        for name, value in (overrides or {}).items():
            setattr(plan, name, value)
        order = place_order(shop, plan, rng)
        if not webhooks:
            return order, []
        if order["customerId"] and order["customerId"] not in known:
            world.sender.emit("customers/create", shop.get(order["customerId"]))
        return order, world.sender.emit("orders/create", order, **delivery)


def _wanted_line(shop, plan, wanted):
    """A line as the control API describes it.

    ``{"sku", "quantity", "price"}`` sells a variant. ``{"title", "price", "quantity", "sku"}`` is a custom line; with a
    SKU it is what is left of a product that the shop deleted since.
    """
    quantity = int(wanted.get("quantity", 1))
    if "title" in wanted:
        rates = taxes.for_goods(plan.country, None)
        return LinePlan(
            wanted["title"], Decimal(str(wanted["price"])), quantity, sku=wanted.get("sku"), tax_rates=rates
        )
    line = kinds.line_for(shop, _by_sku(shop, wanted["sku"]), plan.country, quantity)
    if "price" in wanted:
        line.price = Decimal(str(wanted["price"]))
    return line


def latecomer(world):
    """The variant of a product that the shop added after everybody else copied its catalog; the same one each time."""
    shop = world.shop
    found = next((v for v in shop.all("ProductVariant") if v["sku"] == kinds.LATECOMER_SKU), None)
    if found:
        return found
    entry = ("Compass rose print", "Home", "Kartograf", "39.00", "0.40", "491110", None, [])
    product = make_product(shop, world.rng, entry, "", 1, shop.all("Location"), sku=kinds.LATECOMER_SKU)
    return shop.get(product["variants"][0])


def add_products(world, count, prefix, available=0):
    """Add ``count`` products with one variant each, SKU ``<prefix>-<number>``; return the variants."""
    shop, made = world.shop, []
    for number in range(count):
        sku = f"{prefix}-{number}"
        entry = (f"Sample {sku}", "Home", "Kartograf", "9.00", "0.10", "491110", None, [])
        product = make_product(shop, world.rng, entry, "", 1, shop.all("Location"), sku=sku)
        variant = shop.get(product["variants"][0])
        for level in levels_of_item(shop, variant["inventoryItemId"]):
            level["available"] = available
        made.append(variant)
    return made


def edit(world, order, note=None, tags=None, quantities=(), webhooks=True, **delivery):
    """Change note, tags or quantities.

    :param list quantities: ``{"sku" or "line": position from 0, "quantity"}``
    :return: list of deliveries
    """
    shop = world.shop
    with shop.lock:
        changes.annotate(shop, order, note, tags)
        for entry in quantities:
            changes.set_quantity(shop, order, _line_of(order, entry), int(entry["quantity"]))
        return world.sender.emit("orders/updated", order, **delivery) if webhooks else []


def cancel(world, order, reason="CUSTOMER", webhooks=True, **delivery):
    """:return: list of deliveries: Shopify sends both topics"""
    with world.shop.lock:
        changes.cancel(world.shop, order, reason.upper())
        if not webhooks:
            return []
        sent = world.sender.emit("orders/cancelled", order, **delivery)
        return sent + world.sender.emit("orders/updated", order, **delivery)


def mark_paid(world, order, webhooks=True, **delivery):
    with world.shop.lock:
        changes.mark_paid(world.shop, order)
        if not webhooks:
            return []
        return world.sender.emit("orders/paid", order, **delivery) + world.sender.emit(
            "orders/updated", order, **delivery
        )


def edit_record(world, record, fields, topic, webhooks=True):
    """Overwrite plain fields of a customer or product.

    :raises KeyError: the record has no such field
    """
    with world.shop.lock:
        unknown = set(fields) - set(record)
        if unknown:
            raise KeyError(f"{record['__typename']} has no {', '.join(sorted(unknown))}")
        record.update(fields)
        world.shop.touch(record)
        return world.sender.emit(topic, record) if webhooks else []


def find_order(shop, reference):
    """By name (``#1001`` or ``1001``), number of its id, or global id.

    :raises KeyError: no such order
    """
    wanted = str(reference)
    for order in shop.all("Order"):
        if wanted in (order["name"], order["name"].lstrip("#"), order["id"], str(order["legacyResourceId"])):
            return order
    raise KeyError(f"no order {reference}")


def _by_sku(shop, sku):
    found = next((variant for variant in shop.all("ProductVariant") if variant["sku"] == sku), None)
    if found is None:
        raise KeyError(f"no variant with SKU {sku}")
    return found


def _line_of(order, entry):
    if "line" in entry:
        return order["lineItems"][entry["line"]]
    found = next((line for line in order["lineItems"] if line["sku"] == entry["sku"]), None)
    if found is None:
        raise KeyError(f"{order['name']} has no line with SKU {entry['sku']}")
    return found


def level_by_sku(shop, sku, location=None):
    """The inventory level of a SKU.

    :param str location: name or id; None is the first location
    :raises KeyError: no such SKU or location
    """
    places = [place for place in shop.all("Location") if location in (None, place["name"], place["id"])]
    if not places:
        raise KeyError(f"no location {location}")
    return level_of(shop, _by_sku(shop, sku)["inventoryItemId"], places[0]["id"])
