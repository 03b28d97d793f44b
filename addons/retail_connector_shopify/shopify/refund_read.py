"""A refund as Shopify has it → ``refund.v1``."""

from decimal import Decimal

from odoo.addons.retail_integration_base.engine.errors import VendorChanged

from . import batches, const, instants, shapes
from .changes import list_parts
from .mapper_customer import clean
from .mapper_order import PAYMENT_KINDS, map_payment
from .money import Purse

_RESTOCK = {"RETURN": "returned", "LEGACY_RESTOCK": "returned", "CANCEL": "cancelled", "NO_RESTOCK": "none"}


def fetch_refunds(client, gids):
    """Fetch refunds by id with all their lines.

    :return: dict gid → node of the shape ``WHOLE_REFUND``, ``None`` where there is none, or the :class:`RetailError`
        that concerns this one alone
    :raises RetailError: nothing was fetched
    """
    found = batches.fetch_nodes(client, "refunds_by_ids", gids)
    return batches.complete_each(client, found, _complete)


def _complete(client, node):
    shapes.check(node, "WHOLE_REFUND")
    for key in ("refundShippingLines", "orderAdjustments", "transactions"):
        if node[key]["pageInfo"]["hasNextPage"]:
            raise VendorChanged("A refund of %s has more %s than are read." % (node["order"]["name"], key))
    lines = batches.complete(client, "refund_line_items", node, "refundLineItems")
    return dict(node, refundLineItems=dict(node["refundLineItems"], nodes=lines))


def map_refund(node):
    """Return the ``refund.v1`` document of a ``Refund`` with all its lines."""
    shapes.check(node, "WHOLE_REFUND")
    order, purse = node["order"], Purse(node["order"]["currencyCode"])
    transactions = node["transactions"]["nodes"]
    rounding = sum((purse.read(one["amountRoundingSet"]) for one in transactions), Decimal(0))
    return {
        "schema": "refund.v1",
        "external_id": node["id"],
        "version": instants.to_micros(instants.parse_instant(node["updatedAt"])),
        "order_external_id": order["id"],
        "order_name": clean(order["name"]),
        "order_placed_at": instants.canonical(order["createdAt"]),
        "return_external_id": node["return"] and node["return"]["id"],
        "refunded_at": instants.canonical(node["processedAt"]),
        "note": clean(node["note"]),
        "currency": purse.currency,
        "taxes_included": order["taxesIncluded"],
        "lines": [_map_line(part, purse) for part in node["refundLineItems"]["nodes"] if part["quantity"]],
        "charges": _map_charges(node, purse),
        "adjustments": [_map_adjustment(one, purse) for one in node["orderAdjustments"]["nodes"]],
        "rounding": purse.write(rounding) if rounding else None,
        "payments": [map_payment(one, purse) for one in transactions if one["kind"] in PAYMENT_KINDS],
    }


def _map_line(part, purse):
    return {
        "line_external_id": part["lineItem"]["id"],
        "quantity": str(part["quantity"]),
        "restock": _RESTOCK.get(part["restockType"], "none"),
        "open_quantity": str(part["lineItem"]["unfulfilledQuantity"]),
        "location_external_id": part["location"] and part["location"]["id"],
        "subtotal": purse.write(purse.read(part["subtotalSet"])),
        "tax": purse.write(purse.read(part["totalTaxSet"])),
    }


def _map_charges(node, purse):
    charges = [
        {
            "kind": "shipping",
            "charge_external_id": part["shippingLine"]["id"],
            "subtotal": purse.write(purse.read(part["subtotalAmountSet"])),
            "tax": purse.write(purse.read(part["taxAmountSet"])),
        }
        for part in node["refundShippingLines"]["nodes"]
    ]
    charges += [
        {
            "kind": "duty",
            "charge_external_id": part["originalDuty"] and part["originalDuty"]["id"],
            "subtotal": purse.write(purse.read(part["amountSet"])),
            "tax": purse.write(Decimal(0)),
        }
        for part in node["duties"] or ()
    ]
    return [charge for charge in charges if Decimal(charge["subtotal"]["amount"]) or Decimal(charge["tax"]["amount"])]


def _map_adjustment(one, purse):
    """Shopify counts in the merchant's favour (``Order.refundDiscrepancySet``), a refund in the customer's."""
    return {
        "external_id": one["id"],
        "reason": one["reason"] and one["reason"].lower(),
        "amount": purse.write(-purse.read(one["amountSet"])),
        "tax": purse.write(-purse.read(one["taxAmountSet"])),
    }


def list_changes(client, since):
    """Yield ``(changes, watermark)`` per page, as :func:`changes.list_changes`: a refund changes its order."""
    return list_parts(
        client, "refund", "refunds_changed", lambda order: order["refunds"], const.REFUND_POLL_PAGE, since
    )
