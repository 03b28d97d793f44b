"""What Shopify's compliance webhooks ask for.

Source: shopify.dev, "Privacy law compliance". Their body is the request itself: there is nothing to fetch.
"""

from odoo.addons.retail_integration_base.engine.errors import MalformedMessage

from . import const

ENTITY = "privacy_request"
#: Topic → key of the list of orders it is about.
_ORDER_KEYS = {"customers/data_request": "orders_requested", "customers/redact": "orders_to_redact"}


def read_request(topic, payload):
    """Return the parts of ``privacy_request.v1`` that a compliance webhook says.

    :param dict payload: its body
    :return: dict ``kind``, ``customer_external_id``, ``order_external_ids``
    :raises MalformedMessage: it does not say whom it is about
    """
    kind, customer, orders = const.COMPLIANCE_TOPICS[topic], None, []
    if kind != "shop":
        customer = _gid("Customer", _dict(payload.get("customer")).get("id"), "customer.id")
        named = payload.get(_ORDER_KEYS[topic]) or []
        if not isinstance(named, list):
            raise MalformedMessage("%s is no list." % _ORDER_KEYS[topic])
        orders = [_gid("Order", number, _ORDER_KEYS[topic]) for number in named]
    return {"kind": kind, "customer_external_id": customer, "order_external_ids": orders}


def _gid(kind, number, where):
    if type(number) is not int or not 0 < number < 10**31:
        raise MalformedMessage("%s holds no usable id." % where)
    return "gid://shopify/%s/%d" % (kind, number)


def _dict(value):
    return value if isinstance(value, dict) else {}
