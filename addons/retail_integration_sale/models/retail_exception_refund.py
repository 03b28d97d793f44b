"""What goes wrong with refunds and returns of a channel, and what a person can do about it."""

from odoo import api, fields, models

from odoo.addons.retail_integration_base.engine.fixes import Fix

from . import retail_exception_fulfilment  # noqa: F401 its way to the orders is used here

KINDS = [
    ("refund_mismatch", "Refund does not fit the order"),
    ("refund_goods_left", "Refunded, but delivered"),
    ("refund_unclear", "Refund of an old order"),
    ("refund_of_history", "Refund of an order from before Odoo"),
    ("refund_refused", "Credit note not paid back"),
]


class RetailException(models.Model):
    _inherit = "retail.exception"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    kind = fields.Selection(selection_add=KINDS, ondelete={kind: "cascade" for kind, _label in KINDS})

    def _get_help_texts(self):
        _ = self.env._
        return {
            **super()._get_help_texts(),
            "refund_mismatch": _(
                "What the channel paid back cannot be booked as it is. Nothing was written. Compare the order on both "
                "sides and mend what differs, then replay. If only the amount differs and both are right, “Accept the "
                "difference” books it as a rounding line. If a credit note was made by hand, ignore this with a reason."
            ),
            "refund_goods_left": _(
                "The channel cancelled goods that Odoo has delivered, and paid them back. “They come back” makes the "
                "return transfer for whoever receives them; “Customer keeps them” credits them and moves nothing. Stop "
                "the parcel if you can."
            ),
            "refund_unclear": _(
                "The order was imported before refunds were, so its lines may contain this one. If they do (ordered "
                "quantities are those of after the refund, or it was credited by hand), choose “The order contains "
                "it”. If the order is as it was sold, choose “Book it”."
            ),
            "refund_of_history": _(
                "The order was done before Odoo took it over: no book of Odoo holds its sale, so there is nothing to "
                "credit. Make a credit note for the customer by hand, or see that the old books hold the refund; then "
                "ignore this with a reason."
            ),
            "refund_refused": _(
                "Odoo credited this, and the channel has paid back nothing. The message says why. Mend it there and "
                "replay; or refund it in the channel by hand with the same amount, then replay: it is recognised. Or "
                "ignore this with a reason, if nothing is to be paid back there."
            ),
        }

    @api.model
    def _get_fixes(self):
        _ = self.env._
        fixes = [
            ("return_refunded", _("They come back"), "refund_goods_left", "_mend_goods_return"),
            ("keep_refunded", _("Customer keeps them"), "refund_goods_left", "_mend_goods_keep"),
            ("accept_refund", _("Accept the difference"), "refund_mismatch", "_mend_accept_refund"),
            ("contain_refund", _("The order contains it"), "refund_unclear", "_mend_contain_refund"),
            ("book_refund", _("Book it"), "refund_unclear", "_mend_book_refund"),
        ]
        return [
            *super()._get_fixes(),
            *(Fix(code, label, frozenset((kind,)), method=method) for code, label, kind, method in fixes),
        ]

    # The decision is kept on the order; the replay that follows reads it. So it holds however often that is tried.

    def _mend_goods_return(self):
        self._find_fulfilled_orders().retail_refund_goods = "return"
        return self.env._("A return transfer is made.")

    def _mend_goods_keep(self):
        self._find_fulfilled_orders().retail_refund_goods = "keep"
        return self.env._("The goods are credited, and stay with the customer.")

    def _mend_accept_refund(self):
        for exception in self:
            exception._add_refund_to(exception._find_fulfilled_orders(), "retail_refund_accepted")
        return self.env._("The difference is booked as a rounding line.")

    def _mend_contain_refund(self):
        for exception in self:
            order = exception._find_fulfilled_orders()
            exception._add_refund_to(order._get_retail_binding(exception.backend_id), "refunds_taken")
        return self.env._("Nothing is booked: the order contains it.")

    def _mend_book_refund(self):
        for exception in self:
            exception._add_refund_to(exception._find_fulfilled_orders(), "retail_refund_apart")
        return self.env._("The refund is booked apart from the order's lines.")

    def _add_refund_to(self, record, name):
        """Add the id of the refund that one exception is about to a list of ids."""
        external_id = (self.subject_key or "").partition(":")[2]
        record.sudo()[name] = sorted({*(record.sudo()[name] or []), external_id})
