"""The kinds of work that sales bring, and the wizards that mend them."""

from odoo import fields, models

KINDS = [
    ("product_unknown", "Unknown product"),
    ("product_ambiguous", "Several products fit"),
    ("tax_unmapped", "Tax without mapping"),
    ("customer_ambiguous", "Several customers fit"),
    ("amount_mismatch", "Amounts do not add up"),
    ("currency_unmapped", "Currency without pricelist"),
    ("order_changed_after_delivery", "Changed after delivery"),
    ("reservation_failed", "Goods could not be reserved"),
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
            "reservation_failed": _(
                "The order is confirmed, but Odoo failed when it reserved the goods. Mend what it names, then replay, "
                "or use “Check Availability” on the transfer: this closes then by itself. Goods that are simply not "
                "in stock never end up here."
            ),
        }

    def action_link_product(self):
        return self._open_fix("retail.fix.product", self.env._("Link product"))

    def action_map_tax(self):
        return self._open_fix("retail.fix.tax", self.env._("Map tax"))

    def action_choose_customer(self):
        return self._open_fix("retail.fix.customer", self.env._("Choose customer"))

    def action_accept_difference(self):
        return self._open_fix("retail.fix.difference", self.env._("Accept difference"))

    def action_keep_order(self):
        return self._open_fix("retail.fix.order", self.env._("Keep order as it is"))

    def _open_fix(self, model, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_exception_id": self.id},
        }

    # ---------------------------------------------------------------- reservations that failed

    def _find_reservations(self):
        return self.env["retail.reservation"].sudo().search([("exception_id", "in", self.ids)])

    def _replay(self):
        result = super()._replay()
        self.filtered(lambda exception: exception.state == "open")._find_reservations()._release()
        return result

    def _close_by_hand(self, state, reason):
        """Whoever closes it decides that the goods are not reserved by us: the transfer waits for a person."""
        self._check_operator()
        self._find_reservations().unlink()
        return super()._close_by_hand(state, reason)
