"""What customers ask about their data, as the shop passes it on (shopify.dev, "Privacy law compliance")."""

from .state.not_possible import NotPossible


def ask(world, kind, customer=None, copies=0):
    """Send a compliance topic.

    :param str kind: ``data_request``, ``redact`` (of a customer) or ``shop_redact``
    :param dict customer: the ``Customer`` record; not for ``shop_redact``
    :return: the Delivery
    :raises NotPossible: the app's settings name no address for them
    """
    shop = world.shop
    if not world.app.compliance_uri:
        raise NotPossible("the app's settings name no address for compliance topics")
    with shop.lock:
        payload = {"shop_id": 954889, "shop_domain": shop.settings.domain}
        if kind == "shop_redact":
            return world.sender.comply("shop/redact", payload, "shop", copies)
        orders = [int(one["legacyResourceId"]) for one in shop.all("Order") if one["customerId"] == customer["id"]]
        payload["customer"] = {
            "id": int(customer["legacyResourceId"]),
            "email": customer["email"],
            "phone": customer["phone"],
        }
        if kind == "redact":
            return world.sender.comply(
                "customers/redact", {**payload, "orders_to_redact": orders}, customer["id"], copies
            )
        payload |= {"orders_requested": orders, "data_request": {"id": 9999}}
        return world.sender.comply("customers/data_request", payload, customer["id"], copies)
