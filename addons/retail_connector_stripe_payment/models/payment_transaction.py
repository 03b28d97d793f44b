"""What an event of Stripe does to a transaction: Odoo's own steps, with what needs a call apart from what writes."""

from datetime import datetime, timedelta, timezone

from odoo import api, models

from odoo.addons.payment_stripe.controllers.main import StripeController
from odoo.addons.retail_integration_base.engine.errors import RetryLater, VendorChanged

from ..stripe import payment_event

#: A refund that Odoo has ordered itself is noted by then: until then nobody can tell it from one made in Stripe.
_SETTLED = timedelta(seconds=60)
_PAGE = 100
#: A charge with more refunds than that does not end.
_MAX_PAGES = 100


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model
    def _retail_find(self, event):
        """Return the transaction (sudo) that an event is about, or none."""
        if not payment_event.may_be_odoos(event):
            return self.browse()
        data = {
            "reference": payment_event.reference_of(event),
            "event_type": event["type"],
            "object_id": payment_event.object_of(event)["id"],
        }
        return self.sudo()._search_by_reference("stripe", data)[:1]

    def _retail_get_state(self):
        """Return what an event may change, to tell whether it did."""
        return (self.state, self.provider_reference, self.payment_method_id.id, self.child_transaction_ids.ids)

    def _retail_complete(self, event):
        """Ask Stripe for what Odoo needs besides, and add it to ``event``. Writes nothing to Odoo.

        :raises ValidationError: Stripe does not answer
        :raises VendorChanged: it answers something else
        """
        self.ensure_one()
        obj, kind = payment_event.object_of(event), event["type"]
        if kind.startswith("setup_intent.") or (kind.startswith("payment_intent.") and self.tokenize):
            if payment_event.is_id(obj.get("payment_method")):
                obj["payment_method"] = self._send_api_request("GET", "payment_methods/%s" % obj["payment_method"])
        elif kind == payment_event.REFUNDED:
            obj["refunds"] = {"data": self._retail_list_refunds(obj), "has_more": False}

    def _retail_list_refunds(self, charge):
        """Return the refunds of a charge. Newer versions of the API leave them out, older ones give the first few."""
        listed = charge.get("refunds")
        answer = listed if isinstance(listed, dict) else {"data": [], "has_more": True}
        refunds = list(_refunds_in(answer))
        for _number in range(_MAX_PAGES):
            if not answer.get("has_more"):
                return refunds
            params = {"charge": charge["id"], "limit": _PAGE}
            if refunds:
                params["starting_after"] = refunds[-1]["id"]
            answer = self._send_api_request("GET", "refunds", params=params)
            refunds += _refunds_in(answer)
        raise VendorChanged("The refunds of a charge do not end.")

    def _retail_apply(self, event):
        """Do what Odoo does with an event that is complete.

        :raises RetryLater: a refund is so young that it may be the one Odoo is ordering
        """
        self.ensure_one()
        obj, kind = payment_event.object_of(event), event["type"]
        data = {"reference": payment_event.reference_of(event), "event_type": kind, "object_id": obj["id"]}
        if kind == payment_event.REFUNDED:
            self._retail_apply_refunds(obj["refunds"]["data"], data)
            return
        if kind.startswith("payment_intent."):
            StripeController._include_payment_intent_in_payment_data(obj, data)
        elif kind.startswith("setup_intent."):
            StripeController._include_setup_intent_in_payment_data(obj, data)
        else:
            StripeController._include_refund_in_payment_data(obj, data)
        self._process("stripe", data)

    def _retail_apply_refunds(self, refunds, data):
        """Make a transaction of each refund that has none."""
        known = set(
            self.child_transaction_ids.filtered(lambda one: one.operation == "refund").mapped("provider_reference")
        )
        unknown = [refund for refund in refunds if refund["id"] not in known]
        if any(_is_young(refund) for refund in unknown):
            raise RetryLater("The refund may be one that Odoo is ordering just now.", delay=_SETTLED)
        for refund in reversed(unknown):  # the newest comes first
            child = StripeController._create_refund_tx_from_refund(self, refund)
            values = dict(data)
            StripeController._include_refund_in_payment_data(refund, values)
            child._process("stripe", values)


def _refunds_in(answer):
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(
        isinstance(one, dict) and payment_event.is_id(one.get("id")) and type(one.get("amount")) is int for one in data
    ):
        raise VendorChanged("Stripe's list of refunds has another form than it publishes.")
    return data


def _is_young(refund):
    created = refund.get("created")
    if type(created) is not int:
        return False
    return datetime.now(timezone.utc).timestamp() - created < _SETTLED.total_seconds()
