"""Let Shopify pay back what Odoo credited: once, whatever happens to the answer.

``refundCreate`` takes an idempotency key, which makes one request safe against its own repetition, for as long as
Shopify remembers it. Beyond that the refund's note carries a mark of ours, and what bears it is never made again
(docs/decisions/0015).
"""

import json
import uuid
from decimal import Decimal

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetailError, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import Sent

from . import const, refund_read, shapes
from .attempts import nothing_sent
from .fulfilment_plan import messages_of
from .money import Purse

#: A refusal is remembered with its key, so that a later attempt takes the next one.
_MAX_REFUSALS = 20
_RESTOCK = {"returned": "RETURN", "cancelled": "CANCEL", "none": "NO_RESTOCK"}


class RefundPush:
    """One command.

    :param ShopifyClient client: of the shop
    :param translate: function text, values → text: ``env._``
    :param find_known: function order id, ids of its refunds → set of those that Odoo has booked or need not book
    :param bool hears: whether the refunds that Odoo does not know are on their way to it
    """

    def __init__(self, client, translate, find_known, hears):
        self.client = client
        self._ = translate
        self.find_known = find_known
        self.hears = hears

    def run(self, document, key, mark):
        """Carry out one command.

        :param dict document: ``refund.v1`` of a credit note
        :param str key: of the command, the same at each attempt
        :param str mark: in the document's note
        :return: Sent
        :raises NeedsHuman: nothing was paid back
        """
        with nothing_sent():
            order = self._look(document)
            there = self._find_equal(order, document, mark)
            if there:
                return self._sent(there)
            wanted = self._make_input(document, order)
        said = ""
        for count in range(_MAX_REFUSALS):
            answer = self._create(wanted, _key_of(key, wanted, count))
            if answer.get("refund"):
                return self._sent(answer["refund"]["id"])
            said = messages_of(answer)
            if not _is_remembered(said):
                break
        raise self._refused(document, order, said)

    def _create(self, wanted, key):
        answer = self.client.run("refund_create", {"input": wanted, "key": key}).data.get("refundCreate")
        if not isinstance(answer, dict):
            raise VendorChanged("The answer to refundCreate is empty.", differences=["refundCreate: missing"])
        return answer

    def find(self, order_gid, mark):
        """Return what became of a command whose attempt came to no certain end: Sent, ``None`` if it has no effect."""
        order = self._read(order_gid)
        made = [one for one in order["refunds"] if mark in (one["note"] or "")] if order else []
        return self._sent(made[0]["id"]) if made else None

    # ------------------------------------------------------------ what there is

    def _read(self, order_gid):
        answer = self.client.run("order_refundable", {"id": order_gid, "first": const.MAX_PAGE})
        node = answer.data.get("node")
        if node is not None:
            shapes.check(node, "REFUNDABLE")
        return node

    def _look(self, document):
        order = self._read(document["order_external_id"])
        if order is None:
            text = self._("Shopify does not show the order %s any more.", document["order_name"])
            raise self._human("order_gone", text, document)
        if order["presentmentCurrencyCode"] != order["currencyCode"]:
            text = self._(
                "%(order)s was paid in %(currency)s, and Odoo knows its amounts in %(own)s alone. Refund it in "
                "Shopify: then the credit note is recognised.",
                order=order["name"],
                currency=order["presentmentCurrencyCode"],
                own=order["currencyCode"],
            )
            raise self._human("other_currency", text, document)
        return order

    def _find_equal(self, order, document, mark):
        """Return the id of the refund that is this one: an earlier attempt's, or staff's of the same amount.

        :raises RetryLater: the shop has paid back what Odoo is about to hear of
        :raises NeedsHuman: the shop has paid back what Odoo does not know
        """
        own = [one["id"] for one in order["refunds"] if mark in (one["note"] or "")]
        if own:
            return own[0]
        known = self.find_known(order["id"], [one["id"] for one in order["refunds"]])
        purse = Purse(order["currencyCode"])
        unknown = {one["id"]: purse.read(one["totalRefundedSet"]) for one in order["refunds"] if one["id"] not in known}
        wanted = Decimal(document["amount"]["amount"])
        same = [gid for gid, amount in unknown.items() if amount == wanted]
        if same or not unknown:
            return same[0] if same else None
        text = self._("Shopify has paid back something for %s that Odoo has not booked yet.", order["name"])
        if self.hears:
            raise RetryLater(text)
        raise self._human("unknown_refund", text, document)

    # ------------------------------------------------------------ what is asked for

    def _make_input(self, document, order):
        wanted, purse = Decimal(document["amount"]["amount"]), Purse(order["currencyCode"])
        parts = {
            "refundLineItems": [self._make_line(line, document) for line in document["lines"]],
            **self._make_charges(document, purse),
        }
        transactions, left = self._pay(order, purse, wanted)
        if left and not any(parts.values()):
            text = self._(
                "%(credit)s is %(wanted)s, but of %(order)s only %(paid)s can be paid back.",
                credit=document["note"],
                wanted=wanted,
                order=order["name"],
                paid=wanted - left,
            )
            raise self._human("more_than_paid", text, document)
        return {
            "orderId": order["id"],
            "note": document["note"],
            "notify": bool(document.get("notify_customer")),
            "transactions": transactions,
            **{name: value for name, value in parts.items() if value},
        }

    def _make_line(self, line, document):
        units = Decimal(line["quantity"])
        if units != int(units):
            text = self._("%s credits a part of a unit, which Shopify does not know.", document["note"])
            raise self._human("fraction", text, document)
        made = {
            "lineItemId": line["line_external_id"],
            "quantity": int(units),
            "restockType": _RESTOCK[line["restock"]],
        }
        if line.get("location_external_id"):
            made["locationId"] = line["location_external_id"]
        return made

    def _make_charges(self, document, purse):
        found = {"shipping": None, "refundDuties": []}
        shipping = Decimal(0)
        for charge in document.get("charges") or []:
            if charge["kind"] == "duty":
                # A part of one is a part of the amount alone.
                found["refundDuties"].append({"dutyId": charge["charge_external_id"], "refundType": "FULL"})
            else:
                shipping += Decimal(charge["subtotal"]["amount"])
        if shipping:
            found["shipping"] = {"amount": purse.write(shipping)["amount"]}
        return found

    def _pay(self, order, purse, wanted):
        """Return ``(transactions, what is left)``: the amount goes back the ways it came, the latest first."""
        back = {}
        for one in order["transactions"]:
            if one["kind"] == "REFUND" and one["status"] in ("SUCCESS", "PENDING") and one["parentTransaction"]:
                parent = one["parentTransaction"]["id"]
                back[parent] = back.get(parent, Decimal(0)) + purse.read(one["amountSet"])
        made = []
        for one in reversed(order["transactions"]):
            if one["kind"] not in ("SALE", "CAPTURE") or one["status"] != "SUCCESS":
                continue
            part = min(wanted, purse.read(one["amountSet"]) - back.get(one["id"], Decimal(0)))
            if part > 0:
                made.append(
                    {
                        "orderId": order["id"],
                        "parentId": one["id"],
                        "gateway": one["gateway"] or one["formattedGateway"] or "",
                        "kind": "REFUND",
                        "amount": purse.write(part)["amount"],
                    }
                )
                wanted -= part
        return made, wanted

    # ------------------------------------------------------------ answers and errors

    def _sent(self, gid):
        """Return what the shop has now. Where it cannot be read, the command is looked for at the next attempt."""
        try:
            node = refund_read.fetch_refunds(self.client, [gid]).get(gid)
        except RetailError as error:
            raise RetryLater(str(error), evidence={"is_outcome_unknown": True}) from error
        if not isinstance(node, dict):
            text = self._("Shopify does not show the refund %s yet.", gid)
            raise RetryLater(text, evidence={"is_outcome_unknown": True})
        return Sent(gid, {"document": refund_read.map_refund(node)})

    def _human(self, cause, message, document, kind="refund_refused"):
        return NeedsHuman(
            message,
            kind=kind,
            cause_key="shopify:refund:%s" % cause,
            amount=(Decimal(document["amount"]["amount"]), document["currency"]),
            facts={"order_external_id": document["order_external_id"]},
        )

    def _refused(self, document, order, said):
        text = self._(
            "Shopify does not pay back %(amount)s %(currency)s for %(order)s (%(credit)s): %(said)s",
            amount=document["amount"]["amount"],
            currency=document["currency"],
            order=order["name"],
            credit=document["note"],
            said=said,
        )
        return self._human("refused:%s" % said[:80], text, document)


def _key_of(command_key, wanted, count):
    """Return the idempotency key of one request: the same whenever the same is asked for."""
    return str(uuid.uuid5(uuid.UUID(command_key), "%d:%s" % (count, json.dumps(wanted, sort_keys=True))))


def _is_remembered(said):
    """Return whether a refusal is that of an earlier request with the same key (Shopify, "Idempotent requests")."""
    return "idempotency key" in said and "failed" in said
