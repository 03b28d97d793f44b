"""Tell Shopify what Odoo shipped.

``fulfillmentCreate`` takes no idempotency key, and a fulfilment has no field of our own to mark it with: after an
answer that was lost, :func:`find_created` looks for a fulfilment that nobody else accounts for, with exactly the lines
that were sent, made since the command was given (docs/decisions/0013).
"""

from datetime import timedelta
from decimal import Decimal

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import Sent

from . import const, fulfilment_read, instants

#: What stands in the way is removed one by one; more often than this it is put back by somebody else.
_MAX_ROUNDS = 8
#: How much Shopify's clock may be behind Odoo's.
_CLOCK_SKEW = timedelta(minutes=5)
_OPEN = ("OPEN", "IN_PROGRESS")
_OVER = ("CLOSED", "CANCELLED")


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
        shipped = {line["line_external_id"]: _units(line, document) for line in document["lines"]}
        for _round in range(_MAX_ROUNDS):
            with _nothing_sent():
                order, open_orders, wanted = self._look(document, shipped)
                if not wanted:
                    return Sent(None, {"agreed": True})
                if self._clear_the_way(document, order, open_orders, wanted):
                    continue
            parts, missing = _choose(open_orders, wanted, document.get("location_external_id"))
            if missing:
                raise self._mismatch(document, order, missing)
            answer = self._run("fulfilment_create", {"fulfilment": _input(document, parts)}, "fulfillmentCreate")
            if answer.get("fulfillment"):
                return _sent(answer["fulfillment"], document, {key: str(units) for key, units in wanted.items()})
            # Somebody was quicker, or changed what is left: look again. Twice the same is a refusal.
            said = _messages(answer)
            with _nothing_sent():
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
        open_orders = [one for one in every if one["status"] not in _OVER]
        left = _remaining(open_orders)
        by_others = _count_lines(
            one for one in order["fulfillments"] if fulfilment_read.is_live(one) and one["id"] not in self.bound
        )
        wanted, missing = {}, {}
        for line, units in shipped.items():
            lacking = max(units - left.get(line, 0), 0)
            if lacking > by_others.get(line, 0):
                missing[line] = lacking
            elif units > lacking:
                wanted[line] = units - lacking
        if missing:
            raise self._mismatch(document, order, missing)
        return order, open_orders, wanted

    def _clear_the_way(self, document, order, open_orders, wanted):
        """Release or move one fulfilment order that is in the way, if that may be done; return whether it was.

        :raises NeedsHuman: it may not
        """
        _parts, missing = _choose(open_orders, wanted, document.get("location_external_id"))
        if not missing:
            return False
        blocked = [one for one in open_orders if missing.keys() & _remaining([one]).keys()]
        place = document.get("location_external_id") or _place_of_most(open_orders, wanted)
        for one in blocked:
            actions = {entry["action"] for entry in one["supportedActions"]}
            if one["status"] == "ON_HOLD":
                if not (document.get("may_release") and "RELEASE_HOLD" in actions):
                    raise self._on_hold(document, order, one)
                self._must(
                    "fulfilment_order_release", {"id": one["id"]}, "fulfillmentOrderReleaseHold", document, order
                )
                return True
            if one["status"] not in _OPEN:
                raise self._not_open(document, order, one)
            if place and _place(one) != place:
                if not (document.get("may_move") and "MOVE" in actions):
                    raise self._elsewhere(document, order, one, actions)
                self._must(
                    "fulfilment_order_move",
                    {"id": one["id"], "location": place},
                    "fulfillmentOrderMove",
                    document,
                    order,
                )
                return True
            if "CREATE_FULFILLMENT" not in actions:
                raise self._not_open(document, order, one)
        return False

    # ------------------------------------------------------------ tracking, cancel

    def _track(self, document):
        variables = {
            "id": document["external_id"],
            "tracking": _tracking(document) or {"numbers": []},
            "notify": bool(document.get("notify_customer")),
        }
        answer = self._run("fulfilment_tracking_update", variables, "fulfillmentTrackingInfoUpdate")
        if not answer.get("fulfillment"):
            raise self._refused(document, {"name": document["external_id"]}, _messages(answer))
        return _sent(answer["fulfillment"], document)

    def _cancel(self, document):
        answer = self._run("fulfilment_cancel", {"id": document["external_id"]}, "fulfillmentCancel")
        if not answer.get("fulfillment"):
            raise self._refused(document, {"name": document["external_id"]}, _messages(answer))
        return _sent(answer["fulfillment"], document)

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
            raise self._refused(document, order, _messages(answer))

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
        return self._human(kind, "elsewhere:%s" % (_place(one) or ""), text % values, document)

    def _refused(self, document, order, said):
        text = self._("Shopify refuses what was told of %(order)s: %(said)s", order=order["name"], said=said)
        return self._human("vendor_refused", "refused:%s" % said[:80], text, document)


def find_created(client, order_gid, lines, since, bound):
    """Look for the fulfilment that a command whose answer was lost may have made.

    :param dict lines: line id → units the command carried
    :param datetime since: naive UTC, when the command was given
    :param set bound: ids of fulfilments that Odoo knows already
    :return: Sent, or ``None``: it has not been made
    """
    order = fulfilment_read.read_fulfilments(client, order_gid)
    for node in order["fulfillments"] if order else ():
        made_at = instants.parse_instant(node["createdAt"]).replace(tzinfo=None)
        is_new = made_at >= since - _CLOCK_SKEW and node["id"] not in bound
        if is_new and fulfilment_read.is_live(node) and fulfilment_read.lines_of(node) == lines:
            return _sent(node, {"parcels": fulfilment_read.parcels_of(node)})
    return None


