"""What goes wrong between a transfer and the channel's fulfilment, and what a person can do about it."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.retail_integration_base.engine.fixes import Fix

from . import retail_exception  # noqa: F401 the kinds of sales come first

KINDS = [
    ("fulfilment_elsewhere", "Fulfilment assigned to another location"),
    ("fulfilment_on_hold", "Fulfilment on hold"),
    ("fulfilment_mismatch", "Shipped quantities differ"),
    ("fulfilment_foreign", "Fulfilled in the channel"),
    ("fulfilment_cancelled", "Fulfilment cancelled after delivery"),
]


class RetailException(models.Model):
    _inherit = "retail.exception"  # pylint: disable=consider-merging-classes-inherited; one file per subject

    kind = fields.Selection(selection_add=KINDS, ondelete={kind: "cascade" for kind, _label in KINDS})

    def _get_help_texts(self):
        _ = self.env._
        return {
            **super()._get_help_texts(),
            "fulfilment_elsewhere": _(
                "The channel expects these goods from another location than the one Odoo shipped from. “Move it” "
                "assigns them to the warehouse's location, then fulfils. The location mapping says which warehouse is "
                "which location."
            ),
            "fulfilment_on_hold": _(
                "Odoo has shipped what the channel holds back. If the reason is settled, “Release the hold” releases "
                "it, then fulfils. If the goods should not have left, stop them."
            ),
            "fulfilment_mismatch": _(
                "Odoo and the channel do not agree on what is left to ship. Compare the order on both sides. Nothing "
                "was moved twice. Mend what is wrong, then replay; or ignore this with a reason if both are right."
            ),
            "fulfilment_foreign": _(
                "Somebody fulfilled this in the channel, although Odoo's warehouse ships here. If the goods have left, "
                "“Take over” ships them in Odoo. If not, cancel the fulfilment in the channel."
            ),
            "fulfilment_cancelled": _(
                "The channel cancelled a fulfilment whose goods have left Odoo's stock. “Make return” proposes the "
                "transfer that brings them back; nothing is moved until it is validated."
            ),
        }

    @api.model
    def _get_fixes(self):
        _ = self.env._
        fixes = [
            ("move_fulfilment", _("Move it"), "fulfilment_elsewhere", "_mend_move"),
            ("release_fulfilment", _("Release the hold"), "fulfilment_on_hold", "_mend_release"),
            ("take_over_fulfilment", _("Take over"), "fulfilment_foreign", "_mend_take_over"),
            ("return_fulfilment", _("Make return"), "fulfilment_cancelled", "_mend_return"),
        ]
        return [
            *super()._get_fixes(),
            *(Fix(code, label, frozenset((kind,)), method=method) for code, label, kind, method in fixes),
        ]

    # The decision is kept on the order; the replay that follows reads it. So it holds however often that is tried.

    def _mend_move(self):
        self._find_fulfilled_orders().retail_may_move = True
        return self.env._("What is assigned elsewhere is moved.")

    def _mend_release(self):
        self._find_fulfilled_orders().retail_may_release = True
        return self.env._("The hold is released.")

    def _mend_take_over(self):
        self._find_fulfilled_orders().retail_takes_over = True
        return self.env._("What the channel fulfilled is shipped in Odoo.")

    def _mend_return(self):
        """Propose the transfers that bring back what a cancelled fulfilment shipped."""
        names = []
        for exception in self:
            fulfilment = exception._find_fulfilment()
            if not fulfilment:
                raise UserError(self.env._("The fulfilment is not known any more. Ignore this."))
            for picking in fulfilment.picking_ids:
                names.append(picking._propose_return().name)
            fulfilment.status = "cancelled"
            fulfilment.picking_ids.retail_fulfilment_state = "cancelled"
        return self.env._("Returns proposed: %s.", ", ".join(names) or self.env._("none, nothing had left"))

    def _find_fulfilled_orders(self):
        """Return the orders these exceptions are about. As superuser: deciding this is no right to edit orders."""
        orders = self.env["sale.order"].sudo()
        for exception in self:
            external_id = (exception.facts or {}).get("order_external_id")
            found = self.env["retail.binding.order"].sudo()._find_by_external(exception.backend_id, [external_id])
            orders |= found[external_id].order_id.sudo() if found else orders.browse()
        if not orders:
            raise UserError(self.env._("No order is linked to this exception. Ignore it."))
        return orders

    def _find_fulfilment(self):
        external_id = (self.subject_key or "").partition(":")[2]
        bindings = self.env["retail.binding.fulfilment"].sudo()
        return bindings._find_by_external(self.backend_id, [external_id]).get(external_id, bindings)
