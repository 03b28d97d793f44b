"""What goes wrong with refunds and returns of a channel, and what a person can do about it."""

from odoo import api, fields, models

from odoo.addons.retail_integration_base.engine.fixes import Fix

from . import retail_exception_fulfilment  # noqa: F401 its way to the orders is used here

KINDS = [
    ("refund_mismatch", "Refund does not fit the order"),
    ("refund_goods_left", "Refunded, but delivered"),
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
        }

    @api.model
    def _get_fixes(self):
        _ = self.env._
        fixes = [
            ("return_refunded", _("They come back"), "refund_goods_left", "_mend_goods_return"),
            ("keep_refunded", _("Customer keeps them"), "refund_goods_left", "_mend_goods_keep"),
            ("accept_refund", _("Accept the difference"), "refund_mismatch", "_mend_accept_refund"),
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
            order = exception._find_fulfilled_orders()
            external_id = (exception.subject_key or "").partition(":")[2]
            order.retail_refund_accepted = sorted({*(order.retail_refund_accepted or []), external_id})
        return self.env._("The difference is booked as a rounding line.")
