"""The kinds of work that sales bring, and the fixes that mend them."""

from odoo import api, fields, models

from odoo.addons.retail_integration_base.engine.fixes import Fix

KINDS = [
    ("product_unknown", "Unknown product"),
    ("product_ambiguous", "Several products fit"),
    ("tax_unmapped", "Tax without mapping"),
    ("customer_ambiguous", "Several customers fit"),
    ("amount_mismatch", "Amounts do not add up"),
    ("currency_unmapped", "Currency without pricelist"),
    ("order_changed_after_delivery", "Changed after delivery"),
    ("history_partly_shipped", "Shipped in part before Odoo"),
    ("reservation_failed", "Goods could not be reserved"),
    ("stock_refused", "Stock level refused"),
]


class RetailException(models.Model):
    _inherit = "retail.exception"

    kind = fields.Selection(selection_add=KINDS, ondelete={kind: "cascade" for kind, _label in KINDS})

    def _get_help_texts(self):
        _ = self.env._
        return {
            **super()._get_help_texts(),
            "product_unknown": _(
                "The order waits for one of its products. “Link product” says which product it is, or makes one of "
                "what the channel said; all orders that wait for it go on."
            ),
            "product_ambiguous": _(
                "Give the product that is meant the SKU alone, or say with “Link product” which one it is."
            ),
            "tax_unmapped": _(
                "“Map tax” says which tax of Odoo stands for the one the channel charged. A fitting one is proposed; "
                "all orders with the same tax go on."
            ),
            "customer_ambiguous": _(
                "“Choose customer” says which contact it is. If they are one person, merge the contacts instead and "
                "replay."
            ),
            "amount_mismatch": _(
                "Compare what was received with the channel. Mostly a tax is mapped to one of another rate. If the "
                "difference is right as it is, an accountant can accept it for this order."
            ),
            "currency_unmapped": _("Add a pricelist in this currency to the backend (page Sales), then replay."),
            "order_changed_after_delivery": _(
                "What left the warehouse or was invoiced is not rewritten. Make a return or a credit note if it is "
                "needed, then “Keep order as it is”: notes, tags, statuses and payments go on to follow the channel."
            ),
            "history_partly_shipped": _(
                "Odoo does not know which of its goods are gone, and would ship all. Ship the rest in the channel, "
                "then replay: it is taken as history. Or close this, and enter what is left by hand."
            ),
            "reservation_failed": _(
                "The order is confirmed, but Odoo failed when it reserved the goods. Mend what it names, then replay, "
                "or use “Check Availability” on the transfer: this closes then by itself. Goods that are simply not "
                "in stock never end up here."
            ),
            "stock_refused": _(
                "The channel does not take the stock of this item: it does not keep it at this location, counts it "
                "itself (a bundle), or does not know it any more. Mend it there or in the location mapping, then "
                "replay."
            ),
        }

    @api.model
    def _get_fixes(self):
        _ = self.env._
        return [
            *super()._get_fixes(),
            Fix(
                "link_product",
                _("Link product"),
                frozenset(("product_unknown", "product_ambiguous")),
                wizard="retail.fix.product",
            ),
            Fix("map_tax", _("Map tax"), frozenset(("tax_unmapped",)), wizard="retail.fix.tax"),
            Fix(
                "choose_customer",
                _("Choose customer"),
                frozenset(("customer_ambiguous",)),
                wizard="retail.fix.customer",
            ),
            # What is decided order by order, with a reason, is not for all of a cause.
            Fix(
                "accept_difference",
                _("Accept difference"),
                frozenset(("amount_mismatch",)),
                wizard="retail.fix.difference",
                group="retail_integration_base.group_retail_accountant",
                is_bulk=False,
            ),
            Fix(
                "keep_order",
                _("Keep order as it is"),
                frozenset(("order_changed_after_delivery",)),
                wizard="retail.fix.order",
                is_bulk=False,
            ),
        ]

    # ---------------------------------------------------------------- reservations that failed

    def _find_reservations(self):
        return self.env["retail.reservation"].sudo().search([("exception_id", "in", self.ids)])

    def _replay(self):
        result = super()._replay()
        self.filtered(lambda exception: exception.state == "open")._find_reservations()._release()
        return result

    def _drop_held(self, reason):
        """Whoever closes it decides that the goods are not reserved by us: the transfer waits for a person."""
        self._find_reservations().unlink()
        return super()._drop_held(reason)