def find_changed(client, gid):
    """Return ``(Sent, is cancelled)`` of a fulfilment as it is now, ``None`` if there is none."""
    node = fulfilment_read.fetch_fulfilments(client, [gid]).get(gid)
    if isinstance(node, Exception):
        raise node
    if node is None:
        return None
    return _sent(node, {"parcels": fulfilment_read.parcels_of(node)}), not fulfilment_read.is_live(node)


class _nothing_sent:  # noqa: N801 reads as a statement
    """What fails in here fails before anything was fulfilled: it need not be looked for."""

    def __enter__(self):
        return self

    def __exit__(self, _kind, error, _traceback):
        if isinstance(error, RetryLater):
            error.evidence["is_outcome_unknown"] = False
        return False


# -------------------------------------------------------------------- plain values


def _units(line, document):
    quantity = Decimal(line["quantity"])
    if quantity != int(quantity):
        raise NeedsHuman(
            "%s shipped %s of a line; Shopify counts whole units." % (document["name"], quantity),
            kind="fulfilment_mismatch",
            cause_key="shopify:fulfilment:fraction",
            facts={"order_external_id": document["order_external_id"]},
        )
    return int(quantity)


def _place(fulfilment_order):
    location = fulfilment_order["assignedLocation"]["location"]
    return location and location["id"]


def _remaining(fulfilment_orders):
    found = {}
    for one in fulfilment_orders:
        for line in one["lineItems"]["nodes"]:
            if line["remainingQuantity"] > 0:
                external_id = line["lineItem"]["id"]
                found[external_id] = found.get(external_id, 0) + line["remainingQuantity"]
    return found


def _count_lines(nodes):
    found = {}
    for node in nodes:
        for external_id, units in fulfilment_read.lines_of(node).items():
            found[external_id] = found.get(external_id, 0) + units
    return found


def _place_of_most(open_orders, wanted):
    """Return the location that can ship most of ``wanted``: without a mapping nobody knows where it left from."""
    scores = {}
    for one in open_orders:
        units = sum(min(count, wanted.get(line, 0)) for line, count in _remaining([one]).items())
        scores[_place(one)] = scores.get(_place(one), 0) + units
    return max(scores, key=scores.get) if scores else None


def _choose(open_orders, wanted, place):
    """Choose fulfilment orders of one location that can ship ``wanted`` now.

    :return: ``(list of (fulfilment order, dict id of its line → units), dict line → units that none can ship)``
    """
    place = place or _place_of_most(open_orders, wanted)
    left, parts = dict(wanted), []
    for one in open_orders:
        actions = {entry["action"] for entry in one["supportedActions"]}
        if _place(one) != place or one["status"] not in _OPEN or "CREATE_FULFILLMENT" not in actions:
            continue
        chosen = {}
        for line in one["lineItems"]["nodes"]:
            units = min(left.get(line["lineItem"]["id"], 0), line["remainingQuantity"])
            if units > 0:
                chosen[line["id"]] = units
                left[line["lineItem"]["id"]] -= units
        if chosen:
            parts.append((one, chosen))
    return parts, {line: units for line, units in left.items() if units}


def _input(document, parts):
    """Return the ``FulfillmentInput``. A fulfilment order of which all is shipped needs no list of its lines."""
    entries = []
    for one, chosen in parts:
        entry = {"fulfillmentOrderId": one["id"]}
        whole = {
            line["id"]: line["remainingQuantity"] for line in one["lineItems"]["nodes"] if line["remainingQuantity"]
        }
        if chosen != whole:
            if len(chosen) > const.MAX_PAGE:
                raise NeedsHuman(
                    "%s ships part of more lines than Shopify takes at once." % document["name"],
                    kind="fulfilment_mismatch",
                    cause_key="shopify:fulfilment:too_many_lines",
                    facts={"order_external_id": document["order_external_id"]},
                )
            entry["fulfillmentOrderLineItems"] = [{"id": gid, "quantity": units} for gid, units in chosen.items()]
        entries.append(entry)
    value = {"lineItemsByFulfillmentOrder": entries, "notifyCustomer": bool(document.get("notify_customer"))}
    tracking = _tracking(document)
    return dict(value, trackingInfo=tracking) if tracking else value


def _tracking(document):
    """Return the ``FulfillmentTrackingInput`` of a document's parcels, ``None`` if it has none."""
    parcels = document.get("parcels") or []
    if not parcels:
        return None
    value = {"numbers": [parcel["number"] for parcel in parcels]}
    company = next((parcel["company"] for parcel in parcels if parcel.get("company")), None)
    if company:
        value["company"] = company
    urls = [parcel["url"] for parcel in parcels if parcel.get("url")]
    # They belong to the numbers by position: some without would be given to the wrong ones.
    return dict(value, urls=urls) if len(urls) == len(parcels) else value


def _sent(node, document, lines=None):
    answer = {
        "name": node["name"],
        "status": "success" if fulfilment_read.is_live(node) else "cancelled",
        "version": instants.to_micros(instants.parse_instant(node["updatedAt"])),
        "location": document.get("location_external_id"),
        "parcels": document.get("parcels") or [],
    }
    return Sent(node["id"], dict(answer, lines=lines) if lines else answer)


def _messages(answer):
    return "; ".join(str(error.get("message")) for error in answer.get("userErrors") or []) or "no reason"
