"""The kinds of work that settlements bring."""

from odoo import fields, models

KINDS = [
    ("settlement_unset", "Settlement account missing"),
    ("settlement_unidentified", "Movement of unknown kind"),
    ("settlement_locked", "Movement in a locked period"),
    ("settlement_unbalanced", "Movement does not add up"),
    ("settlement_compensate", "Refund or payment failed"),
]


class RetailException(models.Model):
    _inherit = "retail.exception"

    kind = fields.Selection(selection_add=KINDS, ondelete={kind: "cascade" for kind, _label in KINDS})

    def _get_help_texts(self):
        _ = self.env._
        return {
            **super()._get_help_texts(),
            "settlement_unset": _(
                "The balance of this currency has no journal yet. “Set up settlement” on the backend proposes the "
                "journal and its accounts; then replay."
            ),
            "settlement_unidentified": _(
                "The movement is posted, its counterpart waits on the account for unidentified movements. Find out "
                "what it is, add a rule for its category, and move the amount with a journal entry that is "
                "reconciled with it."
            ),
            "settlement_locked": _(
                "The movement's day is in a locked period. It is not moved to another day by itself: open the period "
                "and replay, or choose the first open day on the settlement account and replay."
            ),
            "settlement_unbalanced": _(
                "The payment service's own figures do not add up, or have more decimals than Odoo keeps for the "
                "currency. Nothing was posted. Compare them with the service, then replay."
            ),
            "settlement_compensate": _(
                "Money came back, or never came, after Odoo had booked it. The movement is posted and its counterpart "
                "is open: register a new payment for it. The posted one is never cancelled."
            ),
        }
