"""Tell Shopify what Odoo shipped: one command after the other. Lost answers: ``fulfilment_lookup.py``."""

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import Sent

from . import fulfilment_plan as plan
from . import fulfilment_read
from .attempts import nothing_sent

#: What stands in the way is removed one by one; more often than this it is put back by somebody else.
_MAX_ROUNDS = 8


class FulfilmentPush:
    """One command.

    :param ShopifyClient client: of the shop
    :param translate: function text, values → text: ``env._``
    :param set bound: ids of the order's fulfilments that Odoo knows already
    """

    def __init__(self, client, translate, bound=frozenset()):
        self.client = client
        self._ = translate
        self.bound = bound

    def run(self, operation, document):
        """Carry out one command.

        :param str operation: ``create``, ``tracking`` or ``cancel``
        :param dict document: ``fulfilment.v1``
        :return: Sent
        :raises NeedsHuman: something that a person has to decide stands in the way; nothing was changed
        """
        return {"create": self._create, "tracking": self._track, "cancel": self._cancel}[operation](document)

    # ------------------------------------------------------------ create

    def _create(self, document):
        shipped = {line["line_external_id"]: plan.units_of(line, document) for line in document["lines"]}
        for _round in range(_MAX_ROUNDS):
            with nothing_sent():
                order, open_orders, wanted = self._look(document, shipped)
                if not wanted:
                    return Sent(None, {"agreed": True})
                if self._clear_the_way(document, order, open_orders, wanted):
                    continue
            parts, missing = plan.choose(open_orders, wanted, document.get("location_external_id"))
            if missing:
                raise self._mismatch(document, order, missing)
            answer = self._run("fulfilment_create", {"fulfilment": plan.input_of(document, parts)}, "fulfillmentCreate")
            if answer.get("fulfillment"):
                return plan.sent_as(answer["fulfillment"], document, {key: str(units) for key, units in wanted.items()})
            # Somebody was quicker, or changed what is left: look again. Twice the same is a refusal.
            said = plan.messages_of(answer)
            with nothing_sent():
                if self._look(document, shipped)[1:] == (open_orders, wanted):
                    raise self._refused(document, order, said)
        raise RetryLater(self._("The fulfilment orders of the order keep changing."))

    def _look(self, document, shipped):
        """Return ``(order, fulfilment orders that are not over, dict line → units to fulfil)``.

        What others have fulfilled of what Odoo shipped is agreed on: it is left out.
        """
        order = fulfilment_read.read_fulfilments(self.client, document["order_external_id"])
        if order is None:
            raise self._human(
                "fulfilment_mismatch",
                "order_gone",
                self._("Shopify does not show the order of the transfer %s any more.", document["name"]),
                document,
            )
        every = fulfilment_read.read_fulfilment_orders(self.client, document["order_external_id"])
        open_orders = [one for one in every if one["status"] not in plan.OVER]
        left = plan.remaining(open_orders)
        by_others = plan.count_lines(
            one for one in order["fulfillments"] if fulfilment_read.is_live(one) and one["id"] not in self.bound
        )
        wanted, missing = plan.share(shipped, left, by_others)
        if missing:
            raise self._mismatch(document, order, missing)
        return order, open_orders, wanted

    def _clear_the_way(self, document, order, open_orders, wanted):
        """Release or move one fulfilment order that is in the way, if that may be done; return whether it was.

        :raises NeedsHuman: it may not
        """
        _parts, missing = plan.choose(open_orders, wanted, document.get("location_external_id"))
        if not missing:
            return False
        blocked = [one for one in open_orders if missing.keys() & plan.remaining([one]).keys()]
        place = document.get("location_external_id") or plan.place_of_most(open_orders, wanted)
        for one in blocked:
            actions = {entry["action"] for entry in one["supportedActions"]}
            if one["status"] == "ON_HOLD":
                if not (document.get("may_release") and "RELEASE_HOLD" in actions):
                    raise self._on_hold(document, order, one)
                self._must(
                    "fulfilment_order_release", {"id": one["id"]}, "fulfillmentOrderReleaseHold", document, order
                )
                return True
            if one["status"] not in plan.OPEN:
                raise self._not_open(document, order, one)
            if place and plan.place_of(one) != place:
                if not (document.get("may_move") and "MOVE" in actions):
                    raise self._elsewhere(document, order, one, actions)
                self._must(
                    "fulfilment_order_move", plan.move_of(one, place, missing), "fulfillmentOrderMove", document, order
                )
                return True
            if "CREATE_FULFILLMENT" not in actions:
                raise self._not_open(document, order, one)
        return False

    # ------------------------------------------------------------ tracking, cancel

    def _track(self, document):
        variables = {
            "id": document["external_id"],
            "tracking": plan.tracking_of(document) or {"numbers": []},
            "notify": bool(document.get("notify_customer")),
        }
        answer = self._run("fulfilment_tracking_update", variables, "fulfillmentTrackingInfoUpdate")
        if not answer.get("fulfillment"):
            raise self._refused(document, {"name": document["external_id"]}, plan.messages_of(answer))
        return plan.sent_as(answer["fulfillment"], document)

    def _cancel(self, document):
        answer = self._run("fulfilment_cancel", {"id": document["external_id"]}, "fulfillmentCancel")
        if not answer.get("fulfillment"):
            raise self._refused(document, {"name": document["external_id"]}, plan.messages_of(answer))
        return plan.sent_as(answer["fulfillment"], document)

    # ------------------------------------------------------------ calls and errors

    def _run(self, name, variables, field):
        answer = self.client.run(name, variables).data.get(field)
        if not isinstance(answer, dict):
            raise VendorChanged("The answer to %s is empty." % name, differences=["%s: missing" % field])
        return answer

    def _must(self, name, variables, field, document, order):
        """Carry out what clears the way. It fulfils nothing: an answer that is lost here leaves nothing in doubt."""
        answer = self._run(name, variables, field)
        if answer.get("userErrors"):
            raise self._refused(document, order, plan.messages_of(answer))

    def _human(self, kind, cause, message, document):
        return NeedsHuman(
            message,
            kind=kind,
            cause_key="shopify:fulfilment:%s" % cause,
            facts={"order_external_id": document["order_external_id"]},
        )

    def _mismatch(self, document, order, missing):
        if order["cancelledAt"]:
            text = self._("The order %(order)s is cancelled in Shopify, but %(transfer)s has shipped it.")
            cause = "order_cancelled"
        else:
            text = self._("%(transfer)s shipped %(units)s of %(order)s that Shopify does not expect any more.")
            cause = "not_expected"
        units = ", ".join("%s × %s" % (units, line.rpartition("/")[2]) for line, units in missing.items())
        values = {"order": order["name"], "transfer": document["name"], "units": units}
        return self._human("fulfilment_mismatch", cause, text % values, document)

    def _on_hold(self, document, order, one):
        reasons = "; ".join(
            ": ".join(filter(None, (hold["displayReason"], hold["reasonNotes"]))) for hold in one["fulfillmentHolds"]
        )
        text = self._("Shopify holds back what %(transfer)s shipped of %(order)s: %(reasons)s.")
        values = {"transfer": document["name"], "order": order["name"], "reasons": reasons or "-"}
        return self._human("fulfilment_on_hold", "on_hold", text % values, document)

    def _not_open(self, document, order, one):
        text = self._(
            "Shopify does not let %(order)s be fulfilled now: it is %(status)s (due %(due)s). Open it there, then "
            "replay."
        )
        values = {"order": order["name"], "status": one["status"].lower(), "due": one["fulfillAt"] or "-"}
        return self._human("fulfilment_mismatch", "status:%s" % one["status"].lower(), text % values, document)

    def _elsewhere(self, document, order, one, actions):
        text = self._("Shopify expects what %(transfer)s shipped of %(order)s from %(place)s.")
        if "MOVE" not in actions:
            text = self._(
                "Shopify expects what %(transfer)s shipped of %(order)s from %(place)s, and does not let it be moved."
            )
        values = {"transfer": document["name"], "order": order["name"], "place": one["assignedLocation"]["name"]}
        kind = "fulfilment_elsewhere" if "MOVE" in actions else "fulfilment_mismatch"
        return self._human(kind, "elsewhere:%s" % (plan.place_of(one) or ""), text % values, document)

    def _refused(self, document, order, said):
        text = self._("Shopify refuses what was told of %(order)s: %(said)s", order=order["name"], said=said)
        return self._human("vendor_refused", "refused:%s" % said[:80], text, document)
