"""What has to be known of an order before a refund of it is booked."""

from datetime import timedelta

from odoo import fields, models

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman, RetryLater, VendorChanged
from odoo.addons.retail_integration_base.engine.messages import MessageKey

from .order_reader import find_foreign_money, to_datetime

#: How soon a refund looks again whether its order's lines have followed the channel.
_ORDER_DELAY = timedelta(seconds=5)
#: An order of which nothing has been heard for so long after its refund is not coming.
_PATIENCE = timedelta(hours=24)
#: States of a message that is still to say something.
_OPEN = ("pending", "retry", "held", "quarantined")


class RetailRefundGate(models.AbstractModel):
    _name = "retail.refund.gate"
    _description = "Gate of channel refunds"

    def _require_currency(self, work):
        document = work.document
        foreign = find_foreign_money(document)
        if work.order and work.order.currency_id.name != document["currency"]:
            foreign.append("currency: %s" % document["currency"])
        if foreign:
            raise VendorChanged(
                self.env._(
                    "A refund of %(order)s is not in its currency: %(amounts)s.", order=work.name, amounts=foreign
                ),
                differences=foreign,
            )

    def _require_order(self, backend, work):
        """Return for a refund whose order is not in Odoo and will not be.

        :raises RetryLater: the order is on its way, or may be
        """
        messages = self._find_messages(backend, work)
        is_coming = any(message.state in _OPEN for message in messages)
        is_old = fields.Datetime.now() - to_datetime(work.document["refunded_at"]) > _PATIENCE
        if is_coming or not (messages or is_old):
            raise RetryLater(self.env._("The refund waits for its order %s.", work.name))

    def _is_with_order(self, backend, work):
        """Return whether the order's lines contain the refund, because they follow the channel.

        :raises RetryLater: they will
        :raises NeedsHuman: nobody can tell whether they do
        """
        document, order = work.document, work.order
        if document["external_id"] in (work.order_binding.refunds_taken or []):
            return True
        has_effects = order._has_effects()
        if not has_effects and order.state == "cancel":
            return True  # nothing of it was delivered or invoiced
        if not document["lines"] and not document.get("charges"):
            return False  # an amount beyond the order's lines: they say nothing of it
        if self._is_unclear(work):
            raise self._unclear(backend, work)
        if not has_effects and order._follows_channel():
            raise RetryLater(self.env._("The refund waits for the order's lines to follow."), delay=_ORDER_DELAY)
        return False

    def _require_sale(self, work):
        """Odoo's books hold no sale of an order that was done before Odoo took it over: there is nothing to credit.

        :raises NeedsHuman: the money left all the same
        """
        if not work.order.retail_is_history:
            return
        planner = self.env["retail.refund.planner"]
        raise NeedsHuman(
            self.env._(
                "%(order)s (%(name)s) was done before Odoo took it over: no book of Odoo has its invoice or delivery, "
                "so that there is nothing to book this refund against.",
                order=work.order.name,
                name=work.name,
            ),
            kind="refund_of_history",
            cause_key="refund:history",
            cause_title=self.env._("Refunds of orders from before Odoo"),
            amount=(planner._get_amount(work), work.document["currency"]),
            facts={"order_external_id": work.document["order_external_id"]},
        )

    # ---------------------------------------------------------------- orders from before that was noted

    def _is_unclear(self, work):
        """Return whether it is not known if the order's lines contain the refund."""
        binding, external_id = work.order_binding, work.document["external_id"]
        return bool(
            binding
            and not work.binding
            and not binding.is_refunds_known
            and external_id not in (binding.refunds_taken or [])
            and external_id not in (work.order.retail_refund_apart or [])
        )

    def _ask_for_orders(self, backend, works):
        """Let orders be read once more whose lines may or may not contain these refunds.

        The order itself tells: see :meth:`RetailRefundLedger._recall`.
        """
        self._ask(backend, {work.document["order_external_id"] for work in works if self._is_unclear(work)})

    def _ask(self, backend, order_external_ids):
        if not order_external_ids or "channel" not in backend._get_handler()._get_replay_sources(backend, "order"):
            return
        for order_external_id in order_external_ids:
            self.env["retail.inbox"].sudo()._receive_manual(backend, _question(order_external_id), b"{}")

    def _unclear(self, backend, work):
        """Return what has to happen with a refund of which it is not known whether the order's lines contain it."""
        if any(message.state in ("pending", "retry") for message in self._find_messages(backend, work)):
            return RetryLater(self.env._("The refund waits for its order to be read once more."), delay=_ORDER_DELAY)
        planner = self.env["retail.refund.planner"]
        return NeedsHuman(
            self.env._(
                "%(order)s (%(name)s) was imported before Odoo noted refunds, and its lines are not what the channel "
                "has, with or without this refund. If they contain it, say so; otherwise book it.",
                order=work.order.name,
                name=work.name,
            ),
            kind="refund_unclear",
            cause_key="refund:unclear",
            cause_title=self.env._("Refunds of old orders that may be booked already"),
            amount=(planner._get_amount(work), work.document["currency"]),
            facts={"order_external_id": work.document["order_external_id"]},
        )

    def _find_messages(self, backend, work):
        """Return the newest messages about the order."""
        subject = "order:%s" % work.document["order_external_id"]
        domain = [("backend_id", "=", backend.id), ("subject_key", "=", subject)]
        return self.env["retail.inbox"].sudo().search(domain, order="id desc", limit=20)


def _question(order_external_id):
    """Return the key of the one message that asks for an order again: its dedupe key is the same each time."""
    subject = "order:%s" % order_external_id
    return MessageKey(topic="ask/order", entity="order", subject_key=subject, dedupe_key="refunds-of:%s" % subject)
